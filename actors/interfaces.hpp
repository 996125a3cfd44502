// SPDX-License-Identifier: MIT
#pragma once

#include "actors/messages.hpp"

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
    // Ends a session; it does not come back by itself.
    void(disconnect_question),
    // One round on /ipfs/ping/1.0.0.
    void(ping_question),
    // One run of /perf/1.0.0.
    void(perf_question),
    // The sessions as the reactor sees them.
    void(peers_question),
    // Replaces the bootstrap peers.
    void(bootstrap_change),
    // For the node's status.
    void(session_status_question),
    // No new dials; pending connects are answered with ec::stopping. Sent by the SUPERVISOR.
    void(atom::halt),
    // Asks the reactor to close every session within the time; answered when it has.
    void(drain_question),
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
    void(health_question)>;

}  // namespace weft::actors
