// SPDX-License-Identifier: MIT
#pragma once

#include "actors/mailbox_counts.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/config.hpp>
#include <caf/replies_to.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

/// The one place that knows which CAF this is. Everything else writes these names, so that a move
/// to CAF 1.x rewrites this header alone: `clause` becomes `caf::result<R>(Ts…)`, `tell` and `ask`
/// become `mail(…)`, `spawn_state` becomes `actor_from_state`.
namespace weft::actors {

static_assert(CAF_VERSION / 100 == 17,
              "caf_compat.hpp is written for CAF 0.17: rewrite clause, spawn_state, tell, "
              "tell_after, ask and "
              "watch in the spelling of the installed version");

// -- interfaces ---

template <class Signature>
struct clause;
template <class R, class... Ts>
struct clause<R(Ts...)> {
  using type = typename caf::replies_to<Ts...>::template with<R>;
};
template <class... Ts>
struct clause<void(Ts...)> {
  using type = caf::reacts_to<Ts...>;
};
/// A typed handle from function types: `actor_of<void(frames), status(atom::status)>`.
template <class... Signatures>
using actor_of = caf::typed_actor<typename clause<Signatures>::type...>;

/// Any actor, for those that only watch and end others.
using any_actor = caf::actor;
template <class Handle>
any_actor erase_type(const Handle& handle) {
  return caf::actor_cast<any_actor>(handle);
}

// -- class state ---

/// An actor around its class, which it makes when it is initialised and destroys when it ends.
template <class Handle, class Impl, class... Ts>
class impl_actor final : public Handle::base {
 public:
  using base = typename Handle::base;

  impl_actor(caf::actor_config& cfg, std::shared_ptr<mailbox_counts> mailbox, Ts... xs)
      : base(cfg), mailbox_(std::move(mailbox)), arguments_(std::in_place, std::move(xs)...) {}

  using base::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override {
    if (mailbox_) mailbox_->on_posted();
    base::enqueue(std::move(what), host);
  }
  caf::invoke_message_result consume(caf::mailbox_element& what) override {
    if (!mailbox_) return base::consume(what);
    mailbox_->on_taken();
    const auto outcome = base::consume(what);
    mailbox_->on_handled();
    return outcome;
  }
  const char* name() const override { return Impl::runtime_name; }
  void on_exit() override {
    impl_.reset();
    if (mailbox_) mailbox_->on_closed();
  }

 protected:
  typename Handle::behavior_type make_behavior() override {
    std::apply(
        [&](auto&... values) {
          impl_.emplace(typename Handle::pointer{this}, std::move(values)...);
        },
        *arguments_);
    arguments_.reset();
    return impl_->make_behavior();
  }

 private:
  const std::shared_ptr<mailbox_counts> mailbox_;
  std::optional<std::tuple<Ts...>> arguments_;
  std::optional<Impl> impl_;
};

/// Spawns `Impl(self, xs…)` as an actor of type `Handle` whose mailbox is counted; `Impl` has
/// `static constexpr const char* runtime_name` and `Handle::behavior_type make_behavior()`. The
/// arguments move into the actor; they are consumed when it is initialised.
template <class Handle, class Impl, class... Ts>
Handle spawn_counted(caf::actor_system& system, std::shared_ptr<mailbox_counts> mailbox,
                     Ts&&... xs) {
  return system.spawn<impl_actor<Handle, Impl, std::decay_t<Ts>...>>(std::move(mailbox),
                                                                     std::forward<Ts>(xs)...);
}
/// The same without counts.
template <class Handle, class Impl, class... Ts>
Handle spawn_state(caf::actor_system& system, Ts&&... xs) {
  return spawn_counted<Handle, Impl>(system, nullptr, std::forward<Ts>(xs)...);
}

// -- sending ---

/// Fire and forget, from an actor.
template <class Self, class Handle, class... Ts>
requires requires(Self* s) { s->mailbox(); }
void tell(Self* self, const Handle& to, Ts&&... xs) { self->send(to, std::forward<Ts>(xs)...); }
/// Fire and forget, from a thread that is no actor.
template <class Handle, class... Ts>
requires(!std::is_pointer_v<Handle>) void tell(const Handle& to, Ts&&... xs) {
  caf::anon_send(to, std::forward<Ts>(xs)...);
}
/// As `tell`, overtaking messages of normal priority: control must not wait behind data.
template <class Handle, class... Ts>
void tell_urgent(const Handle& to, Ts&&... xs) {
  caf::anon_send<caf::message_priority::high>(to, std::forward<Ts>(xs)...);
}
/// To itself or another actor after a delay, overtaking data. Cannot be cancelled: the receiver
/// must take a late or needless one as harmless.
template <class Self, class Handle, class Rep, class Period, class... Ts>
void tell_after(Self* self, const Handle& to, std::chrono::duration<Rep, Period> delay,
                Ts&&... xs) {
  self->template delayed_send<caf::message_priority::high>(to, delay, std::forward<Ts>(xs)...);
}
/// A question with an answer: `ask(self, to, timeout, xs…).then(on_value, on_error)`.
template <class Self, class Handle, class Rep, class Period, class... Ts>
auto ask(Self* self, const Handle& to, std::chrono::duration<Rep, Period> timeout, Ts&&... xs) {
  return self->request(to, timeout, std::forward<Ts>(xs)...);
}

// -- watching and ending ---

/// Calls `on_down(address, reason)` for each watched actor that ends. Once per actor that watches.
template <class Self, class F>
void on_down(Self* self, F f) {
  self->set_down_handler([f = std::move(f)](const caf::down_msg& m) { f(m.source, m.reason); });
}
template <class Self, class Handle>
void watch(Self* self, const Handle& other) {
  self->monitor(other);
}
/// Asks an actor to end in order.
template <class Handle>
void end(const Handle& which) {
  caf::anon_send_exit(which, caf::exit_reason::user_shutdown);
}
/// Ends an actor that overran its grace.
template <class Handle>
void kill(const Handle& which) {
  caf::anon_send_exit(which, caf::exit_reason::kill);
}

// -- system ---

/// Messages an actor handles before the worker turns to the next one: a flooded actor cannot hold
/// the worker.
inline constexpr std::size_t scheduler_throughput = 300;

/// Policy sharing (stealing burns a quarter of a core when nearly idle); `threads` workers.
inline void configure(caf::actor_system_config& config, std::size_t threads) {
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", threads);
  config.set("scheduler.max-throughput", scheduler_throughput);
}
/// Virtual time and a scheduler that runs only when told to, for tests.
inline void configure_for_tests(caf::actor_system_config& config) {
  config.set("scheduler.policy", caf::atom("testing"));
}

}  // namespace weft::actors
