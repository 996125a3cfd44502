// SPDX-License-Identifier: MIT
#pragma once

#include "base/multiaddr.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace weft::transport::io {

/// Which addresses of a name are asked for: `/dns`, `/dns4`, `/dns6`.
enum class name_family { any, v4, v6 };

/// Addresses taken of one name; a name of a whole cluster may have more.
inline constexpr std::size_t addresses_per_name_max = 16;

/// What the name service said.
struct name_answer {
  /// Sorted, without duplicates, at most `addresses_per_name_max`; port 0.
  std::vector<ip_endpoint> addresses;
  /// How many more there were.
  std::size_t left_out = 0;
};

/// Sorted, without duplicates, cut to the limit.
name_answer bounded_answer(std::vector<ip_endpoint> found);

/// Asks the system's name service (getaddrinfo(3)) and blocks until it answers or gives up, which
/// resolv.conf(5) decides (by default up to half a minute). ec::not_found: there is no such name or
/// it has no address of the family. ec::timeout: the name service does not answer. ec::io.
result<name_answer> look_up(const std::string& name, name_family family);

}  // namespace weft::transport::io
