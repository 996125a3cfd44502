// SPDX-License-Identifier: MIT
#include "dht/ip_group.hpp"

#include "base/multiaddr_protocols.hpp"

#include <algorithm>

namespace weft::dht {

namespace {

using address_bytes = std::array<std::uint8_t, 16>;

bool is_loopback(const address_bytes& a, bool v6) noexcept {
  if (!v6) return a[0] == 127;
  return std::all_of(a.begin(), a.end() - 1, [](auto b) { return b == 0; }) && a[15] == 1;
}

// RFC 1918, RFC 3927; RFC 4193, RFC 4291 section 2.5.6
bool is_private(const address_bytes& a, bool v6) noexcept {
  if (v6) return (a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
  return a[0] == 10 || (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168)
         || (a[0] == 169 && a[1] == 254);
}

// RFC 4291 section 2.5.5.2: ::ffff:a.b.c.d
bool is_mapped(const address_bytes& a) noexcept {
  return std::all_of(a.begin(), a.begin() + 10, [](auto b) { return b == 0; }) && a[10] == 0xff
         && a[11] == 0xff;
}

void keep_bits(address_bytes& a, unsigned bits) noexcept {
  for (unsigned i = 0; i < a.size(); ++i) {
    const unsigned kept = bits > i * 8 ? std::min(8u, bits - i * 8) : 0;
    a[i] = static_cast<std::uint8_t>(a[i] & (0xff00u >> kept));
  }
}

}  // namespace

std::optional<ip_group> group_of(const multiaddr& address, const dht_config& config) {
  ip_group out;
  const auto parts = address.parts();
  const bool relayed = std::any_of(parts.begin(), parts.end(), [](const auto& p) {
    return p.code == multiaddr_code::p2p_circuit;
  });
  if (parts.empty() || relayed) return out;
  const auto& first = parts.front();
  bool v6 = first.code == multiaddr_code::ip6 && first.value.size() == 16;
  if (!v6 && (first.code != multiaddr_code::ip4 || first.value.size() != 4)) return out;
  std::copy(first.value.begin(), first.value.end(), out.prefix.begin());
  if (v6 && is_mapped(out.prefix)) {
    std::copy_n(out.prefix.begin() + 12, 4, out.prefix.begin());
    std::fill(out.prefix.begin() + 4, out.prefix.end(), std::uint8_t{0});
    v6 = false;
  }
  if (!config.limit_loopback && is_loopback(out.prefix, v6)) return std::nullopt;
  if (!config.limit_private && is_private(out.prefix, v6)) return std::nullopt;
  out.family = v6 ? 6 : 4;
  keep_bits(out.prefix, v6 ? config.group_bits_v6 : config.group_bits_v4);
  return out;
}

}  // namespace weft::dht
