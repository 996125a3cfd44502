// SPDX-License-Identifier: MIT
#pragma once

#include "base/log.hpp"

#include <atomic>
#include <cstddef>
#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

/// Which lines are written: levels by component, as configured and as set while the node runs.
namespace weft::log {

/// One level in force. "*" stands for every component that has none of its own.
struct component_level {
  std::string component;
  level threshold = level::info;
  /// Set while the node runs: over what the configuration says, until the process ends.
  bool temporary = false;
};

/// Thread-safe. A component's temporary level counts first, then that of all, then its configured
/// level, then the configured one of all.
class level_table {
 public:
  /// Names kept of either kind.
  static constexpr std::size_t components_max = 64;
  static constexpr std::size_t name_bytes_max = 32;

  /// What a configuration begins with: forgets the configured levels, keeps temporary ones.
  void configure(level threshold);
  /// A configured level; names beyond the limit are left out.
  void set(std::string_view component, level threshold);
  /// ec::bad_argument: no component's name; ec::limit.
  result<void> set_temporary(std::string_view component, level threshold);
  /// "*": all of them.
  void clear_temporary(std::string_view component);

  bool enabled(level l, std::string_view component) const;
  /// "*" first.
  std::vector<component_level> all() const;

 private:
  using levels_by_name = std::map<std::string, level, std::less<>>;

  level effective(std::string_view component) const;
  void update_lowest();

  mutable std::shared_mutex mutex_;
  level threshold_ = level::info;
  levels_by_name configured_;
  levels_by_name temporary_;
  std::atomic<level> lowest_{level::info};
};

/// Those of the process's log.
result<void> set_temporary_level(std::string_view component, level threshold);
void clear_temporary_level(std::string_view component);
std::vector<component_level> levels();

}  // namespace weft::log
