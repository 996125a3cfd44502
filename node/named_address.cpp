// SPDX-License-Identifier: MIT
#include "node/named_address.hpp"

#include "base/bytes.hpp"
#include "base/ip_address.hpp"
#include "base/multiaddr_protocols.hpp"
#include "node/views.hpp"

#include <algorithm>
#include <span>

namespace weft::node {

namespace {

namespace codes = multiaddr_code;

std::optional<transport::io::name_family> family_of(std::uint64_t code) noexcept {
  using transport::io::name_family;
  if (code == codes::dns) return name_family::any;
  if (code == codes::dns4) return name_family::v4;
  if (code == codes::dns6) return name_family::v6;
  return std::nullopt;
}

bool label_character(char x) noexcept {
  return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') || (x >= '0' && x <= '9') || x == '-'
         || x == '_';
}

bool host_name(std::string_view text) noexcept {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > 253) return false;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('.', at), text.size());
    const auto label = text.substr(at, end - at);
    if (label.empty() || label.size() > 63 || !std::ranges::all_of(label, label_character))
      return false;
    at = end + 1;
  }
  return true;
}

/// The address with a number in place of its name, which it has.
std::optional<multiaddr> with_number(const multiaddr& named, const ip_endpoint& ip) {
  const auto text = named.to_string();
  // Behind "/dns4/NAME".
  const auto rest = text.find('/', text.find('/', 1) + 1);
  if (rest == std::string::npos) return std::nullopt;
  const std::span<const std::uint8_t, 16> bytes(ip.address);
  auto numeric = multiaddr::parse(
      (ip.v6 ? "/ip6/" + format_ip6(bytes) : "/ip4/" + format_ip4(bytes.first<4>()))
      + text.substr(rest));
  if (!numeric) return std::nullopt;
  return std::move(*numeric);
}

}  // namespace

std::optional<dns_name> name_of(const multiaddr& address) {
  const auto parts = address.parts();
  if (parts.empty()) return std::nullopt;
  const auto family = family_of(parts[0].code);
  const auto name = as_text(parts[0].value);
  if (!family || !host_name(name)) return std::nullopt;
  return dns_name{std::string(name), *family};
}

bool dialable(const multiaddr& address) {
  if (!name_of(address)) return address.quic_v1_endpoint().has_value();
  const auto numeric = with_number(address, {});
  return numeric && numeric->quic_v1_endpoint();
}

std::vector<multiaddr> with_addresses(const multiaddr& named,
                                      const std::vector<ip_endpoint>& addresses) {
  std::vector<multiaddr> out;
  if (!name_of(named)) return out;
  for (const auto& address : addresses)
    if (auto numeric = with_number(named, address)) out.push_back(std::move(*numeric));
  return out;
}

result<actors::target> resolve_target(std::string_view text) {
  actors::target to;
  if (!text.starts_with('/')) {
    WEFT_TRY(to.peer, parse_peer(text));
    return to;
  }
  const auto address = multiaddr::parse(text);
  if (!address)
    return fail(ec::bad_argument,
                "'" + std::string(text) + "' is not a multiaddr: " + address.error().detail);
  if (!dialable(*address))
    return fail(ec::bad_argument, "'" + std::string(text) + "' is not an address this node can dial; expected "
                                      "/ip4|ip6|dns4|dns6|dns/ADDRESS/udp/PORT/quic-v1[/p2p/PEER]");
  to.peer = address->peer();
  const auto name = name_of(*address);
  if (!name) {
    to.addresses.push_back(*address);
    return to;
  }
  WEFT_TRY(const auto found, transport::io::look_up(name->name, name->family));
  to.addresses = with_addresses(*address, found.addresses);
  return to;
}

}  // namespace weft::node
