#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the figures of docs/benchmarks.md as a table, with js-libp2p beside them, measured in the same run.

    bench/figures.py build/release/weft [--only NAME…] [--no-js]

Each figure is one `weft bench` command (shown in the table) against node processes of its own: the median of several runs. The
js-libp2p figures come from tests/interop/peer.mjs, two processes, the same quantities. Below the latency of durable messages stands
what the disk alone took at that moment. A bench that fails is told in its row and the others still run. Exits 1 when a target is missed or a bench failed.
"""
import argparse
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

import js_mesh

HERE = Path(__file__).resolve().parent
MEBIBYTE = 1 << 20
JS_RUNS = 3
# The longest bench holds sessions for a minute; js-libp2p's slowest step is two transfers of 256 MiB.
COMMAND_SECONDS = 300
START_SECONDS = 60


class Failed(Exception):
    """A bench that gave no figures, with the reason in one line."""


@dataclass
class Figure:
    name: str
    arguments: str
    unit: str
    target: Optional[float]
    value: Callable[[dict], float]
    lower_is_better: bool = True
    js: Optional[Callable[[dict], float]] = None


def milliseconds(key):
    return lambda report: report[key] * 1000


def megabytes(report):
    return report["bytes_per_second"] / 1e6


def operation(name):
    return lambda report: next(o for o in report["operations"] if o["name"] == name)["p50"]


DURABLE_LATENCY = Figure("1,000 durable messages/s", "message --durable --rate 1000", "ms, p99", 5, milliseconds("p99"))
FIGURES = [
    Figure("handshake", "handshake", "ms, p50", 1.5, milliseconds("p50"), js=lambda js: js["handshake"]["p50_ms"]),
    Figure("ping", "ping", "ms, p50", 0.15, milliseconds("p50"), js=lambda js: js["ping"]["p50_ms"]),
    Figure("stream up", "stream", "Gbit/s", 3.4, lambda r: r["p50"] / 1e9, False, lambda js: js["up"]["gbit_per_s"]),
    Figure("stream down", "stream", "Gbit/s", 3.4, lambda r: r["download"]["p50"] / 1e9, False, lambda js: js["down"]["gbit_per_s"]),
    Figure("messages, volatile, 200 B", "message", "1/s", 50_000, lambda r: r["throughput"]["value"], False),
    Figure("messages, durable, 200 B", "message --durable", "1/s", 20_000, lambda r: r["throughput"]["value"], False),
    DURABLE_LATENCY,
    Figure("5 hops", "message --hops 5 --window 1", "ms, p50", 5, milliseconds("p50")),
    Figure("1,000 messages in sequence", "message --window 1 --samples 1000", "s", 1, lambda r: r["samples"] / r["throughput"]["value"]),
    Figure("idle memory", "idle", "MB", 25, lambda r: r["rss_bytes"] / 1e6),
    Figure("idle processor", "idle", "% of a core", 1, lambda r: r["cpu_share"] * 100),
    Figure("ready after", "idle", "ms", 150, lambda r: r["ready_after_seconds"] * 1000),
    Figure("route lookup, 1,000,000 entries, in batches", "routing --count 1000000", "ns, p50", 100, operation("lookup")),
    Figure("route lookup without batches", "routing --count 1000000", "ns, p50", None, operation("lookup_unexpected")),
    Figure("route lookup, each after the last one's result", "routing --count 1000000", "ns, p50", None,
           operation("lookup_chain")),
    Figure("route insert", "routing --count 1000000", "ns, p50", 1000, operation("insert")),
    Figure("choice among 10 routes", "routing --count 1000000", "ns, p50", 500, operation("choose_of_10")),
    Figure("routing table, per entry", "routing --count 1000000", "B", 128, lambda r: r["bytes_per_entry"]["total"]),
    Figure("broadcast, 10 nodes", "broadcast --nodes 10 --topology full", "ms, p50", 2, milliseconds("p50"),
           js=lambda js: js["broadcast"]["p50_ms"]),
    Figure("broadcast, 10 nodes", "broadcast --nodes 10 --topology full", "ms, p99", 10, milliseconds("p99"),
           js=lambda js: js["broadcast"]["p99_ms"]),
    Figure("broadcast, 10 nodes, fanout 10", "broadcast --nodes 10 --fanout 10", "ms, p50", 2, milliseconds("p50")),
    Figure("broadcast, 50 nodes", "broadcast --nodes 50", "ms, p99", 200, milliseconds("p99")),
    Figure("broadcast, 50 nodes, fanout 50", "broadcast --nodes 50 --fanout 50 --topology full", "ms, p99", None, milliseconds("p99")),
    Figure("lookup, 50 nodes", "lookup --nodes 50", "ms, p50", 5, milliseconds("p50")),
    Figure("gossip, 200 B, signed", "throughput --nodes 2", "1/s", 10_000, lambda r: r["throughput"]["value"], False,
           js=lambda js: js["throughput"]["messages_per_s"]),
    Figure("gossip, 60,000 B, signed", "throughput --nodes 2 --bytes 60000", "MB/s", 100, megabytes, False),
    Figure("1,000 sessions lost in 60 s", "sessions --count 1000 --seconds 60", "sessions", 0, lambda r: r["sessions_lost"]),
]


class Weft:
    """Runs each bench command once, however many figures it gives."""

    def __init__(self, binary):
        self.binary, self.outcomes = binary, {}

    def run(self, arguments):
        print(f"weft bench {arguments}", file=sys.stderr)
        try:
            done = subprocess.run([self.binary, "bench", *arguments.split(), "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=COMMAND_SECONDS)
            if done.returncode != 0:
                return Failed(f"exit code {done.returncode}: {done.stderr.strip()}")
            return json.loads(done.stdout.splitlines()[-1])
        except subprocess.TimeoutExpired:
            return Failed(f"not done after {COMMAND_SECONDS} s")
        except (OSError, ValueError, IndexError) as why:
            return Failed(f"no report: {why}")

    def report(self, arguments):
        if arguments not in self.outcomes:
            self.outcomes[arguments] = self.run(arguments)
        outcome = self.outcomes[arguments]
        if isinstance(outcome, Failed):
            raise outcome
        return outcome

    def environment(self):
        return next((o["environment"] for o in self.outcomes.values() if not isinstance(o, Failed)), None)


def first_line(process):
    """The first line that a process prints, or none after a while."""
    return process.stdout.readline() if select.select([process.stdout], [], [], START_SECONDS)[0] else ""


def js_sessions(folder):
    """js-libp2p against js-libp2p: the median of several runs of each step."""
    command = [f"{folder}/node", f"{folder}/peer.mjs"]
    steps = ["ping:2000", f"up:{256 * MEBIBYTE}", f"down:{256 * MEBIBYTE}", "handshake:200"]
    runs = {}
    for _ in range(JS_RUNS):
        listener = subprocess.Popen([*command, "listen"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        try:
            address = json.loads(first_line(listener))["address"]
            done = subprocess.run([*command, "dial", address, *steps], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True,
                                  timeout=COMMAND_SECONDS)
        finally:
            listener.kill()
            listener.wait()
        for event in map(json.loads, done.stdout.splitlines()):
            if event["event"] == "step":
                runs.setdefault(event["step"].split(":")[0], []).append(event)
    key = {"ping": "p50_ms", "handshake": "p50_ms", "up": "gbit_per_s", "down": "gbit_per_s"}
    return {name: sorted(found, key=lambda e: e[key[name]])[len(found) // 2] for name, found in runs.items()}


class JsFigures:
    """Figures of js-libp2p by name, measured when first asked for. Without js-libp2p (no network to install it from, say) Weft's own
    figures are still worth having: then there are none, and `trouble` says why."""

    SOURCES = {"ping": js_sessions, "handshake": js_sessions, "up": js_sessions, "down": js_sessions,
               "broadcast": lambda folder: {"broadcast": js_mesh.broadcast(folder)},
               "throughput": lambda folder: {"throughput": js_mesh.throughput(folder)}}

    def __init__(self):
        self.found, self.trouble, self.folder = {}, None, None

    def __getitem__(self, name):
        if name not in self.found and not self.trouble:
            print(f"js-libp2p: {name}", file=sys.stderr)
            try:
                if self.folder is None:
                    install = HERE.parent / "tests/interop/install.sh"
                    self.folder = subprocess.run([install], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
                self.found.update(self.SOURCES[name](self.folder))
            except (OSError, ValueError, subprocess.SubprocessError) as why:
                self.trouble = f"js-libp2p gave no figures: {why}"
        return self.found[name]


def disk_syncs():
    """Milliseconds that each of 1,000 writes of 4 KiB took to be on the disk where benches keep their nodes, sorted. A durable message
    waits for two of them: its sender's and its receiver's."""
    took = []
    with tempfile.NamedTemporaryFile(prefix="weft-disk-") as file:
        for _ in range(1000):
            began = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return sorted(took)


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--only", nargs="*", default=[], help="first words of the bench commands to run")
    parser.add_argument("--no-js", action="store_true")
    options = parser.parse_args()
    weft = Weft(options.binary)
    chosen = [f for f in FIGURES if not options.only or f.arguments.split()[0] in options.only]
    js = None if options.no_js else JsFigures()
    failures = []
    missed = []
    print("| figure | Weft | target | js-libp2p | ratio | command |")
    print("|---|---|---|---|---|---|")
    for f in chosen:
        try:
            value = f.value(weft.report(f.arguments))
        except (Failed, KeyError, StopIteration) as why:
            reason = str(why) if isinstance(why, Failed) else f"the report lacks this figure: {why!r}"
            failures.append(f"weft bench {f.arguments}: {reason}")
            print(f"| {f.name} ({f.unit}) | failed | | | | `weft bench {f.arguments}` |", flush=True)
            continue
        holds = f.target is None or (value <= f.target if f.lower_is_better else value >= f.target)
        target = "" if f.target is None else f"{'≤' if f.lower_is_better else '≥'} {number(f.target)}"
        if not holds:
            missed.append(f.name)
        other, ratio = "", ""
        if f.js and js:
            try:
                theirs = f.js(js)
                other = number(theirs)
                ratio = f"{(theirs / value if f.lower_is_better else value / theirs):.1f}×"
            except KeyError:
                failures.append(js.trouble)
        print(f"| {f.name} ({f.unit}) | {number(value)}{'' if holds else ' (missed)'} | {target} "
              f"| {other} | {ratio} | `weft bench {f.arguments}` |", flush=True)
        if f is DURABLE_LATENCY:
            disk = disk_syncs()
            print(f"| 4 KiB written and synced, without Weft (ms, p50; p99) | {number(disk[500])}; {number(disk[990])} | | | | |", flush=True)
    environment = weft.environment()
    if environment:
        print(f"\n{environment['cpu']}, {environment['cores']} cores, {environment['kernel']}, Weft {environment['version']}")
    for failure in dict.fromkeys(failures):
        print(failure, file=sys.stderr)
    return 1 if missed or failures else 0


if __name__ == "__main__":
    sys.exit(main())
