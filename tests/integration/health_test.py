# SPDX-License-Identifier: MIT
"""Health tells the truth: each fault takes readiness away, names itself in a check, and readiness comes back with its end."""
import contextlib
import ctypes
import http.client
import os
import signal
import threading
import time

import weft
from frozen import frozen_thread
from shims import ENDLESS, endless_signature
from weft import WeftTest, wait_until

CLONE_NEWNS = 0x20000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
libc = ctypes.CDLL(None, use_errno=True)


def small_disk(path, megabytes):
    """For the child: a file system of that size at `path`, in a mount namespace of its own."""

    def prepare():
        size = f"size={megabytes}m".encode()
        if (libc.unshare(CLONE_NEWNS) or libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None)
                or libc.mount(b"tmpfs", str(path).encode(), b"tmpfs", 0, size)):
            raise OSError(ctypes.get_errno(), "mount")

    return prepare


class Health(WeftTest):
    def failing(self, node):
        """The checks that do not hold, by name, with their texts: from the endpoint that monitoring asks."""
        code, text = node.http("/readyz")
        lines = [line[3:].split(" ", 1) for line in text.splitlines() if line.startswith("[-]")]
        self.assertEqual(code == 200, not lines, text)
        return dict(lines)

    def flips(self, node, check, what, word=""):
        began = time.monotonic()
        wait_until(lambda: word in self.failing(node).get(check, "") and check in self.failing(node), 10, f"{what}: the check {check} fails")
        print(f"\n{what}: not ready after {time.monotonic() - began:.2f} s", end="")
        self.assertEqual(node.metric("weft_ready"), 0)
        self.assertEqual(node.cli("health").returncode, weft.EXIT_DEGRADED)

    def comes_back(self, node, what):
        began = time.monotonic()
        wait_until(lambda: not self.failing(node), 10, f"{what}: ready again")
        print(f", ready again after {time.monotonic() - began:.2f} s", flush=True)
        self.assertEqual(node.metric("weft_ready"), 1)
        self.assertEqual(node.cli("health").returncode, weft.EXIT_OK)

    def test_bootstrap_peer_lost(self):
        peer = self.new_node("peer").start()
        peer.keep_port()
        node = self.new_node("node", network__bootstrap=peer.address()).start()
        self.assertEqual(peer.stop(), 0)
        self.flips(node, "bootstrap", "bootstrap peer stopped")
        peer.start()
        self.comes_back(node, "bootstrap peer stopped")

    def test_reactor_stuck(self):
        node = self.new_node().start()
        with frozen_thread(node.process.pid, "weft-reactor"):
            self.flips(node, "responsive", "reactor stuck", "reactor")
        self.comes_back(node, "reactor stuck")

    def test_actors_stuck(self):
        node = self.new_node().start()
        self.assertEqual(self.failing(node), {})
        with frozen_thread(node.process.pid, "weft-actors"):
            self.flips(node, "responsive", "actors stuck", "actors")
        self.comes_back(node, "actors stuck")

    def test_store_stuck(self):
        a, b = self.start_pair()
        with frozen_thread(a.process.pid, "weft-store"):
            b.accept(a.peer, b"cannot be stored")
            self.flips(a, "responsive", "store stuck", "store")
        self.comes_back(a, "store stuck")
        wait_until(lambda: [m["text"] for m in a.receive()] == ["cannot be stored"], 10, "the message arrives after all")

    def test_disk_full(self):
        if os.getuid() != 0:
            self.skipTest("mounting a small file system needs root")
        node = self.new_node("node", storage__log_bytes=0, storage__inbox_bytes=64 << 20)
        friend = self.new_node("friend").start()
        store = node.directory / "store"
        store.mkdir(mode=0o700, exist_ok=True)
        node.start(small_disk(store, 8))
        friend.connect(node.address())
        friend.send(node.peer, b"there is room")
        filler = f"/proc/{node.process.pid}/root{store}/filler"
        with open(filler, "wb", buffering=0) as out:
            try:
                while True:
                    out.write(bytes(4096))
            except OSError:
                pass
        friend.accept(node.peer, os.urandom(60_000))
        self.flips(node, "store", "disk full")
        os.unlink(filler)
        friend.accept(node.peer, b"there is room again")
        self.comes_back(node, "disk full")

    def test_not_ready_from_the_first_moment_of_a_drain(self):
        a, b = self.start_pair()
        address = a.http_address
        a.send(b.peer, b"warm")
        b.process.send_signal(signal.SIGSTOP)  # so that there is something to wait for
        self.addCleanup(b.process.send_signal, signal.SIGKILL)
        a.accept(b.peer, b"x" * 50_000, volatile=1)
        began = time.monotonic()
        a.process.send_signal(signal.SIGTERM)
        code = wait_until(lambda: [c for c in [a.http("/readyz")[0]] if c != 200], 10, "not ready")
        print(f"\n{address} answered {code[0]} {(time.monotonic() - began) * 1e3:.0f} ms after SIGTERM", flush=True)
        a.process.wait(12 * weft.PATIENCE)
        print(f"drained in {time.monotonic() - began:.1f} s", flush=True)

    def test_an_overrun_names_the_actor(self):
        node = self.new_node("node", limits__drain_timeout=1)
        node.environment["LD_PRELOAD"] = str(endless_signature(self.root))
        node.start()
        # Nobody will answer this.
        threading.Thread(target=lambda: self.publish(node, ENDLESS), daemon=True).start()
        wait_until(lambda: self.failing(node).get("responsive") == "failed: stuck: actors (gossip)", 10, "the check names the actor")
        node.process.send_signal(signal.SIGTERM)
        self.assertEqual(node.process.wait(30 * weft.PATIENCE), weft.EXIT_UNREACHABLE, node.tail())
        self.assertIn("not everything ended in time: actors (gossip) is stuck", node.tail(3))

    def publish(self, node, text):
        with contextlib.suppress(weft.ApiError, OSError, http.client.HTTPException):
            node.api("POST", "/v1/publish?topic=news", text.encode())

    def test_an_overrun_names_the_thread(self):
        node = self.new_node("node", limits__drain_timeout=1).start()
        friend = self.new_node("friend").start()
        friend.connect(node.address())
        with frozen_thread(node.process.pid, "weft-store"):
            friend.accept(node.peer, b"cannot be stored")
            wait_until(lambda: "store" in self.failing(node).get("responsive", ""), 10, "the message waits for the store")
            began = time.monotonic()
            node.process.send_signal(signal.SIGTERM)
            self.assertEqual(node.process.wait(30 * weft.PATIENCE), weft.EXIT_UNREACHABLE, node.tail())
        print(f"\ngave up {time.monotonic() - began:.1f} s after SIGTERM", flush=True)
        self.assertIn("not everything ended in time: store is stuck", node.tail(3))


if __name__ == "__main__":
    weft.main()
