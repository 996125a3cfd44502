// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "gossip/estimator.hpp"
#include "gossip/fifo_table.hpp"
#include "gossip/gossip_types.hpp"
#include "gossip/message.hpp"
#include "gossip/peer_score.hpp"
#include "gossip/rpc.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

/// What a core keeps of peers, topics and messages.
namespace weft::gossip {

using peer_slot = std::uint16_t;
using topic_slot = std::uint32_t;
inline constexpr peer_slot no_peer = 0xffff;
/// Tags of pushes that were asked for, by whoever asked; others are the sender's numbers.
inline constexpr std::uint64_t asked_bit = std::uint64_t{1} << 63;

/// A peer as long as it stays; slots are used again, generations are not.
struct peer_ref {
  peer_slot slot = no_peer;
  std::uint32_t generation = 0;
  friend bool operator==(const peer_ref&, const peer_ref&) = default;
};

/// An announcement on its way to one peer: topic and the message's number in the cache.
struct pending_announcement {
  topic_slot topic = 0;
  std::uint64_t number = 0;
  friend bool operator==(const pending_announcement&, const pending_announcement&) = default;
};

/// A push of this node that is under way, or waits for its turn.
struct outbound_push {
  /// The message's number, or what a peer that pulls chose: with `asked_bit`.
  std::uint64_t tag = 0;
  /// The message's number in the cache.
  std::uint64_t number = 0;
  /// Part of the outcome of an own message.
  bool counted = false;
};

struct peer_state {
  // -- what every frame and heartbeat looks at ---
  std::uint32_t generation = 0;
  bool up = false;
  bool graylisted = false;
  /// Understands Weft's additions, and they are on.
  bool weft = false;
  /// Its place among those the present call has something for, counted from 1.
  std::uint32_t outgoing = 0;
  /// How many meshes it is in.
  std::uint32_t meshes = 0;
  /// In thousandths, as of the last change.
  std::int64_t score = 0;
  /// Used up in this heartbeat.
  std::uint32_t ihave_frames = 0;
  std::uint32_t ihave_ids = 0;
  std::uint32_t announcements = 0;
  std::uint32_t iwant_ids = 0;
  std::size_t iwant_bytes = 0;
  std::uint32_t idontwant_frames = 0;

  neighbour known;
  score_counters counters;
  /// Sorted.
  std::vector<topic_slot> topics;

  /// Hashes of messages that the peer has or does not want, and when it said so.
  fifo_table<instant> unwanted;
  /// From asking for a message to its arrival; or told from outside.
  estimator rtt;

  std::vector<pending_announcement> announcing;
  std::vector<outbound_push> pushes;
  /// In order; each at most as long as its message is in the cache.
  std::vector<outbound_push> waiting_pushes;
};

struct mesh_entry {
  peer_slot peer = no_peer;
  instant since{};
  bool choked_by_us = false;
  bool choked_by_peer = false;
  /// The last message that came from here first.
  std::optional<instant> last_first;
  /// When its copy of the present wave came.
  std::optional<instant> beacon_at;

  /// Messages are sent over the edge as they come: one end, at least, has chosen it.
  bool eager() const noexcept { return !choked_by_us || !choked_by_peer; }
};

/// What a node knows of a topic's tree: the last wave that it took.
struct tree_state {
  peer_id root;
  /// The lower one wins, so that two trees become one.
  std::uint64_t key = 0;
  std::uint64_t sequence = 0;
  instant taken{};
  bool known = false;
  /// Where messages of the root's side come from; none at the root.
  peer_ref parent;
  /// The new wave's first sender, until it is clear whether the parent is as near.
  peer_ref nearer;
  std::uint64_t timer = 0;
  /// Waves that may still be taken now, and when that was counted.
  std::uint32_t waves_left = 0;
  instant waves_at{};
};

struct topic_state {
  topic_name name;
  bool subscribed = false;
  /// Subscribed peers, sorted.
  std::vector<peer_slot> peers;
  /// Sorted by slot.
  std::vector<mesh_entry> mesh;
  /// Sorted; while messages are published without a subscription.
  std::vector<peer_slot> fanout;
  std::optional<instant> last_publish;
  /// The last message of anybody.
  std::optional<instant> last_message;
  tree_state tree;
  std::optional<instant> rootless_since;
  std::map<peer_id, instant> backoff;
  validator check;
  bool outside = false;
  /// Messages in the cache and waiting for a verdict that refer to the topic by its slot.
  std::size_t held = 0;
  /// From the first announcement of a message to its eager copy.
  peak_estimator lag;
  /// Messages in a row that came only because they were asked for.
  std::uint32_t pulled_in_row = 0;
  /// Healing by graft is done once per heartbeat.
  bool healed = false;

  std::uint64_t first = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t first_bytes = 0;
  std::uint64_t duplicate_bytes = 0;

  mesh_entry* member(peer_slot peer) noexcept;
  const mesh_entry* member(peer_slot peer) const noexcept;
  bool has_peer(peer_slot peer) const noexcept;
};

/// A message that is new here.
struct arrival {
  peer_slot from;
  topic_slot topic;
  std::uint64_t hash;
  message_author author;
  message_id id;
};

/// How a message that was seen came here.
struct seen_message {
  instant at{};
  /// The first one to send it.
  peer_slot from = no_peer;
  /// It had been asked for.
  bool pulled = false;
};

struct cached_message {
  message_id id;
  topic_slot topic = 0;
  /// An RPC that holds the message alone.
  chunk_view frame;
  std::uint64_t number = 0;
  /// Heartbeats since start when it came.
  std::uint64_t beat = 0;
  /// How often it was sent to whom on request.
  std::vector<std::pair<peer_ref, std::uint8_t>> answers;
};

/// What a peer is told of a message; messages of `push_bytes` and more with their length.
announcement_entry entry_for(const cached_message& held, bool pushing, std::size_t push_bytes);

/// One that has a wanted message.
struct want_source {
  peer_ref peer;
  instant announced{};
  /// The peer's tag, when the message would come as a push.
  std::uint64_t tag = 0;
  /// Its push is under way under this tag; 0: none.
  std::uint64_t inbound = 0;
  bool asked = false;
  instant asked_at{};
};

/// A message that was announced and is not here yet.
struct want {
  static constexpr std::size_t sources_max = 8;
  message_id id;
  topic_slot topic = 0;
  std::uint64_t length = 0;
  instant first{};
  std::array<want_source, sources_max> sources;
  std::size_t source_count = 0;
  std::uint32_t requests = 0;
  std::uint64_t timer = 0;

  std::span<want_source> all() noexcept { return {sources.data(), source_count}; }
};

/// An IWANT whose answer is due.
struct promise {
  std::uint64_t hash = 0;
  peer_ref peer;
  instant until{};
};

struct publication {
  published outcome;
  std::uint64_t hash = 0;
  instant until{};
};

struct open_validation {
  delivery message;
  chunk_view frame;
  topic_slot topic = 0;
  std::uint64_t hash = 0;
  instant until{};
  /// Who sent it, for the blame; the first ones.
  std::vector<peer_ref> from;
};

}  // namespace weft::gossip
