// SPDX-License-Identifier: MIT
#pragma once

#include "actors/runtime_types.hpp"
#include "base/chunk.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Broadcasts, and finding values and peers: questions and answers in plain structs.
namespace weft::actors {

// -- broadcast ---

/// A message of a topic, as a follower sees it.
struct topic_message {
  std::string topic;
  /// Message id in hex.
  std::string id;
  /// Who signed it; none in topics without signatures.
  std::optional<peer_id> author;
  /// The peer it came from; this node's own id for its own messages.
  peer_id via;
  std::uint64_t sequence = 0;
  chunk_view body;
  wall_time received_at{};
};

/// What became of a published message.
struct publish_outcome {
  /// Message id in hex.
  std::string id;
  /// Peers it was queued for; of these, how many it was written to and how many it was dropped for.
  std::uint32_t queued = 0;
  std::uint32_t sent = 0;
  std::uint32_t dropped = 0;
  /// Peers told of it, which fetch it only when they miss it.
  std::uint32_t announced = 0;
};

/// One topic, for display.
struct topic_view {
  std::string topic;
  bool subscribed = false;
  /// Peers that messages are pushed to, and all that are known to be subscribed.
  std::vector<peer_id> mesh;
  std::size_t subscribers = 0;
};

// -- finding ---

/// A peer that was found, and where it is.
struct found_peer {
  peer_id peer;
  std::vector<multiaddr> addresses;
};

/// What an operation of the DHT did.
struct find_trace {
  duration elapsed{};
  std::uint32_t hops = 0;
  std::uint32_t requests = 0;
};
struct found_value {
  byte_buffer value;
  /// Peers that gave this value.
  std::uint32_t confirmed = 0;
  find_trace trace;
};
struct stored_value {
  /// Peers that hold it.
  std::uint32_t copies = 0;
  find_trace trace;
};
struct found_peers {
  std::vector<found_peer> peers;
  find_trace trace;
};

}  // namespace weft::actors
