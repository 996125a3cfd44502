// SPDX-License-Identifier: MIT
#include "base/multiaddr_protocols.hpp"

#include "base/encoding.hpp"
#include "base/ip_address.hpp"
#include "base/multihash.hpp"
#include "base/peer_id.hpp"
#include "base/wire.hpp"

#include <algorithm>
#include <array>

namespace weft {

namespace {

using kind = multiaddr_value;

constexpr std::array<multiaddr_protocol, 33> protocols{{
    {4, "ip4", kind::ip4},
    {6, "tcp", kind::port},
    {33, "dccp", kind::port},
    {41, "ip6", kind::ip6},
    {42, "ip6zone", kind::name},
    {53, "dns", kind::name},
    {54, "dns4", kind::name},
    {55, "dns6", kind::name},
    {56, "dnsaddr", kind::name},
    {132, "sctp", kind::port},
    {273, "udp", kind::port},
    {275, "p2p-webrtc-star", kind::none},
    {276, "p2p-webrtc-direct", kind::none},
    {280, "webrtc-direct", kind::none},
    {281, "webrtc", kind::none},
    {290, "p2p-circuit", kind::none},
    {301, "udt", kind::none},
    {302, "utp", kind::none},
    {421, "p2p", kind::peer},
    {443, "https", kind::none},
    {445, "onion3", kind::onion3},
    {448, "tls", kind::none},
    {449, "sni", kind::name},
    {454, "noise", kind::none},
    {460, "quic", kind::none},
    {461, "quic-v1", kind::none},
    {465, "webtransport", kind::none},
    {466, "certhash", kind::multihash},
    {477, "ws", kind::none},
    {478, "wss", kind::none},
    {479, "p2p-websocket-star", kind::none},
    {480, "http", kind::none},
    {7367777, "plaintextv2", kind::none},
}};

/// Version 3 onion service address: 35 bytes (56 base32 digits), then the port.
constexpr std::size_t onion3_host_bytes = 35;
constexpr std::size_t onion3_bytes = onion3_host_bytes + 2;

result<byte_buffer> onion3_from_text(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos) return fail(ec::malformed, "an onion address is HOST:PORT");
  WEFT_TRY(auto value, from_base32(text.substr(0, colon)));
  if (value.size() != onion3_host_bytes)
    return fail(ec::malformed, "an onion3 host has 56 characters");
  WEFT_TRY(const auto port, parse_port(text.substr(colon + 1)));
  if (port == 0) return fail(ec::malformed, "an onion address has a port above 0");
  wire_writer{value}.u16(port);
  return value;
}

std::uint16_t port_at(bytes_view value) noexcept {
  return static_cast<std::uint16_t>(value[0] << 8 | value[1]);
}

/// Names are printable ASCII; a slash would end the part in text.
bool is_name(bytes_view value) noexcept {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](std::uint8_t c) {
    return c > 0x20 && c < 0x7f && c != '/';
  });
}

result<void> check_multihash(bytes_view value) {
  wire_reader in{value};
  WEFT_TRY(const auto hash, read_multihash(in));
  if (!in.at_end() || hash.digest.empty()) return fail(ec::malformed, "not one multihash");
  return {};
}

}  // namespace

const multiaddr_protocol* find_multiaddr_protocol(std::uint64_t code) noexcept {
  const auto* row = std::lower_bound(
      protocols.begin(), protocols.end(), code,
      [](const multiaddr_protocol& p, std::uint64_t wanted) { return p.code < wanted; });
  return row != protocols.end() && row->code == code ? row : nullptr;
}

const multiaddr_protocol* find_multiaddr_protocol(std::string_view name) noexcept {
  if (name == "ipfs") name = "p2p";
  const auto* row = std::find_if(protocols.begin(), protocols.end(),
                                 [name](const multiaddr_protocol& p) { return p.name == name; });
  return row != protocols.end() ? row : nullptr;
}

std::size_t multiaddr_value_size(multiaddr_value value_kind) noexcept {
  switch (value_kind) {
    case kind::none:
      return 0;
    case kind::ip4:
      return 4;
    case kind::ip6:
      return 16;
    case kind::port:
      return 2;
    case kind::onion3:
      return onion3_bytes;
    case kind::name:
    case kind::peer:
    case kind::multihash:
      break;
  }
  return variable_size;
}

result<byte_buffer> multiaddr_value_from_text(multiaddr_value value_kind, std::string_view text) {
  byte_buffer value;
  switch (value_kind) {
    case kind::none:
      break;
    case kind::ip4: {
      WEFT_TRY(const auto address, parse_ip4(text));
      append(value, address);
      break;
    }
    case kind::ip6: {
      WEFT_TRY(const auto address, parse_ip6(text));
      append(value, address);
      break;
    }
    case kind::port: {
      WEFT_TRY(const auto port, parse_port(text));
      wire_writer{value}.u16(port);
      break;
    }
    case kind::name:
      append(value, as_bytes(text));
      break;
    case kind::peer: {
      WEFT_TRY(const auto id, peer_id::parse(text));
      append(value, id.bytes());
      break;
    }
    case kind::onion3:
      return onion3_from_text(text);
    case kind::multihash:
      if (!text.starts_with('u'))
        return fail(ec::malformed, "a hash is in multibase base64url, u…");
      WEFT_TRY(value, from_base64url(text.substr(1)));
      break;
  }
  WEFT_TRY_VOID(check_multiaddr_value(value_kind, value));
  return value;
}

result<void> check_multiaddr_value(multiaddr_value value_kind, bytes_view value) {
  switch (value_kind) {
    case kind::name:
      if (!is_name(value)) return fail(ec::malformed, "a name is printable ASCII without a slash");
      return {};
    case kind::peer: {
      const auto id = peer_id::from_bytes(value);
      if (!id) return fail(id.error());
      return {};
    }
    case kind::multihash:
      return check_multihash(value);
    case kind::onion3:
      if (value.size() == onion3_bytes && port_at(value.subspan(onion3_host_bytes)) == 0)
        return fail(ec::malformed, "an onion address has a port above 0");
      break;
    default:
      break;
  }
  if (value.size() != multiaddr_value_size(value_kind)) return fail(ec::malformed, "wrong size");
  return {};
}

std::string multiaddr_value_to_text(multiaddr_value value_kind, bytes_view value) {
  switch (value_kind) {
    case kind::none:
      break;
    case kind::ip4:
      return format_ip4(value.first<4>());
    case kind::ip6:
      return format_ip6(value.first<16>());
    case kind::port:
      return std::to_string(port_at(value));
    case kind::name:
      return std::string{as_text(value)};
    case kind::peer:
      return to_base58(value);
    case kind::onion3:
      return to_base32(value.first<onion3_host_bytes>()) + ":"
             + std::to_string(port_at(value.subspan(onion3_host_bytes)));
    case kind::multihash:
      return "u" + to_base64url(value);
  }
  return {};
}

}  // namespace weft
