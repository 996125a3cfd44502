# SPDX-License-Identifier: MIT
"""Ten times the load a node is configured for: its memory stays below the sum of its limits, what is too much is dropped
and counted by reason, and afterwards all is as before."""
import os
import signal
import threading
import time

import weft
from weft import WeftTest, quote, urlencode, wait_until

MIB = 1 << 20
SECONDS = 60
TEN_TIMES = 10

# What the node is configured for. There is no limit of the memory as a whole: the sum of these is one.
CONFIGURED = {
    "gossip.topics": "load",
    "gossip.cache_bytes": MIB,
    "dht.records": 500,
    "dht.record_bytes": MIB,
    "dht.providers": 500,
    "limits.peer_queue_bytes": MIB,
    "limits.stream_window": 256 << 10,
    "limits.session_window": MIB,
    "messages.volatile_bytes": MIB,
    "storage.inbox_messages": 64,
    "storage.inbox_bytes": MIB,
}
SESSIONS = 4
# Limits that have no key and that this load reaches: see transport::io::credit_marks, actors::inbox_limits,
# gossip::gossip_config, dht::dht_config.
CREDIT_PER_CONCERN, CONCERNS = 8 * MIB, 3
VOLATILE_BYTES = 8 * MIB
SEEN_BYTES = 16 * MIB
PROVIDER_BYTES = 512 + 8 * 64  # a key and eight addresses at their usual length


def memory_limit():
    """Bytes the limits above add up to."""
    c = CONFIGURED
    per_session = c["limits.peer_queue_bytes"] + c["limits.session_window"] + c["limits.stream_window"]
    return (c["gossip.cache_bytes"] + c["dht.record_bytes"] + c["dht.providers"] * PROVIDER_BYTES + c["storage.inbox_bytes"]
            + SESSIONS * per_session + CONCERNS * CREDIT_PER_CONCERN + VOLATILE_BYTES + SEEN_BYTES)


class Load:
    """Threads that ask one node for as much as it takes, until the time is over and ten times the limit was offered."""

    def __init__(self, until):
        self.until = until
        self.lock = threading.Lock()
        self.offered = {}
        self.refused = {}
        self.threads = []

    def add(self, what, most, once):
        """Calls `once(n)` again and again. `most` is the number to be offered, over all threads with this `what`."""
        self.offered.setdefault(what, 0)

        def run():
            number = 0
            while time.monotonic() < self.until or (self.offered[what] < most and time.monotonic() < self.until + 100):
                number += 1
                try:
                    once(number)
                except weft.ApiError as refused:
                    with self.lock:
                        key = (what, refused.code)
                        self.refused[key] = self.refused.get(key, 0) + 1
                except OSError:
                    time.sleep(0.05)  # the admin socket's own queue is full
                    continue
                with self.lock:
                    self.offered[what] += 1

        self.threads.append(threading.Thread(target=run))

    def run(self, meanwhile):
        for thread in self.threads:
            thread.start()
        while any(thread.is_alive() for thread in self.threads):
            meanwhile()
        for thread in self.threads:
            thread.join()


