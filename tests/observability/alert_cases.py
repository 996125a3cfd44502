# SPDX-License-Identifier: MIT
"""One case for each alert: series under which it fires, at what minute and not before, and series under which it must not.

Values are in promtool's notation: `1+2x9` is ten samples that grow by two, one a minute.
"""
import dataclasses

A = 'job="weft", instance="a:9464"'
B = 'job="weft", instance="b:9464"'


@dataclasses.dataclass
class Case:
    fires: dict
    at: int  # minute at which it fires
    before: int  # minute at which it does not fire yet
    quiet: dict  # series under which it does not fire at that minute
    labels: dict
    value: str = ""  # as it stands in the annotations


NODE = {"job": "weft", "instance": "a:9464"}
JOB = {"job": "weft"}


def buckets(rate_below_half, rate_all):
    def name(bound):
        return f'weft_bench_seconds_bucket{{{A}, bench="broadcast", le="{bound}"}}'
    return {name("0.5"): f"0+{rate_below_half}x40", name("2.5"): f"0+{rate_all}x40", name("+Inf"): f"0+{rate_all}x40"}


def counters(*pairs):
    """Counters that begin at nought and grow by so much a minute."""
    return {series: f"0+{step}x40" for series, step in pairs}


CASES = {
    "NodeDown": Case({f"up{{{A}}}": "1 1 0x10"}, 3, 2, {f"up{{{A}}}": "1 1 0 1x10"}, NODE),
    "NoNodes": Case({'up{job="other"}': "1x20"}, 6, 4, {f"up{{{A}}}": "0x20"}, JOB),
    "NodeNotReady": Case({f"weft_ready{{{A}}}": "1 0x10"}, 4, 2, {f"weft_ready{{{A}}}": "1 0 0 1 0 0 1"}, NODE),
    "NodeRestarting": Case({f"process_start_time_seconds{{{A}}}": "100 200 300 400x20"}, 4, 2,
                           {f"process_start_time_seconds{{{A}}}": "100 200 300 300x20"}, NODE, "3"),
    "ReloadFailed": Case({f"weft_config_last_reload_success{{{A}}}": "1 0x10"}, 3, 1, {f"weft_config_last_reload_success{{{A}}}": "1 0 1x10"}, NODE),
    "VersionSkew": Case({f'weft_build_info{{{A}, version="1"}}': "1x90", f'weft_build_info{{{B}, version="2"}}': "1x90"}, 61, 50,
                        {f'weft_build_info{{{A}, version="2"}}': "1x90", f'weft_build_info{{{B}, version="2"}}': "1x90"}, JOB, "2"),
    "NodeIsolated": Case({f"weft_connected_peers{{{A}}}": "3 0x10", f"up{{{A}}}": "1x10", f"up{{{B}}}": "0x10"}, 4, 2,
                         {f"weft_connected_peers{{{A}}}": "0x10", f"up{{{A}}}": "1x10"}, NODE),
    "PeersDropping": Case({f"weft_connected_peers{{{A}}}": "9x4 4x20", f"weft_passing_sessions{{{A}}}": "1x25"}, 8, 6,
                          {f"weft_connected_peers{{{A}}}": "9x4 6x20", f"weft_passing_sessions{{{A}}}": "5x4 1x20"}, NODE, "3"),
    "HandshakeFailuresHigh": Case(
        counters((f'weft_dial_failures_total{{{A}, reason="wrong_peer"}}', 6), (f'weft_dial_failures_total{{{A}, reason="cancelled"}}', 9),
                 (f"weft_dial_attempts_total{{{A}}}", 10)), 10, 5,
        counters((f'weft_dial_failures_total{{{A}, reason="wrong_peer"}}', 4), (f'weft_dial_failures_total{{{A}, reason="cancelled"}}', 9),
                 (f"weft_dial_attempts_total{{{A}}}", 10)), JOB, "60%"),
    "ClockSkew": Case(counters((f'weft_routing_rejected_total{{{A}, reason="clock"}}', 1)), 8, 5,
                      counters((f'weft_routing_rejected_total{{{A}, reason="malformed"}}', 1), (f'weft_routing_rejected_total{{{A}, reason="clock"}}', 0)),
                      NODE),
    "DhtLookupFailing": Case(
        counters((f'weft_dht_operations_total{{{A}, result="timeout"}}', 3), (f'weft_dht_operations_total{{{B}, result="succeeded"}}', 17)), 8, 5,
        counters((f'weft_dht_operations_total{{{A}, result="timeout"}}', 1), (f'weft_dht_operations_total{{{A}, result="not_found"}}', 10),
                 (f'weft_dht_operations_total{{{B}, result="succeeded"}}', 9)), JOB, "15%"),
    "GossipSlow": Case(buckets(50, 100), 8, 5, buckets(98, 100), JOB, "2.3s"),
    "GossipDuplicatesHigh": Case(
        counters((f'weft_gossip_messages_received_total{{{A}, copy="again"}}', 75), (f'weft_gossip_messages_received_total{{{B}, copy="first"}}', 100)),
        10, 5,
        counters((f'weft_gossip_messages_received_total{{{A}, copy="again"}}', 40), (f'weft_gossip_messages_received_total{{{B}, copy="first"}}', 100)),
        JOB, "750m"),
    "MessagesFailing": Case(counters((f"weft_messaging_failed_total{{{A}}}", 10), (f"weft_messaging_acknowledged_total{{{A}}}", 90)), 8, 5,
                            counters((f"weft_messaging_failed_total{{{A}}}", 1), (f"weft_messaging_acknowledged_total{{{A}}}", 90)), JOB, "10%"),
    "MailboxSaturated": Case({f'weft_actor_mailbox_depth{{{A}, actor="gossip"}}': "3 150x20"}, 7, 5,
                             {f'weft_actor_mailbox_depth{{{A}, actor="gossip"}}': "3 150x3 50 150x4"}, {**NODE, "actor": "gossip"}, "150"),
    "MemoryNearLimit": Case({f"weft_memory_pressure{{{A}}}": "0 1x9 2x20"}, 7, 5, {f"weft_memory_pressure{{{A}}}": "0 1x4 0 1x20"}, NODE),
    "BandwidthCapped": Case(
        {f'weft_bandwidth_used_bytes_per_second{{{A}, direction="outbound"}}': "96x20", f'weft_bandwidth_limit_bytes_per_second{{{A}, direction="outbound"}}': "100x20"},
        6, 4,
        {f'weft_bandwidth_used_bytes_per_second{{{A}, direction="outbound"}}': "70 100 70 100 70x20",
         f'weft_bandwidth_limit_bytes_per_second{{{A}, direction="outbound"}}': "100x20",
         f'weft_bandwidth_used_bytes_per_second{{{A}, direction="inbound"}}': "500x20", f'weft_bandwidth_limit_bytes_per_second{{{A}, direction="inbound"}}': "0x20"},
        {**NODE, "direction": "outbound"}, "96%"),
    "FdNearLimit": Case({f"process_open_fds{{{A}}}": "90x20", f"process_max_fds{{{A}}}": "100x20"}, 6, 4,
                        {f"process_open_fds{{{A}}}": "79x20", f"process_max_fds{{{A}}}": "100x20"}, NODE, "90%"),
    "StorageFull": Case({f"weft_store_disk_full_total{{{A}}}": "0 0 1x20"}, 3, 1, {f"weft_store_disk_full_total{{{A}}}": "7x20"}, NODE),
    "StorageErrors": Case({f'weft_record_store_dropped_total{{{A}, reason="failed"}}': "0 0 1x20"}, 3, 1,
                          {f'weft_record_store_dropped_total{{{A}, reason="queue_full"}}': "0 0 1x20", f"weft_store_errors_total{{{A}}}": "7x20"},
                          {**NODE, "reason": "failed"}),
    "MetricsCardinalityHigh": Case({f"scrape_samples_scraped{{{A}}}": "900 4000x20"}, 12, 10, {f"scrape_samples_scraped{{{A}}}": "2900x20"}, NODE, "4000"),
}
