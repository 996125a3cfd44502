// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <atomic>
#include <optional>

namespace weft::node {

/// Turns signals into events for one waiting thread. Made before any other thread, so that all
/// inherit the blocked set.
class signal_queue {
 public:
  enum class event { nothing, stop, reload, fatal };

  /// Blocks SIGTERM, SIGINT, SIGHUP and SIGUSR1 (used to wake), ignores SIGPIPE.
  signal_queue();

  /// Waits for the next event; `nothing` after `wake`, or when `longest` has passed.
  event wait(std::optional<duration> longest = std::nullopt);
  /// From any thread.
  void push_stop();
  void push_fatal();
  void wake();

 private:
  std::atomic<bool> fatal_{false};
  std::atomic<bool> stop_{false};
};

/// Seconds since the kernel started this process.
double seconds_since_process_start();

}  // namespace weft::node