class Overload(WeftTest):
    def rss(self, node):
        # A sanitizer's own memory says nothing.
        return 0 if weft.SANITIZED else node.status()["process"]["rss_bytes"]

    def counted(self, node, name, **labels):
        return node.metric(name, **labels) or 0

    def start_nodes(self):
        """The node, three that load it, and one behind it that will not read."""
        node = self.new_node("node", **{key.replace(".", "__"): value for key, value in CONFIGURED.items()}).start()
        loaders = [self.new_node(f"loader{i}", network__bootstrap=node.address(), gossip__topics="load", dht__dial="true").start() for i in range(3)]
        idler = self.new_node("idler", network__bootstrap=node.address(), gossip__topics="load", dht__server="false",
                              limits__stream_window=64 << 10, limits__session_window=128 << 10).start()
        wait_until(lambda: self.counted(node, "weft_dht_table_entries") >= 3, 60, "the loaders are in the table")
        wait_until(lambda: self.counted(node, "weft_gossip_peers") >= 4, 60, "all speak gossip")
        return node, loaders, idler

    def load_all(self, node, loaders):
        """Every kind of load, from every loader."""
        load = Load(time.monotonic() + SECONDS)
        for i, loader in enumerate(loaders):
            body = os.urandom(16 << 10)

            def value(n, loader=loader):
                loader.api("POST", f"/v1/dht/put?name=v{n}", b"v" * 2048, 60)

            def provision(n, loader=loader, i=i):
                loader.api("POST", f"/v1/dht/provide?key={quote(f'/load/{i}/{n}')}", b"", 60)

            def topic(n, loader=loader, body=body):
                loader.api("POST", "/v1/publish?topic=load", n.to_bytes(8, "big") + body, 60)
                time.sleep(0.02)

            def message(n, loader=loader, i=i):
                query = urlencode({"to": node.peer, "timeout": 0.05})
                for _ in loader.lines("POST", f"/v1/send?{query}", f"{i}.{n}".encode()):
                    pass

            def volatile(n, loader=loader, body=body):
                query = urlencode({"to": node.peer, "timeout": 1, "volatile": 1})
                for _ in loader.lines("POST", f"/v1/send?{query}", body):
                    pass

            load.add("value", TEN_TIMES * CONFIGURED["dht.records"], value)
            load.add("provision", TEN_TIMES * CONFIGURED["dht.providers"], provision)
            load.add("topic", TEN_TIMES * CONFIGURED["gossip.cache_bytes"] // len(body), topic)
            load.add("message", TEN_TIMES * CONFIGURED["storage.inbox_messages"], message)
            load.add("volatile", 0, volatile)
        return load

    def test_ten_times_the_load(self):
        node, loaders, idler = self.start_nodes()
        ping = self.ping(loaders[0], node)
        before = peak = self.rss(node)
        bound = before + memory_limit()
        load = self.load_all(node, loaders)
        frozen_at = time.monotonic()
        idler.process.send_signal(signal.SIGSTOP)
        self.addCleanup(idler.process.send_signal, signal.SIGKILL)
        frozen = True

        def watch():
            nonlocal peak, frozen
            time.sleep(0.25)
            peak = max(peak, self.rss(node))
            self.expect_limits(node)
            if frozen and time.monotonic() > frozen_at + 20:
                idler.process.send_signal(signal.SIGCONT)
                frozen = False

        load.run(watch)
        print(f"\noffered {load.offered}, refused to the callers {load.refused}")
        print(f"resident {before / MIB:.1f} MiB before, {peak / MIB:.1f} at most, limit {bound / MIB:.1f}")
        for what, most in [("value", 5000), ("provision", 5000), ("topic", 640), ("message", 640)]:
            self.assertGreaterEqual(load.offered[what], most, what)
        self.assertLess(peak, bound)
        self.expect_reasons(node)
        self.recovers(node, loaders, load)
        after = self.rss(node)
        print(f"ping {ping * 1e3:.2f} ms before, {self.ping(loaders[0], node) * 1e3:.2f} after; resident {after / MIB:.1f} MiB after")
        self.assertLess(after, bound)
        self.assertEqual(node.stop(), 0)

    def ping(self, one, other):
        """Median round trip of ten pings in seconds."""
        for answer in one.lines("POST", f"/v1/ping?to={other.peer}&count=10&interval=0.05&timeout=5"):
            if "summary" in answer:
                self.assertEqual(answer["summary"]["received"], 10)
                return answer["summary"]["rtt_seconds"]["p50"]
        raise AssertionError("no summary")

    def expect_limits(self, node):
        """What is held is within the limits at any time."""
        for name, most in [("weft_gossip_cache_bytes", CONFIGURED["gossip.cache_bytes"]), ("weft_dht_providers", CONFIGURED["dht.providers"]),
                           ("weft_dht_records", CONFIGURED["dht.records"]), ("weft_dht_record_bytes", CONFIGURED["dht.record_bytes"]),
                           ("weft_store_inbox_rows", CONFIGURED["storage.inbox_messages"]), ("weft_gossip_seen_bytes", SEEN_BYTES),
                           ("weft_store_inbox_bytes", CONFIGURED["storage.inbox_bytes"])]:
            self.assertLessEqual(self.counted(node, name), most, name)

    def expect_reasons(self, node):
        """What was too much was counted, each kind under its reason."""
        reasons = [("weft_dht_rejected_total", {"reason": "records_full"}),
                   ("weft_dht_rejected_total", {"reason": "providers_full"}),
                   ("weft_gossip_cache_evictions_total", {}), ("weft_store_refused_total", {}),
                   ("weft_frames_dropped_total", {})]
        counts = {name + "".join(f" {value}" for value in labels.values()): int(self.counted(node, name, **labels)) for name, labels in reasons}
        print(counts)
        for what, count in counts.items():
            self.assertGreater(count, 0, what)

    def recovers(self, node, loaders, load):
        """Everything durable arrives once it is read, and every queue runs empty."""
        received = []

        def all_read():
            received.extend(m["text"] for m in node.receive() if m["durable"])
            return all(loader.status()["outbox"]["messages"] == 0 for loader in loaders)

        wait_until(all_read, 240, "the senders' outboxes run empty")
        received.extend(m["text"] for m in node.receive() if m["durable"])
        self.assertEqual(len(received), len(set(received)), "shown twice")
        self.assertGreater(len(received), TEN_TIMES * CONFIGURED["storage.inbox_messages"] // 2)
        for name in ["weft_send_queue_bytes", "weft_dht_operations_open", "weft_dht_queries_open", "weft_messaging_storing", "weft_gossip_wanted",
                     "weft_gossip_cache_bytes", "weft_actor_mailbox_depth", "weft_messaging_reassembly_bytes"]:
            wait_until(lambda: self.counted(node, name) == 0, 60, f"{name} is 0 again")
        friend = self.new_node("friend", network__bootstrap=node.address()).start()
        wait_until(lambda: friend.has_session(node.peer), 30, "a new node is served")
        friend.send(node.peer, b"is it quiet again?")
        self.assertIn("is it quiet again?", [m["text"] for m in node.receive()])


if __name__ == "__main__":
    weft.main()
