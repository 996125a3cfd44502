# SPDX-License-Identifier: MIT
"""Everything about the process of one node, or of a few side by side: choose them with the variable `Instance`."""
from .panels import Board, by_label, each_node, facts, graph, highest, lowest, mean_of, over, quantiles, rate, series, share, stat, total

PROCESS = [
    stat("Ready", "1 when the node says so; the smallest when several are chosen.", "none", (lowest("weft_ready"), "ready"), bad_below=1),
    stat("Last reload", "1 when the last reload of the configuration was applied; see runbook ReloadFailed.", "none",
         (lowest("weft_config_last_reload_success"), "applied"), bad_below=1),
    stat("Configured since", "Time since the configuration in use was applied.", "s",
         (f"time() - {highest('weft_config_last_reload_timestamp_seconds')}", "since")),
    stat("Up", "Time since the start of the node.", "s", (f"time() - {highest('process_start_time_seconds')}", "up")),
    stat("Sessions", "Peers with a session.", "none", (total("weft_connected_peers"), "sessions"), bad_below=1),
    stat("Threads", "Threads of the process.", "none", (highest("process_threads"), "threads")),
    facts("Who it is", "Name, profile, end of the peer id, version, commit and compiler of each node.",
          over("max", series("weft_node_info"), "instance, name, profile, id_short"),
          over("max", series("weft_build_info"), "instance, version, revision, compiler"),
          names={"instance": "node", "id_short": "peer id ends in"}),
]

RESOURCES = [
    graph("Processor", "Processors in use.", "none", each_node(rate, "process_cpu_seconds_total")),
    graph("Memory", "Resident and virtual memory.", "bytes",
          by_label(total, "process_resident_memory_bytes", "instance", "resident "), by_label(total, "process_virtual_memory_bytes", "instance", "virtual ")),
    graph("Limit of virtual memory", "What the system grants the process; -1 is no limit.", "bytes",
          each_node(lowest, "process_virtual_memory_max_bytes"), least=-1),
    graph("Memory cap", "What limits.memory_bytes grants the node; 0 is no cap.", "bytes", each_node(lowest, "weft_memory_limit_bytes")),
    graph("Memory pressure", "0 well below the cap, 1 near it, 2 at it, where the heaviest sessions end; see runbook MemoryNearLimit.", "none",
          each_node(highest, "weft_memory_pressure")),
    graph("Open files", "Descriptors in use.", "none", each_node(total, "process_open_fds")),
    graph("Share of open files", "Of the descriptors that the process may open; see runbook FdNearLimit.", "percentunit",
          (share(total("process_open_fds", "instance"), total("process_max_fds", "instance")), "{{instance}}")),
    graph("Log lines", "By level; those that repeat are suppressed, and those that the system did not take are lost.", "ops",
          by_label(rate, "weft_log_messages_total", "level"), (rate("weft_log_lines_suppressed_total"), "suppressed"),
          (rate("weft_log_lines_failed_total"), "lost")),
]

def of_machine(work, most, **matchers):
    """What a node does, as a share of what its machine's self-check could; nothing before that has ended."""
    return f"{work} / ({total(most, 'instance', **matchers)} > 0)", "{{instance}}"


VERIFIED = f"({rate('weft_gossip_verifications_total', 'instance')} + {rate('weft_routing_verifications_total', 'instance', event='verified')})"

MACHINE = [
    graph("Signatures", "Share of one processor that verifying signatures takes, by the rate that the self-check found at the start.", "percentunit",
          of_machine(VERIFIED, "weft_selfcheck_operations_per_second", operation="verify")),
    graph("Sealing", "Share of one processor that sealing and opening packets takes, by the rate that the self-check found at the start.", "percentunit",
          of_machine(rate("weft_transport_bytes_total", "instance"), "weft_selfcheck_sealed_bytes_per_second")),
    graph("Sockets", "Share of one processor that moving packets takes, by the rate that the self-check found at the start.", "percentunit",
          of_machine(rate("weft_transport_bytes_total", "instance"), "weft_selfcheck_loopback_bytes_per_second")),
    graph("Disk", "Time of a commit (p95), and of a small write and sync at the start.", "s",
          quantiles("weft_store_commit_seconds")[1], by_label(highest, "weft_selfcheck_sync_seconds", "instance", "self-check ")),
    graph("Rates found at the start", "Signatures and verifications that one processor does in a second.", "ops",
          by_label(lowest, "weft_selfcheck_operations_per_second", "operation", "slowest node: ")),
    graph("Bytes found at the start", "That one processor seals, and sends to itself, in a second: of the slowest node.", "Bps",
          (lowest("weft_selfcheck_sealed_bytes_per_second"), "sealed"), (lowest("weft_selfcheck_loopback_bytes_per_second"), "loopback")),
]

