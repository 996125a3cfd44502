// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "transport/protocol.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::transport {

/// Bounds of one class of a send queue.
struct class_limits {
  /// Bytes waiting in this class, `frame_overhead_bytes` per frame included.
  std::size_t bytes_max = 0;
  /// A frame that waited longer is dropped instead of sent; zero: never.
  duration age_max{};
};

/// Bounds of one peer's send queue.
struct send_queue_limits {
  /// What a waiting frame costs beyond its body.
  static constexpr std::size_t frame_overhead_bytes = 64;

  /// By `priority`: control, interactive, bulk, background, cover.
  std::array<class_limits, priority_count> classes{{
      {.bytes_max = 1u << 20, .age_max = std::chrono::seconds(30)},
      {.bytes_max = 4u << 20, .age_max = std::chrono::seconds(30)},
      {.bytes_max = 8u << 20, .age_max = std::chrono::seconds(60)},
      {.bytes_max = 2u << 20, .age_max = std::chrono::seconds(10)},
      {.bytes_max = 256u << 10, .age_max = std::chrono::seconds(2)},
  }};
  /// Bytes waiting in all classes together.
  std::size_t bytes_max = 12u << 20;
};

/// Bounds that are looked up at each decision, so that they may change while the node runs. A lower
/// one ends nothing that is there.
struct live_limits {
  // -- sessions ---
  /// Authenticated sessions, both directions.
  std::size_t sessions_max = 2048;
  /// Sessions of one peer at once; one more closes the oldest. (Dials that cross are reduced to one
  /// session afterwards.)
  std::size_t sessions_per_peer_max = 4;
  /// Inbound sessions from one IP address; loopback addresses are exempt when `loopback_exempt`.
  std::size_t sessions_per_address_max = 64;
  /// Inbound sessions from one IPv4 /24 or IPv6 /56.
  std::size_t sessions_per_subnet_max = 256;
  /// Many nodes share 127.0.0.1 in a local mesh: the per-address and per-subnet bounds do not apply
  /// there.
  bool loopback_exempt = true;

  // -- bandwidth: bytes in datagrams of all sessions together; 0: no cap ---
  /// What is over the cap waits in the peers' queues.
  std::uint64_t upload_bytes_per_second = 0;
  /// The sockets are read no faster; what is over the cap is marked as congestion, then lost.
  std::uint64_t download_bytes_per_second = 0;

  // -- memory ---
  /// What the process may hold; see `memory_guard`. 0: no cap.
  std::uint64_t memory_bytes = 0;

  // -- handshakes ---
  /// Inbound handshakes in progress; beyond it packets of new connections are dropped.
  std::size_t handshakes_max = 512;
  /// Handshakes in progress above which new clients must prove their address with a Retry first.
  std::size_t retry_above = 64;
  std::size_t handshakes_per_address_max = 32;
  /// Outbound dials in progress.
  std::size_t dials_max = 256;
  duration handshake_timeout = std::chrono::seconds(5);
  /// Time between the starts of two addresses of one dial.
  duration dial_stagger = std::chrono::milliseconds(250);
  /// Addresses tried in one dial.
  std::size_t dial_addresses_max = 8;
  /// Answers per second to datagrams of no session: Retry, version negotiation, refusal, stateless
  /// reset. As many may go out in a burst; beyond it the datagrams are dropped.
  std::size_t stateless_answers_per_second = 5'000;
};

/// Every bound of the transport. A rejected item is counted under its `limit_kind` in
/// weft_limit_rejections_total.
struct limits : live_limits {
  // -- life of a session ---
  duration idle_timeout = std::chrono::seconds(30);
  /// Sent when nothing else was; zero: never.
  duration keep_alive = std::chrono::seconds(5);

  // -- streams ---
  /// Inbound streams open at once per session.
  std::size_t streams_per_session_max = 256;
  /// Outbound streams open at once per session.
  std::size_t outbound_streams_per_session_max = 256;
  /// Inbound streams that wait for negotiation at once per session.
  std::size_t negotiating_streams_max = 64;
  /// Mean rate of inbound streams per session and second; above it, credit for new streams is
  /// delayed.
  std::size_t stream_opens_per_second = 20'000;
  /// Streams that may open in a burst above the rate.
  std::size_t stream_opens_burst = 1024;
  duration negotiation_timeout = std::chrono::seconds(10);
  /// Concurrent inbound ping streams per session (the ping protocol allows two).
  std::size_t ping_streams_max = 2;
  /// Concurrent inbound perf streams per session.
  std::size_t perf_streams_max = 4;
  /// Bytes a peer may ask for on one perf stream.
  std::uint64_t perf_download_bytes_max = std::uint64_t{64} << 30;
  /// Unanswered requests on one inbound exchange stream.
  std::size_t requests_per_stream_max = 8;
  /// Unanswered inbound requests of one session.
  std::size_t requests_per_session_max = 64;

  // -- pushes: large frames on streams of their own ---
  /// Unfinished ones of one session and direction, and of all sessions.
  std::size_t pushes_per_session_max = 16;
  std::size_t pushes_max = 512;
  /// Memory of unfinished inbound pushes in all sessions.
  std::size_t push_bytes_max = 64u << 20;
  /// An inbound push that takes longer is stopped.
  duration push_timeout = std::chrono::seconds(60);
  /// Pushes called off before their first byte that are remembered per peer, and for how long.
  std::size_t push_cancels_max = 64;
  duration push_cancel_memory = std::chrono::seconds(60);

  // -- flow control, bytes ---
  std::size_t stream_window_initial = 256u << 10;
  std::size_t stream_window_max = 16u << 20;
  std::size_t session_window_initial = 1u << 20;
  std::size_t session_window_max = 32u << 20;
  /// Bytes written to a stream and not acknowledged.
  std::size_t stream_unacked_bytes_max = 16u << 20;

  // -- queues ---
  send_queue_limits queue{};
  /// Commands waiting for the reactor; a `send` beyond is dropped and counted, other commands are
  /// always taken.
  std::size_t commands_waiting_max = 1u << 20;
  /// Bytes of `send` bodies waiting for the reactor.
  std::size_t command_bytes_max = 256u << 20;

  /// ec::bad_config with the field's name, its value and what is allowed.
  result<void> validate() const;
};

/// Names of the limits, the label of weft_limit_rejections_total.
enum class limit_kind : std::uint8_t {
  sessions,
  sessions_per_peer,
  sessions_per_address,
  sessions_per_subnet,
  handshakes,
  handshakes_per_address,
  stateless_answers,
  dials,
  outbound_streams,
  negotiating_streams,
  stream_rate,
  ping_streams,
  perf_streams,
  perf_bytes,
  requests,
  pushes,
  push_bytes,
  push_cancels,
  commands,
  frame_bytes,
  access,
  memory,
  count_
};
std::string_view to_string(limit_kind kind) noexcept;

}  // namespace weft::transport
