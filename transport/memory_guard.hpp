// SPDX-License-Identifier: MIT
#pragma once

#include "transport/limits.hpp"

#include <cstdint>

namespace weft::transport {

/// How near the process is to its cap of memory.
enum class memory_level : std::uint8_t {
  calm,
  /// No new sessions, pushes or bulk frames; peers get no more window.
  high,
  /// Frames of control only, and the sessions that bring most are ended.
  critical,
};

/// Compares what the process holds with `live_limits::memory_bytes`. A level is left only well
/// below the mark at which it was entered, so that it does not come and go. Pure.
class memory_guard {
 public:
  /// Parts of the cap, in percent.
  static constexpr std::uint64_t high_percent = 85;
  static constexpr std::uint64_t critical_percent = 95;
  static constexpr std::uint64_t leave_percent = 5;

  memory_level judge(std::uint64_t resident_bytes, std::uint64_t cap_bytes) noexcept {
    const auto reaches
        = [&](std::uint64_t percent) { return resident_bytes >= cap_bytes / 100 * percent; };
    const auto left
        = [&](memory_level at) { return level_ >= at ? leave_percent : std::uint64_t{0}; };
    if (cap_bytes == 0)
      level_ = memory_level::calm;
    else if (reaches(critical_percent - left(memory_level::critical)))
      level_ = memory_level::critical;
    else if (reaches(high_percent - left(memory_level::high)))
      level_ = memory_level::high;
    else
      level_ = memory_level::calm;
    return level_;
  }
  memory_level level() const noexcept { return level_; }

 private:
  memory_level level_ = memory_level::calm;
};

}  // namespace weft::transport
