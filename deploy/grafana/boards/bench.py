# SPDX-License-Identifier: MIT
"""What the bench actors measure while the mesh works: `weft bench` by hand, or as `bench.every` says."""
from .panels import Board, by_label, graph, heat, highest, quantiles, rate, series, stat

NOW = [
    stat("Broadcast p95", "From publishing to delivery at a node.", "s", quantiles("weft_bench_seconds", bench="broadcast")[1]),
    stat("Lookup p95", "Of a value in the DHT.", "s", quantiles("weft_bench_seconds", bench="lookup")[1]),
    stat("Throughput", "Messages per second at the slowest receiver in the last bench.", "ops", (highest("weft_bench_messages_per_second"), "messages")),
    stat("Bytes per second", "At the slowest receiver in the last throughput bench.", "Bps", (highest("weft_bench_bytes_per_second"), "bytes")),
    stat("Receivers", "Nodes that took part in the last broadcast or throughput bench.", "none", (highest("weft_bench_receivers"), "nodes")),
    stat("Samples lost", "That failed or did not come in time.", "ops", (rate("weft_bench_samples_lost_total"), "samples"), bad_above=0.001),
]

BROADCAST = [
    graph("Propagation of a broadcast", "From publishing to delivery at each node.", "s", quantiles("weft_bench_seconds", bench="broadcast"), width=12),
    heat("Propagation of a broadcast", "Deliveries by the time they took.", "s", "weft_bench_seconds", width=12, bench="broadcast"),
]

LOOKUP = [
    graph("Lookups", "Time of a lookup in the DHT.", "s", quantiles("weft_bench_seconds", bench="lookup"), width=12),
    heat("Lookups", "Lookups by the time they took.", "s", "weft_bench_seconds", width=12, bench="lookup"),
]

THROUGHPUT = [
    graph("Messages per second", "At the slowest receiver, by the node that published.", "ops", by_label(highest, "weft_bench_messages_per_second", "instance")),
    graph("Bytes per second", "At the slowest receiver, by the node that published.", "Bps", by_label(highest, "weft_bench_bytes_per_second", "instance")),
    graph("Stream", "Median of the last stream bench, by direction.", "Bps", by_label(highest, "weft_bench_stream_bytes_per_second", "direction")),
]

ALL = [
    graph("Samples", "Taken per second, by bench.", "ops", by_label(rate, "weft_bench_seconds_count", "bench")),
    graph("p99 of each bench", "Of those that measure seconds.", "s",
          (f"histogram_quantile(0.99, {rate('weft_bench_seconds_bucket', 'le, bench')})", "{{bench}}")),
    graph("Runs", "Benches by how they ended.", "ops", by_label(rate, "weft_bench_runs_total", "outcome")),
    graph("Samples lost", "That failed or did not come in time, by bench.", "ops", by_label(rate, "weft_bench_samples_lost_total", "bench")),
    graph("Since the last run", "Of each bench that has had a result.", "s",
          (f"time() - max by (bench) ({series('weft_bench_last_run_timestamp_seconds')} > 0)", "{{bench}}")),
    graph("Receivers", "Nodes that took part in the last broadcast or throughput bench.", "none", by_label(highest, "weft_bench_receivers", "instance")),
]

BOARD = Board("weft-bench", "Weft: benchmarks", "Propagation of broadcasts, lookups and throughput as the bench actors measure them over time.",
              [("Now", NOW), ("Broadcast", BROADCAST), ("Lookup", LOOKUP), ("Throughput", THROUGHPUT), ("All benches", ALL)])
