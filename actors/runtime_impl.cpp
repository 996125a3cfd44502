// SPDX-License-Identifier: MIT
#include "actors/runtime_impl.hpp"

#include "actors/protocols.hpp"
#include "base/log.hpp"
#include "transport/io/clock.hpp"

#include <algorithm>
#include <future>
#include <thread>
#include <utility>

namespace weft::actors {

namespace {

/// A promise that takes the first of several answers.
class first_answer {
 public:
  std::function<void(result<void>)> setter() {
    return [state = state_](result<void> value) {
      if (!state->set.exchange(true)) state->promise.set_value(std::move(value));
    };
  }
  result<void> wait(duration timeout, const char* what) {
    auto future = state_->promise.get_future();
    if (future.wait_for(timeout) != std::future_status::ready) return fail(ec::timeout, what);
    return future.get();
  }

 private:
  struct state {
    std::promise<result<void>> promise;
    std::atomic<bool> set{false};
  };
  std::shared_ptr<state> state_ = std::make_shared<state>();
};

}  // namespace

runtime::impl::impl(runtime_options o)
    : options(std::move(o)),
      self(options.identity.id()),
      started_at(transport::io::now()),
      announcement_crypto_(options.identity) {
  options.session.bootstrap = options.bootstrap;
  options.store.directory = options.directory;
}

runtime::impl::~impl() {
  drain(duration::zero());
  end_system();
}

rng runtime::impl::fresh_rng() {
  std::array<std::uint8_t, 8> seed{};
  crypto::random_bytes(seed);
  std::uint64_t value = 0;
  for (const auto byte : seed) value = value << 8 | byte;
  return rng(value);
}

// -- start ---

result<void> runtime::impl::start() {
  WEFT_TRY_VOID(options.limits.validate());
  WEFT_TRY_VOID(options.session.validate());
  WEFT_TRY_VOID(options.routing.validate());
  WEFT_TRY_VOID(options.messaging.validate());
  WEFT_TRY_VOID(options.store.validate());
  WEFT_TRY_VOID(open_store());
  WEFT_TRY_VOID(start_reactor());
  return start_actors();
}

result<void> runtime::impl::open_store() {
  WEFT_TRY(store, storage::message_store::open(options.store));
  WEFT_TRY(auto stored, store->load());
  stored_ = std::move(stored);
  store->start([this](messaging::store_batch&& batch) { on_store_batch(std::move(batch)); });
  return {};
}

void runtime::impl::on_store_batch(messaging::store_batch&& batch) {
  const auto refused = [](const messaging::store_operation& op) {
    return op.outcome == ec::disk_full || op.outcome == ec::io || op.outcome == ec::corrupt;
  };
  store_ok = std::none_of(batch.operations.begin(), batch.operations.end(), refused);
  ask_messaging(stored_batch{std::make_shared<messaging::store_batch>(std::move(batch))});
}

result<void> runtime::impl::start_reactor() {
  WEFT_TRY(reactor_, transport::io::reactor::create(
                         {.host_key = options.identity,
                          .protocols = protocol_table(options.routing.frame_bytes_max),
                          .bounds = options.limits,
                          .agent_version = options.agent,
                          .metrics = transport_counters,
                          .events = links,
                          .concerns = links.listeners(),
                          .marks = options.credit,
                          .congestion = options.congestion}));
  return reactor_->start();
}

result<void> runtime::impl::start_actors() {
  system_config_ = std::make_unique<caf::actor_system_config>();
  configure(*system_config_, std::max(1u, options.scheduler_threads));
  system_ = std::make_unique<caf::actor_system>(*system_config_);
  first_answer started;
  first_answer bound;
  supervisor_parts parts;
  parts.children = children(bound.setter());
  parts.on_fatal = options.on_fatal;
  parts.on_started = started.setter();
  {
    const std::lock_guard lock(mutex_);
    supervisor_ = spawn_state<supervisor_actor, supervisor_actor_impl>(*system_, std::move(parts));
  }
  WEFT_TRY_VOID(started.wait(listen_timeout, "the actors did not start in time"));
  WEFT_TRY_VOID(bound.wait(listen_timeout, "the sockets were not bound in time"));
  listening = true;
  return {};
}

std::vector<child_spec> runtime::impl::children(std::function<void(result<void>)> on_listening) {
  std::vector<child_spec> out;
  out.push_back(session_child(std::move(on_listening)));
  out.push_back(routing_child());
  out.push_back(messaging_child());
  return out;
}

child_spec runtime::impl::session_child(std::function<void(result<void>)> on_listening) {
  child_spec c;
  c.name = "session";
  c.health = &actor_counters.of(c.name);
  c.start = [this, health = c.health, on_listening]() -> result<any_actor> {
    session_parts parts;
    parts.self = self;
    parts.config = options.session;
    parts.random = fresh_rng();
    parts.listen = options.listen;
    parts.port = reactor_.get();
    parts.metrics = &session_counters;
    parts.health = health;
    parts.links = &links;
    parts.on_listening = on_listening;
    auto handle = spawn_state<session_actor, session_actor_impl>(*system_, std::move(parts));
    links.connect_session(handle);
    return erase_type(handle);
  };
  c.retire = [this] { links.disconnect_session(); };
  c.halt = [this] {
    if (const auto to = links.session()) tell_urgent(*to, atom::halt_v);
  };
  c.flush = [this](duration deadline, reply<void> done) {
    ask_session(drain_question{
        deadline,
        reply<std::vector<std::string>>([done](result<std::vector<std::string>>) { done({}); })});
  };
  return c;
}

child_spec runtime::impl::routing_child() {
  child_spec c;
  c.name = "routing";
  c.restartable = true;
  c.health = &actor_counters.of(c.name);
  c.start = [this, health = c.health]() -> result<any_actor> {
    routing_parts parts;
    parts.self = options.identity.public_key();
    parts.crypto = &announcement_crypto_;
    parts.config = options.routing;
    parts.random = fresh_rng();
    parts.port = reactor_.get();
    parts.metrics = &routing_counters;
    parts.health = health;
    parts.board = &board;
    parts.links = &links;
    parts.wall = [] { return transport::io::wall_now(); };
    auto handle = spawn_state<routing_actor, routing_actor_impl>(*system_, std::move(parts));
    links.routing.connect(handle);
    return erase_type(handle);
  };
  c.retire = [this] { links.routing.disconnect(); };
  return c;
}

child_spec runtime::impl::messaging_child() {
  child_spec c;
  c.name = "messaging";
  c.restartable = true;
  c.health = &actor_counters.of(c.name);
  c.start = [this, health = c.health]() -> result<any_actor> {
    messaging_parts parts;
    if (stored_) {
      parts.stored = std::move(*stored_);
      stored_.reset();
    } else {
      // A restart: what the dead actor had submitted is on disk before the new one reads.
      store->flush();
      WEFT_TRY(parts.stored, store->load());
    }
    parts.identity = &options.identity;
    parts.config = options.messaging;
    parts.random = fresh_rng();
    parts.secrets = [](bytes_span out) { crypto::random_bytes(out); };
    parts.port = reactor_.get();
    parts.store = &store_link_;
    parts.metrics = &messaging_counters;
    parts.health = health;
    parts.board = &board;
    parts.inbox = &inbox;
    parts.wall = [] { return transport::io::wall_now(); };
    auto handle = spawn_state<messaging_actor, messaging_actor_impl>(*system_, std::move(parts));
    links.messaging.connect(handle);
    return erase_type(handle);
  };
  c.retire = [this] { links.messaging.disconnect(); };
  c.halt = [this] {
    if (const auto to = links.messaging.handle()) tell_urgent(*to, atom::halt_v);
  };
  c.flush = [this](duration, reply<void> done) {
    if (const auto to = links.messaging.handle()) tell(*to, atom::flush_v, std::move(done));
  };
  return c;
}

// -- while running ---

std::optional<supervisor_actor> runtime::impl::supervisor_handle() const {
  const std::lock_guard lock(mutex_);
  return supervisor_;
}

result<void> runtime::impl::run_job(std::unique_ptr<job> what, std::shared_ptr<void> slot) {
  const std::lock_guard lock(mutex_);
  if (draining || !supervisor_) return fail(ec::stopping, "the node is stopping");
  std::erase_if(jobs_, [](const caf::weak_actor_ptr& j) { return j.lock() == nullptr; });
  const auto handle = spawn_job(*system_, std::move(what), &links, std::move(slot));
  jobs_.push_back(caf::actor_cast<caf::weak_actor_ptr>(handle));
  return {};
}

std::vector<readiness_check> runtime::impl::checks() const {
  std::vector<readiness_check> out;
  out.push_back({"running", !draining, draining ? "the node is draining" : ""});
  out.push_back({"listening", listening, listening ? "" : "the sockets are not bound"});
  out.push_back({"store", store_ok, store_ok ? "" : "the last commit failed: see the disk"});
  std::string dead;
  for (const auto* a : actor_counters.all())
    if (a->alive.value() == 0) dead += (dead.empty() ? "" : ", ") + a->name;
  out.push_back({"actors", dead.empty(), dead.empty() ? "" : "not running: " + dead});
  const auto wanted = session_counters.bootstrap_configured.value();
  const auto up = session_counters.bootstrap_up.value();
  out.push_back({"bootstrap", wanted == 0 || up > 0,
                 std::to_string(up) + " of " + std::to_string(wanted) + " bootstrap peers"});
  return out;
}

// -- end ---

void runtime::impl::end_jobs() {
  const std::lock_guard lock(mutex_);
  for (const auto& j : jobs_)
    if (const auto strong = j.lock()) end(caf::actor_cast<any_actor>(strong));
  jobs_.clear();
}

std::vector<std::string> runtime::impl::drain(duration deadline) {
  draining = true;
  if (const auto supervisor = supervisor_handle()) {
    // A second caller asks, too: it may be more impatient than the first.
    auto promise = std::make_shared<std::promise<std::vector<std::string>>>();
    auto future = promise->get_future();
    tell_urgent(
        *supervisor,
        drain_question{
            deadline,
            reply<std::vector<std::string>>([promise](result<std::vector<std::string>> names) {
              promise->set_value(names ? std::move(*names) : std::vector<std::string>{});
            })});
    const bool answered = future.wait_for(deadline + end_slack) == std::future_status::ready;
    auto names = answered ? future.get() : std::vector<std::string>{"supervisor"};
    const std::lock_guard lock(mutex_);
    if (!names.empty()) overran_ = std::move(names);
  }
  const std::lock_guard guard(drain_mutex_);
  if (!std::exchange(drained_, true)) {
    end_jobs();
    links.disconnect_all();
    if (reactor_) reactor_->stop();
    if (store) store->stop();
    const std::lock_guard lock(mutex_);
    supervisor_.reset();
  }
  const std::lock_guard lock(mutex_);
  return overran_;
}

void runtime::impl::end_system() {
  if (!system_) return;
  const auto until = transport::io::now() + std::chrono::seconds(2);
  while (system_->registry().running() > 0 && transport::io::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  if (system_->registry().running() == 0) return system_.reset();
  // Its destructor would wait for ever for an actor that never returns from a message.
  log::error("runtime", "actors_left_behind", {{"count", system_->registry().running()}});
  static_cast<void>(system_.release());
  static_cast<void>(system_config_.release());
}

}  // namespace weft::actors
