// SPDX-License-Identifier: MIT
#pragma once

#include "base/multiaddr.hpp"
#include "base/result.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft {

/// A block of IP addresses in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3). Bits
/// behind its length are zero.
class ip_prefix {
 public:
  /// The block of that length around an address: at most 32 bits of IPv4 and 128 of IPv6 count.
  ip_prefix(const ip_endpoint& around, std::uint8_t bits) noexcept;

  /// `192.0.2.0/24`, `2001:db8::/32`, or one address without a length. ec::malformed names what is
  /// wrong, a bit behind the length included.
  static result<ip_prefix> parse(std::string_view text);

  bool contains(const ip_endpoint& e) const noexcept {
    return e.v6 == v6_ && ip_prefix(e, bits_) == *this;
  }
  std::uint8_t bits() const noexcept { return bits_; }
  bool v6() const noexcept { return v6_; }
  /// 4 or 16 bytes used, network order.
  const std::array<std::uint8_t, 16>& address() const noexcept { return address_; }
  /// As `parse` reads it; always with the length.
  std::string to_string() const;

  friend auto operator<=>(const ip_prefix&, const ip_prefix&) = default;

 private:
  bool v6_;
  std::uint8_t bits_;
  std::array<std::uint8_t, 16> address_;
};

}  // namespace weft
