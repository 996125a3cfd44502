# SPDX-License-Identifier: MIT
"""Gossip between js-libp2p nodes, one process each, fully connected: what `weft bench broadcast` and `throughput` measure of Weft."""
import json
import select
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOPIC = "bench"
ANSWER_SECONDS = 120
RUNS = 3


class Peer:
    def __init__(self, folder):
        self.process = subprocess.Popen([f"{folder}/node", f"{folder}/mesh_peer.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.line()["address"]

    def line(self):
        if not select.select([self.process.stdout], [], [], ANSWER_SECONDS)[0]:
            raise OSError("a js-libp2p node did not answer")
        return json.loads(self.process.stdout.readline())

    def ask(self, **command):
        self.process.stdin.write(json.dumps({"id": 1, **command}) + "\n")
        self.process.stdin.flush()
        answer = self.line()
        if "error" in answer:
            raise OSError(f"js-libp2p: {answer['error']}")
        return answer

    def stop(self):
        self.process.kill()
        self.process.wait()


class Mesh:
    def __init__(self, folder, nodes):
        self.peers = []
        try:
            for _ in range(nodes):
                self.peers.append(Peer(folder))
            for at, peer in enumerate(self.peers):
                for other in self.peers[:at]:
                    peer.ask(do="connect", to=other.address)
            for peer in self.peers:
                peer.ask(do="subscribe", topic=TOPIC)
            self.wait(lambda: all(len(p.ask(do="mesh", topic=TOPIC)["subscribers"]) == nodes - 1 and p.ask(do="mesh", topic=TOPIC)["peers"]
                                  for p in self.peers), "its meshes to form")
        except BaseException:
            self.stop()
            raise

    @staticmethod
    def wait(ready, what):
        end = time.monotonic() + ANSWER_SECONDS
        while not ready():
            if time.monotonic() > end:
                raise OSError(f"js-libp2p: waited too long for {what}")
            time.sleep(0.1)

    def publish(self, count, size, interval_ms):
        """Messages of the first node; returns once all others have all of them."""
        for peer in self.peers:
            peer.ask(do="subscribe", topic=TOPIC)  # forgets what was received
        self.peers[0].ask(do="publish", topic=TOPIC, count=count, bytes=size, interval_ms=interval_ms)
        self.wait(lambda: all(sum(p.ask(do="received", topic=TOPIC)["by_origin"].values()) >= count for p in self.peers[1:]), "its messages")

    def stop(self):
        for peer in self.peers:
            peer.stop()


def median(values):
    return sorted(values)[len(values) // 2]


def broadcast(folder, nodes=10, count=200, size=1024, interval_ms=20):
    """Milliseconds from publication to delivery, p50 and p99: medians of several runs."""
    mesh = Mesh(folder, nodes)
    try:
        p50, p99 = [], []
        for _ in range(RUNS + 1):
            mesh.publish(count, size, interval_ms)
            times = sorted(t for p in mesh.peers[1:] for t in p.ask(do="latencies", topic=TOPIC)["milliseconds"])
            p50.append(times[len(times) // 2])
            p99.append(times[len(times) * 99 // 100])
        # The first run warms the interpreter's compiler up.
        return {"p50_ms": median(p50[1:]), "p99_ms": median(p99[1:])}
    finally:
        mesh.stop()


def throughput(folder, count=5000, size=200):
    """Messages per second at the receiver of two nodes: the median of several runs."""
    mesh = Mesh(folder, 2)
    try:
        rates = []
        for _ in range(RUNS + 1):
            mesh.publish(count, size, 0)
            rates.append(count / mesh.peers[1].ask(do="received", topic=TOPIC)["span_ms"] * 1000)
        return {"messages_per_s": median(rates[1:])}
    finally:
        mesh.stop()
