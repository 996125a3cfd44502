// SPDX-License-Identifier: MIT
#pragma once

#include "actors/job_messages.hpp"

/// The catalogue: every actor of a node and all that can be said to it.
namespace weft::actors {

/// Holds the session policy: which peers to be connected to, who is, and questions to the reactor.
using session_actor = actor_of<
    // What a reactor round produced.
    void(event_batch),
    // INTERNAL: lets the core act on its deadlines, and asks the reactor for round trips.
    void(atom::tick),
    // Dials, or answers at once when a session exists.
    void(connect_question),
    // A peer to know, from the DHT and GOSSIP actors.
    void(peer_discovered),
    // Sessions that the DHT and GOSSIP actors need, or need no longer.
    void(session_needs),
    // Ends a session; it does not come back by itself.
    void(disconnect_question),
    // One round on /ipfs/ping/1.0.0.
    void(ping_question),
    // One run of /perf/1.0.0.
    void(perf_question),
    // The sessions as the reactor sees them.
    void(peers_question),
    // Replaces bootstrap peers and limits.
    void(session_change),
    // For the node's status.
    void(session_status_question),
    // No new dials; pending connects are answered with ec::stopping. Sent by the SUPERVISOR.
    void(atom::halt),
    // Asks the reactor to close every session within the time; answered when it has.
    void(drain_question),
    // Health.
    actor_status(atom::status)>;

/// Owns the routing table: its only writer, publishes snapshots on the route_board.
using routing_actor = actor_of<
    // Frames of /weft/route from neighbours.
    void(transport::frame_batch_ptr),
    // Neighbours that came or went.
    void(presence_batch),
    // Measured round trips to neighbours, from the SESSION actor.
    void(cost_batch),
    // INTERNAL: lets the core act on its deadlines.
    void(atom::tick),
    // Routes for display.
    void(routes_question),
    // Health.
    actor_status(atom::status)>;

/// Carries sealed messages: seals, acknowledges, forwards, and keeps the durable ones in the store.
using messaging_actor = actor_of<
    // Frames of /weft/msg from neighbours.
    void(transport::frame_batch_ptr),
    // Neighbours that came or went.
    void(presence_batch),
    // A batch came back from the STORE.
    void(stored_batch),
    // The ROUTING actor has published a new snapshot.
    void(atom::changed),
    // INTERNAL: lets the core act on its deadlines.
    void(atom::tick),
    // A message from the outside.
    void(send_question),
    // Messages of a JOB.
    void(send_batch),
    // The user has seen messages.
    void(shown_question),
    // Take no new messages. Sent by the SUPERVISOR.
    void(atom::halt),
    // Answers when everything accepted is on disk and, within a second, acknowledged.
    void(atom::flush, reply<void>),
    // Health.
    actor_status(atom::status)>;

/// Broadcasts: runs gossipsub for the topics that anybody here follows.
using gossip_actor = actor_of<
    // Frames of gossipsub from neighbours, and what became of ours.
    void(transport::frame_batch_ptr),
    // Sessions and who their peers are, from the reactor.
    void(event_batch),
    // Measured round trips to neighbours, from the SESSION actor.
    void(cost_batch),
    // The topics to be subscribed to have changed.
    void(atom::changed),
    // INTERNAL: lets the core act on its deadlines.
    void(atom::tick),
    // A message from the outside.
    void(publish_question),
    // Messages of a JOB.
    void(publish_batch),
    // For display.
    void(topics_question),
    // Health.
    actor_status(atom::status)>;

/// Finds peers, values and providers: runs Kademlia.
using dht_actor = actor_of<
    // Sessions, requests and answers, from the reactor.
    void(event_batch),
    // Where this node listens, from the SESSION actor.
    void(own_addresses),
    // The SESSION actor reached a peer for a query, or could not.
    void(answered<connection>),
    // INTERNAL: lets the core act on its deadlines.
    void(atom::tick),
    // From the outside.
    void(put_value_question), void(get_value_question), void(closest_question),
    void(provide_question), void(find_providers_question), void(find_peer_question),
    // For display.
    void(dht_status_question),
    // Hand to the store what is not written yet, then answer: the node is about to end.
    void(atom::flush, reply<void>),
    // Health.
    actor_status(atom::status)>;

/// Answers benches of other nodes, and passes their letters on to benches of this one.
using bench_actor = actor_of<
    // Probes wait to be looked at.
    void(atom::changed),
    // Private messages between benches, from the MESSAGING actor.
    void(bench_mail),
    // Which JOB runs a bench of this node.
    void(bench_owner),
    // INTERNAL: lets it report and forget on time.
    void(atom::tick),
    // Health.
    actor_status(atom::status)>;

/// Watches every other actor: restarts some within a budget, reports the death of the rest, and
/// ends all in order.
using supervisor_actor = actor_of<
    // INTERNAL: probes the children and enforces grace periods.
    void(atom::tick),
    // Stop new work, flush, end each, kill after the grace.
    void(drain_question),
    // How each child is.
    void(health_question),
    // INTERNAL: a child has flushed.
    void(answered<void>)>;

}  // namespace weft::actors
