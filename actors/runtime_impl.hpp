// SPDX-License-Identifier: MIT
#pragma once

#include "actors/crew.hpp"
#include "actors/job.hpp"
#include "actors/runtime.hpp"
#include "base/pulse.hpp"
#include "storage/message_store.hpp"
#include "storage/record_store.hpp"
#include "transport/io/mdns_service.hpp"
#include "transport/io/reactor.hpp"
#include "transport/transport_metrics.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace weft::actors {

/// The parts of one running node and how they hang together; `runtime` is its face.
struct runtime::impl {
  /// Pings and benches at once.
  static constexpr std::size_t jobs_max = 64;
  /// `start` waits this long for the sockets.
  static constexpr duration listen_timeout = std::chrono::seconds(10);
  /// A thread that does not get on for longer makes the node not ready.
  static constexpr duration silence_max = std::chrono::milliseconds(1500);
  /// `drain` waits this long beyond its deadline for actors that were killed.
  static constexpr duration end_slack = std::chrono::seconds(8);

  explicit impl(runtime_options o);
  /// Tears down what `start` built, in any state.
  ~impl();

  result<void> start();
  std::vector<std::string> drain(duration deadline);

  /// Hands a question to an actor. Without one it goes away and its reply says ec::stopping.
  template <class Handle, class Question>
  void ask(const std::optional<Handle>& to, Question q) {
    if (to) tell(*to, std::move(q));
  }
  template <class Question>
  void ask_session(Question q) {
    ask(team.links.session(), std::move(q));
  }
  template <class Question>
  void ask_messaging(Question q) {
    ask(team.links.messaging.handle(), std::move(q));
  }
  std::optional<supervisor_actor> supervisor_handle() const;
  /// Starts a job; ec::limit, ec::stopping.
  result<void> run_job(std::unique_ptr<job> what, std::shared_ptr<void> slot);
  /// ec::in_use, and what `make_bench_job` and `run_job` say.
  void run_bench(bench_request request, callback<bench_result> done);
  std::vector<readiness_check> checks() const;
  bool actors_run() const;
  /// "actors", with the names of those that are in the middle of a message.
  std::string actors_by_name() const;
  /// Threads that owe a sign of life for longer than `silence_max`, by name.
  std::vector<std::string> silent() const;

  runtime_options options;
  const instant started_at;

  transport::transport_metrics transport_counters;
  transport::mdns_metrics mdns_counters;
  crew team;
  job_slots slots{jobs_max};
  job_slots bench_slots{1};
  std::unique_ptr<storage::message_store> store;
  std::unique_ptr<storage::record_store> records;
  std::atomic<bool> store_ok{true};
  std::atomic<bool> listening{false};
  std::atomic<bool> draining{false};
  /// Of the threads that run the actors.
  pulse scheduling;

 private:
  /// The store as the messaging actor sees it.
  class store_link final : public store_seam {
   public:
    explicit store_link(impl& owner) : owner_(owner) {}
    bool submit(messaging::store_batch& batch) override { return owner_.store->submit(batch); }

   private:
    impl& owner_;
  };

  result<void> open_store();
  void on_store_batch(messaging::store_batch&& batch);
  result<void> start_reactor();
  result<void> start_actors();
  result<void> start_discovery();
  /// The state read at open; after a restart of the messaging actor, what is on disk by then.
  result<messaging::stored_state> load_stored();
  void end_jobs();
  /// Destroys the actor system, or leaves it behind when an actor does not end.
  void end_system();

  store_link store_link_{*this};
  std::optional<messaging::stored_state> stored_;
  std::unique_ptr<transport::io::reactor> reactor_;
  /// Set before the actors start, and gone after they are cut off from it.
  std::unique_ptr<transport::io::mdns_service> mdns_;
  std::unique_ptr<caf::actor_system_config> system_config_;
  std::unique_ptr<caf::actor_system> system_;
  mutable std::mutex mutex_;
  std::optional<supervisor_actor> supervisor_;
  std::vector<caf::weak_actor_ptr> jobs_;
  std::mutex drain_mutex_;
  bool drained_ = false;
  std::vector<std::string> overran_;

  friend class runtime;
};

}  // namespace weft::actors
