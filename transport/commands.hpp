// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/time.hpp"
#include "transport/access_rules.hpp"
#include "transport/limits.hpp"
#include "transport/protocol.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What actors ask of the reactor.
namespace weft::transport {

/// Numbers a command that gets an answer; chosen by the asker, unique while unanswered.
using request_id = std::uint64_t;
/// Numbers a session for its lifetime; never reused in a process.
using session_id = std::uint64_t;

/// Queues one frame on the peer's long-lived stream of a `frames` protocol; opens the stream when
/// needed.
struct send_command {
  peer_id peer;
  protocol_index protocol = 0;
  priority klass = priority::interactive;
  chunk_view body;
  /// Not 0: what became of the frame is told in `frame_batch::fates` of the protocol's concern.
  std::uint64_t tag = 0;
};

struct listen_command {
  multiaddr address;
};
/// Tries the addresses in parallel, staggered; answered by session_up (also when one exists) or
/// dial_failed.
struct dial_command {
  request_id id = 0;
  std::optional<peer_id> expected;
  std::vector<multiaddr> addresses;
};
struct disconnect_command {
  peer_id peer;
  std::string reason;
};
/// One request on an `exchange` protocol; answered by response_event.
struct request_command {
  request_id id = 0;
  peer_id peer;
  protocol_index protocol = 0;
  chunk_view body;
  duration timeout{};
  /// False: the protocol has no answer to this request; response_event comes, with an empty body,
  /// once the stream is finished and the peer's transport has acknowledged all of it.
  bool answered = true;
};
/// The answer to a request_event; none for a request that has no answer, which makes place for the
/// answers behind it.
struct respond_command {
  std::uint64_t token = 0;
  std::optional<chunk_view> body;
};
/// One frame on a stream of its own (`push` protocols). `body` goes behind the tag. Its fate is
/// told as that of a tagged send: sent once the peer's transport has acknowledged all of it.
struct push_command {
  peer_id peer;
  protocol_index protocol = 0;
  std::uint64_t tag = 0;
  chunk_view body;
  /// Given up when it takes longer.
  duration timeout{};
};
/// Calls a push off: an outbound one of this node, or an inbound one, also before its first byte.
struct cancel_push_command {
  peer_id peer;
  protocol_index protocol = 0;
  std::uint64_t tag = 0;
  bool inbound = false;
};
/// One round on /ipfs/ping/1.0.0 (the stream is kept); answered by ping_event.
struct ping_command {
  request_id id = 0;
  peer_id peer;
  duration timeout{};
};
/// /perf/1.0.0: upload, then download; answered by perf_event.
struct perf_command {
  request_id id = 0;
  peer_id peer;
  std::uint64_t upload_bytes = 0;
  std::uint64_t download_bytes = 0;
};
/// Answered by inspect_event.
struct inspect_command {
  request_id id = 0;
};
/// Stops accepting and dialling; sessions stay until their queues are empty or `deadline` passes,
/// then are closed.
struct drain_command {
  duration deadline{};
};

/// Replaces the bounds that can change while sessions are up. They are valid
/// (`limits::validate`).
struct limits_command {
  live_limits bounds;
};

/// Replaces the rules of who may have a session; sessions that they keep out are closed.
struct access_command {
  std::shared_ptr<const access_rules> rules;
};

using control_command
    = std::variant<listen_command, dial_command, disconnect_command, request_command,
                   respond_command, push_command, cancel_push_command, ping_command, perf_command,
                   inspect_command, drain_command, limits_command, access_command>;

/// What an actor's outbox held after one round. Sends are kept apart: they are the hot part.
struct command_batch {
  std::vector<send_command> sends;
  std::vector<control_command> controls;
  bool empty() const noexcept { return sends.empty() && controls.empty(); }
};

}  // namespace weft::transport
