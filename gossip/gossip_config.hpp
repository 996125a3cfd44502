// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "gossip/message_id.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>

namespace weft::gossip {

/// Whether messages carry author, number and signature
/// (https://github.com/libp2p/specs/blob/master/pubsub/README.md#message-signing). One for a whole
/// network.
enum class signature_policy : std::uint8_t {
  /// All three must be there and hold.
  strict_sign,
  /// None may be there (Ethereum's networks).
  strict_no_sign,
};

/// The fields of a message that its id may be made of; empty ones were absent.
struct message_parts {
  bytes_view author;
  bytes_view sequence;
  bytes_view topic;
  bytes_view data;
};

/// How ids are made; one for a whole network, or asking for missed messages finds nothing.
enum class message_id_kind : std::uint8_t {
  /// Author's bytes, then the number's eight bytes: go-libp2p's default.
  author_and_sequence,
  /// SHA-256 of the data.
  data_sha256,
  /// `gossip_config::custom_message_id`.
  custom,
};

/// Peer scores of gossipsub 1.1, in whole points; P1 to P3 are not used. A score is the sum of
/// P4 = invalid_weight * n², P5 = application_weight * what the application set, P6 =
/// colocation_weight * (peers at the address - colocation_threshold)², P7 = behaviour_weight *
/// (n - behaviour_threshold)².
struct score_config {
  bool enabled = true;
  std::int64_t invalid_weight = -10;
  std::int64_t application_weight = 1;
  std::int64_t colocation_weight = -10;
  std::uint32_t colocation_threshold = 8;
  /// Loopback addresses are exempt: many nodes of one machine are no sybils.
  bool colocation_counts_loopback = false;
  std::int64_t behaviour_weight = -10;
  std::uint32_t behaviour_threshold = 4;
  /// Counters of P4 and P7 are multiplied by this many thousandths …
  std::uint32_t decay_permille = 980;
  /// … this often, and forgotten below a hundredth.
  duration decay_interval = std::chrono::seconds(1);
  /// A departed peer's counters are kept this long, so that coming back does not clear them …
  duration retention = std::chrono::minutes(10);
  /// … for at most this many peers.
  std::size_t retained_max = 4096;

  /// Below: no gossip with the peer (IHAVE, IWANT).
  std::int64_t gossip_threshold = -50;
  /// Below: own messages are not sent to the peer outside of a mesh.
  std::int64_t publish_threshold = -100;
  /// Below: the peer is not heard at all.
  std::int64_t graylist_threshold = -300;
  /// At least: peers it recommends are taken.
  std::int64_t accept_exchange_threshold = 0;
  /// A median of the mesh below this makes the node graft better peers.
  std::int64_t opportunistic_graft_threshold = 0;
  /// Ask for the end of the session of a graylisted peer.
  bool disconnect_graylisted = true;
};

/// Weft's own additions between Weft peers (docs/protocol-gossip.md).
struct lazy_config {
  /// Off: Weft peers are treated as any other.
  bool enabled = true;
  /// The root of a topic's tree sends a wave this often, and is replaced when none came for two and
  /// a half times as long.
  duration wave_interval = std::chrono::seconds(3);
  /// Nobody spoke for this long: the root stops.
  duration tree_idle = std::chrono::seconds(60);
  /// A node that does not publish takes the root's part, where nobody else did, after this long and
  /// up to four times as long.
  duration root_delay = std::chrono::seconds(4);
  /// Waves of one topic taken at once; in the long run, one per half `wave_interval`.
  std::uint32_t wave_burst = 6;
  /// Messages in a row that came only by asking after which the asked peer sends unasked; at once
  /// when a peer that sent was lost.
  std::uint32_t heal_after = 2;
  /// Announcements wait this long for more to the same peer.
  duration announce_delay = std::chrono::milliseconds(2);
  /// Time given to the eager copy after an announcement, around what was measured.
  duration grace_min = std::chrono::milliseconds(200);
  duration grace_initial = std::chrono::milliseconds(500);
  duration grace_max = std::chrono::milliseconds(2000);
  /// Messages of at least this size go on a stream of their own, announced with their length.
  std::size_t push_bytes_min = 64 * 1024;
  /// Pushes under way to one peer …
  std::size_t pushes_per_peer_max = 8;
  /// … and waiting for their turn, as long as their message is in the cache; further messages are
  /// only announced.
  std::size_t pushes_waiting_max = 1024;
  duration push_timeout = std::chrono::seconds(20);
  /// Assumed of a push until one was measured, in nanoseconds per byte.
  std::uint32_t push_byte_time_initial_ns = 200;
};

/// Limits and times of a gossip core. Defaults are go-libp2p-pubsub's where it has them.
struct gossip_config {
  // -- the network's agreement ---

