// SPDX-License-Identifier: MIT
#pragma once

#include "base/log.hpp"
#include "base/time.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

/// The last lines of the log, in memory: for the status page and `weft logs`.
namespace weft::log {

/// One line that was written.
struct recent_line {
  /// Counts every line since the start, from 1; a gap says that lines between were forgotten.
  std::uint64_t number = 0;
  wall_time time{};
  level severity = level::info;
  std::string component;
  /// `"level":"info","component":…,"event":…` and the fields: members of a JSON object, without
  /// its braces. Escaped.
  std::string members;
};

/// Thread-safe. The oldest lines make room.
class line_ring {
 public:
  line_ring(std::size_t lines_max, std::size_t bytes_max)
      : lines_max_(lines_max), bytes_max_(bytes_max) {}

  /// `line.number` is set here. A line that is larger than the whole ring is left out.
  void push(recent_line line);
  /// Lines after `number`, oldest first; the latest `most` of them.
  std::vector<recent_line> after(std::uint64_t number, std::size_t most) const;
  /// Lines after `number`, oldest first; the first `most` of them.
  std::vector<recent_line> next(std::uint64_t number, std::size_t most) const;
  /// Waits until there is a line after `number`; false when `longest` has passed.
  bool wait_after(std::uint64_t number, duration longest) const;
  /// Number of the latest line; 0 before the first.
  std::uint64_t latest() const;

 private:
  std::deque<recent_line>::const_iterator first_after(std::uint64_t number) const;

  const std::size_t lines_max_;
  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  mutable std::condition_variable added_;
  std::deque<recent_line> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t latest_ = 0;
};

inline constexpr std::size_t ring_lines_max = 2048;
inline constexpr std::size_t ring_bytes_max = 1024 * 1024;

/// The ring that every written line goes into.
line_ring& recent();

}  // namespace weft::log
