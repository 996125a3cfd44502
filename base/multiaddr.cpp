// SPDX-License-Identifier: MIT
#include "base/multiaddr.hpp"

#include "base/ip_address.hpp"
#include "base/multiaddr_protocols.hpp"
#include "base/wire.hpp"

#include <algorithm>
#include <array>

namespace weft {

namespace {

/// Reads one part, whatever its value says; `protocol` becomes that of its code.
result<multiaddr::part> read_unchecked(wire_reader& in, const multiaddr_protocol*& protocol) {
  multiaddr::part part;
  WEFT_TRY(part.code, in.uvarint());
  protocol = find_multiaddr_protocol(part.code);
  if (!protocol)
    return fail(ec::unsupported, "multiaddr protocol code " + std::to_string(part.code));
  const std::size_t size = multiaddr_value_size(protocol->kind);
  if (size == variable_size) {
    WEFT_TRY(part.value, in.length_prefixed(multiaddr::bytes_max));
  } else {
    WEFT_TRY(part.value, in.bytes(size));
  }
  return part;
}

result<multiaddr::part> read_part(wire_reader& in) {
  const multiaddr_protocol* protocol = nullptr;
  WEFT_TRY(const auto part, read_unchecked(in, protocol));
  if (auto checked = check_multiaddr_value(protocol->kind, part.value); !checked) {
    return fail(ec::malformed,
                "the value of /" + std::string{protocol->name} + ": " + to_string(checked.error()));
  }
  return part;
}

/// The parts of an address that was checked when it was made: how many there are, the first ones,
/// and the last.
struct first_parts {
  explicit first_parts(bytes_view checked) {
    wire_reader in{checked};
    while (!in.at_end()) {
      const multiaddr_protocol* protocol = nullptr;
      const auto read = read_unchecked(in, protocol);
      if (!read) break;
      last = *read;
      if (count < part.size()) part[count] = last;
      ++count;
    }
  }
  std::array<multiaddr::part, 4> part{};
  multiaddr::part last;
  std::size_t count = 0;
};

/// Cuts the next `/`-separated piece off the front of `text`, which starts after a slash.
std::string_view take_piece(std::string_view& text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view piece = text.substr(0, slash);
  text.remove_prefix(std::min(slash + 1, text.size()));
  return piece;
}

/// Longest text worth reading: every part's text is at most about twice its bytes, and none is
/// shorter than two bytes.
constexpr std::size_t text_max = 16 * multiaddr::bytes_max;

}  // namespace

bool ip_endpoint::loopback() const noexcept {
  if (!v6) return address[0] == 127;
  return std::all_of(address.begin(), address.end() - 1, [](std::uint8_t b) { return b == 0; })
         && address[15] == 1;
}

bool ip_endpoint::unspecified() const noexcept {
  const auto end = address.begin() + (v6 ? 16 : 4);
  return std::all_of(address.begin(), end, [](std::uint8_t b) { return b == 0; });
}

std::string ip_endpoint::to_string() const {
  const std::string host
      = v6 ? "[" + format_ip6(address) + "]" : format_ip4(std::span{address}.first<4>());
  return host + ":" + std::to_string(port);
}

result<multiaddr> multiaddr::parse(std::string_view text) {
  if (text.size() > text_max) return fail(ec::oversized, "the address text is too long");
  if (!text.starts_with('/')) return fail(ec::malformed, "a multiaddr starts with a slash");
  text.remove_prefix(1);
  if (text.empty() || text.back() == '/')
    return fail(ec::malformed, "a multiaddr does not end with a slash");
  multiaddr address;
  wire_writer out{address.bytes_};
  while (!text.empty()) {
    const std::string_view name = take_piece(text);
    const auto* protocol = find_multiaddr_protocol(name);
    if (!protocol)
      return fail(ec::malformed, "unknown multiaddr protocol '" + std::string{name} + "'");
    out.uvarint(protocol->code);
    if (protocol->kind == multiaddr_value::none) continue;
    const std::string_view piece = take_piece(text);
    const auto value = multiaddr_value_from_text(protocol->kind, piece);
    if (!value) {
      return fail(ec::malformed, "'" + std::string{piece} + "' after /" + std::string{name} + ": "
                                     + weft::to_string(value.error()));
    }
    if (multiaddr_value_size(protocol->kind) == variable_size) {
      out.length_prefixed(*value);
    } else {
      out.bytes(*value);
    }
    if (address.bytes_.size() > bytes_max) return fail(ec::oversized, "the address is too long");
  }
  if (address.bytes_.size() > bytes_max) return fail(ec::oversized, "the address is too long");
  return address;
}

result<multiaddr> multiaddr::from_bytes(bytes_view bytes) {
  if (bytes.empty()) return fail(ec::truncated, "an empty multiaddr");
  if (bytes.size() > bytes_max) return fail(ec::oversized, "the address is too long");
  wire_reader in{bytes};
  while (!in.at_end()) {
    const auto part = read_part(in);
    if (!part) return fail(part.error());
  }
  multiaddr address;
  address.bytes_ = to_buffer(bytes);
  return address;
}

multiaddr multiaddr::quic_v1(const ip_endpoint& endpoint) {
  multiaddr address;
  wire_writer{address.bytes_}
      .uvarint(endpoint.v6 ? multiaddr_code::ip6 : multiaddr_code::ip4)
      .bytes(bytes_view{endpoint.address}.first(endpoint.v6 ? 16 : 4))
      .uvarint(multiaddr_code::udp)
      .u16(endpoint.port)
      .uvarint(multiaddr_code::quic_v1);
  return address;
}

std::vector<multiaddr::part> multiaddr::parts() const {
  std::vector<part> all;
  wire_reader in{bytes_};
  while (!in.at_end()) {
    const auto next = read_part(in);
    if (!next) break;  // cannot be: bytes_ was checked when it was made
    all.push_back(*next);
  }
  return all;
}

std::string multiaddr::to_string() const {
  std::string text;
  for (const part& p : parts()) {
    const auto* protocol = find_multiaddr_protocol(p.code);
    text.push_back('/');
    text += protocol->name;
    if (protocol->kind == multiaddr_value::none) continue;
    text.push_back('/');
    text += multiaddr_value_to_text(protocol->kind, p.value);
  }
  return text;
}

std::optional<ip_endpoint> multiaddr::quic_v1_endpoint() const {
  const first_parts all(bytes_);
  const bool right_length
      = all.count == 3 || (all.count == 4 && all.part[3].code == multiaddr_code::p2p);
  if (!right_length || all.part[1].code != multiaddr_code::udp
      || all.part[2].code != multiaddr_code::quic_v1)
    return std::nullopt;
  const auto& [code, address] = all.part[0];
  ip_endpoint endpoint;
  if (code == multiaddr_code::ip6) {
    endpoint.v6 = true;
  } else if (code != multiaddr_code::ip4) {
    return std::nullopt;
  }
  std::copy(address.begin(), address.end(), endpoint.address.begin());
  const bytes_view port = all.part[1].value;
  endpoint.port = static_cast<std::uint16_t>(port[0] << 8 | port[1]);
  return endpoint;
}

std::optional<peer_id> multiaddr::peer() const {
  const part last = first_parts(bytes_).last;
  if (last.code != multiaddr_code::p2p) return std::nullopt;
  const auto id = peer_id::from_bytes(last.value);
  if (!id) return std::nullopt;
  return *id;
}

multiaddr multiaddr::with_peer(const peer_id& id) const {
  multiaddr address = without_peer();
  wire_writer{address.bytes_}.uvarint(multiaddr_code::p2p).length_prefixed(id.bytes());
  return address;
}

multiaddr multiaddr::without_peer() const {
  const part last = first_parts(bytes_).last;
  if (last.code != multiaddr_code::p2p) return *this;
  const std::size_t dropped
      = last.value.size() + uvarint_size(last.value.size()) + uvarint_size(multiaddr_code::p2p);
  multiaddr address;
  address.bytes_.assign(bytes_.begin(), bytes_.end() - static_cast<std::ptrdiff_t>(dropped));
  return address;
}

}  // namespace weft
