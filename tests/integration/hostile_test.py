# SPDX-License-Identifier: MIT
"""What strangers send to the node's port: it is counted, costs little, and disturbs nobody."""
import os
import random
import socket
import threading

import weft
from weft import WeftTest, wait_until


class Relay:
    """A UDP relay between one client and the node that remembers what the client sent. A mute one brings nothing back."""

    def __init__(self, test, port, mute=False):
        self.outside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.inside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.outside.bind(("127.0.0.1", 0))
        self.inside.connect(("127.0.0.1", port))
        self.port = self.outside.getsockname()[1]
        self.mute = mute
        self.client = None
        self.seen = []
        self.open = True
        for sock in (self.outside, self.inside):
            sock.settimeout(0.2)
        self.threads = [threading.Thread(target=self.inward), threading.Thread(target=self.outward)]
        for thread in self.threads:
            thread.start()
        test.addCleanup(self.close)

    def inward(self):
        while self.open:
            try:
                data, self.client = self.outside.recvfrom(65535)
                self.seen.append(data)
                self.inside.send(data)
            except OSError:
                pass

    def outward(self):
        while self.open:
            try:
                data = self.inside.recv(65535)
                if self.client and not self.mute:
                    self.outside.sendto(data, self.client)
            except OSError:
                pass

    def close(self):
        self.open = False
        for thread in self.threads:
            thread.join()
        self.outside.close()
        self.inside.close()


class Hostile(WeftTest):
    def still_serves(self, node):
        friend = self.new_node(f"friend{len(self.nodes)}").start()
        friend.connect(node.address())
        friend.send(node.peer, b"still there?")
        self.assertEqual(friend.stop(), 0)

    def dropped(self, node):
        return node.metric("weft_transport_packets_dropped_total") or 0

    def test_random_datagrams(self):
        node = self.new_node().start()
        rng = random.Random(1)
        before = node.status()["process"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for size in [0, 1, 2, 20, 1199, 1200, 1350, 9000] * 250:
                sender.sendto(rng.randbytes(size), ("127.0.0.1", node.udp_port()))
        wait_until(lambda: self.dropped(node) >= 500, 10, "the datagrams are counted by reason")
        self.still_serves(node)
        if not weft.SANITIZED:  # a sanitizer keeps what was freed for a while
            after = node.status()["process"]
            self.assertLess(after["rss_bytes"] - before["rss_bytes"], 32 << 20)

    def test_truncated_and_altered_handshakes(self):  # representative
        node = self.new_node("node").start()
        relay = Relay(self, node.udp_port())
        client = self.new_node("client").start()
        client.connect(node.address().replace(f"/udp/{node.udp_port()}/", f"/udp/{relay.port}/"))
        client.send(node.peer, b"recorded")
        recorded = list(relay.seen)
        self.assertGreater(len(recorded), 3)
        before = self.dropped(node)
        rng = random.Random(2)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for data in recorded[:20]:
                for _ in range(40):
                    altered = bytearray(data[: rng.randrange(1, len(data) + 1)])
                    altered[rng.randrange(len(altered))] ^= 1 << rng.randrange(8)
                    sender.sendto(bytes(altered), ("127.0.0.1", node.udp_port()))
                sender.sendto(data, ("127.0.0.1", node.udp_port()))
        wait_until(lambda: self.dropped(node) > before + 20, 10, "the datagrams are counted by reason")
        self.assertEqual([m["text"] for m in node.receive()], ["recorded"], "a replay shows nothing twice")
        client.send(node.peer, b"the session still works")
        self.still_serves(node)

    def test_handshakes_that_never_finish(self):
        """Clients that never hear an answer: later ones must prove their address first, and all are forgotten in time."""
        node = self.new_node("node", limits__retry_above=4, limits__handshake_timeout=2).start()
        client = self.new_node("client", limits__dials=64, limits__handshake_timeout=3).start()
        relays = [Relay(self, node.udp_port(), mute=True) for _ in range(12)]
        outcomes = []

        def dial(relay):
            try:
                outcomes.append(client.connect(f"/ip4/127.0.0.1/udp/{relay.port}/quic-v1"))
            except weft.ApiError as refused:
                outcomes.append(refused.code)
            except OSError:
                pass  # the admin socket's own queue is full: one dial fewer

        dialers = [threading.Thread(target=dial, args=(relay,)) for relay in relays]
        for dialer in dialers:
            dialer.start()
        wait_until(lambda: node.metric("weft_handshakes_in_progress"), 10, "handshakes are in progress")
        wait_until(lambda: node.metric("weft_retry_sent_total"), 10, "new clients are asked to prove their address")
        self.still_serves(node)
        for dialer in dialers:
            dialer.join()
        self.assertEqual(set(outcomes), {"timeout"})
        wait_until(lambda: node.metric("weft_handshakes_in_progress") == 0, 15, "unfinished handshakes are forgotten")
        self.assertLessEqual(node.status()["process"]["open_descriptors"], 40)

    def test_admin_and_http_listeners(self):
        node = self.new_node().start()
        host, port = node.http_address.split(":")
        for data in [b"\0" * 100, b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 100_000, os.urandom(3000), b"POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"]:
            with socket.create_connection((host, int(port)), 5) as sender:
                try:
                    sender.sendall(data)
                    sender.shutdown(socket.SHUT_WR)
                    sender.settimeout(5)
                    sender.recv(4096)
                except OSError:
                    pass
        self.assertEqual(node.http("/livez")[0], 200)
        with self.assertRaises(weft.ApiError):
            node.api("POST", "/v1/connect?to=nonsense")
        with self.assertRaises(weft.ApiError):
            node.api("GET", "/v1/nothing")
        self.assertEqual((node.directory / "admin.sock").stat().st_mode & 0o777, 0o600)


if __name__ == "__main__":
    weft.main()
