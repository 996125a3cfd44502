// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/error.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "transport/commands.hpp"
#include "transport/identify.hpp"
#include "transport/inbound.hpp"
#include "transport/protocol.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// The seam between actors and the reactor thread: batches of commands go in, events and frame
/// batches come out.
namespace weft::transport {

/// Where actors post commands. Thread-safe, never blocks, wakes the reactor once per burst.
class port {
 public:
  virtual ~port() = default;
  virtual void post(command_batch&& batch) = 0;
};

// -- events ---

enum class direction : std::uint8_t { inbound, outbound };

/// Why a session ended; the label of weft_connections_closed_total.
enum class close_reason : std::uint8_t {
  local,
  remote,
  idle,
  handshake_failed,
  reset,
  protocol_violation,
  limit,
  superseded,
  shutdown,
  io,
  banned,
  count_
};
std::string_view to_string(close_reason reason) noexcept;

struct listening_event {
  multiaddr address;
};
struct listen_failed_event {
  multiaddr address;
  error why;
};
/// First session to a peer, or one more (the newest outbound/inbound pair is reduced to one
/// deterministically); told again of one that takes over because the session that carried the
/// peer's frames ended: what was under way on that one is lost.
struct session_up_event {
  peer_id peer;
  session_id session = 0;
  direction side = direction::inbound;
  multiaddr remote;
  duration handshake{};
  /// The dial this answers, 0 for inbound ones.
  request_id dial = 0;
};
/// The last session to a peer is gone.
struct session_down_event {
  peer_id peer;
  session_id session = 0;
  close_reason reason = close_reason::local;
  std::string detail;
};
struct dial_failed_event {
  request_id id = 0;
  std::optional<peer_id> expected;
  error why;
};
/// identify was answered, or a push arrived.
struct identified_event {
  peer_id peer;
  identify info;
};
/// NAT rebinding: the peer's address changed.
struct path_changed_event {
  peer_id peer;
  multiaddr remote;
};
struct request_event {
  std::uint64_t token = 0;
  peer_id peer;
  protocol_index protocol = 0;
  chunk_view body;
};
struct response_event {
  request_id id = 0;
  result<chunk_view> body;
};
struct ping_event {
  request_id id = 0;
  peer_id peer;
  result<duration> round_trip;
};
struct perf_event {
  request_id id = 0;
  peer_id peer;
  /// Wall durations of the two halves as the dialler saw them.
  struct halves {
    duration upload{};
    duration download{};
  };
  result<halves> times;
};

/// One session as shown by `weft peers`.
struct session_info {
  peer_id peer;
  session_id session = 0;
  direction side = direction::inbound;
  multiaddr remote;
  duration age{};
  duration smoothed_rtt{};
  duration rtt_min{};
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t packets_lost = 0;
  std::uint64_t congestion_window = 0;
  std::uint32_t streams = 0;
  std::uint64_t queued_bytes = 0;
  std::string agent;
};
struct inspect_event {
  request_id id = 0;
  std::vector<session_info> sessions;
  std::vector<multiaddr> listening;
};
/// Every session is closed after a drain_command.
struct drained_event {};

using event
    = std::variant<listening_event, listen_failed_event, session_up_event, session_down_event,
                   dial_failed_event, identified_event, path_changed_event, request_event,
                   response_event, ping_event, perf_event, inspect_event, drained_event>;

/// Receives what a reactor round produced, in order, on the reactor thread; passes it on and must
/// not block.
class event_listener {
 public:
  virtual ~event_listener() = default;
  virtual void on_events(std::vector<event>&& events) = 0;
};

}  // namespace weft::transport
