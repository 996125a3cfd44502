// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/catalog.hpp"
#include "metrics/counter.hpp"

#include <cstdint>
#include <string_view>

namespace weft::gossip {

/// Why something a peer sent was not used.
enum class drop_reason : std::uint8_t {
  /// A frame or push that does not follow its format.
  malformed,
  /// A frame, topic name or id above its limit.
  oversized,
  /// From a peer that is none, or beyond `peers_max`.
  not_neighbour,
  /// From a peer below the graylist threshold.
  graylisted,
  /// A message of a topic that is not followed.
  not_subscribed,
  /// A message whose fields do not suit the signature policy.
  policy,
  /// A message in this node's own name.
  own_author,
  bad_signature,
  /// By the word of a validator.
  rejected,
  ignored,
  /// Too many, or too large, validations waiting; or one waited too long.
  validation_full,
  validation_timeout,
  /// Subscriptions beyond the peer's share or the table.
  subscription_limit,
  /// IHAVE below the gossip threshold; too many frames; too many ids.
  ihave_score,
  ihave_frames,
  ihave_ids,
  /// IWANT below the gossip threshold; too many ids; the same message too often; too many bytes; an
  /// id that is not held (any more).
  iwant_score,
  iwant_ids,
  iwant_repeated,
  iwant_bytes,
  iwant_unknown,
  /// IDONTWANT: too many frames; too many ids.
  idontwant_frames,
  idontwant_ids,
  /// GRAFT and PRUNE entries beyond the limit of a frame; GRAFT for a topic that is not followed;
  /// during back-off; with a negative score; into a full mesh.
  mesh_entries,
  graft_topic,
  graft_backoff,
  graft_score,
  graft_full,
  /// Back-offs of one topic beyond the limit.
  backoff_limit,
  /// Peer exchange: not wanted of this peer; more than taken; a record that does not verify.
  exchange_score,
  exchange_limit,
  exchange_record,
  /// Announcements of a Weft peer beyond the limit; wanted messages beyond the limit.
  announcements,
  wanted_full,
  /// Waves of a topic's tree faster than agreed.
  waves,
  /// A pull of something not held, or beyond what may be under way.
  pull_unknown,
  pull_limit,
  /// A push that was neither announced nor asked for.
  push_unexpected,
  count_
};
std::string_view to_string(drop_reason reason) noexcept;

/// Counters of one gossip core: written by its thread, read by any.
struct gossip_metrics final : metrics::source {
  metrics::gauge peers;
  metrics::gauge topics;
  metrics::gauge subscribed;
  /// Mesh memberships over all topics.
  metrics::gauge mesh;
  metrics::gauge seen_entries;
  metrics::gauge seen_bytes;
  metrics::gauge cache_entries;
  metrics::gauge cache_bytes;
  metrics::gauge wanted;
  metrics::counter frames_received;
  metrics::counter frames_sent;
  metrics::counter bytes_received;
  metrics::counter bytes_sent;
  /// Messages that came first, again, and their bytes as whole RPCs.
  metrics::counter first_messages;
  metrics::counter first_bytes;
  metrics::counter duplicate_messages;
  metrics::counter duplicate_bytes;
  metrics::counter delivered;
  metrics::counter published;
  /// Copies sent of own messages, of others', and in answer to IWANT.
  metrics::counter copies_own;
  metrics::counter copies_forwarded;
  metrics::counter copies_answered;
  /// Copies not sent because the peer had said that it has the message.
  metrics::counter copies_saved;
  metrics::counter verifications;
  metrics::counters_by<drop_reason> dropped;
  metrics::counter grafts_sent;
  metrics::counter grafts_received;
  metrics::counter prunes_sent;
  metrics::counter prunes_received;
  metrics::counter ihave_ids_sent;
  metrics::counter ihave_ids_received;
  metrics::counter iwant_ids_sent;
  metrics::counter iwant_ids_received;
  metrics::counter idontwant_ids_sent;
  metrics::counter idontwant_ids_received;
  metrics::counter promises_broken;
  metrics::counter graylistings;
  metrics::counter peers_refused;
  metrics::counter seen_evictions;
  metrics::counter cache_evictions;
  /// Own messages whose outcome was told before every fate was known.
  metrics::counter outcomes_incomplete;
  /// Weft's additions.
  metrics::counter announcements_sent;
  metrics::counter announcements_received;
  metrics::counter waves_sent;
  metrics::counter waves_received;
  metrics::counter chokes_sent;
  metrics::counter chokes_received;
  metrics::counter unchokes_sent;
  metrics::counter unchokes_received;
  /// Requests for announced messages, and those of them sent because another one was slow.
  metrics::counter pulls;
  metrics::counter hedges;
  /// Requests whose eager copy came after all.
  metrics::counter pulls_needless;
  metrics::counter pushes_queued;
  metrics::counter pushes_started;
  metrics::counter pushes_completed;
  metrics::counter pushes_called_off;
  metrics::counter pushes_failed;
  /// Waited until their message left the cache.
  metrics::counter pushes_expired;

  void collect(metrics::visitor& v) const override;
};

}  // namespace weft::gossip
