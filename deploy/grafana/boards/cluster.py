# SPDX-License-Identifier: MIT
"""Is the mesh well? One look for those who know nothing else about it."""
from .panels import Board, by_label, each_node, graph, highest, lowest, mean, over, quantiles, rate, series, share, stat, total

AGE = "time() - " + highest("process_start_time_seconds")

STATE = [
    stat("Nodes answering", "Nodes whose metrics Prometheus could read.", "none", (total("up"), "nodes"), bad_below=1),
    stat("Nodes not answering", "Targets that do not answer; see runbook NodeDown.", "none",
         (over("sum", f"1 - {series('up')}"), "nodes"), bad_above=1),
    stat("Nodes not ready", "Nodes that answer and say that they are not ready.", "none",
         (over("sum", f"1 - {series('weft_ready')}"), "nodes"), bad_above=1),
    stat("Fewest sessions", "Sessions of the node that has the fewest: 0 means that a node is cut off.", "none",
         (lowest("weft_connected_peers"), "sessions"), bad_below=1),
    stat("Versions", "Different versions that run: more than one only during an upgrade.", "none",
         (f"count({over('count', series('weft_build_info'), 'version')})", "versions"), bad_above=2),
    stat("Youngest node", "Time since the last start of any node: a small number that comes again tells of restarts.", "s", (AGE, "up")),
]

MESH = [
    graph("Sessions per node", "Peers that each node has a session with.", "none", each_node(total, "weft_connected_peers")),
    graph("Reachable nodes", "Destinations with a usable route: the same on all nodes of a mesh that is whole.", "none",
          (lowest("weft_routing_reachable"), "fewest"), (mean("weft_routing_reachable"), "mean"), (highest("weft_routing_reachable"), "most")),
    graph("Bootstrap peers", "Configured and connected, summed over the nodes.", "none", by_label(total, "weft_bootstrap_peers", "state")),
    graph("Ready", "1 while a node is ready.", "none", each_node(lowest, "weft_ready")),
    graph("Versions", "Nodes by the version they run.", "none", (over("count", series("weft_build_info"), "version"), "{{version}}")),
    graph("Size by the DHT", "Servers in the network as the nodes estimate it.", "none",
          (lowest("weft_dht_network_size"), "lowest"), (mean("weft_dht_network_size"), "mean"), (highest("weft_dht_network_size"), "highest")),
]

TRAFFIC = [
    graph("Bytes", "What went over the sockets of all nodes.", "Bps", by_label(rate, "weft_transport_bytes_total", "direction")),
    graph("Private messages", "Messages through their life.", "ops",
          (rate("weft_messaging_sent_total"), "sent"), (rate("weft_messaging_acknowledged_total"), "acknowledged"),
          (rate("weft_messaging_delivered_total"), "delivered"), (rate("weft_messaging_forwarded_total"), "passed on")),
    graph("Broadcasts", "Messages of topics published by nodes and handed to applications.", "ops",
          (rate("weft_gossip_published_total"), "published"), (rate("weft_gossip_delivered_total"), "delivered")),
    graph("DHT operations", "Operations that ended, by kind.", "ops", by_label(rate, "weft_dht_operations_total", "operation")),
    graph("Sessions opened and closed", "Many of both is churn.", "ops",
          (rate("weft_connections_opened_total"), "opened"), (rate("weft_connections_closed_total"), "closed")),
    graph("Streams opened", "By who opened them.", "ops", by_label(rate, "weft_streams_opened_total", "direction")),
]

LATENCY = [
    graph("Round trips", "Round trips of sessions in use.", "s", quantiles("weft_rtt_seconds"), width=6),
    graph("Message latency", "From sending a private message to its acknowledgement.", "s", quantiles("weft_messaging_latency_seconds"), width=6),
    graph("DHT operations", "Time of operations that succeeded.", "s", quantiles("weft_dht_operation_seconds"), width=6),
    graph("Handshakes", "From the first packet to an authenticated session.", "s", quantiles("weft_handshake_duration_seconds"), width=6),
]

TROUBLE = [
    graph("Dials that failed", "By reason.", "ops", by_label(rate, "weft_dial_failures_total", "reason")),
    graph("Messages given up", "Share of the private messages that were sent.", "percentunit",
          (share(rate("weft_messaging_failed_total"), rate("weft_messaging_sent_total")), "given up")),
    graph("Limits hit", "Items that a limit kept out, by limit.", "ops", by_label(rate, "weft_limit_rejections_total", "limit")),
    graph("Dropped", "What each concern did not use; its own dashboard tells the reasons.", "ops",
          (rate("weft_transport_packets_dropped_total"), "packets"), (rate("weft_frames_dropped_total"), "frames"),
          (rate("weft_messaging_dropped_total"), "messages"), (rate("weft_gossip_dropped_total"), "gossip"),
          (rate("weft_dht_rejected_total"), "DHT"), (rate("weft_routing_rejected_total"), "routing")),
    graph("Failures inside", "Restarts of actors and errors of the stores: both should stay at zero.", "ops",
          (rate("weft_actor_restarts_total"), "actor restarts"), (rate("weft_store_errors_total"), "store errors"),
          (rate("weft_store_disk_full_total"), "disk full")),
    graph("Warnings and errors logged", "Log lines by level.", "ops", by_label(rate, "weft_log_messages_total", "level", level='=~"warn|error"')),
]

RESOURCES = [
    graph("Processor", "Processors in use by each node.", "none", each_node(rate, "process_cpu_seconds_total")),
    graph("Memory", "Resident memory of each node.", "bytes", each_node(total, "process_resident_memory_bytes")),
    graph("Open files", "Share of the descriptors that each node may open.", "percentunit",
          (share(total("process_open_fds", "instance"), total("process_max_fds", "instance")), "{{instance}}")),
]

BOARD = Board("weft-cluster", "Weft: cluster overview", "Whether the mesh is well, and where to look when it is not.",
              [("State", STATE), ("Mesh", MESH), ("Traffic", TRAFFIC), ("Latency", LATENCY), ("Trouble", TROUBLE), ("Resources", RESOURCES)])
