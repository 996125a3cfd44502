// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/chunk.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/time.hpp"

#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// What the DHT keeps on disk: written by effects of the core, given back to it at start.
namespace weft::dht {

/// A value under a key.
struct stored_record {
  byte_buffer key;
  chunk_view value;
  /// Who brought it; this node for its own.
  peer_id sender;
  wall_time received{};
  /// When it is to be forgotten.
  wall_time expires{};
  /// Put by this node: published again until withdrawn.
  bool own = false;
};

/// A provider of a key.
struct stored_provider {
  byte_buffer key;
  /// This node for what it provides itself, which is published again until withdrawn.
  peer_id provider;
  std::vector<multiaddr> addresses;
  wall_time received{};
};

/// A server of the routing table, to begin with after a restart.
struct stored_peer {
  peer_id peer;
  std::vector<multiaddr> addresses;
  wall_time last_answer{};
};

// -- effects ---

/// Adds or replaces the record of its key.
struct put_record {
  stored_record record;
};
struct remove_record {
  byte_buffer key;
};
/// Adds or replaces the entry of (key, provider).
struct put_provider {
  stored_provider entry;
};
struct remove_provider {
  byte_buffer key;
  peer_id provider;
};
/// Replaces all known peers.
struct replace_peers {
  std::vector<stored_peer> peers;
};

using store_operation
    = std::variant<put_record, remove_record, put_provider, remove_provider, replace_peers>;

/// Appends an operation, made in place.
template <class Operation>
void append_operation(std::vector<store_operation>& to, Operation&& operation) {
  to.emplace_back(std::in_place_type<std::decay_t<Operation>>, std::forward<Operation>(operation));
}

/// What a store holds when a node starts.
struct stored_state {
  std::vector<stored_record> records;
  std::vector<stored_provider> providers;
  std::vector<stored_peer> peers;
};

}  // namespace weft::dht
