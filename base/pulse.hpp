// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace weft {

/// Shows to others whether a thread gets on. It beats while it has work, or now and then in any
/// case, and rests while nobody waits for it; silence is the time since the last beat. Written
/// under one thread's or one lock's control, read by any thread.
class pulse {
 public:
  void beat(instant now) noexcept { at_.store(now.time_since_epoch().count()); }
  void rest() noexcept { at_.store(resting); }
  /// Zero at rest.
  duration silence(instant now) const noexcept {
    const auto at = at_.load();
    if (at == resting) return duration::zero();
    return std::max(duration::zero(), now - instant(duration(at)));
  }

 private:
  static constexpr duration::rep resting = INT64_MIN;
  std::atomic<duration::rep> at_{resting};
};

}  // namespace weft
