// SPDX-License-Identifier: MIT
#pragma once

#include "actors/caf_compat.hpp"
#include "actors/reply.hpp"
#include "actors/runtime_types.hpp"
#include "actors/telling_messages.hpp"
#include "base/chunk.hpp"
#include "hosts/presence.hpp"
#include "messaging/messaging_core.hpp"
#include "messaging/store_operations.hpp"
#include "transport/inbound.hpp"
#include "transport/passing_sessions.hpp"
#include "transport/port.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

CAF_BEGIN_TYPE_ID_BLOCK(weft, first_custom_type_id)

/// A deadline of the receiver's core may have come. Late and needless ones are harmless.
CAF_ADD_ATOM(weft, weft::actors::atom, tick, "tick")
/// Asks how the receiver is.
CAF_ADD_ATOM(weft, weft::actors::atom, status, "status")
/// Take no new work.
CAF_ADD_ATOM(weft, weft::actors::atom, halt, "halt")
/// Finish what was accepted, then answer.
CAF_ADD_ATOM(weft, weft::actors::atom, flush, "flush")
/// Every session of the reactor is closed.
CAF_ADD_ATOM(weft, weft::actors::atom, drained, "drained")
/// Other state that the receiver reads has changed: routes.
CAF_ADD_ATOM(weft, weft::actors::atom, changed, "changed")

CAF_END_TYPE_ID_BLOCK(weft)

/// Everything actors send each other. Nothing here is ever serialised: the wire has its own codecs.
namespace weft::actors {

/// What one round of the reactor had to tell, in order.
struct event_batch {
  std::vector<transport::event> events;
};

/// Peers that speak the receiving concern's protocol came or went, in the reactor's order.
struct presence_batch {
  std::vector<hosts::peer_presence> changes;
};

/// Measured round trips to neighbours.
struct neighbour_cost {
  peer_id peer;
  duration round_trip{};
};
struct cost_batch {
  std::vector<neighbour_cost> costs;
};

// -- questions to the session actor ---

struct connect_question {
  target to;
  duration timeout{};
  reply<connection> answer;
  /// A lost session comes back by itself.
  bool keep = true;
};
/// Somebody to know: found by the DHT or by gossip's peer exchange.
struct peer_discovered {
  peer_id peer;
  std::vector<multiaddr> addresses;
  /// In the local network: a session is wanted.
  bool nearby = false;
};
/// Peers whose sessions somebody needs, or no longer.
struct session_needs {
  struct item {
    peer_id peer;
    bool needed = false;
  };
  transport::session_user user{};
  std::vector<item> items;
};
/// Where this node listens, as others may reach it.
struct own_addresses {
  std::vector<multiaddr> addresses;
};
/// Answered once the session is gone.
struct disconnect_question {
  peer_id peer;
  reply<void> answer;
};
/// One round trip over a session, and the session's address.
struct round_trip {
  peer_id peer;
  duration time{};
  multiaddr remote;
};
/// ec::not_found without a session.
struct ping_question {
  peer_id peer;
  duration timeout{};
  reply<round_trip> answer;
};
struct perf_question {
  peer_id peer;
  std::uint64_t upload_bytes = 0;
  std::uint64_t download_bytes = 0;
  reply<perf_report> answer;
};
struct peers_question {
  reply<peer_list> answer;
};
/// What can change while the node runs; fields without a value stay.
struct session_change {
  std::optional<std::vector<multiaddr>> bootstrap;
  std::optional<transport::live_limits> limits;
  std::shared_ptr<const transport::access_rules> access;
  reply<void> answer;
};
/// What the session actor knows for the node's status.
struct session_status {
  std::vector<multiaddr> listening;
  std::vector<std::string> listen_failures;
  std::size_t sessions = 0;
  std::size_t bootstrap_configured = 0;
  std::size_t bootstrap_up = 0;
};
struct session_status_question {
  reply<session_status> answer;
};

// -- questions to the routing actor ---

/// One destination with all its usable routes, or the selected route of every destination.
struct routes_question {
  std::optional<peer_id> destination;
  std::size_t limit = 0;
  reply<std::vector<route_view>> answer;
};

// -- questions to the messaging actor ---

/// A message to be sent; `body` starts with its `body_kind`, unless the payload is a file of the
/// store.
struct outgoing {
  /// The sender's own number for it.
  std::uint64_t ticket = 0;
  peer_id to;
  chunk_view body;
  std::optional<messaging::payload_file> file;
  messaging::send_options options;
};
/// From the outside, one at a time.
struct send_question {
  outgoing message;
  /// Zero: until the message is acknowledged or given up.
  duration timeout{};
  /// The core has taken the message; an imported file is its own from now on. May be null.
  std::function<void()> on_taken;
  /// First with nothing acknowledged, once the message is accepted: a durable one is on disk then.
  std::function<void(const transfer_progress&)> on_progress;
  reply<receipt> answer;
};
/// How a message of a job ended. `why` ec::none: acknowledged.
struct send_outcome {
  std::uint64_t ticket = 0;
  ec why = ec::none;
  std::uint32_t hops = 0;
  duration latency{};
};
struct outcome_batch {
  std::vector<send_outcome> outcomes;
};
/// What the store committed or refused; the receiver consumes it.
struct stored_batch {
  std::shared_ptr<messaging::store_batch> batch;
};
/// Inbox rows the user has seen; answered with how many were not marked before.
struct shown_question {
  std::vector<std::uint64_t> rows;
  reply<std::size_t> answer;
};

// -- supervision ---

/// Answer to atom::status: the actor gets to its messages.
struct actor_status {};
struct drain_question {
  duration deadline{};
  /// The names of the actors that overran.
  reply<std::vector<std::string>> answer;
};
struct health_question {
  reply<std::vector<actor_health>> answer;
};

/// A reply's value on its way back into the actor that asked; `ticket` is the asker's.
template <class T>
struct answered {
  std::uint64_t ticket = 0;
  result<T> value;
};

}  // namespace weft::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::transport::frame_batch_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::event_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::presence_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::cost_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::connect_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::peer_discovered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::session_needs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::own_addresses)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::disconnect_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::ping_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::perf_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::peers_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::session_change)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::session_status_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::actor_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::drain_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::health_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::answered<weft::actors::connection>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::answered<weft::actors::round_trip>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::answered<weft::actors::perf_report>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::answered<void>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::answered<weft::actors::found_peers>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::reply<void>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::routes_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::send_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::outcome_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::stored_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::shown_question)
