// SPDX-License-Identifier: MIT
#include "dht/size_estimator.hpp"

#include <algorithm>

namespace weft::dht {

// The line through the origin that fits best has the slope sum(i * d_i) / sum(i * i) = 1 / (N + 1).
void size_estimator::observe(std::span<const kad_id> distances) noexcept {
  constexpr std::size_t points_min = 5;
  constexpr unsigned dropped_bits = 16;
  if (distances.size() < points_min) return;
  std::uint64_t weighted = 0;
  std::uint64_t squares = 0;
  const std::size_t points = std::min<std::size_t>(distances.size(), 64);
  for (std::size_t i = 0; i < points; ++i) {
    weighted += (distances[i].word[0] >> dropped_bits) * (i + 1);
    squares += (i + 1) * (i + 1);
  }
  __extension__ using wide = unsigned __int128;
  const wide whole = wide{squares} << (64 - dropped_bits);
  const wide estimate = whole / std::max<std::uint64_t>(weighted, 1);
  estimates_[next_] = static_cast<std::uint64_t>(std::min<wide>(estimate, std::uint64_t{1} << 48));
  next_ = (next_ + 1) % kept;
  count_ = std::min(count_ + 1, kept);
}

std::optional<std::uint64_t> size_estimator::servers() const noexcept {
  if (count_ < 3) return std::nullopt;
  std::array<std::uint64_t, kept> sorted = estimates_;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(count_ / 2);
  std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(count_));
  return std::max<std::uint64_t>(*middle, 1);
}

}  // namespace weft::dht
