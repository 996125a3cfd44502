// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "sim/terrain.hpp"
#include "transport/limits.hpp"

#include <cstddef>
#include <cstdint>

namespace weft::sim {

/// The network between the nodes. Probabilities are per million, so that runs do not depend on how
/// a compiler treats floating point.
struct network_config {
  terrain where = terrain::world;

  // -- packets ---
  /// Added to each packet's delay: uniform up to this share of it.
  std::uint32_t jitter_per_million = 20'000;
  /// A packet is lost: its stream waits for the retransmission, a handshake for its repetition.
  std::uint32_t loss_per_million = 500;
  /// What a frame, request or response costs on the wire beyond its body: headers of IP, UDP, QUIC
  /// and stream, shared by what is coalesced with it.
  std::size_t overhead_bytes = 48;
  /// Time between a packet's arrival or a command and the reactor's dealing with it.
  duration reactor_delay = std::chrono::microseconds(20);

  // -- access links ---
  /// What a node may hand to its access link ahead of time; beyond it frames wait in the queues of
  /// their peers, where they are ordered by class and dropped by limits.
  duration uplink_ahead = std::chrono::milliseconds(1);
  /// Larger items share the access link in pieces of this size.
  std::size_t segment_bytes = 16 * 1024;

  // -- QUIC ---
  /// RFC 9002 section 7.2: ten packets; doubles every round trip that used it, up to the maximum.
  std::size_t window_initial_bytes = 12'000;
  std::size_t window_max_bytes = 4u << 20;
  /// Bytes a receiver takes before it has dealt with the ones before: what slow nodes run into.
  std::size_t receive_window_bytes = 1u << 20;
  /// Round trips that the first use of a stream costs before its first byte of content leaves.
  /// Requests and pushes of protocols with a single name are spared them.
  std::uint32_t negotiation_round_trips = 1;
  /// Processor time of one handshake at each side.
  duration handshake_work = std::chrono::milliseconds(1);

  /// The transport's own bounds: sessions, dials, queues, idle timeout, keep-alive.
  transport::limits bounds{};

  /// ec::bad_config.
  result<void> validate() const;
};

/// Totals of a run, all nodes together.
struct network_totals {
  std::uint64_t frames = 0;
  std::uint64_t requests = 0;
  std::uint64_t responses = 0;
  std::uint64_t pushes = 0;
  std::uint64_t pushes_called_off = 0;
  std::uint64_t bytes = 0;
  std::uint64_t packets_lost = 0;
  /// Items that waited for a partition or clog to end.
  std::uint64_t held = 0;
  std::uint64_t dials = 0;
  std::uint64_t dials_failed = 0;
  std::uint64_t sessions = 0;
  std::uint64_t doubled_sessions = 0;
  std::uint64_t sessions_silent = 0;
  std::uint64_t sessions_reset = 0;
};

}  // namespace weft::sim
