// SPDX-License-Identifier: MIT
#pragma once

#include "base/log.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::log {

/// Longest value written; the rest is cut and marked.
inline constexpr std::size_t value_bytes_max = 1024;

/// Puts the parts of a line together, without its time. Values may hold a peer's bytes: control
/// characters and broken UTF-8 are escaped, so that no value can forge a line or reach a terminal.
class line_writer {
 public:
  line_writer(std::string& out, format output) noexcept : out_(out), output_(output) {}

  /// `level component event`, or the JSON members of those names.
  void begin(std::string_view level_name, std::string_view component, std::string_view event);
  void add(const field& f);

 private:
  void member(std::string_view key, std::string_view value, bool bare);
  void quoted(std::string_view value);

  std::string& out_;
  format output_;
};

}  // namespace weft::log
