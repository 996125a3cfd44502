// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "metrics/sample_summary.hpp"
#include "transport/port.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// Questions to a running node and their answers, in plain structs: no CAF type, no JSON.
namespace weft::actors {

using metrics::sample_summary;
using metrics::summarize;

/// Called exactly once, on a thread of the runtime; must not block.
template <class T>
using callback = std::function<void(result<T>)>;

/// A peer to reach: by its id (known addresses are used), by addresses (which may carry /p2p/ID),
/// or both.
struct target {
  std::optional<peer_id> peer;
  std::vector<multiaddr> addresses;
};

// -- sessions ---

/// Answer to `connect`.
struct connection {
  peer_id peer;
  /// Address of the far end; empty when a session existed already.
  multiaddr remote;
  /// From the first datagram to the finished handshake; zero when a session existed already.
  duration handshake{};
  bool existed = false;
};

/// Answer to `peers`.
struct peer_list {
  std::vector<transport::session_info> sessions;
  std::vector<multiaddr> listening;
};

struct ping_request {
  target to;
  std::uint32_t rounds = 1;
  duration interval{};
  duration timeout = std::chrono::seconds(5);
};
/// One round. Over a session the transport's ping answers; without one, a sealed probe over the
/// routing table does.
struct ping_round {
  std::uint32_t number = 0;
  peer_id peer;
  result<duration> round_trip;
  /// 1 over a session.
  std::uint32_t hops = 0;
  /// Address of the session used; empty for a probe over several hops.
  multiaddr remote;
};
struct ping_report {
  peer_id peer;
  std::uint32_t sent = 0;
  std::uint32_t received = 0;
  /// Round-trip times in seconds.
  sample_summary seconds;
};

struct perf_report {
  duration upload{};
  duration download{};
};

// -- messages ---

struct send_request {
  peer_id to;
  byte_buffer body;
  /// When not empty, the file's content is the body; it is streamed and may be large.
  std::string file;
  bool durable = true;
  /// 0: the configured limit.
  std::uint8_t hop_limit = 0;
  /// Longest wait for the acknowledgement; zero waits until the message expires. A durable message
  /// that was accepted stays in the outbox after ec::timeout.
  duration timeout{};
};
/// Reported once at acceptance (acked_bytes 0; a durable message is on disk then), and as
/// acknowledgements come in.
struct transfer_progress {
  /// Message id, 32 hex digits.
  std::string id;
  std::uint64_t acked_bytes = 0;
  std::uint64_t total_bytes = 0;
};
struct receipt {
  std::string id;
  peer_id to;
  /// Sessions the message crossed.
  std::uint32_t hops = 0;
  /// From acceptance to acknowledgement.
  duration latency{};
  std::uint64_t bytes = 0;
};

struct inbox_message {
  /// Message id, 32 hex digits; unique for its sender.
  std::string id;
  peer_id from;
  byte_buffer body;
  /// Path of the received file when the payload was too large for `body`; then `body` is empty.
  std::string file;
  std::uint64_t bytes = 0;
  bool durable = false;
  std::uint32_t hops = 0;
  wall_time sent_at{};
  wall_time received_at{};
};
struct inbox_query {
  std::size_t limit = 100;
};
/// Names one message of the inbox.
struct message_ref {
  peer_id from;
  std::string id;
};
/// Returned by `follow`; ends with `unfollow`.
using subscription = std::uint64_t;

// -- routes ---

struct route_view {
  peer_id destination;
  peer_id next_hop;
  std::uint32_t metric = 0;
  std::uint32_t hops = 0;
  std::uint64_t sequence = 0;
  duration age{};
  /// The route in use for its destination; the others are alternatives.
  bool selected = false;
};

// -- status ---

struct actor_health {
  std::string name;
  bool alive = false;
  std::uint64_t handled = 0;
  std::uint64_t restarts = 0;
  std::uint64_t mailbox_depth = 0;
};
struct readiness_check {
  std::string name;
  bool ok = false;
  std::string detail;
};
struct node_status {
  peer_id self;
  std::string agent;
  duration uptime{};
  bool ready = false;
  bool draining = false;
  std::vector<multiaddr> listening;
  std::size_t sessions = 0;
  std::size_t destinations = 0;
  std::uint64_t outbox_messages = 0;
  std::uint64_t outbox_bytes = 0;
  std::uint64_t inbox_messages = 0;
  std::uint64_t inbox_bytes = 0;
  std::vector<actor_health> actors;
  std::vector<readiness_check> checks;
};

}  // namespace weft::actors
