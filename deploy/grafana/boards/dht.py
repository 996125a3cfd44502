# SPDX-License-Identifier: MIT
"""Does the table find peers, records and providers, and how fast?"""
from .panels import Board, by_label, each_node, graph, heat, highest, lowest, mean, mean_of, quantiles, rate, share, stat, total

BAD = '=~"timeout|unreachable|refused"'

NOW = [
    stat("Operations that fail", "Share of ended operations that ran out of time, reached nobody or were refused; see runbook DhtLookupFailing.", "percentunit",
         (share(rate("weft_dht_operations_total", result=BAD), rate("weft_dht_operations_total")), "failed"), bad_above=0.1, decimals=1),
    stat("Smallest table", "Servers in the smallest routing table of a node.", "none", (lowest("weft_dht_table_entries"), "servers"), bad_below=1),
    stat("Size of the network", "Servers, as the nodes estimate: the mean.", "none", (mean("weft_dht_network_size"), "servers"), decimals=0),
    stat("Records", "Held over all selected nodes.", "none", (total("weft_dht_records"), "records")),
    stat("Bytes of records", "Held over all selected nodes.", "bytes", (total("weft_dht_record_bytes"), "bytes")),
    stat("Providers", "Held over all selected nodes and keys.", "none", (total("weft_dht_providers"), "providers")),
]

OPERATIONS = [
    graph("Operations", "That ended, by kind.", "ops", by_label(rate, "weft_dht_operations_total", "operation")),
    graph("Results", "How operations ended.", "ops", by_label(rate, "weft_dht_operations_total", "result")),
    graph("Open", "Operations and queries under way.", "none", (total("weft_dht_operations_open"), "operations"), (total("weft_dht_queries_open"), "queries")),
    graph("Time of operations", "Of those that succeeded.", "s", quantiles("weft_dht_operation_seconds")),
    heat("Time of operations", "Of those that succeeded.", "s", "weft_dht_operation_seconds"),
    graph("Effort", "Mean hops and queries of an operation that succeeded.", "none",
          (mean_of("weft_dht_operation_hops"), "hops"), (mean_of("weft_dht_operation_requests"), "queries")),
]

QUERIES = [
    graph("Queries sent", "By type.", "ops", by_label(rate, "weft_dht_queries_total", "type")),
    graph("Queries that ended", "By how; hedged ones were slower than expected, so that another peer was asked beside.", "ops",
          by_label(rate, "weft_dht_queries_ended_total", "result"), (rate("weft_dht_queries_hedged_total"), "hedged")),
    graph("Time of a query", "From a query to its answer.", "s", quantiles("weft_dht_query_seconds")),
    graph("Requests of peers", "By type.", "ops", by_label(rate, "weft_dht_requests_total", "type")),
    graph("Not used", "What was not used of peers and callers, by reason.", "ops", by_label(rate, "weft_dht_rejected_total", "reason")),
    graph("Queries that fail", "Share of ended queries without a usable answer.", "percentunit",
          (share(rate("weft_dht_queries_ended_total", result='=~"timeout|unreachable|malformed"'), rate("weft_dht_queries_ended_total")), "failed")),
]

TABLE = [
    graph("Routing table", "Servers in each node's table.", "none", each_node(total, "weft_dht_table_entries")),
    graph("Changes of tables", "Servers added and removed: much of both is churn.", "ops", by_label(rate, "weft_dht_table_changes_total", "change")),
    graph("Waiting and dead", "Servers that wait for a place; peers left alone after failures.", "none",
          (total("weft_dht_table_replacements"), "waiting"), (total("weft_dht_dead_peers"), "dead"), (total("weft_dht_known_peers"), "remembered")),
    graph("Estimated size", "Servers in the network as the nodes see it.", "none",
          (lowest("weft_dht_network_size"), "lowest"), (mean("weft_dht_network_size"), "mean"), (highest("weft_dht_network_size"), "highest")),
    graph("Upkeep", "Peers asked whether they live, newer values given to peers, own entries published again.", "ops",
          (rate("weft_dht_checks_total"), "checks"), (rate("weft_dht_corrections_total"), "corrections"), (rate("weft_dht_republished_total"), "republished")),
    graph("Forgotten by age", "Records and providers.", "ops", by_label(rate, "weft_dht_expired_total", "kind")),
]

RECORDS = [
    graph("Records per node", "Held by each node.", "none", each_node(total, "weft_dht_records")),
    graph("Bytes of records", "Held by each node.", "bytes", each_node(total, "weft_dht_record_bytes")),
    graph("Providers", "Held over all keys, and keys that the nodes provide.", "none", (total("weft_dht_providers"), "held"), (total("weft_dht_provided"), "own keys")),
]

BOARD = Board("weft-dht", "Weft: DHT", "Operations, queries, routing table and records of the DHT.",
              [("Now", NOW), ("Operations", OPERATIONS), ("Queries", QUERIES), ("Routing table", TABLE), ("Records", RECORDS)])
