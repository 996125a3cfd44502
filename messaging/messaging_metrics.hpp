// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/catalog.hpp"
#include "metrics/counter.hpp"

#include <cstdint>
#include <string_view>

namespace weft::messaging {

/// Why a frame or message was dropped; the label of weft_messaging_dropped_total.
enum class drop_reason : std::uint8_t {
  malformed,
  oversized,
  wrong_destination,
  unknown_channel,
  bad_seal,
  bad_signature,
  bad_key,
  replayed,
  stale,
  hop_limit,
  no_route,
  loop,
  open_rate,
  channel_limit,
  peer_limit,
  store_busy,
  store_refused,
  reassembly_limit,
  reassembly_timeout,
  fragment_mismatch,
  digest_mismatch,
  expired,
  queue_full,
  count_
};
std::string_view to_string(drop_reason reason) noexcept;

/// Counters of one messaging core; written by its thread, read by the exporter.
struct messaging_metrics {
  metrics::counter sent;
  metrics::counter sent_bytes;
  metrics::counter received;
  metrics::counter received_bytes;
  metrics::counter delivered;
  metrics::counter acknowledged;
  metrics::counter retransmitted;
  metrics::counter failed;
  metrics::counter forwarded;
  metrics::counter forwarded_bytes;
  metrics::counter duplicates;
  metrics::counter fragments_sent;
  metrics::counter fragments_received;
  metrics::counter ack_frames_sent;
  metrics::counter ack_frames_received;
  metrics::counter channels_opened;
  metrics::counter channels_accepted;
  metrics::counter channels_evicted;
  metrics::counter seal_failures;
  metrics::counter open_failures;
  metrics::counters_by<drop_reason> dropped;
  metrics::gauge in_flight;
  metrics::gauge queued;
  metrics::gauge queued_bytes;
  metrics::gauge storing;
  metrics::gauge channels;
  metrics::gauge peers;
  metrics::gauge reassemblies;
  metrics::gauge reassembly_bytes;
  /// Seconds from `send` to the acknowledgement.
  metrics::latency_histogram latency{metrics::latency_bounds};

  void collect(metrics::visitor& v) const;
};

}  // namespace weft::messaging
