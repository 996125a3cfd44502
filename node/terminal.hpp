// SPDX-License-Identifier: MIT
#pragma once

#include "base/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What people see: tables, amounts, progress, errors. Answers go to standard output, everything
/// else to standard error.
namespace weft::node {

/// Exit codes of every command (docs/cli.md).
enum class exit_code : int {
  ok = 0,
  failure = 1,
  usage = 2,
  bad_config = 3,
  not_running = 4,
  not_found = 5,
  unreachable = 6,
  degraded = 7,
  denied = 8,
  already_running = 9,
};
exit_code exit_code_of(ec code) noexcept;
/// Prints "weft: …" and returns the exit code of the error.
exit_code report(const error& e);

bool stdout_is_terminal();
bool stderr_is_terminal();

enum class style { plain, bold, dim, green, yellow, red };
/// The text in a style when standard output is a terminal and NO_COLOR is not set.
std::string styled(style s, std::string_view text);

/// "12 B", "1.5 KiB", "100 MiB"
std::string format_bytes(std::uint64_t bytes);
/// "85 us", "1.24 ms", "3.1 s", "2 h 5 min"
std::string format_seconds(double seconds);
/// "3.42 Gbit/s"
std::string format_bits_per_second(double bits);
/// The last eight characters of a peer id.
std::string short_peer(std::string_view peer);
/// The text with control characters shown as \xNN: nobody else's bytes reach the terminal as
/// commands. Newlines and tabs stay.
std::string printable(std::string_view text);

/// Columns padded to their widest cell; the first row is the heading. `right` names columns that
/// are aligned to the right.
std::string format_table(const std::vector<std::vector<std::string>>& rows,
                         const std::vector<std::size_t>& right = {});

/// A bar on standard error while it is a terminal; nothing otherwise. Erased when it ends.
class progress_bar {
 public:
  explicit progress_bar(std::string label) : label_(std::move(label)) {}
  ~progress_bar() { clear(); }
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;

  /// `note` stands behind the amount; drawn at most ten times a second, always when finished.
  void update(std::uint64_t done, std::uint64_t total, std::string_view note = {});
  void clear();

 private:
  std::string label_;
  std::chrono::steady_clock::time_point drawn_{};
  bool visible_ = false;
};

}  // namespace weft::node
