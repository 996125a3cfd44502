# SPDX-License-Identifier: MIT
"""Do broadcasts arrive, and what does each cost?"""
from .panels import Board, by_label, each_node, graph, lowest, rate, share, stat, total

NOW = [
    stat("Published", "Messages of the selected nodes.", "ops", (rate("weft_gossip_published_total"), "published")),
    stat("Delivered", "Messages handed to applications.", "ops", (rate("weft_gossip_delivered_total"), "delivered")),
    stat("Copies beyond the first", "Received again for each message received first; see runbook GossipDuplicatesHigh.", "none",
         (share(rate("weft_gossip_messages_received_total", copy="again"), rate("weft_gossip_messages_received_total", copy="first")), "again"), decimals=2),
    stat("Wasted bytes", "Share of received message bytes that had arrived before.", "percentunit",
         (share(rate("weft_gossip_message_bytes_received_total", copy="again"), rate("weft_gossip_message_bytes_received_total")), "again"), decimals=1),
    stat("Fewest gossip peers", "Of the node that has the fewest.", "none", (lowest("weft_gossip_peers"), "peers"), bad_below=1),
    stat("Promises broken", "Messages that peers announced and did not send.", "ops", (rate("weft_gossip_promises_broken_total"), "broken")),
]

MESSAGES = [
    graph("Messages received", "For the first time, or again.", "ops", by_label(rate, "weft_gossip_messages_received_total", "copy")),
    graph("Bytes of messages received", "For the first time, or again.", "Bps", by_label(rate, "weft_gossip_message_bytes_received_total", "copy")),
    graph("Copies sent", "Queued for peers, by why, and those saved because the peer had the message.", "ops", by_label(rate, "weft_gossip_copies_total", "kind")),
    graph("Published and delivered", "By this node, and to its application.", "ops",
          (rate("weft_gossip_published_total"), "published"), (rate("weft_gossip_delivered_total"), "delivered"),
          (rate("weft_gossip_outcomes_incomplete_total"), "outcome incomplete")),
    graph("Frames", "Of the pubsub and push protocols.", "ops", by_label(rate, "weft_gossip_frames_total", "direction")),
    graph("Bytes", "Of the frames.", "Bps", by_label(rate, "weft_gossip_bytes_total", "direction")),
]

MESH = [
    graph("Peers", "Connected peers that speak gossipsub.", "none", each_node(total, "weft_gossip_peers")),
    graph("Mesh memberships", "Over all topics of each node.", "none", each_node(total, "weft_gossip_mesh_peers")),
    graph("Topics", "Known, and followed.", "none", (total("weft_gossip_topics"), "known"), (total("weft_gossip_subscribed"), "followed")),
    graph("Control sent", "Entries; ids for announcements and requests.", "ops", by_label(rate, "weft_gossip_control_total", "kind", direction="out")),
    graph("Control received", "Entries; ids for announcements and requests.", "ops", by_label(rate, "weft_gossip_control_total", "kind", direction="in")),
    graph("Bad neighbours", "Peers beyond the limit, peers whose score fell below the threshold, promises broken.", "ops",
          (rate("weft_gossip_peers_refused_total"), "refused"), (rate("weft_gossip_graylistings_total"), "graylisted"),
          (rate("weft_gossip_promises_broken_total"), "promises broken")),
]

LAZY = [
    graph("Pulls", "Requests for announced messages: all, because another was slow, overtaken by the eager copy.", "ops",
          by_label(rate, "weft_gossip_pulls_total", "event")),
    graph("Pushes", "Large messages on streams of their own, by event.", "ops", by_label(rate, "weft_gossip_pushes_total", "event")),
    graph("Wanted", "Messages announced and not yet here.", "none", (total("weft_gossip_wanted"), "wanted")),
    graph("Not used", "Frames, messages and control entries of peers, by reason.", "ops", by_label(rate, "weft_gossip_dropped_total", "reason")),
    graph("Signatures verified", "The largest part of the cost of a message.", "ops", (rate("weft_gossip_verifications_total"), "verified")),
    graph("Forgotten early", "Ids and messages dropped before their time because memory for them was full.", "ops",
          (rate("weft_gossip_seen_evictions_total"), "ids"), (rate("weft_gossip_cache_evictions_total"), "messages")),
]

MEMORY = [
    graph("Held for those who ask", "Messages in the cache.", "none", each_node(total, "weft_gossip_cache_entries")),
    graph("Memory", "Of messages held and of ids remembered.", "bytes",
          (total("weft_gossip_cache_bytes"), "messages"), (total("weft_gossip_seen_bytes"), "ids")),
    graph("Ids remembered", "Against duplicates.", "none", each_node(total, "weft_gossip_seen_entries")),
]

BOARD = Board("weft-gossip", "Weft: gossip", "Broadcasts: delivery, duplicates, the mesh of neighbours, memory.",
              [("Now", NOW), ("Messages", MESSAGES), ("Mesh", MESH), ("Pulls and pushes", LAZY), ("Memory", MEMORY)])
