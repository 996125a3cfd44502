// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// The protocols a multiaddr is made of
/// (https://github.com/multiformats/multiaddr/blob/master/protocols.csv).
namespace weft::multiaddr_code {

inline constexpr std::uint64_t ip4 = 4;
inline constexpr std::uint64_t tcp = 6;
inline constexpr std::uint64_t ip6 = 41;
inline constexpr std::uint64_t ip6zone = 42;
inline constexpr std::uint64_t dns = 53;
inline constexpr std::uint64_t dns4 = 54;
inline constexpr std::uint64_t dns6 = 55;
inline constexpr std::uint64_t dnsaddr = 56;
inline constexpr std::uint64_t udp = 273;
inline constexpr std::uint64_t p2p_circuit = 290;
inline constexpr std::uint64_t p2p = 421;
inline constexpr std::uint64_t onion3 = 445;
inline constexpr std::uint64_t tls = 448;
inline constexpr std::uint64_t quic_v1 = 461;
inline constexpr std::uint64_t certhash = 466;

}  // namespace weft::multiaddr_code

namespace weft {

/// How a protocol's value looks in text and in bytes.
enum class multiaddr_value : std::uint8_t { none, ip4, ip6, port, name, peer, onion3, multihash };

/// One row of the table.
struct multiaddr_protocol {
  std::uint64_t code;
  std::string_view name;
  multiaddr_value kind;
};

/// The protocol of that code or name; null when the table lacks it. `ipfs` is read as `p2p`.
const multiaddr_protocol* find_multiaddr_protocol(std::uint64_t code) noexcept;
const multiaddr_protocol* find_multiaddr_protocol(std::string_view name) noexcept;

/// Bytes of a value of fixed size; 0 for `none`; the value is length-prefixed when this is
/// `variable_size`.
inline constexpr std::size_t variable_size = static_cast<std::size_t>(-1);
std::size_t multiaddr_value_size(multiaddr_value kind) noexcept;

/// Value from its text, without a length prefix. ec::malformed.
result<byte_buffer> multiaddr_value_from_text(multiaddr_value kind, std::string_view text);
/// Checks a value from the wire. ec::malformed. Every value that passes has a text that reads back
/// as the same bytes.
result<void> check_multiaddr_value(multiaddr_value kind, bytes_view value);
/// The text of a checked value.
std::string multiaddr_value_to_text(multiaddr_value kind, bytes_view value);

}  // namespace weft
