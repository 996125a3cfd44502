// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <algorithm>
#include <cstdint>

namespace weft::routing {

/// The length of a route: round-trip time plus a penalty per hop, in units of 10 microseconds, 24
/// bits. Only ever grows along a path (RFC 8966 section 3.5.2: strictly monotonic), because a link
/// costs at least one unit.
using metric = std::uint32_t;

/// Unreachable; on the wire a retraction.
inline constexpr metric infinite_metric = 0xffffff;
inline constexpr duration metric_unit = std::chrono::microseconds(10);
/// A single link never costs more (about 40 s), so that sums of two never wrap.
inline constexpr metric link_cost_max = 1u << 22;

/// Sum of a route's metric and a link's cost; saturates at `infinite_metric`.
constexpr metric add_cost(metric route, metric link) noexcept {
  return std::min(route + link, infinite_metric);
}

/// Cost of a link: penalty plus round-trip time, at least 1.
constexpr metric link_cost(duration rtt, metric hop_penalty) noexcept {
  const auto units = std::clamp<duration::rep>(rtt / metric_unit, 0, link_cost_max);
  return std::clamp<metric>(static_cast<metric>(units) + hop_penalty, 1, link_cost_max);
}

}  // namespace weft::routing
