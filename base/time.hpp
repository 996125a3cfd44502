// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

namespace weft {

/// A span of time in nanoseconds.
using duration = std::chrono::nanoseconds;

/// The node's monotonic time line. It has no now(): cores are told the time, runtimes read the
/// clock (floor 3 and up).
struct monotonic_line {
  using rep = std::chrono::nanoseconds::rep;
  using period = std::chrono::nanoseconds::period;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<monotonic_line>;
  static constexpr bool is_steady = true;
};
/// A point on the monotonic line. Not comparable between processes.
using instant = monotonic_line::time_point;

/// Wall-clock time line (Unix epoch, UTC), likewise without now().
struct wall_line {
  using rep = std::chrono::nanoseconds::rep;
  using period = std::chrono::nanoseconds::period;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<wall_line>;
  static constexpr bool is_steady = false;
};
/// Nanoseconds since the Unix epoch; what goes on the wire and on disk.
using wall_time = wall_line::time_point;

/// Seconds as a floating number, for reports and JSON.
inline double to_seconds(duration d) noexcept { return std::chrono::duration<double>(d).count(); }

}  // namespace weft
