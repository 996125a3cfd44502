// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/peer_id.hpp"
#include "base/time.hpp"
#include "base/timer_wheel.hpp"
#include "messaging/channel.hpp"
#include "messaging/core_lanes.hpp"
#include "messaging/envelope.hpp"
#include "messaging/message_id.hpp"
#include "messaging/replay_window.hpp"
#include "messaging/ring_queue.hpp"
#include "messaging/store_operations.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The tables of the messaging core. Internal to messaging/.
namespace weft::messaging {

/// The sending side of a payload of several fragments.
struct large_payload {
  payload_shape shape;
  /// Name of the store's file; empty: the message's body holds the bytes.
  std::string file;
  std::vector<bool> acked;
  std::uint32_t acked_count = 0;
  /// First fragment never sent.
  std::uint32_t next = 0;
  /// After a restart: one fragment asks how much the receiver has, before the rest follows.
  bool probing = false;
  bool probe_sent = false;
  ring_queue<std::uint32_t> again;
  struct piece {
    std::uint32_t index = 0;
    chunk_view data;
  };
  ring_queue<piece> ready;
  std::size_t reads = 0;
  std::uint32_t reported = 0;
  /// Fragments the receiver said it has from the start on.
  std::uint32_t have = 0;
  /// The last fragment was sent again to ask for the verdict.
  bool asked = false;
  /// Since when only the receiver's verdict is missing.
  std::optional<instant> settled;
};

/// One message accepted by `send` and not yet finished.
struct outgoing {
  std::uint32_t generation = 0;
  bool used = false;
  bool storing = false;
  bool sent = false;
  message_class klass = message_class::volatile_;
  std::uint8_t hop_limit = 0;
  std::uint32_t peer = no_index;
  message_id id;
  wall_time created{};
  instant accepted{};
  chunk_view body;
  std::unique_ptr<large_payload> large;
};

/// A sequence number to acknowledge.
struct ack_entry {
  std::uint64_t sequence = 0;
  std::uint8_t hops = 0;
  wall_time received{};
};

/// A channel with its windows.
struct channel_state {
  static constexpr std::size_t window_bits = 8192;

  explicit channel_state(channel c) : keys(std::move(c)) {}

  channel keys;
  std::uint32_t peer = no_index;
  std::uint32_t generation = 0;
  instant opened{};
  instant used{};
  /// When the answer came; the HPKE context is forgotten a while later.
  std::optional<instant> confirmed;
  /// Limit of our acknowledgements: at least what the other side needed to reach us.
  std::uint8_t reply_hop_limit = 0;

  replay_window<window_bits> window;

  by_class<flight_queue> flights;
  bool open_sent = false;

  std::vector<ack_entry> acks;
  std::vector<ack_have> haves;
  std::vector<ack_done> dones;
  instant acked{};
  bool ack_listed = false;
  bool owes_ack() const noexcept { return !acks.empty() || !haves.empty() || !dones.empty(); }
};

/// Which volatile messages of one stream of a sender were shown.
struct volatile_stream {
  static constexpr std::size_t window_bits = 64 * 1024;
  std::uint64_t stream = 0;
  instant used{};
  replay_window<window_bits> window;
};

/// Everything about one node we write to or hear from.
struct peer_state {
  peer_id id;
  ed25519_public_key key{};
  instant used{};

  // -- names of our messages to it ---
  std::uint64_t volatile_id = 0;
  std::uint64_t durable_id = 0;
  std::uint64_t payload_id = 0;
  std::uint64_t volatile_count = 0;
  std::uint64_t durable_count = 0;
  std::uint64_t payload_count = 0;
  /// Volatile messages from `span_base` on: finished or not. Bounds how far the newest may run
  /// ahead of the oldest.
  ring_queue<std::uint8_t> span;
  std::uint64_t span_base = 0;

  // -- sending ---
  by_class<lane> lanes;
  /// When it last acknowledged something; forgotten with a new session.
  std::optional<instant> heard;
  bool touched = false;
  /// The session with it ended; it may have restarted and lost its keys.
  bool went_down = false;
  peer_id last_hop;

  // -- channels, oldest first ---
  std::vector<std::uint32_t> channels;
  /// The one new messages go through.
  std::uint32_t preferred = no_index;

  // -- receiving ---
  std::vector<std::unique_ptr<volatile_stream>> streams;

  std::size_t held_messages() const noexcept {
    return lanes[message_class::volatile_].held_messages
           + lanes[message_class::durable].held_messages;
  }
  bool reassembles() const noexcept {
    return lanes[message_class::volatile_].reassemblies + lanes[message_class::durable].reassemblies
           > 0;
  }
};

/// A payload that arrives in pieces.
struct reassembly {
  payload_shape shape;
  message_class klass = message_class::volatile_;
  /// Fragments received (durable: committed).
  std::vector<bool> got;
  /// Durable fragments handed to the store.
  std::vector<bool> storing;
  std::uint32_t got_count = 0;
  std::uint32_t prefix = 0;
  std::uint32_t reported = 0;
  bool completing = false;
  chunk buffer;
  instant touched{};
  wall_time created{};
  std::uint8_t hops = 0;
  /// Channel that brought the last fragment; the verdict goes there.
  std::uint64_t channel = 0;

  bool complete() const noexcept { return got_count == got.size(); }
  void mark(std::uint32_t index) {
    got[index] = true;
    ++got_count;
    while (prefix < got.size() && got[prefix]) ++prefix;
  }
};

/// Openings a neighbour may still hand us.
struct open_allowance {
  /// Unspent time; an opening costs one second / `opens_per_second` of it.
  duration credit{};
  instant filled{};
};

}  // namespace weft::messaging
