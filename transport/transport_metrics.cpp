// SPDX-License-Identifier: MIT
#include "transport/transport_metrics.hpp"

#include <iterator>

namespace weft::transport {

namespace {

template <class Enum, std::size_t N>
constexpr std::string_view name_of(const std::string_view (&names)[N], Enum value) noexcept {
  static_assert(N == static_cast<std::size_t>(Enum::count_));
  return names[static_cast<std::size_t>(value)];
}

}  // namespace

std::string_view to_string(close_reason reason) noexcept {
  static constexpr std::string_view names[] = {"local",    "remote",
                                               "idle",     "handshake_failed",
                                               "reset",    "protocol_violation",
                                               "limit",    "superseded",
                                               "shutdown", "io",
                                               "banned"};
  return name_of(names, reason);
}

std::string_view to_string(dial_failure reason) noexcept {
  static constexpr std::string_view names[]
      = {"timeout",    "unreachable", "refused",    "handshake", "certificate",
         "wrong_peer", "limit",       "no_address", "cancelled", "other"};
  return name_of(names, reason);
}

dial_failure dial_failure_of(ec code) noexcept {
  switch (code) {
    case ec::timeout:
      return dial_failure::timeout;
    case ec::unreachable:
    case ec::io:
      return dial_failure::unreachable;
    case ec::reset:
    case ec::closed:
    case ec::denied:
      return dial_failure::refused;
    case ec::bad_certificate:
    case ec::bad_signature:
    case ec::bad_key:
      return dial_failure::certificate;
    case ec::wrong_peer:
      return dial_failure::wrong_peer;
    case ec::limit:
    case ec::queue_full:
      return dial_failure::limit;
    case ec::not_found:
    case ec::unsupported:
      return dial_failure::no_address;
    case ec::cancelled:
    case ec::stopping:
      return dial_failure::cancelled;
    case ec::protocol_violation:
    case ec::malformed:
    case ec::crypto:
      return dial_failure::handshake;
    default:
      return dial_failure::other;
  }
}

std::string_view to_string(packet_drop reason) noexcept {
  static constexpr std::string_view names[]
      = {"malformed", "unknown_connection", "unsupported_version", "too_small", "bad_token",
         "limit",     "draining",           "send_error",          "banned",    "other"};
  return name_of(names, reason);
}

std::string_view to_string(frame_drop reason) noexcept {
  static constexpr std::string_view names[]
      = {"class_full", "queue_full", "refused",   "aged",        "no_session",
         "oversized",  "malformed",  "truncated", "unsupported", "memory"};
  return name_of(names, reason);
}

std::string_view to_string(stream_refusal reason) noexcept {
  static constexpr std::string_view names[]
      = {"unknown_protocol", "negotiation", "unidirectional", "limit",    "rate",
         "timeout",          "oversized",   "malformed",      "draining", "other"};
  return name_of(names, reason);
}

std::string_view to_string(push_end end) noexcept {
  static constexpr std::string_view names[]
      = {"done", "refused", "cancelled", "timeout", "lost", "limit", "malformed"};
  return name_of(names, end);
}

std::string_view to_string(negotiation_failure reason) noexcept {
  static constexpr std::string_view names[] = {"unsupported", "violation", "oversized", "malformed",
                                               "truncated",   "limit",     "timeout",   "reset"};
  return name_of(names, reason);
}

negotiation_failure negotiation_failure_of(ec code) noexcept {
  switch (code) {
    case ec::unsupported:
      return negotiation_failure::unsupported;
    case ec::oversized:
      return negotiation_failure::oversized;
    case ec::malformed:
    case ec::bad_varint:
      return negotiation_failure::malformed;
    case ec::truncated:
      return negotiation_failure::truncated;
    case ec::limit:
      return negotiation_failure::limit;
    case ec::timeout:
      return negotiation_failure::timeout;
    case ec::reset:
    case ec::closed:
      return negotiation_failure::reset;
    default:
      return negotiation_failure::violation;
  }
}

std::string_view to_string(identify_outcome outcome) noexcept {
  static constexpr std::string_view names[]
      = {"answered",  "received",   "push_sent",   "push_received", "malformed",
         "oversized", "wrong_peer", "unsupported", "timeout",       "closed"};
  return name_of(names, outcome);
}

identify_outcome identify_failure_of(ec code) noexcept {
  switch (code) {
    case ec::oversized:
      return identify_outcome::oversized;
    case ec::wrong_peer:
      return identify_outcome::wrong_peer;
    case ec::unsupported:
      return identify_outcome::unsupported;
    case ec::timeout:
      return identify_outcome::timeout;
    case ec::closed:
    case ec::reset:
      return identify_outcome::closed;
    default:
      return identify_outcome::malformed;
  }
}

std::string_view to_string(direction side) noexcept {
  return side == direction::inbound ? "inbound" : "outbound";
}

namespace {

/// Counts of both directions under one name.
void both(metrics::visitor& v, std::string_view name, std::string_view help,
          std::string_view transport, const by_direction<metrics::counter>& c) {
  v.count(name, help, {{"transport", transport}, {"direction", "inbound"}}, c.in);
  v.count(name, help, {{"transport", transport}, {"direction", "outbound"}}, c.out);
}

void both(metrics::visitor& v, std::string_view name, std::string_view help,
          std::string_view transport, const by_direction<metrics::gauge>& g) {
  v.read(name, help, {{"transport", transport}, {"direction", "inbound"}}, g.in);
  v.read(name, help, {{"transport", transport}, {"direction", "outbound"}}, g.out);
}

}  // namespace

void transport_metrics::collect(metrics::visitor& v) const {
  collect_sessions(v);
  collect_datagrams(v);
  collect_streams(v);
  collect_frames(v);
}

void transport_metrics::collect_sessions(metrics::visitor& v) const {
  const metrics::label t{"transport", transport};
  both(v, "weft_peers", "Authenticated sessions.", transport, sessions);
  both(v, "weft_connections_opened_total", "Sessions whose handshake completed.", transport,
       opened);
  closed.collect(v, "weft_connections_closed_total", "Sessions that ended, by reason.", "reason",
                 t);
  v.count("weft_dial_attempts_total", "Dials started.", {t}, dial_attempts);
  dial_failures.collect(v, "weft_dial_failures_total", "Dials that failed, by reason.", "reason",
                        t);
  v.read("weft_handshake_duration_seconds",
         "Time from the first packet to an authenticated session.", {t}, handshake_duration);
  v.read("weft_rtt_seconds", "Round-trip times of sessions in use, each about once a second.", {t},
         rtt);
  v.read("weft_handshakes_in_progress", "Inbound handshakes not yet complete.", {t},
         handshakes_in_progress);
  v.read("weft_busiest_address_sessions", "Inbound sessions of the address that has most.", {t},
         busiest_address);
  v.read("weft_busiest_subnet_sessions", "Inbound sessions of the subnet that has most.", {t},
         busiest_subnet);
  v.read("weft_dials_in_progress", "Outbound handshakes not yet complete.", {t}, dials_in_progress);
  v.count("weft_path_changes_total", "Sessions that moved to another address of the peer.", {t},
          path_changes);
}

void transport_metrics::collect_datagrams(metrics::visitor& v) const {
  const metrics::label t{"transport", transport};
  both(v, "weft_transport_bytes_total", "Bytes in datagrams, by direction.", transport, bytes);
  both(v, "weft_transport_packets_total", "Datagrams, by direction.", transport, packets);
  packets_dropped.collect(v, "weft_transport_packets_dropped_total",
                          "Datagrams thrown away, by reason.", "reason", t);
  v.count("weft_transport_packets_lost_total", "Packets declared lost and sent again.", {t},
          packets_lost);
  v.count("weft_retry_sent_total", "Retry packets sent to prove a client's address.", {t},
          retry_sent);
  v.count("weft_version_negotiation_sent_total", "Version negotiation packets sent.", {t},
          version_negotiation_sent);
  v.count("weft_stateless_reset_sent_total", "Stateless resets sent.", {t}, stateless_reset_sent);
  both(v, "weft_transport_socket_calls_total", "Calls that moved datagrams, by direction.",
       transport, socket_calls);
  v.count("weft_transport_socket_blocked_total", "Times the socket's send buffer was full.", {t},
          socket_blocked);
  v.count("weft_transport_ecn_marks_total", "Datagrams that arrived with a congestion mark.", {t},
          ecn_congestion_marks);
  both(v, "weft_bandwidth_limit_bytes_per_second", "Cap of a direction; 0: none.", transport,
       bandwidth_limit);
  both(v, "weft_bandwidth_used_bytes_per_second", "Bytes in datagrams over the last second.",
       transport, bandwidth_used);
  both(v, "weft_bandwidth_waits_total", "Times a direction's cap was used up.", transport,
       bandwidth_waits);
}

void transport_metrics::collect_streams(metrics::visitor& v) const {
  const metrics::label t{"transport", transport};
  both(v, "weft_streams", "Open streams, by who opened them.", transport, streams);
  both(v, "weft_streams_opened_total", "Streams opened, by who opened them.", transport,
       streams_opened);
  streams_refused.collect(v, "weft_streams_refused_total",
                          "Inbound streams reset or refused, by reason.", "reason", t);
  v.count("weft_streams_reset_total", "Streams that either side ended with an error.", {t},
          streams_reset);
  negotiation_failures.collect(v, "weft_negotiation_failures_total",
                               "Protocol negotiations that failed, by reason.", "reason", t);
  identify.collect(v, "weft_identify_total", "Identify exchanges, by outcome.", "outcome", t);
  both(v, "weft_pings_total", "Ping rounds, by who asked.", transport, pings);
  v.count("weft_ping_failures_total", "Own ping rounds without an answer.", {t}, ping_failures);
  both(v, "weft_perf_bytes_total", "Bytes moved by the perf protocol.", transport, perf_bytes);
  both(v, "weft_requests_total", "Requests on exchange protocols, by who asked.", transport,
       requests);
  v.count("weft_request_failures_total", "Own requests without an answer.", {t}, request_failures);
  pushes.in.collect(v, "weft_pushes_in_total", "Pushes of peers that ended, by how.", "end", t);
  pushes.out.collect(v, "weft_pushes_out_total", "Own pushes that ended, by how.", "end", t);
  both(v, "weft_pushes", "Pushes under way, by who sends.", transport, pushes_open);
  v.read("weft_push_bytes", "Memory of unfinished pushes of peers.", {t}, push_bytes);
}

void transport_metrics::collect_frames(metrics::visitor& v) const {
  const metrics::label t{"transport", transport};
  both(v, "weft_frames_total", "Frames, by direction.", transport, frames);
  both(v, "weft_frame_bytes_total", "Bytes in frames, by direction.", transport, frame_bytes);
  frames_dropped.collect(v, "weft_frames_dropped_total",
                         "Frames not sent or not delivered, by reason.", "reason", t);
  v.read("weft_send_queue_bytes", "Bytes of frames that wait to be written.", {t}, queued_bytes);
  v.count("weft_frame_batches_total", "Batches of frames handed to actors.", {t}, batches);
  v.count("weft_backpressure_total", "Times a concern's credit was used up and reading stopped.",
          {t}, backpressure);
  limit_rejections.collect(v, "weft_limit_rejections_total", "Items a limit kept out, by limit.",
                           "limit", t);
  v.read("weft_memory_limit_bytes", "Cap of the memory; 0: none.", {}, memory_limit);
  v.read("weft_memory_pressure", "0 while the memory is well below its cap, 1 near it, 2 at it.",
         {}, memory_pressure);
  v.count("weft_reactor_rounds_total", "Rounds of the reactor thread.", {t}, reactor_rounds);
  v.count("weft_reactor_commands_total", "Commands that actors posted to the reactor.", {t},
          commands);
}

}  // namespace weft::transport
