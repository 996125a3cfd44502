// SPDX-License-Identifier: MIT
#pragma once

#include "actors/messages.hpp"
#include "base/time.hpp"

#include <algorithm>
#include <optional>

namespace weft::actors {

/// The actor system's time as the node's monotonic line; virtual under the test scheduler.
template <class Self>
instant now_of(Self* self) {
  return instant(std::chrono::duration_cast<duration>(self->clock().now().time_since_epoch()));
}

/// The one timer of an actor around a core: sends atom::tick to the actor when the core's next
/// deadline comes. Ticks cannot be cancelled, so it arms only what is earlier than what is armed
/// already, and late ones find nothing due.
template <class Self>
class deadline_timer {
 public:
  explicit deadline_timer(Self* self) : self_(self) {}

  /// Makes sure of a tick at or before `next`.
  void arm(std::optional<instant> next, instant now) {
    if (!next || (armed_ && *armed_ <= *next)) return;
    tell_after(self_, self_, std::max(*next - now, duration::zero()), atom::tick_v);
    armed_ = *next;
  }
  /// To be called first when a tick arrives.
  void on_tick(instant now) {
    if (armed_ && *armed_ <= now) armed_.reset();
  }

 private:
  Self* self_;
  std::optional<instant> armed_;
};

}  // namespace weft::actors
