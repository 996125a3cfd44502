// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/catalog.hpp"
#include "metrics/counter.hpp"

#include <cstdint>
#include <string_view>

namespace weft::routing {

/// Why something a neighbour sent was not used.
enum class reject_reason : std::uint8_t {
  /// A frame that does not follow its format.
  malformed,
  /// A frame or lifetime above its limit.
  oversized,
  /// A signature that does not verify.
  bad_signature,
  /// An older sequence number than held.
  old_sequence,
  /// The sequence number held, but other signed content.
  conflict,
  /// Past its lifetime.
  expired,
  /// From the future beyond the tolerated clock difference.
  clock,
  /// More hops or a longer metric than allowed.
  too_far,
  /// The table is full.
  table_full,
  /// The neighbour's share of routes is used up.
  neighbour_full,
  /// Too many frames waiting for this neighbour.
  inbox_full,
  /// Requests beyond the rate.
  request_rate,
  /// A frame of an earlier run of the neighbour, repeated or out of order.
  stale_frame,
  /// Of a new run of a neighbour that began anew too often lately.
  restart_rate,
  /// From a peer that is no neighbour, or is ignored after violations.
  not_neighbour,
  count_
};
std::string_view to_string(reject_reason reason) noexcept;

/// Counters of one routing core: written by its thread, read by any.
struct routing_metrics final : metrics::source {
  metrics::gauge destinations;
  metrics::gauge reachable;
  metrics::gauge routes;
  metrics::gauge neighbours;
  metrics::gauge table_bytes;
  metrics::counter updates_received;
  metrics::counter updates_sent;
  metrics::counter retractions_received;
  metrics::counter retractions_sent;
  metrics::counter frames_received;
  metrics::counter frames_sent;
  metrics::counters_by<reject_reason> rejected;
  metrics::counter requests_received;
  metrics::counter requests_sent;
  metrics::counter requests_forwarded;
  /// Repeated within the interval, or beyond the number remembered.
  metrics::counter requests_suppressed;
  metrics::counter renewals;
  metrics::counter verifications;
  metrics::counter verifications_saved;
  metrics::counter verifications_deferred;
  /// Routes not used because they could close a loop (infeasible).
  metrics::counter loops_prevented;
  metrics::counter starvations;
  metrics::counter route_changes;
  metrics::counter expirations;
  metrics::counter evictions;
  metrics::counter candidates_dropped;
  metrics::counter neighbours_refused;
  metrics::counter neighbours_muted;
  /// New runs of a neighbour within a session.
  metrics::counter neighbour_restarts;
  metrics::counter resyncs;
  metrics::counter snapshots;
  metrics::counter shards_published;

  void collect(metrics::visitor& v) const override;
};

}  // namespace weft::routing
