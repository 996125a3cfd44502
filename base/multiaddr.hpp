// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// An IPv4 or IPv6 address with a port.
struct ip_endpoint {
  /// 4 or 16 bytes used, network order.
  std::array<std::uint8_t, 16> address{};
  bool v6 = false;
  std::uint16_t port = 0;

  bool loopback() const noexcept;
  bool unspecified() const noexcept;
  /// "127.0.0.1:4001", "[::1]:4001"
  std::string to_string() const;
  friend auto operator<=>(const ip_endpoint&, const ip_endpoint&) = default;
};

/// A libp2p multiaddr (https://github.com/multiformats/multiaddr), kept in its binary form.
class multiaddr {
 public:
  /// Longest binary form accepted from text or wire.
  static constexpr std::size_t bytes_max = 512;

  /// One protocol of the address; `value` is a view into it, without a length prefix (codes:
  /// multiaddr_protocols.hpp).
  struct part {
    std::uint64_t code = 0;
    bytes_view value;
  };

  multiaddr() = default;

  /// `/ip4/127.0.0.1/udp/4001/quic-v1/p2p/12D3…`. ec::malformed names the part that is wrong,
  /// ec::oversized.
  static result<multiaddr> parse(std::string_view text);
  /// ec::malformed, ec::truncated, ec::oversized; ec::unsupported for a protocol code this table
  /// lacks.
  static result<multiaddr> from_bytes(bytes_view bytes);
  /// `/ip4|ip6/…/udp/PORT/quic-v1`
  static multiaddr quic_v1(const ip_endpoint& endpoint);

  bytes_view bytes() const noexcept { return bytes_; }
  bool empty() const noexcept { return bytes_.empty(); }
  std::string to_string() const;
  /// The protocols in order; views that live as long as this address is unchanged.
  std::vector<part> parts() const;

  /// The endpoint of an exactly `/ip4|ip6/A/udp/P/quic-v1[/p2p/ID]` address, else none.
  std::optional<ip_endpoint> quic_v1_endpoint() const;
  /// The last `/p2p/ID`, if any.
  std::optional<peer_id> peer() const;
  /// This address ending in `/p2p/ID`; an existing last one is replaced.
  multiaddr with_peer(const peer_id& id) const;
  /// This address without its last `/p2p/ID`.
  multiaddr without_peer() const;

  friend auto operator<=>(const multiaddr&, const multiaddr&) = default;

 private:
  byte_buffer bytes_;
};

}  // namespace weft
