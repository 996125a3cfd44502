# SPDX-License-Identifier: MIT
"""The inside of nodes: actors, their mailboxes, the reactor thread."""
from .panels import Board, by_label, each_node, graph, highest, lowest, rate, series, share, stat, total

NOW = [
    stat("Actors not running", "Of all selected nodes: should be zero.", "none", (f"sum(1 - {series('weft_actor_alive')})", "down"), bad_above=1),
    stat("Deepest mailbox", "Messages waiting for an actor; see runbook MailboxSaturated.", "none", (highest("weft_actor_mailbox_depth"), "messages"), bad_above=1000),
    stat("Deepest ever", "Most messages that an actor has found waiting.", "none", (highest("weft_actor_mailbox_depth_max"), "messages")),
    stat("Messages handled", "By all actors.", "ops", (rate("weft_actor_messages_total"), "messages")),
    stat("Probes unanswered", "Health probes that an actor did not answer in time.", "ops", (rate("weft_actor_unanswered_total"), "probes"), bad_above=0.001),
    stat("Restarts", "Of actors after they ended on their own.", "ops", (rate("weft_actor_restarts_total"), "restarts"), bad_above=0.001),
]

ACTORS = [
    graph("Messages handled", "By each actor.", "ops", by_label(rate, "weft_actor_messages_total", "actor")),
    graph("Mailbox", "Messages waiting when the actor last handled one: the deepest over the nodes.", "none", by_label(highest, "weft_actor_mailbox_depth", "actor")),
    graph("Deepest mailbox ever", "Over the nodes.", "none", by_label(highest, "weft_actor_mailbox_depth_max", "actor")),
    graph("Running", "1 while an actor runs on every node.", "none", by_label(lowest, "weft_actor_alive", "actor")),
    graph("Restarts", "After an actor ended on its own.", "ops", by_label(rate, "weft_actor_restarts_total", "actor")),
    graph("Probes unanswered", "Health probes that an actor did not answer in time.", "ops", by_label(rate, "weft_actor_unanswered_total", "actor")),
]

REACTOR = [
    graph("Rounds", "Of the reactor thread of each node.", "ops", each_node(rate, "weft_reactor_rounds_total")),
    graph("Commands", "That actors posted to the reactor.", "ops", each_node(rate, "weft_reactor_commands_total")),
    graph("Frames per batch", "Frames that one message to an actor carries: more is cheaper.", "none",
          (share(rate("weft_frames_total", direction="inbound"), rate("weft_frame_batches_total")), "frames")),
    graph("Batches", "Batches of frames handed to actors.", "ops", each_node(rate, "weft_frame_batches_total")),
    graph("Reading stopped", "Times that a concern's credit was used up: its actor is behind.", "ops", each_node(rate, "weft_backpressure_total")),
    graph("Packets per round", "Datagrams read and written in one round of the reactor.", "none",
          (share(rate("weft_transport_packets_total"), rate("weft_reactor_rounds_total")), "packets")),
]

PROCESS = [
    graph("Processor", "Processors in use.", "none", each_node(rate, "process_cpu_seconds_total")),
    graph("Threads", "Of each process.", "none", each_node(total, "process_threads")),
    graph("Memory", "Resident memory.", "bytes", each_node(total, "process_resident_memory_bytes")),
]

BOARD = Board("weft-actors", "Weft: actors and runtime", "Actors, mailboxes, the reactor thread and the process.",
              [("Now", NOW), ("Actors", ACTORS), ("Reactor", REACTOR), ("Process", PROCESS)])
