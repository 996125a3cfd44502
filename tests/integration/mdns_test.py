# SPDX-License-Identifier: MIT
"""Nodes of one local network find each other by multicast DNS. The network is two network namespaces and a pair of
virtual Ethernet devices between them."""
import ctypes
import os
import signal
import socket
import struct
import subprocess
import unittest

import weft
from weft import WeftTest, wait_until

CLONE_NEWNET = 0x40000000
GROUP, PORT = "224.0.0.251", 5353
QUERY = struct.pack(">6H", 0, 0, 1, 0, 0, 0) + b"\x04_p2p\x04_udp\x05local\0" + struct.pack(">HH", 12, 1)


def enter(namespace):
    """Moves the calling process into a network namespace."""
    if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Mdns(WeftTest):
    def setUp(self):
        super().setUp()
        self.namespaces = [self.make_namespace() for _ in range(2)]
        left, right = (holder.pid for holder, _ in self.namespaces)
        self.run_in(0, "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", str(right))
        for i in range(2):
            self.run_in(i, "ip", "addr", "add", f"10.77.0.{i + 1}/24", "dev", f"v{i}")
            self.run_in(i, "ip", "link", "set", f"v{i}", "up")
            self.run_in(i, "ip", "link", "set", "lo", "up")

    def make_namespace(self):
        holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], stderr=subprocess.PIPE, preexec_fn=weft.die_with_parent)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        self.addCleanup(holder.stderr.close)
        own = os.stat("/proc/self/ns/net").st_ino
        try:
            wait_until(lambda: holder.poll() is not None or os.stat(f"/proc/{holder.pid}/ns/net").st_ino != own, 10, "a namespace is made")
        finally:
            if holder.poll() is not None:
                raise unittest.SkipTest(f"network namespaces need a privilege: {holder.stderr.read().decode().strip()}")
        namespace = os.open(f"/proc/{holder.pid}/ns/net", os.O_RDONLY)
        self.addCleanup(os.close, namespace)
        return holder, namespace

    def run_in(self, i, *command, **options):
        namespace = self.namespaces[i][1]
        return subprocess.run(command, check=True, timeout=30, preexec_fn=lambda: enter(namespace), **options)

    def node_in(self, i, name, mdns="true", listen=None, **settings):
        node = self.new_node(name, network__listen=listen or f"/ip4/10.77.0.{i + 1}/udp/0/quic-v1", discovery__mdns=mdns, http__enabled="false",
                             **settings)
        namespace = self.namespaces[i][1]
        return node.start(prepare=lambda: enter(namespace))

    def test_nodes_find_each_other(self):
        a = self.node_in(0, "a")
        b = self.node_in(1, "b")
        c = self.node_in(1, "c", listen="/ip4/0.0.0.0/udp/0/quic-v1")
        quiet = self.node_in(1, "quiet", mdns="false")
        for node in [a, b, c]:
            for other in [a, b, c]:
                if node is not other:
                    wait_until(lambda: node.has_session(other.peer), 20, f"{node.directory.name} found {other.directory.name}")
        self.assertEqual(quiet.sessions(), [], "off: neither finds nor is found")
        # One that dies and comes back elsewhere is found again.
        b.kill()
        namespace = self.namespaces[1][1]
        b.start(prepare=lambda: enter(namespace))
        wait_until(lambda: b.has_session(a.peer) and a.has_session(b.peer), 30, "b is found again")
        for node in [a, b, c, quiet]:
            self.assertEqual(node.stop(), 0)

    def test_answers_and_listens_on_the_wire(self):
        """A socket of our own asks, reads the answer's bytes, and speaks nonsense for a while."""
        a = self.node_in(0, "a")
        reader, writer = os.pipe()
        namespace = self.namespaces[1][1]
        child = os.fork()
        if child == 0:
            os.close(reader)
            try:
                enter(namespace)
                os.write(writer, self.ask_and_shout(a.peer))
            finally:
                os._exit(0)
        os.close(writer)
        self.addCleanup(os.close, reader)
        self.addCleanup(os.waitpid, child, 0)
        self.addCleanup(os.kill, child, signal.SIGKILL)
        answer = b""
        while part := os.read(reader, 65536):
            answer += part
        name = b"\x04_p2p\x04_udp\x05local\0"
        text = f"dnsaddr=/ip4/10.77.0.1/udp/{a.udp_port()}/quic-v1/p2p/{a.peer}".encode()
        self.assertEqual(answer[:12], struct.pack(">6H", 0, 0x8400, 0, 1, 0, 1))
        self.assertEqual(answer[12:12 + len(name)], name)
        self.assertIn(bytes([len(text)]) + text, answer)
        self.assertTrue(a.status()["ready"])
        self.assertEqual(a.sessions(), [])
        self.assertEqual(a.stop(), 0)

    def ask_and_shout(self, peer):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((GROUP, PORT))
            s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + socket.inet_aton("10.77.0.2"))
            s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.77.0.2"))
            s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
            s.settimeout(1)
            for n in range(2000):
                s.sendto(QUERY[:n % len(QUERY)] + os.urandom(n % 64), (GROUP, PORT))
            for _ in range(20):
                s.sendto(QUERY, (GROUP, PORT))
                try:
                    while True:
                        packet, sender = s.recvfrom(9001)
                        if packet[2] & 0x80 and peer.encode() in packet:
                            assert sender == ("10.77.0.1", PORT), sender
                            return packet
                except TimeoutError:
                    continue
        return b""


if __name__ == "__main__":
    weft.main()
