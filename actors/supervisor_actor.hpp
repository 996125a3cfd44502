// SPDX-License-Identifier: MIT
#pragma once

#include "actors/actor_metrics.hpp"
#include "actors/deadline_timer.hpp"
#include "actors/interfaces.hpp"
#include "base/pulse.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::actors {

/// One actor under supervision. The functions run inside the supervisor.
struct child_spec {
  std::string name;
  /// Spawns the actor and makes it known to those who talk to it.
  std::function<result<any_actor>()> start;
  /// Makes it unknown again; the actor may be dead already.
  std::function<void()> retire;
  /// Whether it may be started again after it ended on its own; else its end is fatal.
  bool restartable = false;
  /// Optional steps of a drain. `halt`: take no new work. `flush`: finish what was accepted, then
  /// answer.
  std::function<void()> halt;
  std::function<void(duration deadline, reply<void>)> flush;
  actor_metrics* health = nullptr;
};

struct supervisor_config {
  /// Restarts of one child within the window; one more is fatal.
  std::size_t restarts_max = 3;
  duration restart_window = std::chrono::seconds(60);
  /// A child is asked for its status this often; unanswered for `probe_timeout` it counts as stuck.
  duration probe_interval = std::chrono::milliseconds(500);
  duration probe_timeout = std::chrono::milliseconds(1500);
  /// An actor that was told to end is killed after this time.
  duration end_grace = std::chrono::seconds(1);
};

struct supervisor_parts {
  /// Bottom up: started in this order, ended in reverse. Flushed in reverse, too.
  std::vector<child_spec> children;
  supervisor_config config;
  std::function<void(std::string_view actor, const error& why)> on_fatal;
  /// Called once, when every child runs or one could not be started.
  std::function<void(result<void>)> on_started;
  /// Beats once per `probe_interval` while the node runs: the scheduler's threads get on. May be
  /// null.
  pulse* scheduling = nullptr;
};

/// Class of `supervisor_actor`.
class supervisor_actor_impl {
 public:
  static constexpr const char* runtime_name = "weft.supervisor";

  supervisor_actor_impl(supervisor_actor::pointer self, supervisor_parts parts);
  supervisor_actor::behavior_type make_behavior();

 private:
  struct child {
    explicit child(child_spec s) : spec(std::move(s)) {}

    child_spec spec;
    std::optional<any_actor> handle;
    std::deque<instant> restarts;
    /// Unset: the last probe was answered.
    std::optional<instant> probed;
    bool stuck = false;
    bool ending = false;
    bool killed = false;
  };
  enum class phase : std::uint8_t { running, flushing, ending, ended };

  result<void> start_all();
  result<void> start_child(child& c);
  void on_child_down(const caf::actor_addr& who, const caf::error& reason);
  void restart(child& c, const caf::error& reason);
  void fatal(const child& c, error why);

  void on_tick();
  void probe(child& c);
  void on_health(const health_question& q);

  void on_drain(const drain_question& q);
  void on_flushed(const answered<void>& a);
  /// Flushes the next child from the top, or starts ending.
  void flush_next();
  void end_next();
  void finish_drain();

  instant now() const { return now_of(self_); }

  supervisor_actor::pointer self_;
  supervisor_parts parts_;
  std::vector<child> children_;
  deadline_timer<supervisor_actor::base> timer_;
  phase phase_ = phase::running;
  std::vector<reply<std::vector<std::string>>> drains_;
  std::vector<std::string> overran_;
  instant drain_deadline_{};
  instant step_deadline_{};
  /// Children not yet flushed or ended: [0, position_).
  std::size_t position_ = 0;
  bool fatal_reported_ = false;
};

}  // namespace weft::actors
