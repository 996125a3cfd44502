// SPDX-License-Identifier: MIT
#pragma once

#include "transport/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::actors {

/// Positions in the node's protocol table.
inline constexpr transport::protocol_index message_protocol = 0;
inline constexpr transport::protocol_index route_protocol = 1;
/// Positions in the reactor's list of frame listeners.
inline constexpr std::uint8_t messaging_concern = 0;
inline constexpr std::uint8_t routing_concern = 1;

/// The node's own protocols, for the reactor. `route_frame_bytes_max`:
/// `routing_config::frame_bytes_max`.
std::vector<transport::protocol> protocol_table(std::size_t route_frame_bytes_max);

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
