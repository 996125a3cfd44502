// SPDX-License-Identifier: MIT
#pragma once

#include "base/hash.hpp"
#include "base/multiaddr.hpp"
#include "dht/dht_config.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace weft::dht {

/// Addresses one party easily has many of: an IPv4 or IPv6 prefix. What has no IP address (relays,
/// onion services) is one group.
struct ip_group {
  std::array<std::uint8_t, 16> prefix{};
  /// 4, 6, or 0 without an IP address.
  std::uint8_t family = 0;
  friend auto operator<=>(const ip_group&, const ip_group&) = default;
};

/// For unordered containers; keyed, as others choose their addresses.
struct ip_group_hash {
  std::size_t operator()(const ip_group& group) const noexcept {
    return siphash_1_3(process_hash_key(), group.prefix) ^ group.family;
  }
};

/// The group of a peer's address; none when the configuration sets no limit to its like (loopback,
/// private).
std::optional<ip_group> group_of(const multiaddr& address, const dht_config& config);

}  // namespace weft::dht
