// SPDX-License-Identifier: MIT
#include "transport/io/admission.hpp"

#include <algorithm>
#include <cstring>

namespace weft::transport::io {

namespace {

ip_prefix address_of(const ip_endpoint& e) noexcept { return {e, 128}; }
/// What one customer of a network usually has.
ip_prefix subnet_of(const ip_endpoint& e) noexcept {
  return {e, e.v6 ? std::uint8_t{56} : std::uint8_t{24}};
}

}  // namespace

std::size_t admission::prefix_hash::operator()(const ip_prefix& p) const noexcept {
  std::uint64_t words[2];
  std::memcpy(words, p.address().data(), sizeof words);
  std::uint64_t h = key ^ (p.v6() ? 0x517cc1b727220a95u : 0u);
  for (const std::uint64_t w : words) {
    h = (h ^ w) * 0x9e3779b97f4a7c15u;
    h ^= h >> 32;
  }
  return static_cast<std::size_t>(h * (key | 1));
}

admission::counts admission::look_up(const table& t, const ip_prefix& p) noexcept {
  const auto it = t.find(p);
  return it == t.end() ? counts{} : it->second;
}

std::size_t admission::most(const table& t) noexcept {
  std::size_t out = 0;
  for (const auto& [prefix, c] : t) out = std::max(out, c.half_open + c.sessions);
  return out;
}

std::optional<limit_kind> admission::refuses(const ip_endpoint& remote) const {
  if (half_open_ >= bounds_.handshakes_max) return limit_kind::handshakes;
  if (bounds_.loopback_exempt && remote.loopback()) return std::nullopt;
  const counts here = look_up(addresses_, address_of(remote));
  if (here.half_open >= bounds_.handshakes_per_address_max)
    return limit_kind::handshakes_per_address;
  if (here.half_open + here.sessions >= bounds_.sessions_per_address_max)
    return limit_kind::sessions_per_address;
  const counts around = look_up(subnets_, subnet_of(remote));
  if (around.half_open + around.sessions >= bounds_.sessions_per_subnet_max)
    return limit_kind::sessions_per_subnet;
  return std::nullopt;
}

void admission::change(table& t, const ip_prefix& p, int half_open, int sessions) {
  counts& c = t[p];
  c.half_open += static_cast<std::size_t>(half_open);
  c.sessions += static_cast<std::size_t>(sessions);
  if (c.half_open == 0 && c.sessions == 0) t.erase(p);
}

void admission::change(const ip_endpoint& e, int half_open, int sessions) {
  half_open_ += static_cast<std::size_t>(half_open);
  change(addresses_, address_of(e), half_open, sessions);
  change(subnets_, subnet_of(e), half_open, sessions);
}

void admission::handshake_started(const ip_endpoint& remote) { change(remote, 1, 0); }
void admission::handshake_confirmed(const ip_endpoint& remote) { change(remote, -1, 1); }
void admission::handshake_failed(const ip_endpoint& remote) { change(remote, -1, 0); }
void admission::session_ended(const ip_endpoint& remote) { change(remote, 0, -1); }

}  // namespace weft::transport::io
