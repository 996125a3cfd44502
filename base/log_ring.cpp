// SPDX-License-Identifier: MIT
#include "base/log_ring.hpp"

#include <algorithm>
#include <utility>

namespace weft::log {

namespace {

std::size_t cost(const recent_line& line) noexcept {
  return sizeof line + line.component.size() + line.members.size();
}

}  // namespace

void line_ring::push(recent_line line) {
  const std::lock_guard lock{mutex_};
  line.number = ++latest_;
  if (cost(line) > bytes_max_) return;
  bytes_ += cost(line);
  lines_.push_back(std::move(line));
  while (lines_.size() > lines_max_ || bytes_ > bytes_max_) {
    bytes_ -= cost(lines_.front());
    lines_.pop_front();
  }
  added_.notify_all();
}

std::vector<recent_line> line_ring::after(std::uint64_t number, std::size_t most) const {
  const std::lock_guard lock{mutex_};
  auto first = first_after(number);
  const auto count = static_cast<std::size_t>(lines_.end() - first);
  if (count > most) first += static_cast<std::ptrdiff_t>(count - most);
  return {first, lines_.end()};
}

std::vector<recent_line> line_ring::next(std::uint64_t number, std::size_t most) const {
  const std::lock_guard lock{mutex_};
  const auto first = first_after(number);
  const auto count = std::min(most, static_cast<std::size_t>(lines_.end() - first));
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

std::deque<recent_line>::const_iterator line_ring::first_after(std::uint64_t number) const {
  return std::upper_bound(lines_.begin(), lines_.end(), number,
                          [](std::uint64_t n, const auto& line) { return n < line.number; });
}

bool line_ring::wait_after(std::uint64_t number, duration longest) const {
  std::unique_lock lock{mutex_};
  return added_.wait_for(lock, longest, [&] { return latest_ > number; });
}

std::uint64_t line_ring::latest() const {
  const std::lock_guard lock{mutex_};
  return latest_;
}

/// Never destroyed: threads may log while the program ends.
line_ring& recent() {
  static auto* const instance = new line_ring{ring_lines_max, ring_bytes_max};
  return *instance;
}

}  // namespace weft::log
