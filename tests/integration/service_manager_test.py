# SPDX-License-Identifier: MIT
"""What the node tells its service manager (sd_notify), with this test in its place, and `weft run --init`."""
import os
import signal
import socket
import stat
import time

import weft
from weft import WeftTest, wait_until


class Manager:
    """The socket a service manager would listen on."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.address = address

    def next(self, seconds=15):
        self.socket.settimeout(seconds * weft.PATIENCE)
        return self.socket.recv(4096).decode().splitlines()

    def until(self, line, seconds=15):
        """Takes datagrams up to one that holds this line, and returns it."""
        deadline = time.monotonic() + seconds * weft.PATIENCE
        while time.monotonic() < deadline:
            lines = self.next(seconds)
            if line in lines:
                return lines
        raise AssertionError(f"never told: {line}")


class ServiceManager(WeftTest):
    def manager(self, address=None):
        manager = Manager(address or str(self.root / "notify"))
        self.addCleanup(manager.socket.close)
        return manager

    def start_under(self, manager, **environment):
        node = self.new_node()
        node.environment = {"NOTIFY_SOCKET": manager.address, **environment}
        return node.spawn()

    def test_ready_reload_stop(self):
        manager = self.manager()
        node = self.start_under(manager)
        ready = manager.until("READY=1")
        peer = node.cli("id").stdout.strip()
        self.assertEqual(ready, ["READY=1", f"STATUS=listening as {peer}"])
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        node.process.send_signal(signal.SIGHUP)
        told = dict(line.split("=", 1) for line in manager.until("RELOADING=1"))
        self.assertGreaterEqual(int(told["MONOTONIC_USEC"]), before)
        self.assertEqual(manager.next(), ["READY=1", "STATUS=reloaded"])
        with open(node.directory / "config.toml", "a") as config:
            config.write("\nMAINPID = 1\n[nonsense]\n")
        node.process.send_signal(signal.SIGHUP)
        manager.until("RELOADING=1")
        refused = manager.next()
        self.assertEqual(len(refused), 2, f"a text of several lines stays one: {refused}")
        self.assertIn("STATUS=reload refused:", refused[1])
        self.assertEqual(node.stop(), 0)
        self.assertEqual(manager.next(), ["STOPPING=1"])

    def test_abstract_socket(self):
        manager = self.manager(f"@weft-test-{os.getpid()}")
        self.start_under(manager)
        manager.until("READY=1")

    def test_watchdog_is_fed_while_the_actors_answer(self):
        manager = self.manager()
        node = self.start_under(manager, WATCHDOG_USEC="200000")
        manager.until("READY=1")
        began = time.monotonic()
        for _ in range(5):
            manager.until("WATCHDOG=1")
        self.assertLess(time.monotonic() - began, 5 * 0.2 * weft.PATIENCE * 4)
        node.process.send_signal(signal.SIGSTOP)
        time.sleep(0.3)
        manager.socket.setblocking(False)
        with self.assertRaises(BlockingIOError):
            while True:
                manager.socket.recv(4096)
        time.sleep(0.5)
        with self.assertRaises(BlockingIOError, msg="a stopped process gives no sign of life"):
            manager.socket.recv(4096)
        node.process.send_signal(signal.SIGCONT)
        manager.until("WATCHDOG=1")

    def test_watchdog_of_another_process(self):
        manager = self.manager()
        self.start_under(manager, WATCHDOG_USEC="50000", WATCHDOG_PID="1")
        manager.until("READY=1")
        with self.assertRaises(TimeoutError):
            manager.next(0.5)

    def test_a_service_manager_that_is_gone_is_logged(self):
        manager = self.manager()
        manager.socket.close()
        os.unlink(manager.address)
        node = self.start_under(manager)
        wait_until(lambda: "service_manager_not_told" in node.tail(), 15, "the log says so")
        self.assertEqual(node.stop(), 0)


class Init(WeftTest):
    def run_init(self, node, *more):
        node.run_arguments = ["--init", *more]
        return node

    def test_makes_what_is_missing_and_keeps_it(self):
        node = self.run_init(self.new_node(init=False)).start()
        peer = node.peer
        self.assertEqual(stat.S_IMODE((node.directory / "identity.key").stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(node.directory.stat().st_mode), 0o700)
        self.assertEqual(node.cli("config", "check").returncode, 0)
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.start().peer, peer)

    def test_takes_a_configuration_from_elsewhere(self):
        config = self.root / "elsewhere.toml"
        config.write_text('[node]\nname = "elsewhere"\n')
        node = self.run_init(self.new_node(init=False), "--config", str(config)).start()
        self.assertEqual(node.status()["name"], "elsewhere")
        self.assertFalse((node.directory / "config.toml").exists())
        # Commands find the identity without the file, and a backup comes back.
        self.assertEqual(node.cli("id").stdout.strip(), node.peer)
        backup = self.root / "backup.key"
        node.cli("keys", "export", "--no-passphrase", backup, check=True)
        self.assertEqual(node.stop(), 0)
        (node.directory / "identity.key").unlink()
        node.cli("keys", "import", backup, check=True)
        self.assertEqual(node.cli("id").stdout.strip(), node.peer)

    def test_a_named_configuration_must_exist(self):
        node = self.run_init(self.new_node(init=False), "--config", str(self.root / "none.toml")).spawn()
        self.assertEqual(node.process.wait(15 * weft.PATIENCE), weft.EXIT_NOT_FOUND)
        self.assertIn("none.toml", node.tail())

    def test_seals_a_new_identity(self):
        secret = self.root / "secret"
        secret.write_text("a long passphrase\n")
        secret.chmod(0o600)
        node = self.run_init(self.new_node(init=False), "--passphrase-file", str(secret)).start()
        self.assertTrue(node.cli_json("keys", "show")[0]["encrypted"])


if __name__ == "__main__":
    weft.main()
