// SPDX-License-Identifier: MIT
#include "base/log_levels.hpp"

#include <algorithm>
#include <mutex>

namespace weft::log {

namespace {

constexpr std::string_view everybody = "*";

bool is_name(std::string_view component) {
  return !component.empty() && component.size() <= level_table::name_bytes_max
         && std::all_of(component.begin(), component.end(), [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
            });
}

}  // namespace

void level_table::configure(level threshold) {
  const std::unique_lock lock{mutex_};
  threshold_ = threshold;
  configured_.clear();
  update_lowest();
}

void level_table::set(std::string_view component, level threshold) {
  const std::unique_lock lock{mutex_};
  if (component == everybody) {
    threshold_ = threshold;
    configured_.clear();
  } else if (configured_.contains(component) || configured_.size() < components_max) {
    configured_.insert_or_assign(std::string{component}, threshold);
  }
  update_lowest();
}

result<void> level_table::set_temporary(std::string_view component, level threshold) {
  if (component != everybody && !is_name(component))
    return fail(ec::bad_argument, "'" + std::string{component.substr(0, 64)}
                                      + "' is no component: small letters, digits and underscores");
  const std::unique_lock lock{mutex_};
  // "*" has its place beside the names.
  if (!temporary_.contains(component) && component != everybody
      && temporary_.size() >= components_max)
    return fail(ec::limit, "levels are set for " + std::to_string(components_max)
                               + " components already; drop one first");
  temporary_.insert_or_assign(std::string{component}, threshold);
  update_lowest();
  return {};
}

void level_table::clear_temporary(std::string_view component) {
  const std::unique_lock lock{mutex_};
  if (component == everybody)
    temporary_.clear();
  else if (const auto at = temporary_.find(component); at != temporary_.end())
    temporary_.erase(at);
  update_lowest();
}

bool level_table::enabled(level l, std::string_view component) const {
  if (l < lowest_.load(std::memory_order_relaxed) || l == level::off) return false;
  const std::shared_lock lock{mutex_};
  return l >= effective(component);
}

level level_table::effective(std::string_view component) const {
  for (const auto name : {component, everybody})
    if (const auto at = temporary_.find(name); at != temporary_.end()) return at->second;
  const auto at = configured_.find(component);
  return at != configured_.end() ? at->second : threshold_;
}

std::vector<component_level> level_table::all() const {
  const std::shared_lock lock{mutex_};
  const auto over = temporary_.find(everybody);
  std::vector<component_level> out{{std::string{everybody}, threshold_, false}};
  if (over != temporary_.end()) out.front() = {std::string{everybody}, over->second, true};
  for (const auto& [name, threshold] : configured_)
    if (over == temporary_.end() && !temporary_.contains(name))
      out.push_back({name, threshold, false});
  for (const auto& [name, threshold] : temporary_)
    if (name != everybody) out.push_back({name, threshold, true});
  return out;
}

void level_table::update_lowest() {
  level lowest = threshold_;
  for (const auto* names : {&configured_, &temporary_})
    for (const auto& [name, threshold] : *names) lowest = std::min(lowest, threshold);
  lowest_.store(lowest, std::memory_order_relaxed);
}

}  // namespace weft::log
