// SPDX-License-Identifier: MIT
#pragma once

#include "base/multiaddr.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

/// What this machine gives a node's sockets, really tried. For `weft doctor`; blocks for
/// milliseconds and opens sockets on loopback alone, but for `try_address`.
namespace weft::transport::io {

/// What the endpoint asks of the kernel for each direction, and what a socket of its kind got.
struct buffer_grant {
  std::size_t wanted = 0;
  std::size_t receive = 0;
  std::size_t send = 0;
};
/// ec::io.
result<buffer_grant> probe_buffers();

/// A run of datagrams sent by one call and received by another socket on loopback.
struct offload_trial {
  /// The kernel cut one call's bytes into datagrams (UDP_SEGMENT).
  bool segmented = false;
  /// It handed several datagrams to one call (UDP_GRO).
  bool joined = false;
  /// All bytes arrived, however.
  bool whole = false;
};
/// ec::io.
result<offload_trial> try_offload();

struct interface_facts {
  std::string name;
  /// Bytes of an IP packet.
  std::uint32_t mtu = 0;
};
/// ec::not_found, ec::io.
result<interface_facts> loopback_interface();
/// The interface of the default route, of IPv4 or else of IPv6; none without one.
std::optional<interface_facts> default_route_interface();

/// Binds to the UDP endpoint of a listen address and lets go of it. ec::bad_argument, ec::in_use,
/// ec::denied, ec::unreachable (no address of this machine), ec::io.
result<void> try_address(const multiaddr& address);

}  // namespace weft::transport::io
