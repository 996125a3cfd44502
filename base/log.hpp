// SPDX-License-Identifier: MIT
#pragma once

#include "base/error.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"

#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

/// Structured log: a level, a component, a stable event id, and fields. spdlog writes it; no spdlog
/// type leaves base/log.cpp. Not for hot paths: a frame never causes a line. Thread-safe.
namespace weft::log {

enum class level : std::uint8_t { trace, debug, info, warn, error, off };
enum class format : std::uint8_t { text, json };

/// One `key=value` of a line. Values are turned into text only when the line is written.
struct field {
  std::string_view key;
  std::string value;
  /// A finite number or a truth value: not quoted in JSON.
  bool bare = false;

  field(std::string_view k, std::string_view v) : key(k), value(v) {}
  field(std::string_view k, const char* v) : key(k), value(v) {}
  field(std::string_view k, const std::string& v) : key(k), value(v) {}
  field(std::string_view k, const peer_id& v) : key(k), value(v.to_string()) {}
  field(std::string_view k, ec v) : key(k), value(to_string(v)) {}
  field(std::string_view k, const weft::error& v) : key(k), value(to_string(v)) {}
  template <class T>
  requires std::is_arithmetic_v<T> field(std::string_view k, T v) : key(k), bare(true) {
    if constexpr (std::is_same_v<T, bool>) {
      value = v ? "true" : "false";
    } else {
      value = std::to_string(v);
      if constexpr (std::is_floating_point_v<T>) bare = std::isfinite(v);
    }
  }
};

struct options {
  format output = format::text;
  level threshold = level::info;
  /// Empty: standard error.
  std::string file;
  /// Lines of one event (component and event id) written per second; the next one says how many
  /// were left out.
  std::uint32_t lines_per_second = 100;
};

/// Starts or replaces the sink. ec::io when the file cannot be opened.
result<void> configure(const options& o);
/// Level of one component ("transport", "session", …), or of all for "*". ec::not_found for a name
/// no component has used is not raised: the level is kept for later. At most 64 names are kept; "*"
/// forgets them all.
void set_level(std::string_view component, level threshold);
result<level> parse_level(std::string_view text);
std::string_view to_string(level l) noexcept;
/// Whether a line would be written; for callers whose fields are costly.
bool enabled(level l, std::string_view component) noexcept;
/// Lines written since start, by level; for the metric weft_log_messages_total.
std::uint64_t lines_written(level l) noexcept;
/// Lines left out because their event came too often.
std::uint64_t lines_suppressed() noexcept;
/// Lines the operating system did not take, for example on a full disk.
std::uint64_t lines_failed() noexcept;

/// Writes one line whatever the levels are; the helpers below ask `enabled` first.
void write(level l, std::string_view component, std::string_view event,
           std::initializer_list<field> fields);

inline void debug(std::string_view component, std::string_view event,
                  std::initializer_list<field> fields = {}) {
  if (enabled(level::debug, component)) write(level::debug, component, event, fields);
}
inline void info(std::string_view component, std::string_view event,
                 std::initializer_list<field> fields = {}) {
  if (enabled(level::info, component)) write(level::info, component, event, fields);
}
inline void warn(std::string_view component, std::string_view event,
                 std::initializer_list<field> fields = {}) {
  if (enabled(level::warn, component)) write(level::warn, component, event, fields);
}
inline void error(std::string_view component, std::string_view event,
                  std::initializer_list<field> fields = {}) {
  if (enabled(level::error, component)) write(level::error, component, event, fields);
}

}  // namespace weft::log
