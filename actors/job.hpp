// SPDX-License-Identifier: MIT
#pragma once

#include "actors/deadline_timer.hpp"
#include "actors/interfaces.hpp"
#include "actors/io_links.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace weft::actors {

/// A place among the jobs that may run at once; given back when the job ends, however it ends.
class job_slots {
 public:
  explicit job_slots(std::size_t count)
      : free_(std::make_shared<std::atomic<std::ptrdiff_t>>(count)) {}
  /// Null when all are taken. Thread-safe.
  std::shared_ptr<void> take() {
    if (free_->fetch_sub(1) <= 0) {
      free_->fetch_add(1);
      return nullptr;
    }
    return {free_.get(), [free = free_](void*) { free->fetch_add(1); }};
  }

 private:
  std::shared_ptr<std::atomic<std::ptrdiff_t>> free_;
};

/// A ping or bench as an object: asks the other actors through its base class and is called back in
/// its own actor.
class job {
 public:
  virtual ~job() = default;
  job() = default;
  job(const job&) = delete;
  job& operator=(const job&) = delete;

  void attach(job_actor::pointer self) { self_ = self; }
  virtual void start() = 0;
  virtual void on_tick() {}
  virtual void on_outcomes(const outcome_batch&) {}
  virtual void on_published(const published_batch&) {}
  virtual void on_letter(const received_letter&) {}
  virtual void on_closest(std::uint64_t, const result<found_peers>&) {}
  virtual void on_connected(std::uint64_t, const result<connection>&) {}
  virtual void on_pong(std::uint64_t, const result<round_trip>&) {}
  virtual void on_perf(std::uint64_t, const result<perf_report>&) {}
  virtual void on_disconnected(std::uint64_t, const result<void>&) {}

 protected:
  /// The job ends, whatever its outcome.
  virtual void on_end() {}

  friend job_actor spawn_job(caf::actor_system&, std::unique_ptr<job>, io_links*,
                             std::shared_ptr<void>);

  // Each answer comes with the ticket; without a session or messaging actor it is ec::stopping.
  void ask_connect(std::uint64_t ticket, target to, duration timeout);
  void ask_disconnect(std::uint64_t ticket, const peer_id& peer);
  void ask_ping(std::uint64_t ticket, const peer_id& peer, duration timeout);
  void ask_perf(std::uint64_t ticket, const peer_id& peer, std::uint64_t up, std::uint64_t down);
  void send_messages(std::vector<outgoing> messages);
  void publish(std::string topic, std::vector<publish_batch::item> items);
  void ask_closest(std::uint64_t ticket, byte_buffer key);
  /// Letters about this run come to this job while it runs.
  void own_run(std::uint64_t run, bool runs);
  /// A tick at or soon after `at`; needless ones come, too.
  void tick_at(instant at) {
    tell_after(self_, self_, std::max(at - now(), duration::zero()), atom::tick_v);
  }
  void end_job();
  bool ended() const noexcept { return ended_; }
  instant now() const { return now_of(self_); }

 private:
  template <class T>
  reply<T> back(std::uint64_t ticket) {
    return reply<T>([me = job_actor{self_}, ticket](result<T> r) {
      tell(me, answered<T>{ticket, std::move(r)});
    });
  }
  /// Without an actor the question goes away here, and its reply says so.
  template <class Handle, class Question>
  void ask_of(const std::optional<Handle>& to, Question q) {
    if (to) tell(self_, *to, std::move(q));
  }

  job_actor::pointer self_ = nullptr;
  io_links* links_ = nullptr;
  std::shared_ptr<void> slot_;
  bool ended_ = false;
};

/// Starts a job in an actor of its own. `slot` is held until it ends.
job_actor spawn_job(caf::actor_system& system, std::unique_ptr<job> what, io_links* links,
                    std::shared_ptr<void> slot);

}  // namespace weft::actors
