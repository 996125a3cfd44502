// SPDX-License-Identifier: MIT
#include "actors/runtime_impl.hpp"

#include "actors/jobs.hpp"
#include "actors/protocols.hpp"
#include "base/log.hpp"
#include "transport/io/clock.hpp"

#include <caf/thread_hook.hpp>

#include <algorithm>
#include <future>
#include <pthread.h>
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
      started_at(transport::io::now()),
      team(options.identity, options.topics) {
  options.session.bootstrap = options.bootstrap;
  options.store.directory = options.directory;
}

runtime::impl::~impl() {
  drain(duration::zero());
  end_system();
}

namespace {

/// Names the threads that CAF starts, for those who look at a process from outside.
class thread_namer final : public caf::thread_hook {
 public:
  void init(caf::actor_system&) override {}
  void thread_started() override { ::pthread_setname_np(::pthread_self(), "weft-actors"); }
  void thread_terminates() override {}
};

rng fresh_rng() {
  std::array<std::uint8_t, 8> seed{};
  crypto::random_bytes(seed);
  std::uint64_t value = 0;
  for (const auto byte : seed) value = value << 8 | byte;
  return rng(value);
}

}  // namespace

// -- start ---

result<void> runtime::impl::start() {
  WEFT_TRY_VOID(options.limits.validate());
  WEFT_TRY_VOID(options.session.validate());
  WEFT_TRY_VOID(options.routing.validate());
  WEFT_TRY_VOID(options.messaging.validate());
  WEFT_TRY_VOID(options.gossip.validate());
  WEFT_TRY_VOID(options.dht.validate());
  WEFT_TRY_VOID(options.store.validate());
  WEFT_TRY_VOID(open_store());
  WEFT_TRY_VOID(start_reactor());
  WEFT_TRY_VOID(start_discovery());
  return start_actors();
}

result<void> runtime::impl::open_store() {
  WEFT_TRY(store, storage::message_store::open(options.store));
  WEFT_TRY(stored_, store->load());
  store->start([this](messaging::store_batch&& batch) { on_store_batch(std::move(batch)); });
  // In the same folder, which the message store has locked.
  WEFT_TRY(records, storage::record_store::open({.directory = options.directory}));
  return {};
}

void runtime::impl::on_store_batch(messaging::store_batch&& batch) {
  const auto refused = [](const messaging::store_operation& op) {
    return op.outcome == ec::disk_full || op.outcome == ec::io || op.outcome == ec::corrupt;
  };
  store_ok = std::none_of(batch.operations.begin(), batch.operations.end(), refused);
  ask_messaging(stored_batch{std::make_shared<messaging::store_batch>(std::move(batch))});
}

result<messaging::stored_state> runtime::impl::load_stored() {
  if (stored_) {
    auto first = std::move(*stored_);
    stored_.reset();
    return first;
  }
  // A restart: what the dead actor had submitted is on disk before the new one reads.
  store->flush();
  return store->load();
}

result<void> runtime::impl::start_reactor() {
  WEFT_TRY(reactor_, transport::io::reactor::create(
                         {.host_key = options.identity,
                          .protocols = protocol_table(
                              {options.routing.frame_bytes_max, &options.gossip, &options.dht}),
                          .bounds = options.limits,
                          .access = options.access,
                          .agent_version = options.agent,
                          .metrics = transport_counters,
                          .events = team.links,
                          .concerns = team.links.listeners(),
                          .marks = options.credit,
                          .congestion = options.congestion,
                          .network_keys = options.network_keys,
                          .resident_bytes = options.resident_bytes}));
  return reactor_->start();
}

result<void> runtime::impl::start_discovery() {
  if (!options.mdns) return {};
  WEFT_TRY(mdns_, transport::io::mdns_service::start(
                      {.self = team.self,
                       .random = fresh_rng(),
                       .metrics = mdns_counters,
                       .on_found = [this](std::vector<transport::mdns::found_peer>&& found) {
                         for (auto& peer : found)
                           ask_session(peer_discovered{peer.peer, std::move(peer.addresses), true});
                       }}));
  return {};
}

