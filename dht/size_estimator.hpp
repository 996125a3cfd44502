// SPDX-License-Identifier: MIT
#pragma once

#include "dht/kad_id.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace weft::dht {

/// The number of servers, from how densely they lie around the targets of lookups: the i-th closest
/// of N is expected at i / (N + 1) of the key space (Trautwein et al., "IPFS in the Fast Lane",
/// INFOCOM 2024, section IV). The median of recent lookups counts, so that some that were misled
/// do not matter.
class size_estimator {
 public:
  /// The distances of the closest peers of a lookup that converged, closest first. Fewer than five
  /// say too little.
  void observe(std::span<const kad_id> distances) noexcept;
  /// None before three lookups.
  std::optional<std::uint64_t> servers() const noexcept;

 private:
  static constexpr std::size_t kept = 16;
  std::array<std::uint64_t, kept> estimates_{};
  std::size_t count_ = 0;
  std::size_t next_ = 0;
};

}  // namespace weft::dht
