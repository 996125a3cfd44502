# SPDX-License-Identifier: MIT
"""What goes wrong, on purpose: each fault begins, and ends again."""
import contextlib
import os
import re
import resource
import signal
import threading

import weft
from frozen import frozen_thread
from weft import quote, wait_until

# Nobody has this identity.
STRANGER = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"


class Repeated:
    """Does something again and again, from `begin` to `end`; what the node refuses is what was meant."""

    def __init__(self, pause, once):
        self.pause, self.once = pause, once
        self.over = threading.Event()
        self.thread = None

    def begin(self):
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.wait(self.pause):
            with contextlib.suppress(weft.ApiError, OSError, weft.http.client.HTTPException):
                self.once()

    def end(self):
        self.over.set()
        self.thread.join()


class Steps:
    """Two functions."""

    def __init__(self, begin, end):
        self.begin, self.end = begin, end


def killed(node):
    return Steps(node.kill, node.start)


def restarted(node, prometheus):
    """Thrice, each time seen by Prometheus."""
    started = f'process_start_time_seconds{{instance="{node.http_address}"}}'

    def again():
        for _ in range(3):
            before = prometheus.value(started)
            node.kill()
            node.start()
            wait_until(lambda: prometheus.value(started) not in (None, before), 15, "Prometheus sees the new start")
    return Steps(again, lambda: None)


def bad_reload(node):
    config = node.directory / "config.toml"
    text = config.read_text()

    def reload_with(content):
        config.write_text(content)
        node.process.send_signal(signal.SIGHUP)
    return Steps(lambda: reload_with(text + "\n[nonsense]\n"), lambda: reload_with(text))


class LowCap:
    """Caps in the configuration, taken back by `end`; work is done in between."""

    def __init__(self, node, work, **caps):
        self.node, self.work, self.caps = node, work, caps
        self.config = node.directory / "config.toml"
        self.before = self.config.read_text()

    def begin(self):
        text = self.before
        for key, value in self.caps.items():
            text, changed = re.subn(rf"^{key} = 0$", f"{key} = {value}", text, flags=re.M)
            assert changed == 1, f"no {key} in the configuration"
        self.config.write_text(text)
        self.node.api("POST", "/v1/reload")
        self.work.begin()

    def end(self):
        self.work.end()
        self.config.write_text(self.before)
        self.node.api("POST", "/v1/reload")


class FewDescriptors:
    """Clients that hold connections, and a limit just above what is open."""

    def __init__(self, node):
        self.node = node
        self.before = resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE)
        self.clients = []

    def begin(self):
        for _ in range(12):
            client = weft.UnixConnection(self.node.directory / "admin.sock", 60)
            client.request("GET", "/v1/follow")
            # The answer holds the connection.
            self.clients.append((client, client.getresponse()))
        highest = max(map(int, os.listdir(f"/proc/{self.node.process.pid}/fd")))
        # A scrape takes a few.
        resource.prlimit(self.node.process.pid, resource.RLIMIT_NOFILE, (highest + 5, self.before[1]))

    def end(self):
        resource.prlimit(self.node.process.pid, resource.RLIMIT_NOFILE, self.before)
        for client, answer in self.clients:
            answer.close()
            client.close()


def ignore_file_size_signal():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


class FullDisk:
    """No file of the node may grow any more, and the node is told to write; it was started with `ignore_file_size_signal`."""

    def __init__(self, node):
        self.node = node
        self.before = resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE)
        self.number = 0
        self.work = Repeated(0.1, self.write)

    def write(self):
        self.number += 1
        with contextlib.suppress(weft.ApiError):
            self.node.api("POST", f"/v1/dht/put?name=key{self.number}", bytes(2000))
        self.node.accept(STRANGER, bytes(20_000))

    def begin(self):
        resource.prlimit(self.node.process.pid, resource.RLIMIT_FSIZE, (4096, self.before[1]))
        self.work.begin()

    def end(self):
        self.work.end()
        resource.prlimit(self.node.process.pid, resource.RLIMIT_FSIZE, self.before)


class Stopping:
    """A process that runs for a short while now and then."""

    def __init__(self, node, stopped, running):
        self.pid = node.process.pid
        self.stopped, self.running = stopped, running
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.begin = self.thread.start

    def run(self):
        while not self.over.is_set():
            os.kill(self.pid, signal.SIGSTOP)
            self.over.wait(self.stopped)
            os.kill(self.pid, signal.SIGCONT)
            self.over.wait(self.running)

    def end(self):
        self.over.set()
        self.thread.join()


class Frozen:
    """A node whose actors get no processor time, while work comes in."""

    def __init__(self, node, work):
        self.node, self.work = node, work
        self.thread = None

    def begin(self):
        self.thread = frozen_thread(self.node.process.pid, "weft-actors")
        self.thread.__enter__()
        self.work.begin()

    def end(self):
        self.work.end()
        self.thread.__exit__(None, None, None)


class Upgraded:
    """A node that runs another version, and then the one of the others again."""

    def __init__(self, node, binary):
        self.node, self.binary, self.before = node, binary, node.binary

    def run(self, binary):
        self.node.stop()
        self.node.binary = binary
        self.node.start()

    def begin(self):
        self.run(self.binary)

    def end(self):
        self.run(self.before)


def eager_peers(peers):
    """Nodes of js-libp2p that publish."""
    return Repeated(0.1, lambda: [peer.ask("publish", topic="news", bytes=100) for peer in peers])


def wrong_peers(node, other):
    """Dials of an address where somebody else answers."""
    host = other.address().split("/p2p/")[0]
    return Repeated(0.2, lambda: node.connect(f"{host}/p2p/{STRANGER}"))


def unanswered_lookups(node):
    return Repeated(0.1, lambda: node.api("GET", f"/v1/dht/peer?id={STRANGER}"))


def lost_messages(node):
    return Repeated(0.1, lambda: node.send(STRANGER, b"to nobody", timeout=0.3 / weft.PATIENCE, volatile=1))


def broadcast(node, size):
    node.api("POST", f"/v1/publish?topic={quote('news')}", os.urandom(size))


def many_broadcasts(nodes, size=100):
    return Repeated(0.2, lambda: [broadcast(node, size) for node in nodes])