result<void> runtime::impl::start_actors() {
  system_config_ = std::make_unique<caf::actor_system_config>();
  configure(*system_config_, std::max(1u, options.scheduler_threads));
  system_config_->add_thread_hook<thread_namer>();
  system_ = std::make_unique<caf::actor_system>(*system_config_);
  first_answer started;
  first_answer bound;
  team.set_options({.identity = &options.identity,
                    .listen = options.listen,
                    .session = options.session,
                    .routing = options.routing,
                    .messaging = options.messaging,
                    .gossip = options.gossip,
                    .dht = options.dht,
                    .dht_dials = options.dht_dials,
                    .answer_benches = options.answer_benches,
                    .benches = options.benches,
                    .run_bench =
                        [this](bench_request r, callback<bench_result> done) {
                          run_bench(std::move(r), std::move(done));
                        },
                    .clock = transport::io::clock_name(),
                    .processor = transport::io::processor_time,
                    .port = reactor_.get(),
                    .store = &store_link_,
                    .load = [this] { return load_stored(); },
                    .load_records = [this] { return records->load(); },
                    .store_records =
                        [this](std::vector<dht::store_operation>&& changes) {
                          records->submit(std::move(changes));
                        },
                    .wall = [] { return transport::io::wall_now(); },
                    .fresh_rng = fresh_rng,
                    .secrets = [](bytes_span out) { crypto::random_bytes(out); },
                    .on_listening = bound.setter(),
                    .on_addresses =
                        [this](const std::vector<multiaddr>& own) {
                          if (mdns_) mdns_->set_addresses(own);
                        }});
  supervisor_parts parts;
  parts.children = team.children(*system_);
  parts.on_fatal = options.on_fatal;
  parts.on_started = started.setter();
  parts.scheduling = &scheduling;
  {
    const std::lock_guard lock(mutex_);
    supervisor_ = spawn_state<supervisor_actor, supervisor_actor_impl>(*system_, std::move(parts));
  }
  WEFT_TRY_VOID(started.wait(listen_timeout, "the actors did not start in time"));
  WEFT_TRY_VOID(bound.wait(listen_timeout, "the sockets were not bound in time"));
  listening = true;
  // Tells discovery where the node is now, not only at the next look at the reactor.
  if (mdns_) ask_session(peers_question{reply<peer_list>([](const result<peer_list>&) {})});
  return {};
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
  const auto handle = spawn_job(*system_, std::move(what), &team.links, std::move(slot));
  jobs_.push_back(caf::actor_cast<caf::weak_actor_ptr>(handle));
  return {};
}

void runtime::impl::run_bench(bench_request request, callback<bench_result> done) {
  auto slot = bench_slots.take();
  if (!slot) return done(fail(ec::in_use, "another bench is running"));
  // The place is given back before the answer: who asked may ask again at once. Until then nobody
  // else writes results.
  const auto place = std::make_shared<std::shared_ptr<void>>(std::move(slot));
  const reply<bench_result> answer(
      [this, kind = request.kind, place, done = std::move(done)](result<bench_result> r) {
        team.bench_counters.on_result(kind, r, transport::io::wall_now());
        place->reset();
        done(std::move(r));
      });
  auto job = make_bench_job(
      request, [answer](result<bench_result> r) { answer(std::move(r)); },
      {team.self, [] { return transport::io::wall_now(); }, transport::io::clock_name()});
  if (!job) return answer(fail(std::move(job.error())));
  if (auto started = run_job(std::move(*job), place); !started)
    answer(fail(std::move(started.error())));
}

bool runtime::impl::actors_run() const {
  return scheduling.silence(transport::io::now()) <= silence_max;
}

std::string runtime::impl::actors_by_name() const {
  std::string names;
  for (const auto* a : team.actor_counters.all())
    if (a->handling()) names += (names.empty() ? " (" : ", ") + a->name;
  return "actors" + (names.empty() ? names : names + ")");
}

std::vector<std::string> runtime::impl::silent() const {
  std::vector<std::string> names;
  const instant at = transport::io::now();
  if (reactor_ && reactor_->silence(at) > silence_max) names.emplace_back("reactor");
  if (!actors_run()) names.emplace_back(actors_by_name());
  if (store && store->silence() > silence_max) names.emplace_back("store");
  if (records && records->silence() > silence_max) names.emplace_back("records");
  return names;
}

std::vector<readiness_check> runtime::impl::checks() const {
  std::vector<readiness_check> out;
  std::string stuck;
  for (const auto& name : silent()) stuck += (stuck.empty() ? "" : ", ") + name;
  out.push_back({"responsive", stuck.empty(), stuck.empty() ? "" : "stuck: " + stuck});
  out.push_back({"running", !draining, draining ? "the node is draining" : ""});
  out.push_back({"listening", listening, listening ? "" : "the sockets are not bound"});
  out.push_back({"store", store_ok, store_ok ? "" : "the last commit failed: see the disk"});
  std::string dead;
  for (const auto* a : team.actor_counters.all())
    if (a->alive.value() == 0) dead += (dead.empty() ? "" : ", ") + a->name;
  out.push_back({"actors", dead.empty(), dead.empty() ? "" : "not running: " + dead});
  const auto wanted = team.session_counters.bootstrap_configured.value();
  const auto up = team.session_counters.bootstrap_up.value();
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
    team.links.disconnect_all();
    if (reactor_) reactor_->stop();
    if (store) store->stop();
    if (records) records->stop();
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
