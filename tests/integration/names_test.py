# SPDX-License-Identifier: MIT
"""Addresses with names instead of numbers: in the configuration, in commands, and a name that has no address."""
import weft
from weft import WeftTest, wait_until


class Names(WeftTest):
    def named(self, node, name="localhost"):
        return f"/dns4/{name}/udp/{node.udp_port()}/quic-v1/p2p/{node.peer}"

    def test_bootstrap_by_name(self):
        first = self.new_node("first").start()
        second = self.new_node("second", network__bootstrap=self.named(first)).start()
        wait_until(lambda: second.has_session(first.peer), 10, "a session with the named peer")
        health = second.cli_json("health")[0]
        self.assertTrue(health["ready"])
        names = [c for c in health["checks"] if c["name"] == "names"]
        self.assertEqual([(c["ok"], c["detail"]) for c in names], [(True, "1 of 1 names known")])
        self.assertGreaterEqual(second.metric("weft_name_lookups_total", outcome="found"), 1)
        self.assertEqual(second.send(first.peer, b"by name")["hops"], 1)

    def test_connect_and_ping_by_name(self):
        first = self.new_node("first").start()
        second = self.new_node("second").start()
        done = second.cli("ping", self.named(first), "-c", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(second.connect(self.named(first))["peer"], first.peer)
        lost = second.cli("connect", self.named(first, "node.invalid"))
        self.assertIn(lost.returncode, (weft.EXIT_NOT_FOUND, weft.EXIT_UNREACHABLE))
        self.assertIn("node.invalid", lost.stderr)
        self.assertEqual(second.cli("connect", "/dns4/a_b!/udp/1/quic-v1").returncode, weft.EXIT_USAGE)

    def test_unknown_name_is_degraded_until_it_is_replaced(self):
        first = self.new_node("first").start()
        second = self.new_node("second", network__resolve_interval=1)
        config = second.directory / "config.toml"
        text = config.read_text()
        config.write_text(text.replace("bootstrap = []", f'bootstrap = ["{self.named(first, "node.invalid")}"]'))
        second.spawn()
        wait_until(lambda: second.cli("health").returncode == weft.EXIT_DEGRADED
                   and "node.invalid" in second.cli("health").stdout, 20, "health names the name")
        self.assertEqual(second.http("/readyz")[0], 503)
        self.assertEqual(second.metric("weft_ready"), 0)
        wait_until(lambda: second.metric("weft_name_lookups_total", outcome="failed") >= 2, 40, "the look-up is tried again")
        config.write_text(text.replace("bootstrap = []", f'bootstrap = ["{self.named(first)}"]'))
        done = second.cli("reload")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("network.bootstrap", done.stdout)
        wait_until(lambda: second.has_session(first.peer), 10, "a session after the reload")
        wait_until(lambda: second.cli("health").returncode == 0, 10, "healthy again")

    def test_a_name_that_cannot_be_is_refused(self):
        node = self.new_node(network__bootstrap="/dns4/a..b/udp/1/quic-v1/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp")
        node.spawn()
        self.assertEqual(node.process.wait(15 * weft.PATIENCE), weft.EXIT_CONFIG)
        self.assertIn("/dns4/a..b/", node.tail())


if __name__ == "__main__":
    weft.main()
