// SPDX-License-Identifier: MIT
#pragma once

#include "actors/caf_compat.hpp"
#include "actors/deadline_timer.hpp"
#include "base/rng.hpp"

#include <caf/scheduler/test_coordinator.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

namespace weft::actors {

/// An actor system on virtual time whose jobs run in an order drawn from a seed; other work (an
/// in-memory network, a store) can be mixed in. The same seed gives the same run.
class virtual_system {
 public:
  explicit virtual_system(std::uint64_t seed) : random_(seed) {
    configure_for_tests(config_);
    system_ = std::make_unique<caf::actor_system>(config_);
    scheduler_ = dynamic_cast<caf::scheduler::test_coordinator*>(&system_->scheduler());
    // Never at the epoch: zero instants mean "not yet" in places.
    scheduler_->clock().current_time += std::chrono::hours(1);
  }

  caf::actor_system& operator*() { return *system_; }
  caf::actor_system* operator->() { return system_.get(); }
  instant now() const {
    return instant(
        std::chrono::duration_cast<duration>(scheduler_->clock().current_time.time_since_epoch()));
  }
  wall_time wall() const {
    return wall_time(std::chrono::hours(24 * 365 * 55)) + now().time_since_epoch();
  }
  rng& random() { return random_; }

  /// Does one piece of other work; false when there is none.
  using worker = std::function<bool()>;
  void add_worker(worker w) { workers_.push_back(std::move(w)); }

  /// Runs actors and workers, drawn at random, until nothing is left to do at this moment.
  void run() {
    for (;;) {
      const auto pick = random_.below(workers_.size() + 2);
      if (pick < workers_.size() && workers_[pick]()) continue;
      if (run_actor()) continue;
      if (!std::any_of(workers_.begin(), workers_.end(), [](auto& w) { return w(); })) return;
    }
  }
  /// Lets `d` pass, deadline by deadline.
  void run_for(duration d) {
    const auto target = scheduler_->clock().current_time + d;
    run();
    while (true) {
      const auto& schedule = scheduler_->clock().schedule();
      if (schedule.empty() || schedule.begin()->first > target) break;
      const auto step = schedule.begin()->first - scheduler_->clock().current_time;
      scheduler_->clock().advance_time(std::max(step, decltype(step)::zero()));
      run();
    }
    scheduler_->clock().current_time = target;
    run();
  }
  /// Time passes in which nothing runs, as when the process is stopped.
  void stand_still(duration d) { scheduler_->clock().current_time += d; }
  /// Runs in steps until `what` holds, at most `limit` of virtual time; whether it does.
  bool run_until(const std::function<bool()>& what, duration limit) {
    const auto step = std::chrono::milliseconds(5);
    for (duration passed{}; passed <= limit; passed += step) {
      if (what()) return true;
      run_for(step);
    }
    return what();
  }

 private:
  bool run_actor() {
    auto& jobs = scheduler_->jobs;
    if (jobs.empty()) return false;
    const auto at = static_cast<std::ptrdiff_t>(random_.below(jobs.size()));
    std::rotate(jobs.begin(), jobs.begin() + at, jobs.begin() + at + 1);
    scheduler_->run_once();
    return true;
  }

  rng random_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  caf::scheduler::test_coordinator* scheduler_ = nullptr;
  std::vector<worker> workers_;
};

}  // namespace weft::actors
