// SPDX-License-Identifier: MIT
#pragma once

#include "actors/runtime_types.hpp"
#include "base/multiaddr.hpp"
#include "base/result.hpp"
#include "transport/io/name_lookup.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Addresses that hold a name instead of an IP address. Only this floor knows them: below it every
/// address is a number.
namespace weft::node {

/// The name an address begins with: `/dns|dns4|dns6/NAME/…`.
struct dns_name {
  std::string name;
  transport::io::name_family family = transport::io::name_family::any;

  friend auto operator<=>(const dns_name&, const dns_name&) = default;
};
/// None when the address does not begin with a name, or with one that cannot be (RFC 1035: 1 to 253
/// characters, labels of 1 to 63, here letters, digits, '-' and '_').
std::optional<dns_name> name_of(const multiaddr& address);

/// Whether a node can dial the address, be it a number or a name.
bool dialable(const multiaddr& address);

/// How a name is looked up; `transport::io::look_up` but in tests.
using name_lookup = std::function<result<transport::io::name_answer>(const std::string&,
                                                                     transport::io::name_family)>;

/// `named` with each of the IP addresses in place of its name; everything behind it stays.
std::vector<multiaddr> with_addresses(const multiaddr& named,
                                      const std::vector<ip_endpoint>& addresses);

/// A peer id, or a multiaddr that may end in /p2p/PEER. A name in it is looked up on this thread.
/// ec::bad_argument, and those of `transport::io::look_up`.
result<actors::target> resolve_target(std::string_view text);

}  // namespace weft::node
