// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <array>
#include <chrono>
#include <cstdint>

/// The two clocks of the operating system, for floors 3 and above.
namespace weft::transport::io {

/// The monotonic line's present (CLOCK_MONOTONIC).
inline instant now() noexcept {
  return instant(
      std::chrono::duration_cast<duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

/// Nanoseconds since the Unix epoch (CLOCK_REALTIME).
inline wall_time wall_now() noexcept {
  return wall_time(
      std::chrono::duration_cast<duration>(std::chrono::system_clock::now().time_since_epoch()));
}

/// Names the machine's clock by the kernel's boot id: two processes with the same name read the
/// same clock. All zero when the system does not tell.
std::array<std::uint8_t, 16> clock_name();

/// Processor time of this process so far, all threads.
duration processor_time() noexcept;

}  // namespace weft::transport::io