STORE = [
    graph("Commits", "Transactions and operations of the message store.", "ops",
          (rate("weft_store_commits_total"), "commits"), (rate("weft_store_operations_total"), "operations"), (rate("weft_store_checkpoints_total"), "checkpoints")),
    graph("Time of a commit", "Transactions of the message store, sync included.", "s", quantiles("weft_store_commit_seconds")),
    graph("Operations in a commit", "Mean number: it grows with load, and the cost of a sync is shared.", "none",
          (mean_of("weft_store_commit_operations"), "operations")),
    graph("Messages in store", "Not yet acknowledged, and not yet shown to the user.", "none",
          (total("weft_store_outbox_rows"), "outbox"), (total("weft_store_inbox_rows"), "inbox")),
    graph("Bytes in store", "Bodies and payloads.", "bytes", (total("weft_store_outbox_bytes"), "outbox"), (total("weft_store_inbox_bytes"), "inbox")),
    graph("Refused or failed", "Operations of the message store that were not done, by why; see runbooks StorageErrors and StorageFull.", "ops",
          (rate("weft_store_refused_total"), "limit of a box"), (rate("weft_store_queue_full_total"), "writer behind"),
          (rate("weft_store_disk_full_total"), "disk full"), (rate("weft_store_errors_total"), "error")),
    graph("Known again", "Messages that were stored already, and ids forgotten by age or number.", "ops",
          (rate("weft_store_duplicates_total"), "duplicates"), (rate("weft_store_seen_pruned_total"), "ids forgotten")),
    graph("Record store", "Transactions and changes of the DHT's records, and changes that were not written.", "ops",
          (rate("weft_record_store_commits_total"), "commits"), (rate("weft_record_store_operations_total"), "changes"),
          by_label(rate, "weft_record_store_dropped_total", "reason", "dropped: ")),
    graph("Time of a record commit", "Transactions of the DHT's record store.", "s", quantiles("weft_record_store_commit_seconds")),
]

SURROUNDINGS = [
    graph("Names", "Names of bootstrap peers, and those with an address.", "none", by_label(total, "weft_names", "state")),
    graph("Look-ups of names", "By outcome, and addresses that a limit left out.", "ops", by_label(rate, "weft_name_lookups_total", "outcome"),
          (rate("weft_name_addresses_dropped_total"), "addresses dropped")),
    graph("Local network", "Peers heard of by multicast DNS and interfaces it is spoken on.", "none",
          (total("weft_mdns_peers"), "peers"), (total("weft_mdns_interfaces"), "interfaces")),
    graph("Multicast packets", "What local discovery sends and hears.", "ops",
          (rate("weft_mdns_packets_received_total"), "read"), (rate("weft_mdns_queries_sent_total"), "questions"),
          (rate("weft_mdns_responses_sent_total"), "answers"), (rate("weft_mdns_sends_failed_total"), "sends failed"),
          (rate("weft_mdns_found_total"), "peers found")),
    graph("Multicast dropped", "By reason.", "ops", by_label(rate, "weft_mdns_dropped_total", "reason")),
    graph("Requests of the API", "By listener and outcome, and streams beyond the limit.", "ops",
          (rate("weft_http_requests_total", "listener, outcome"), "{{listener}} {{outcome}}"),
          by_label(rate, "weft_http_streams_refused_total", "listener", "stream refused: ")),
]

MONITORING = [
    graph("Time of a scrape", "In the node, and as Prometheus sees it.", "s",
          by_label(highest, "weft_scrape_duration_seconds", "instance", "node "), by_label(highest, "scrape_duration_seconds", "instance", "Prometheus ")),
    graph("Series", "Samples in a scrape: the number does not depend on peers; see runbook MetricsCardinalityHigh.", "none",
          each_node(highest, "scrape_samples_scraped")),
    graph("Scrapes", "Scrapes that the node answered.", "ops", each_node(rate, "weft_scrapes_total")),
]

BOARD = Board("weft-node", "Weft: node detail", "The process of a node: resources, stores, surroundings, monitoring.",
              [("Process", PROCESS), ("Resources", RESOURCES), ("Use of the machine", MACHINE), ("Stores", STORE), ("Surroundings", SURROUNDINGS), ("Monitoring", MONITORING)])
