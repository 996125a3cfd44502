# SPDX-License-Identifier: MIT
"""Weft and js-libp2p, each dialling the other over QUIC. js-libp2p's transport is a quinn and rustls program: nothing of
it was written here."""
import json
import os
import socket
import subprocess
from pathlib import Path

import weft
from weft import WeftTest, wait_until

PROBE = os.environ["WEFT_PROBE"]
MEBIBYTE = 1 << 20


class Peer:
    """A js-libp2p node that listens, with its events."""

    def __init__(self, test, folder, port=0, seed="a peer of another make"):
        self.test, self.folder, self.port, self.seed = test, folder, port, seed
        self.log = test.root / "js.log"
        test.addCleanup(self.kill)
        self.start()

    def start(self):
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen([f"{self.folder}/node", f"{self.folder}/peer.mjs", "listen", str(self.port), self.seed],
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, preexec_fn=weft.die_with_parent)
        [first] = wait_until(lambda: self.events("listening"), 30, f"the js peer listens:\n{self.log.read_text()}")
        self.peer, self.address = first["peer"], first["address"]

    def events(self, name):
        lines = self.log.read_text().splitlines()
        return [e for e in (json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")) if e["event"] == name]

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Interop(WeftTest):
    @classmethod
    def setUpClass(cls):
        installer = Path(__file__).parent / "install.sh"
        cls.folder = subprocess.run([installer], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

    def steps(self, command, *steps, timeout=280):
        """Runs steps from a dialling program; returns their results by name."""
        done = subprocess.run([*command, *steps], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
                              preexec_fn=weft.die_with_parent)
        print(done.stdout, done.stderr, flush=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        return {e["step"]: e for e in events if e["event"] == "step"}, events

    def js_steps(self, address, *steps):
        return self.steps([f"{self.folder}/node", f"{self.folder}/peer.mjs", "dial", address], *steps)

    def test_js_dials_weft(self):
        node = self.new_node().start()
        results, events = self.js_steps(node.address(), "identify", "ping:1000", f"up:{256 * MEBIBYTE}", f"down:{256 * MEBIBYTE}", "pings:1000")
        self.assertEqual(events[0]["peer"], node.peer)
        told = results["identify"]
        self.assertRegex(told["agent"], "^weft/")
        for protocol in ("/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0", "/perf/1.0.0"):
            self.assertIn(protocol, told["protocols"])
        self.assertEqual(results["ping:1000"]["samples"], 1000)
        self.assertGreaterEqual(node.metric("weft_identify_total", outcome="received"), 1)
        self.assertGreaterEqual(node.metric("weft_perf_bytes_total", direction="inbound"), 256 * MEBIBYTE)
        wait_until(lambda: node.status()["sessions"] == 0, 15, "the session ends with its peer")

    def test_js_opens_10000_streams(self):
        node = self.new_node().start()
        results, _ = self.js_steps(node.address(), "streams:10000")
        self.assertEqual(results["streams:10000"]["samples"], 10000)
        self.assertGreaterEqual(node.metric("weft_streams_opened_total", direction="inbound"), 10000)
        self.assertEqual(node.metric("weft_connections_opened_total", direction="inbound"), 1)
        self.assertLess(node.status()["process"]["rss_bytes"], 64 * MEBIBYTE)

    def test_weft_dials_js(self):
        js = Peer(self, self.folder)
        node = self.new_node().start()
        self.assertEqual(node.cli_json("connect", js.address)[0]["peer"], js.peer)
        agent = wait_until(lambda: [s["agent"] for s in node.sessions() if s["agent"]], 10, "identify was answered")
        self.assertIn("js-libp2p", agent[0])
        [told] = wait_until(lambda: js.events("identify"), 10, "js-libp2p identified Weft")
        self.assertEqual(told["peer"], node.peer)
        self.assertRegex(told["agent"], "^weft/")
        self.assertEqual(told["observed"].split("/udp/")[0], "/ip4/127.0.0.1")
        done = node.cli("ping", js.peer, "-c", "1000", "--interval", "0", "--json", check=True)
        summary = json.loads(done.stdout.splitlines()[-1])["summary"]
        self.assertEqual((summary["sent"], summary["received"]), (1000, 1000))
        for way in ("upload_bytes", "download_bytes"):
            request = {"kind": "stream", "to": js.address, "samples": 1, way: 256 * MEBIBYTE, "limit_seconds": 120}
            result = node.api("POST", "/v1/bench", json.dumps(request), timeout=150)
            self.assertEqual(result["failures"], 0, result)
        self.assertGreaterEqual(node.metric("weft_perf_bytes_total", direction="outbound"), 256 * MEBIBYTE)
        self.assertEqual(node.cli("disconnect", js.peer).returncode, 0)
        wait_until(lambda: js.events("close"), 15, "js-libp2p sees the end")

    def test_weft_opens_10000_streams(self):
        js = Peer(self, self.folder)
        results, _ = self.steps([PROBE, "dial", js.address], "identify", "ping:1000", "echo:10000")
        self.assertIn("js-libp2p", results["identify"]["agent"])
        self.assertEqual(results["echo:10000"]["samples"], 10000)
        self.assertEqual(len([e for e in js.events("open") if e["direction"] == "inbound"]), 1)

    def test_weft_reconnects_to_killed_js(self):
        js = Peer(self, self.folder, port=free_udp_port())
        node = self.new_node(network__bootstrap=js.address, limits__idle_timeout=3, limits__keep_alive=1).start()
        wait_until(lambda: node.has_session(js.peer), 10, "the session is up")
        for _ in range(2):
            js.kill()
            wait_until(lambda: not node.has_session(js.peer), 15, "the loss is noticed")
            js.start()
            wait_until(lambda: node.has_session(js.peer), 60, "the session is back")
        self.assertEqual(node.cli("ping", js.peer, "-c", "5", "--interval", "0").returncode, 0)

    def test_js_reconnects_to_killed_weft(self):
        node = self.new_node(network__listen=f"/ip4/127.0.0.1/udp/{free_udp_port()}/quic-v1").start()
        dialer = subprocess.Popen([f"{self.folder}/node", f"{self.folder}/peer.mjs", "dial", node.address(), "ping:10", "redial:60", "identify", "ping:10"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, preexec_fn=weft.die_with_parent)
        self.addCleanup(dialer.wait)
        self.addCleanup(dialer.kill)
        for line in dialer.stdout:
            if json.loads(line) == {"event": "start", "step": "redial:60"}:
                break
        node.kill()
        node.start()
        rest = dialer.stdout.read()
        self.assertEqual(dialer.wait(), 0, rest)
        self.assertIn('"step":"ping:10","samples":10', rest)
        dialer.stdout.close()


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


if __name__ == "__main__":
    weft.main()
