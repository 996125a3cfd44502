// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

/// The part of multicast DNS (RFC 6762) and DNS service discovery (RFC 6763) that libp2p nodes find
/// each other with (https://github.com/libp2p/specs/blob/master/discovery/mdns.md): packets on the
/// format of RFC 1035 section 4.
namespace weft::transport::mdns {

/// What is asked for and who answers it.
inline constexpr std::string_view service_name = "_p2p._udp.local";
/// Asks for the names of all services (RFC 6763 section 9).
inline constexpr std::string_view enumeration_name = "_services._dns-sd._udp.local";

/// Longest packet read (RFC 6762 section 17), and written.
inline constexpr std::size_t packet_bytes_max = 9000;
inline constexpr std::size_t own_packet_bytes_max = 1400;
/// Questions and records read of one packet; what follows is counted, not read.
inline constexpr std::size_t entries_max = 128;
/// Peers of one packet, and addresses of one peer.
inline constexpr std::size_t peers_max = 16;
inline constexpr std::size_t addresses_max = 16;
/// Bytes of a name with its length bytes, and of one label (RFC 1035 section 2.3.4).
inline constexpr std::size_t name_bytes_max = 255;
inline constexpr std::size_t label_bytes_max = 63;
/// Time to live of own records, in seconds (RFC 6762 section 10).
inline constexpr std::uint32_t lifetime_s = 120;

/// A peer that a response tells of.
struct found_peer {
  peer_id peer;
  /// Without a trailing /p2p.
  std::vector<multiaddr> addresses;
};

/// What one packet says about libp2p's service; other services' content is skipped.
struct packet {
  bool response = false;
  /// A query for peers, or for the names of services.
  bool asks_peers = false;
  bool asks_services = false;
  /// In order of appearance.
  std::vector<found_peer> peers;
  /// Questions and records, peers, and addresses beyond their limits.
  std::size_t surplus_entries = 0;
  std::size_t surplus_peers = 0;
  std::size_t surplus_addresses = 0;
  /// Attributes `dnsaddr` that are no address of a peer.
  std::size_t bad_addresses = 0;
};

/// Names are compared without regard to case; a pointer may only lead backwards (RFC 1035 section
/// 4.1.4), so no name is endless. ec::truncated, ec::malformed, ec::oversized; ec::unsupported for
/// an operation or a response code other than 0 (RFC 6762 section 18).
result<packet> decode(bytes_view input);

/// The query for all peers: one question, `_p2p._udp.local PTR IN`.
byte_buffer encode_query();
/// Answers to it: `_p2p._udp.local PTR NAME._p2p._udp.local`, and for that name a TXT record of
/// `dnsaddr=ADDRESS/p2p/PEER` for as many addresses as fit; further packets for the rest. An
/// address whose attribute exceeds the 255 bytes of a TXT string is left out. `name` has 1 to
/// `label_bytes_max` characters.
std::vector<byte_buffer> encode_response(std::string_view name, const peer_id& self,
                                         std::span<const multiaddr> addresses);
/// The answer to the query for the names of services.
byte_buffer encode_services();

}  // namespace weft::transport::mdns
