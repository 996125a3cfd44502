# SPDX-License-Identifier: MIT
"""Caps of bandwidth and memory under many times as much as they allow: never above them, everybody still served, and all as
before once the load or the cap is gone. The figures are printed; WEFT_CAPS_SECONDS makes the load last longer."""
import contextlib
import json
import os
import signal
import threading
import time

import weft
from weft import WeftTest, urlencode, wait_until

MIB = 1 << 20
SECONDS = float(os.environ.get("WEFT_CAPS_SECONDS", "8"))
# What may be on its way when a second of the cap ends, beside the cap itself.
BURST_BYTES = 300_000
FEEDERS = 4


class Caps(WeftTest):
    def bytes_moved(self, node, direction):
        return node.metric("weft_transport_bytes_total", direction=direction)

    def stream(self, feeder, node, up, down):
        """One transfer over a session of its own; ends with it or with the process."""
        request = {"kind": "stream", "to": node.address(), "samples": 1, "upload_bytes": up, "download_bytes": down, "limit_seconds": 600}

        def run():
            try:
                feeder.api("POST", "/v1/bench", json.dumps(request), 600)
            except (OSError, weft.ApiError, json.JSONDecodeError):
                pass  # killed at the end of the test

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def rate_over(self, node, direction, seconds):
        """Bytes per second in a direction, never above the cap in any second of it."""
        began, first = time.monotonic(), self.bytes_moved(node, direction)
        time.sleep(seconds)
        moved = self.bytes_moved(node, direction) - first
        return moved, time.monotonic() - began

    def expect_held(self, node, direction, key, cap):
        moved, span = self.rate_over(node, direction, SECONDS)
        print(f"\n{direction}: {moved / span / cap * 100:.1f} % of the cap of {cap} bytes/s over {span:.0f} s")
        self.assertLessEqual(moved, cap * span * 1.02 + BURST_BYTES)
        self.assertGreater(moved, cap * span / 2, "the cap is there to be used")
        limits = {entry["key"]: entry for entry in node.cli_json("status", "limits")[0]["limits"] if entry["key"]}
        self.assertEqual(limits[key]["limit"], cap)
        self.assertGreater(limits[key]["refused"], 0)
        self.assertGreater(limits[key]["used"], 0)

    def expect_served(self, node, feeder):
        """A ping and a message pass while others take all they can get."""
        summary = [line for line in feeder.lines("POST", f"/v1/ping?to={node.peer}&count=5&interval=0.1&timeout=10") if "summary" in line]
        self.assertEqual(summary[0]["summary"]["received"], 5)
        print(f"ping under load: {summary[0]['summary']['rtt_seconds']['p50'] * 1e3:.1f} ms")
        feeder.send(node.peer, b"under load", timeout=60)

    def start_feeders(self, node):
        feeders = [self.new_node(f"feeder{i}", network__bootstrap=node.address()).start() for i in range(FEEDERS)]
        wait_until(lambda: all(node.has_session(f.peer) for f in feeders), 30, "all have a session")
        return feeders

    def held_while(self, up, down, direction, key):
        cap = 2_000_000
        node = self.new_node("node", **{key.replace(".", "__"): cap}).start()
        feeders = self.start_feeders(node)
        for feeder in feeders[1:]:
            self.stream(feeder, node, up, down)
        wait_until(lambda: (node.metric("weft_bandwidth_waits_total", direction=direction) or 0) > 10, 30, "the cap is reached")
        self.expect_held(node, direction, key, cap)
        self.expect_served(node, feeders[0])
        for feeder in feeders[1:]:
            feeder.kill()
        feeders[0].send(node.peer, b"after the load", timeout=5)

    def test_upload_cap_holds(self):
        self.held_while(1, 64 << 30, "outbound", "limits.upload_bytes_per_second")

    def test_download_cap_holds(self):
        self.held_while(64 << 30, 1, "inbound", "limits.download_bytes_per_second")

    def test_caps_can_be_reloaded(self):  # representative
        node = self.new_node("node").start()
        feeder = self.new_node("feeder").start()
        thread = self.stream(feeder, node, 64 << 30, 1)
        wait_until(lambda: self.bytes_moved(node, "inbound") > 20_000_000, 30, "it flows freely")
        config = node.directory / "config.toml"
        text = config.read_text()
        capped = text.replace("\ndownload_bytes_per_second = 0\n", "\ndownload_bytes_per_second = 1000000\n")
        self.assertNotEqual(capped, text)
        config.write_text(capped)
        self.assertIn("limits.download_bytes_per_second", node.cli_json("reload")[0]["applied"])
        moved, span = self.rate_over(node, "inbound", 3)
        self.assertLessEqual(moved, 1_000_000 * span * 1.02 + BURST_BYTES + 8 * MIB, "what was on its way is let in")
        moved, span = self.rate_over(node, "inbound", 3)
        self.assertLessEqual(moved, 1_000_000 * span * 1.02 + BURST_BYTES)
        config.write_text(text)
        self.assertIn("limits.download_bytes_per_second", node.cli_json("reload")[0]["applied"])
        before = self.bytes_moved(node, "inbound")
        wait_until(lambda: self.bytes_moved(node, "inbound") > before + 20_000_000, 60, "it flows freely again")
        self.assertTrue(thread.is_alive())

    def test_memory_cap_holds(self):
        if weft.SANITIZED:
            self.skipTest("a sanitizer's own memory would be measured")
        cap = 80 * MIB
        node = self.new_node("node", limits__memory_bytes=cap, gossip__topics="load").start()
        loaders = [self.new_node(f"loader{i}", network__bootstrap=node.address(), gossip__topics="load").start() for i in range(3)]
        idler = self.new_node("idler", network__bootstrap=node.address(), gossip__topics="load").start()
        wait_until(lambda: (node.metric("weft_gossip_peers") or 0) >= 4, 60, "all speak gossip")
        before = node.status()["process"]["rss_bytes"]
        until = time.monotonic() + SECONDS
        offered = [0]

        def load(loader):
            body = os.urandom(256 << 10)
            query = urlencode({"to": node.peer, "timeout": 1, "volatile": 1})
            while time.monotonic() < until:
                with contextlib.suppress(weft.ApiError):  # its own queue is full
                    loader.api("POST", "/v1/publish?topic=load", os.urandom(16) + body, 60)
                offered[0] += len(body)
                with contextlib.suppress(weft.ApiError):  # not acknowledged in its second
                    for _ in loader.lines("POST", f"/v1/send?{query}", body):
                        pass
                offered[0] += len(body)

        idler.process.send_signal(signal.SIGSTOP)  # reads nothing, so that the node's queue for it fills
        self.addCleanup(idler.process.send_signal, signal.SIGKILL)
        threads = [threading.Thread(target=load, args=(loader,)) for loader in loaders for _ in range(2)]
        for thread in threads:
            thread.start()
        peak = before
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.1)
            peak = max(peak, node.status()["process"]["rss_bytes"])
        print(f"\nresident {before / MIB:.1f} MiB before, {peak / MIB:.1f} at most of a cap of {cap / MIB:.0f}; {offered[0] / MIB:.0f} MiB offered")
        self.assertLessEqual(peak, cap)
        self.assertGreater(offered[0], 10 * cap / 8, "hardly any load")
        idler.kill()
        began = time.monotonic()
        friend = self.new_node("friend", network__bootstrap=node.address()).start()
        wait_until(lambda: friend.has_session(node.peer), 10, "a new node is served")
        friend.send(node.peer, b"after the load")
        self.assertEqual(node.metric("weft_memory_pressure"), 0)
        print(f"a new node was served after {time.monotonic() - began:.1f} s; resident {node.status()['process']['rss_bytes'] / MIB:.1f} MiB")


if __name__ == "__main__":
    weft.main()
