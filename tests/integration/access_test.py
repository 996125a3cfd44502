# SPDX-License-Identifier: MIT
"""Access rules between real nodes: a ban ends the session and keeps the peer out, survives a restart, and ends in time."""
import weft
from weft import WeftTest, wait_until


class Access(WeftTest):
    def test_ban_ends_sessions_and_outlives_a_restart(self):
        a, b = self.start_pair()
        rule = b.cli_json("ban", a.peer, "--reason", "noise")[0]["rule"]
        self.assertEqual((rule["subject"], rule["verdict"], rule["until"]), (a.peer, "ban", None))
        wait_until(lambda: not b.has_session(a.peer) and not a.has_session(b.peer), 10, "the session is gone on both sides")
        refused = b.cli("connect", a.address())
        self.assertEqual(refused.returncode, weft.EXIT_DENIED, refused.stderr)
        self.assertIn("ban", refused.stderr)
        self.assertEqual(b.metric("weft_access_rules", verdict="ban"), 1)
        turned_away = b.metric("weft_limit_rejections_total", limit="access")
        self.assertGreaterEqual(turned_away, 1)

        b.keep_port()
        self.assertEqual(b.stop(), 0)
        b.start()
        listed = b.cli_json("access", "list")[0]
        self.assertEqual([(r["subject"], r["verdict"], r["reason"]) for r in listed["rules"]], [(a.peer, "ban", "noise")])
        a.cli("connect", b.address())
        wait_until(lambda: b.metric("weft_limit_rejections_total", limit="access") >= 1, 10, "a is turned away again")
        self.assertFalse(b.has_session(a.peer))

        b.cli("access", "forget", a.peer, check=True)
        self.assertEqual(b.cli_json("access", "list")[0]["rules"], [])
        a.connect(b.address())
        wait_until(lambda: b.has_session(a.peer), 10, "the session is back")

    def test_a_banned_block_and_an_allowed_address_in_it(self):
        a, b = self.start_pair()
        b.cli("ban", "127.0.0.0/8", check=True)
        wait_until(lambda: not b.has_session(a.peer), 10, "the session is gone")
        b.cli("allow", "127.0.0.1", check=True)
        a.connect(b.address())
        wait_until(lambda: b.has_session(a.peer), 10, "the session is back")
        text = b.cli("access", "list", check=True).stdout
        self.assertIn("127.0.0.0/8", text)
        self.assertIn("127.0.0.1/32", text)

    def test_a_rule_ends_by_itself(self):
        a, b = self.start_pair(limits__handshake_timeout=0.5)
        b.cli("ban", a.peer, "--for", "2", check=True)
        wait_until(lambda: not b.has_session(a.peer), 10, "the session is gone")
        wait_until(lambda: b.cli_json("access", "list")[0]["rules"] == [], 10, "the rule has ended")
        a.connect(b.address())
        wait_until(lambda: b.has_session(a.peer), 10, "the session is back")

    def test_only_the_listed_may_come(self):  # representative
        a = self.new_node("a").start()
        b = self.new_node("b").start()
        b.settings["network.admit"] = "listed"
        self.assertEqual(b.stop(), 0)
        b.start()
        self.assertEqual(b.cli_json("access", "list")[0]["admit"], "listed")
        a.cli("connect", b.address())
        wait_until(lambda: b.metric("weft_limit_rejections_total", limit="access") >= 1, 10, "a stranger is turned away")
        self.assertFalse(b.has_session(a.peer))
        b.cli("allow", a.peer, check=True)
        a.connect(b.address())
        wait_until(lambda: b.has_session(a.peer), 10, "the allowed peer has a session")

    def test_wrong_subjects_say_what_is_expected(self):
        node = self.new_node().start()
        for subject in ("nobody", "192.0.2.1/24", "192.0.2.0/33", ""):
            done = node.cli("ban", subject)
            self.assertEqual(done.returncode, weft.EXIT_USAGE, f"{subject}: {done.stderr}")
            self.assertIn("192.0.2", done.stderr)
        itself = node.cli("ban", node.peer)
        self.assertEqual(itself.returncode, weft.EXIT_USAGE, itself.stderr)
        self.assertEqual(node.cli("access", "forget", "192.0.2.1").returncode, weft.EXIT_NOT_FOUND)
        self.assertEqual(node.cli_json("access", "list")[0]["rules"], [])

    def test_a_damaged_file_is_named(self):
        node = self.new_node()
        (node.directory / "access.json").write_text('{"rules": [{"subject": "192.0.2.1/24"}]}')
        node.spawn()
        self.assertEqual(node.process.wait(15 * weft.PATIENCE), weft.EXIT_CONFIG, node.tail())
        self.assertIn("access.json", node.tail())
        self.assertIn("192.0.2.0/24", node.tail())


if __name__ == "__main__":
    weft.main()
