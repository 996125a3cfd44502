// SPDX-License-Identifier: MIT
#pragma once

#include "base/rng.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

/// How far apart nodes are: a model of the Internet, and one of a single machine hall.
namespace weft::sim {

enum class terrain : std::uint8_t {
  /// Nineteen regions of a cloud, weighted as nodes of a large public network are spread.
  world,
  /// One switch: every pair 100 to 300 us apart, 1 Gbit/s.
  lan,
};

/// Where a node stands and what its access to the network can carry.
struct site {
  std::uint8_t region = 0;
  /// One way, between the node and its region's exchange.
  duration last_mile{};
  std::uint64_t up_bytes_per_second = 0;
  std::uint64_t down_bytes_per_second = 0;
};

std::size_t region_count(terrain t) noexcept;
std::string_view region_name(terrain t, std::uint8_t region) noexcept;

/// A node's place. World: one node in five has 1 Gbit/s and a last mile of 0.2 to 1 ms, the others
/// 50 Mbit/s and 2 to 9 ms.
site draw_site(terrain t, rng& random);

/// One-way delay of an empty packet between two nodes. `pair` tells pairs of the same two regions
/// apart (from 95 to 115 % of the regions' figure: routes differ); the same value gives the same
/// delay.
duration base_delay(terrain t, const site& a, const site& b, std::uint64_t pair) noexcept;

}  // namespace weft::sim
