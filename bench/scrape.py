#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a scrape costs a node with many sessions: its time, and what it does to the messages that pass meanwhile.

    bench/scrape.py build/release/weft [--sessions 1000] [--pairs 5]

Two nodes, and many far ends with a session to the second. Scrapes are timed one after another; then runs of messages from the first
to the second, with a scrape each second and without, take turns, so that a machine that slows down does so for both. Prints JSON.
"""
import argparse
import contextlib
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

FAR_ENDS_PER_PROCESS = 250
SCRAPES = 300
MESSAGE_RATE = 500
MESSAGES = 2500
START_SECONDS = 120


def scrape(address):
    """Seconds and text."""
    host, port = address.split(":")
    begin = time.perf_counter()
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request("GET", "/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    text = connection.getresponse().read().decode()
    connection.close()
    return time.perf_counter() - begin, text


def value(text, name):
    return next(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(f"{name} "))


def quantile(samples, q):
    return sorted(samples)[min(len(samples) - 1, int(q * len(samples)))]


@contextlib.contextmanager
def started(*command, **options):
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for_sessions(address, count):
    deadline = time.monotonic() + START_SECONDS
    while (up := value(scrape(address)[1], "weft_connected_peers")) < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"scrape: only {up:.0f} of {count} sessions came up")
        time.sleep(0.2)


def message_p99(binary, directory, to):
    done = subprocess.run([binary, "bench", "message", "--dir", directory, "--to", to, "--rate", str(MESSAGE_RATE), "--samples", str(MESSAGES),
                           "--repetitions", "1", "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise SystemExit(f"scrape: weft bench message: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1])["p99"]


class Scraper:
    """Scrapes once a second until the block ends."""

    def __init__(self, address):
        self.address, self.over = address, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.over.wait(1):
            scrape(self.address)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def measure(options, folder, stack):
    mesh = stack.enter_context(started(options.binary, "mesh", "up", "2", "--topology", "line", "--json", "--keep", folder / "mesh",
                                       stdout=subprocess.PIPE, text=True))
    nodes = []
    while len(nodes) < 2 or not all(node["ready"] and node["sessions"] for node in nodes):
        nodes = json.loads(mesh.stdout.readline())["nodes"]
    # The mesh goes on writing a line each second.
    threading.Thread(target=mesh.stdout.read, daemon=True).start()
    near, busy = nodes
    for made in range(0, options.sessions, FAR_ENDS_PER_PROCESS):
        stack.enter_context(started(options.binary, "bench-far", busy["address"], min(FAR_ENDS_PER_PROCESS, options.sessions - made),
                                    stdout=subprocess.DEVNULL))
    wait_for_sessions(busy["http"], options.sessions)
    samples = [scrape(busy["http"]) for _ in range(SCRAPES)]
    took = [seconds for seconds, _ in samples]
    inside = [value(text, "weft_scrape_duration_seconds") for _, text in samples]
    quiet, scraped = [], []
    for _ in range(options.pairs):
        quiet.append(message_p99(options.binary, near["directory"], busy["address"]))
        with Scraper(busy["http"]):
            scraped.append(message_p99(options.binary, near["directory"], busy["address"]))
    return {"name": "scrape", "parameters": {"sessions": options.sessions, "pairs": options.pairs, "message_rate": MESSAGE_RATE},
            "series": sum(1 for line in samples[-1][1].splitlines() if not line.startswith("#")), "bytes": len(samples[-1][1]),
            "scrape_seconds": {"p50": quantile(took, 0.5), "p99": quantile(took, 0.99), "max": max(took)},
            "inside_seconds": {"p50": quantile(inside, 0.5), "p99": quantile(inside, 0.99)},
            "message_p99_seconds": {"quiet": quiet, "scraped": scraped},
            "message_p99_ratio": statistics.median(scraped) / statistics.median(quiet)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="weft-scrape-") as folder, contextlib.ExitStack() as stack:
        figures = measure(options, Path(folder), stack)
    json.dump(figures, sys.stdout)
    print()


if __name__ == "__main__":
    main()
