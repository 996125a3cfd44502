// SPDX-License-Identifier: MIT
#pragma once

#include "dht/dht_config.hpp"
#include "gossip/gossip_config.hpp"
#include "transport/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::actors {

/// Positions in the node's protocol table.
inline constexpr transport::protocol_index message_protocol = 0;
inline constexpr transport::protocol_index route_protocol = 1;
inline constexpr transport::protocol_index gossip_protocol = 2;
inline constexpr transport::protocol_index dht_protocol = 3;
inline constexpr transport::protocol_index gossip_push_protocol = 4;
/// Positions in the reactor's list of frame listeners.
inline constexpr std::uint8_t messaging_concern = 0;
inline constexpr std::uint8_t routing_concern = 1;
inline constexpr std::uint8_t gossip_concern = 2;
inline constexpr std::size_t concern_count = 3;

/// What the table needs of the concerns' configurations.
struct protocol_settings {
  std::size_t route_frame_bytes_max = 0;
  const gossip::gossip_config* gossip = nullptr;
  const dht::dht_config* dht = nullptr;
};
/// The node's own protocols, for the reactor.
std::vector<transport::protocol> protocol_table(const protocol_settings& settings);

/// First byte of a message body: who it is for. A payload that travels as a file has none and is
/// always the user's.
enum class body_kind : std::uint8_t {
  /// Goes to the inbox.
  user = 0,
  /// Sent by pings and benches; acknowledged and then dropped.
  probe = 1,
  /// Between bench actors: a `hosts::bench_letter`.
  bench = 2,
};

}  // namespace weft::actors
