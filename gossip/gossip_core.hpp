// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "gossip/gossip_config.hpp"
#include "gossip/gossip_crypto.hpp"
#include "gossip/gossip_metrics.hpp"
#include "gossip/gossip_types.hpp"
#include "gossip/outbox.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace weft::gossip {

/// What a core needs for the length of a call: frames as they are read and written. Cores that are
/// never in a call at once may share one, which then stays in the processor's caches.
struct call_memory;
std::shared_ptr<call_memory> make_call_memory();

/// Broadcast by gossipsub 1.0 to 1.2 (https://github.com/libp2p/specs/tree/master/pubsub) with
/// Weft's additions between Weft peers (docs/protocol-gossip.md). Pure: time and entropy are given;
/// one seed, one run. Not thread-safe. Each call appends its effects to `out`.
class gossip_core {
 public:
  /// `config` is valid; `crypto` and `counters` outlive the core. Without `memory`: its own.
  gossip_core(const peer_id& self, const gossip_crypto& crypto, gossip_config config, rng random,
              gossip_metrics& counters, std::shared_ptr<call_memory> memory = nullptr);
  ~gossip_core();
  gossip_core(const gossip_core&) = delete;
  gossip_core& operator=(const gossip_core&) = delete;

  /// Call once before anything else. Numbers of own messages count up from `wall`.
  void start(wall_time wall, instant now, outbox& out);

  // -- peers ---

  /// A session with a peer that speaks gossipsub; again for the same peer: a new session, or the
  /// peer is now known better (`weft`, `speaks`). The answer is this node's subscriptions. Beyond
  /// `peers_max` the peer is left alone and counted.
  void on_peer_up(const neighbour& peer, instant now, outbox& out);
  /// What is known of a peer changed, in the same session, in which it stays a Weft peer once it
  /// was one; nothing is sent. An unknown peer is ignored.
  void on_peer_changed(const neighbour& peer, instant now, outbox& out);
  void on_peer_down(const peer_id& peer, instant now, outbox& out);
  /// A sample of the session's round-trip time.
  void on_peer_rtt(const peer_id& peer, duration rtt);
  /// P5 of a connected peer, in whole points (clamped to ±10^6).
  void set_application_score(const peer_id& peer, std::int64_t points, instant now, outbox& out);

  // -- inward ---

  /// One frame of the peer's pubsub stream. Messages are passed on as parts of `rpc`, which are
  /// copied when they are small, so that they do not hold a large receive buffer.
  void on_frame(const peer_id& from, const chunk_view& rpc, instant now, outbox& out);
  /// One frame of the push protocol: eight bytes of tag (big-endian), then an RPC.
  void on_push(const peer_id& from, const chunk_view& tagged, instant now, outbox& out);
  /// What became of a send with a tag.
  void on_fate(const peer_id& peer, std::uint64_t tag, fate what, instant now, outbox& out);
  /// What became of a push.
  void on_push_fate(const peer_id& peer, std::uint64_t tag, fate what, instant now, outbox& out);
  /// Idempotent; call at `next_deadline()` or later.
  void on_deadline(instant now, outbox& out);
  std::optional<instant> next_deadline() const;

  // -- the application ---

  /// Joins the topic's mesh. ec::exists; ec::bad_argument (name empty or too long), ec::limit.
  result<void> subscribe(std::string_view topic, instant now, outbox& out);
  /// ec::not_found.
  result<void> unsubscribe(std::string_view topic, instant now, outbox& out);
  /// Signs and sends a message; a subscription is not needed. Its outcome comes as `published` with
  /// `ticket`. Not delivered to this node itself. ec::bad_argument (topic), ec::oversized,
  /// ec::exists (the id, of unsigned data, was seen before), ec::limit (outcomes awaited, topics).
  result<message_id> publish(std::uint64_t ticket, std::string_view topic, const chunk_view& data,
                             instant now, outbox& out);
  /// Messages of the topic are decided on by `check`; an empty function ends that. Stays over
  /// subscriptions. ec::bad_argument, ec::limit.
  result<void> set_validator(std::string_view topic, validator check);
  /// Messages of the topic wait for `on_verdict`, after the validator if there is one.
  /// ec::bad_argument, ec::limit.
  result<void> set_validated_outside(std::string_view topic, bool outside);
  /// The word on a `validation`; a ticket that is over is ignored.
  void on_verdict(std::uint64_t ticket, verdict what, instant now, outbox& out);

  // -- observers ---

  /// The peer takes part.
  bool knows(const peer_id& peer) const;

  /// Sorted by name.
  std::vector<topic_status> topics() const;
  /// None for a topic this node neither follows nor knows from a peer.
  std::optional<topic_status> topic(std::string_view name) const;
  /// Sorted by id.
  std::vector<peer_status> peers() const;
  /// In thousandths; 0 for an unknown peer.
  std::int64_t score(const peer_id& peer) const;
  bool subscribed(std::string_view topic) const;
  table_sizes sizes() const;
  const gossip_config& config() const noexcept;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace weft::gossip
