// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/catalog.hpp"
#include "metrics/counter.hpp"
#include "transport/limits.hpp"
#include "transport/port.hpp"

#include <array>
#include <cstdint>
#include <string_view>

/// The transport's numbers. Written by the reactor thread alone (single-writer rule), read by
/// anyone.
namespace weft::transport {

/// Why a dial failed.
enum class dial_failure : std::uint8_t {
  timeout,
  unreachable,
  refused,
  handshake,
  certificate,
  wrong_peer,
  limit,
  no_address,
  cancelled,
  other,
  count_
};
std::string_view to_string(dial_failure reason) noexcept;
/// The label under which a dial that ended with `code` is counted.
dial_failure dial_failure_of(ec code) noexcept;

/// Why a datagram was thrown away.
enum class packet_drop : std::uint8_t {
  malformed,
  unknown_connection,
  unsupported_version,
  too_small,
  bad_token,
  limit,
  draining,
  send_error,
  banned,
  other,
  count_
};
std::string_view to_string(packet_drop reason) noexcept;

/// Why a frame was not delivered or not sent.
enum class frame_drop : std::uint8_t {
  /// outbound: the class was full, the oldest frame made room
  class_full,
  /// outbound: the queue was full, a frame of a lower class made room
  queue_full,
  /// outbound: the queue held only frames of higher classes
  refused,
  /// outbound: waited longer than its class allows
  aged,
  /// outbound: the session ended first, or there is none
  no_session,
  /// either way: longer than the protocol allows
  oversized,
  /// inbound: bad length prefix
  malformed,
  /// inbound: the stream ended inside a frame
  truncated,
  /// the peer does not speak the protocol
  unsupported,
  /// outbound: the process nears its cap of memory
  memory,
  count_
};
std::string_view to_string(frame_drop reason) noexcept;

/// Why an inbound stream was reset or refused.
enum class stream_refusal : std::uint8_t {
  unknown_protocol,
  negotiation,
  unidirectional,
  limit,
  rate,
  timeout,
  oversized,
  malformed,
  draining,
  other,
  count_
};
std::string_view to_string(stream_refusal reason) noexcept;

/// How a push ended, in one direction.
enum class push_end : std::uint8_t {
  /// outbound: acknowledged whole; inbound: handed to the concern
  done,
  /// outbound: the peer stopped it or does not speak the protocol
  refused,
  /// this node called it off
  cancelled,
  /// took too long
  timeout,
  /// the session ended, or the peer gave it up
  lost,
  /// no room for it
  limit,
  /// broke the form
  malformed,
  count_
};
std::string_view to_string(push_end end) noexcept;

/// How a multistream negotiation failed.
enum class negotiation_failure : std::uint8_t {
  unsupported,
  violation,
  oversized,
  malformed,
  truncated,
  limit,
  timeout,
  reset,
  count_
};
std::string_view to_string(negotiation_failure reason) noexcept;
negotiation_failure negotiation_failure_of(ec code) noexcept;

enum class identify_outcome : std::uint8_t {
  answered,
  received,
  push_sent,
  push_received,
  malformed,
  oversized,
  wrong_peer,
  unsupported,
  timeout,
  closed,
  count_
};
std::string_view to_string(identify_outcome outcome) noexcept;
/// The label under which an identify exchange that failed with `code` is counted.
identify_outcome identify_failure_of(ec code) noexcept;

std::string_view to_string(direction side) noexcept;

/// One counter or gauge per direction of travel or opening.
template <class Metric>
struct by_direction {
  Metric in;
  Metric out;
  Metric& operator[](direction side) noexcept { return side == direction::inbound ? in : out; }
};

/// One transport's numbers (QUIC today; the label `transport` tells them apart).
struct transport_metrics final : metrics::source {
  explicit transport_metrics(std::string_view transport_name = "quic") noexcept
      : transport(transport_name) {}

  /// Label value; a literal.
  std::string_view transport;

  // -- sessions ---
  by_direction<metrics::gauge> sessions;
  by_direction<metrics::counter> opened;
  metrics::counters_by<close_reason> closed;
  metrics::counter dial_attempts;
  metrics::counters_by<dial_failure> dial_failures;
  metrics::latency_histogram handshake_duration{metrics::latency_bounds};
  /// Smoothed round trip of a session, observed about once per second while it is used, and at each
  /// ping.
  metrics::latency_histogram rtt{metrics::latency_bounds};
  metrics::gauge handshakes_in_progress;
  /// Inbound sessions and handshakes of the address, and of the subnet, that has most; looked at
  /// once a second.
  metrics::gauge busiest_address;
  metrics::gauge busiest_subnet;
  metrics::gauge dials_in_progress;
  metrics::counter path_changes;

  // -- datagrams ---
  by_direction<metrics::counter> bytes;
  by_direction<metrics::counter> packets;
  metrics::counters_by<packet_drop> packets_dropped;
  metrics::counter packets_lost;
  metrics::counter retry_sent;
  metrics::counter version_negotiation_sent;
  metrics::counter stateless_reset_sent;
  /// sendmsg and recvmsg calls: with the packets they show how well GSO and GRO work.
  by_direction<metrics::counter> socket_calls;
  /// The socket was full; the packet was kept.
  metrics::counter socket_blocked;
  metrics::counter ecn_congestion_marks;
  /// 0: no cap.
  by_direction<metrics::gauge> bandwidth_limit;
  /// Bytes in datagrams per second, over the last second or so.
  by_direction<metrics::gauge> bandwidth_used;
  /// A direction's cap was used up, and its traffic had to wait.
  by_direction<metrics::counter> bandwidth_waits;

  // -- streams ---
  by_direction<metrics::gauge> streams;
  by_direction<metrics::counter> streams_opened;
  metrics::counters_by<stream_refusal> streams_refused;
  metrics::counter streams_reset;
  metrics::counters_by<negotiation_failure> negotiation_failures;
  metrics::counters_by<identify_outcome> identify;
  by_direction<metrics::counter> pings;
  metrics::counter ping_failures;
  by_direction<metrics::counter> perf_bytes;
  by_direction<metrics::counter> requests;
  metrics::counter request_failures;
  by_direction<metrics::counters_by<push_end>> pushes;
  by_direction<metrics::gauge> pushes_open;
  /// Memory of unfinished inbound pushes.
  metrics::gauge push_bytes;

  // -- frames ---
  by_direction<metrics::counter> frames;
  by_direction<metrics::counter> frame_bytes;
  metrics::counters_by<frame_drop> frames_dropped;
  metrics::gauge queued_bytes;
  metrics::counter batches;
  /// A concern's credit was used up: reading from its streams stopped.
  metrics::counter backpressure;

  // -- limits and rounds ---
  metrics::counters_by<limit_kind> limit_rejections;
  /// 0: no cap.
  metrics::gauge memory_limit;
  /// A `memory_level`.
  metrics::gauge memory_pressure;
  metrics::counter reactor_rounds;
  metrics::counter commands;

  void collect(metrics::visitor& v) const override;

 private:
  void collect_sessions(metrics::visitor& v) const;
  void collect_datagrams(metrics::visitor& v) const;
  void collect_streams(metrics::visitor& v) const;
  void collect_frames(metrics::visitor& v) const;
};

}  // namespace weft::transport
