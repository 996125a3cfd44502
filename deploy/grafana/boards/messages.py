# SPDX-License-Identifier: MIT
"""Private messages, and the routes that carry them."""
from .panels import Board, by_label, each_node, graph, heat, lowest, quantiles, rate, share, stat, total

NOW = [
    stat("Messages sent", "Put on the network for the first time.", "ops", (rate("weft_messaging_sent_total"), "sent")),
    stat("Given up", "Share of the sent messages.", "percentunit",
         (share(rate("weft_messaging_failed_total"), rate("weft_messaging_sent_total")), "failed"), bad_above=0.01, decimals=2),
    stat("Sent again", "Retransmissions for each message sent.", "none",
         (share(rate("weft_messaging_retransmitted_total"), rate("weft_messaging_sent_total")), "again"), decimals=2),
    stat("In flight", "Sent and not yet acknowledged.", "none", (total("weft_messaging_in_flight"), "messages")),
    stat("Fewest reachable", "Destinations with a route at the node that has the fewest.", "none", (lowest("weft_routing_reachable"), "nodes"), bad_below=1),
    stat("Loops prevented", "Routes refused because they could close a loop.", "ops", (rate("weft_routing_loops_prevented_total"), "refused")),
]

MESSAGES = [
    graph("Messages", "Through their life.", "ops",
          (rate("weft_messaging_sent_total"), "sent"), (rate("weft_messaging_acknowledged_total"), "acknowledged"),
          (rate("weft_messaging_delivered_total"), "delivered"), (rate("weft_messaging_forwarded_total"), "passed on")),
    graph("Latency", "From sending to the acknowledgement.", "s", quantiles("weft_messaging_latency_seconds")),
    heat("Latency", "From sending to the acknowledgement.", "s", "weft_messaging_latency_seconds"),
    graph("Failed and again", "Messages given up, sent again, and arrived again.", "ops",
          (rate("weft_messaging_failed_total"), "given up"), (rate("weft_messaging_retransmitted_total"), "sent again"),
          (rate("weft_messaging_duplicates_total"), "arrived again")),
    graph("Dropped", "Frames and messages, by reason.", "ops", by_label(rate, "weft_messaging_dropped_total", "reason")),
    graph("Bytes", "Sealed here, opened here, passed on.", "Bps",
          (rate("weft_messaging_sent_bytes_total"), "sealed"), (rate("weft_messaging_received_bytes_total"), "opened"),
          (rate("weft_messaging_forwarded_bytes_total"), "passed on")),
    graph("Frames", "Sealed frames opened; fragments; acknowledgement frames.", "ops",
          (rate("weft_messaging_received_total"), "opened"), (rate("weft_messaging_fragments_sent_total"), "fragments sent"),
          (rate("weft_messaging_fragments_received_total"), "fragments accepted"), (rate("weft_messaging_ack_frames_sent_total"), "acknowledgements sent"),
          (rate("weft_messaging_ack_frames_received_total"), "acknowledgements received")),
    graph("Waiting", "Accepted and not acknowledged, in flight, waiting for their commit.", "none",
          (total("weft_messaging_outbox_messages"), "outbox"), (total("weft_messaging_in_flight"), "in flight"), (total("weft_messaging_storing"), "storing")),
    graph("Memory", "Of messages not yet acknowledged and of payloads arriving.", "bytes",
          (total("weft_messaging_outbox_bytes"), "outbox"), (total("weft_messaging_reassembly_bytes"), "arriving")),
]

CHANNELS = [
    graph("Channels", "Sealed channels, correspondents with state, large payloads arriving.", "none",
          (total("weft_messaging_channels"), "channels"), (total("weft_messaging_peers"), "correspondents"), (total("weft_messaging_reassemblies"), "arriving")),
    graph("Channels opened", "By us, by others, and dropped before their time.", "ops",
          (rate("weft_messaging_channels_opened_total"), "opened"), (rate("weft_messaging_channels_accepted_total"), "accepted"),
          (rate("weft_messaging_channels_evicted_total"), "evicted")),
    graph("Seals that failed", "Channels that could not be opened; frames whose seal or signature is wrong; volatile messages nobody fetched.", "ops",
          (rate("weft_messaging_seal_failures_total"), "seal"), (rate("weft_messaging_open_failures_total"), "open"),
          (rate("weft_inbox_volatile_dropped_total"), "volatile dropped")),
]

ROUTES = [
    graph("Reachable", "Destinations with a usable route.", "none", each_node(total, "weft_routing_reachable")),
    graph("Table", "Destinations, routes and neighbours over all selected nodes.", "none",
          (total("weft_routing_destinations"), "destinations"), (total("weft_routing_routes"), "routes"), (total("weft_routing_neighbours"), "neighbours")),
    graph("Memory of the table", "And of its announcements.", "bytes", each_node(total, "weft_routing_table_bytes")),
    graph("Changes", "Of a selected next hop; destinations run out or removed to make room.", "ops",
          (rate("weft_routing_route_changes_total"), "changes"), (rate("weft_routing_expirations_total"), "run out"), (rate("weft_routing_evictions_total"), "evicted")),
    graph("Announcements", "Exchanged with neighbours, retractions among them.", "ops", by_label(rate, "weft_routing_updates_total", "direction", "updates "),
          by_label(rate, "weft_routing_retractions_total", "direction", "retractions "), (rate("weft_routing_renewals_total"), "signed here")),
    graph("Frames", "Of the route exchange; whole tables sent anew.", "ops", by_label(rate, "weft_routing_frames_total", "direction"),
          (rate("weft_routing_resyncs_total"), "resyncs")),
    graph("Not used", "Frames and entries of neighbours, by reason.", "ops", by_label(rate, "weft_routing_rejected_total", "reason")),
    graph("Requests", "For sequence numbers; destinations with infeasible routes only; routes that could close a loop.", "ops",
          by_label(rate, "weft_routing_requests_total", "event"), (rate("weft_routing_starvations_total"), "starved"),
          (rate("weft_routing_loops_prevented_total"), "loops prevented")),
    graph("Signatures", "Of announcements, by what was done.", "ops", by_label(rate, "weft_routing_verifications_total", "event")),
    graph("Neighbours", "Refused, muted, restarted; routes dropped because there are better ones.", "ops",
          (rate("weft_routing_neighbours_refused_total"), "refused"), (rate("weft_routing_neighbours_muted_total"), "muted"),
          (rate("weft_routing_neighbour_restarts_total"), "restarted"), (rate("weft_routing_candidates_dropped_total"), "routes dropped")),
    graph("Snapshots", "Published for readers, and the shards they replaced.", "ops",
          (rate("weft_routing_snapshots_total"), "snapshots"), (rate("weft_routing_shards_published_total"), "shards")),
]

BOARD = Board("weft-messages", "Weft: messages and routing", "Private messages from sending to acknowledgement, and the routing table.",
              [("Now", NOW), ("Messages", MESSAGES), ("Channels", CHANNELS), ("Routes", ROUTES)])