  signature_policy signatures = signature_policy::strict_sign;
  message_id_kind ids = message_id_kind::author_and_sequence;
  /// For `message_id_kind::custom`: pure; an empty id makes the message malformed.
  std::function<message_id(const message_parts&)> custom_message_id;

  // -- mesh ---

  /// Wanted, lowest and highest number of mesh peers per topic (D, Dlo, Dhi), at most 50 wanted.
  std::uint32_t degree = 6;
  std::uint32_t degree_low = 5;
  std::uint32_t degree_high = 12;
  /// Kept by score when the mesh is cut back (Dscore), and kept outbound (Dout).
  std::uint32_t degree_score = 4;
  std::uint32_t degree_out = 2;
  /// Peers outside the mesh told of messages at each heartbeat: at least this many (Dlazy) …
  std::uint32_t degree_lazy = 6;
  /// … and this many percent of them.
  std::uint32_t gossip_percent = 25;
  duration heartbeat_first = std::chrono::milliseconds(100);
  duration heartbeat = std::chrono::seconds(1);
  duration fanout_ttl = std::chrono::seconds(60);
  /// After a PRUNE, and after an unsubscription, there is no GRAFT for this long.
  duration prune_backoff = std::chrono::seconds(60);
  duration unsubscribe_backoff = std::chrono::seconds(10);
  /// A longer back-off asked by a peer is taken as this.
  duration backoff_max = std::chrono::minutes(10);
  /// A GRAFT this soon after a PRUNE is punished twice.
  duration graft_flood = std::chrono::seconds(10);
  /// Own messages also go to subscribers outside the mesh.
  bool flood_publish = true;
  /// Every so many heartbeats; this many peers.
  std::uint32_t opportunistic_graft_ticks = 60;
  std::uint32_t opportunistic_graft_peers = 2;
  /// Peers named in a PRUNE and taken from one (PX). 0: no peer exchange.
  std::uint32_t exchange_peers = 0;

  // -- messages ---

  /// Longest RPC sent or accepted; bounds a message with its author, number and signature.
  std::size_t frame_bytes_max = 1024 * 1024;
  /// Control messages are split to stay below this.
  std::size_t control_bytes_max = 16 * 1024;
  std::size_t topic_bytes_max = 512;
  /// Ids of messages are remembered this long, and in this many bytes; older ones are then
  /// forgotten first.
  duration seen_ttl = std::chrono::seconds(120);
  std::size_t seen_bytes_max = 16 * 1024 * 1024;
  /// Messages are kept for `history` heartbeats and announced during the first `history_gossip`.
  std::uint32_t history = 5;
  std::uint32_t history_gossip = 3;
  std::size_t cache_bytes_max = 64 * 1024 * 1024;
  /// Messages of at least this size are called off at other mesh peers before they are validated.
  std::size_t idontwant_bytes_min = 1024;
  std::uint32_t idontwant_heartbeats = 3;
  /// Fates of an own message are awaited this long.
  duration outcome_timeout = std::chrono::seconds(10);
  std::size_t publications_max = 4096;
  /// Asynchronous validations: open at once, their bytes, and their patience.
  std::size_t validations_max = 1024;
  std::size_t validation_bytes_max = 16 * 1024 * 1024;
  duration validation_timeout = std::chrono::seconds(5);

  // -- what peers may take ---

  std::size_t peers_max = 1024;
  std::size_t topics_max = 4096;
  std::size_t topics_per_peer_max = 512;
  std::size_t subscriptions_max = 65'536;
  /// Back-offs remembered for one topic.
  std::size_t backoffs_per_topic_max = 2048;
  /// IHAVE messages and ids of one peer in one heartbeat; also the bound of announcements.
  std::uint32_t ihave_frames_max = 10;
  std::uint32_t ihave_ids_max = 5000;
  /// Announcements of one Weft peer in one heartbeat.
  std::uint32_t announcements_max = 20'000;
  /// Times one message is sent to one peer that asks, ids it may ask for and bytes it may get in
  /// one heartbeat.
  std::uint32_t iwant_retransmissions_max = 3;
  std::uint32_t iwant_ids_max = 5000;
  std::size_t iwant_bytes_max = 16 * 1024 * 1024;
  /// A message asked for by IWANT comes within this time, or the peer broke a promise (P7).
  duration iwant_followup = std::chrono::seconds(3);
  std::uint32_t idontwant_frames_max = 1000;
  std::uint32_t idontwant_ids_max = 10;
  /// Ids a peer does not want, remembered per peer.
  std::size_t unwanted_per_peer_max = 4096;
  /// GRAFT and PRUNE entries of one frame.
  std::uint32_t mesh_entries_max = 256;
  /// Messages announced and not yet here, in all; promises open in all.
  std::size_t wanted_max = 16'384;
  std::size_t promises_max = 4096;

  score_config score;
  lazy_config lazy;

  /// ec::bad_config names the value.
  result<void> validate() const;
};

}  // namespace weft::gossip
