# SPDX-License-Identifier: MIT
"""Starting, refusing to start, reloading and stopping: each refusal says what is wrong and how to mend it."""
import os
import signal
import socket
import stat
import subprocess
import time

import weft
from weft import WeftTest, wait_until


class Startup(WeftTest):
    def refused(self, node, exit_code, *words, prepare=None):
        """The node must end by itself with this code and a text that holds these words."""
        node.spawn(prepare)
        code = node.process.wait(15 * weft.PATIENCE)
        text = node.tail()
        self.assertEqual(code, exit_code, text)
        for word in words:
            self.assertIn(word, text)

    def test_ready_and_healthy(self):
        node = self.new_node().start()
        self.assertEqual(node.http("/livez")[0], 200)
        code, text = node.http("/readyz")
        self.assertEqual(code, 200, text)
        self.assertIn("[+]", text)
        self.assertEqual(node.metric("weft_ready"), 1)
        self.assertEqual(node.cli("wait", "--ready").returncode, 0)
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.cli("status").returncode, weft.EXIT_NOT_RUNNING)

    def test_port_in_use(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            node = self.new_node(network__listen=f"/ip4/127.0.0.1/udp/{port}/quic-v1")
            self.refused(node, weft.EXIT_FAILURE, str(port), "in use")
        self.assertEqual(node.start().stop(), 0)

    def test_http_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            node = self.new_node(http__listen=f"127.0.0.1:{port}")
            self.refused(node, weft.EXIT_FAILURE, str(port), "in use")

    def test_two_daemons_on_one_directory(self):
        first = self.new_node().start()
        second = weft.Node(first.directory)
        second.log = self.root / "second.log"
        self.nodes.append(second)
        self.refused(second, weft.EXIT_ALREADY_RUNNING, str(first.directory))
        self.assertTrue(first.status()["ready"], "the first one is not disturbed")

    def test_no_node_in_directory(self):
        node = self.new_node(init=False)
        node.directory.mkdir()
        self.refused(node, weft.EXIT_NOT_FOUND, "weft init")

    def test_lax_key(self):
        node = self.new_node()
        key = node.directory / "identity.key"
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        key.chmod(0o644)
        self.refused(node, weft.EXIT_DENIED, "identity.key", "chmod")
        key.chmod(0o600)
        self.assertEqual(node.start().stop(), 0)

    def test_unreadable_key(self):
        node = self.new_node()
        key = node.directory / "identity.key"
        key.chmod(0)
        nobody = 65534

        def become_nobody():
            if os.getuid() == 0:
                os.setgid(nobody)
                os.setuid(nobody)

        if os.getuid() == 0:
            self.root.chmod(0o755)
            for path in [node.directory, *node.directory.rglob("*")]:
                os.chown(path, nobody, nobody)
        self.refused(node, weft.EXIT_DENIED, "identity.key", prepare=become_nobody)

    def test_damaged_key(self):
        node = self.new_node()
        key = node.directory / "identity.key"
        whole = key.read_bytes()
        key.write_bytes(whole[: len(whole) // 2])
        self.refused(node, weft.EXIT_CONFIG, "identity.key")
        key.write_bytes(whole)
        self.assertEqual(node.start().stop(), 0)

    def test_unknown_key_in_config(self):
        node = self.new_node()
        config = node.directory / "config.toml"
        lines = config.read_text().splitlines()
        lines.append('[network]\nlistne = ["/ip4/127.0.0.1/udp/0/quic-v1"]' if "[network]" not in lines else "")
        if lines[-1] == "":
            at = lines.index("[network]") + 1
            lines.insert(at, 'listne = ["/ip4/127.0.0.1/udp/0/quic-v1"]')
        else:
            at = "\n".join(lines).splitlines().index("[network]") + 1
        config.write_text("\n".join(lines) + "\n")
        self.refused(node, weft.EXIT_CONFIG, f"config.toml:{at + 1}", "listne", "listen")

    def test_term_drains_and_is_not_ready_at_once(self):  # representative
        a, b = self.start_pair()
        a.http_address
        b.kill()
        a.accept(b.peer, b"will not arrive before the drain")
        started = time.monotonic()
        a.process.send_signal(signal.SIGTERM)
        seen = wait_until(lambda: [code for code in [a.http("/readyz")[0]] if code != 200], 2, "readiness goes away")
        self.assertIn(seen[0], (503, 0))
        self.assertEqual(a.process.wait(12 * weft.PATIENCE), 0)
        self.assertLess(time.monotonic() - started, 10.5 * weft.PATIENCE)

    def test_second_signal_stops_at_once(self):
        a, b = self.start_pair()
        a.process.send_signal(signal.SIGSTOP)
        a.process.send_signal(signal.SIGTERM)
        a.process.send_signal(signal.SIGINT)
        started = time.monotonic()
        a.process.send_signal(signal.SIGCONT)
        a.process.wait(5 * weft.PATIENCE)
        self.assertLess(time.monotonic() - started, 2 * weft.PATIENCE)
        self.assertTrue(b.status()["ready"])

    def test_hup_reloads_what_can_be_reloaded(self):  # representative
        a = self.new_node("a").start()
        b = self.new_node("b").start()
        config = b.directory / "config.toml"
        reply = b.cli_json("config", "show")
        self.assertTrue(reply)
        text = config.read_text()
        self.assertNotIn(a.peer, text)
        lines = [line for line in text.splitlines() if not line.strip().startswith(("bootstrap ", "streams_per_session "))]
        lines.insert(lines.index("[network]") + 1, f'bootstrap = ["{a.address()}"]')
        lines.insert(lines.index("[limits]") + 1, "streams_per_session = 77")
        config.write_text("\n".join(lines) + "\n")
        b.process.send_signal(signal.SIGHUP)
        wait_until(lambda: b.has_session(a.peer), 10, "the new bootstrap peer is dialled")
        wait_until(lambda: "limits.streams_per_session" in b.tail(), 5, "the log names what needs a restart")
        config.write_text("nonsense = \n")
        b.process.send_signal(signal.SIGHUP)
        wait_until(lambda: b.metric("weft_config_last_reload_success") == 0, 5, "a bad file is refused")
        self.assertTrue(b.status()["ready"], "and changes nothing")

    def test_reload_changes_limits_and_log_levels(self):
        full, first, second = (self.new_node(name).start() for name in ("full", "first", "second"))

        def set_and_reload(node, key, value):
            config = node.directory / "config.toml"
            kept = [line for line in config.read_text().splitlines() if not line.startswith(f"{key} =")]
            section = {"sessions": "[limits]", "components": "[log]"}[key]
            kept.insert(kept.index(section) + 1, f"{key} = {value}")
            config.write_text("\n".join(kept) + "\n")
            return node.api("POST", "/v1/reload", "")

        first.connect(full.address())
        self.assertEqual(set_and_reload(full, "sessions", 1), {"applied": ["limits.sessions"], "needs_restart": []})
        with self.assertRaises(weft.ApiError):
            second.connect(full.address())
        self.assertGreaterEqual(full.metric("weft_limit_rejections_total", limit="sessions"), 1)
        self.assertNotIn("handshake_failed", second.tail())
        self.assertEqual(set_and_reload(second, "components", '["transport=debug"]')["applied"], ["log.components"])
        with self.assertRaises(weft.ApiError):
            second.connect(full.address())
        wait_until(lambda: "handshake_failed" in second.tail(), 5, "the log tells of what it left out before")
        set_and_reload(full, "sessions", 2)
        second.connect(full.address())
        self.assertTrue(full.has_session(first.peer), "nothing was taken from the first")

    def test_mesh_leaves_no_orphans(self):  # representative
        mesh = subprocess.Popen([weft.BINARY, "mesh", "up", "3", "--topology", "ring", "--json", "--dir", str(self.root / "mesh")],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=weft.die_with_parent)
        self.addCleanup(mesh.wait)
        self.addCleanup(mesh.kill)
        self.assertTrue(mesh.stdout.readline())
        children = wait_until(lambda: [c for c in children_of(mesh.pid)] if len(children_of(mesh.pid)) >= 3 else None, 20, "three processes run")
        mesh.kill()
        wait_until(lambda: not any(alive(pid) for pid in children), 5, "the nodes end with their mesh")
        mesh.stdout.close()


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


if __name__ == "__main__":
    weft.main()
