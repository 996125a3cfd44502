# SPDX-License-Identifier: MIT
"""The log through the node itself: its last lines, lines as they come, levels that change while it runs."""
import json
import re
import select
import subprocess

import weft
from weft import BINARY, EXIT_NOT_FOUND, EXIT_NOT_RUNNING, EXIT_USAGE, WeftTest, wait_until


class Logs(WeftTest):
    def events(self, node, *arguments):
        return [line["event"] for line in node.cli_json("logs", *arguments)]

    def test_latest_lines(self):
        a, b = self.start_pair()
        lines = a.cli_json("logs")
        self.assertIn("ready", [line["event"] for line in lines])
        self.assertEqual([line["number"] for line in lines], sorted(line["number"] for line in lines))
        [ready] = [line for line in lines if line["event"] == "ready"]
        self.assertEqual((ready["level"], ready["component"], ready["peer"]), ("info", "node", a.peer))
        # As in the node's own log, to the letter.
        shown = a.cli("logs", check=True).stdout.splitlines()
        written = a.log.read_text().splitlines()
        self.assertTrue(shown)
        for line in shown:
            self.assertIn(line, written)
        self.assertEqual(len(a.cli_json("logs", "-n", "1")), 1)
        self.assertEqual(self.events(a, "--level", "error"), [])
        self.assertEqual({line["component"] for line in a.cli_json("logs", "--component", "session")}, {"session"})

    def test_follow(self):
        node = self.new_node().start()
        reader = subprocess.Popen([BINARY, "logs", "--follow", "--json", "-n", "0", "--component", "node", "--dir", str(node.directory)],
                                  stdout=subprocess.PIPE, text=True, preexec_fn=weft.die_with_parent)
        self.addCleanup(reader.stdout.close)
        self.addCleanup(reader.wait)
        self.addCleanup(reader.terminate)
        # The reader is there once it has a request of its own.
        wait_until(lambda: node.api("POST", "/v1/reload") and self.reader_has_line(reader), 20, "a line comes")
        line = json.loads(reader.stdout.readline())
        self.assertEqual((line["component"], line["event"]), ("node", "reloaded"))

    @staticmethod
    def reader_has_line(reader):
        return select.select([reader.stdout], [], [], 0.2)[0]

    def test_levels_change_while_it_runs(self):
        a, b = self.start_pair()
        first = {entry["component"]: entry for entry in a.cli_json("logs", "level")[0]["levels"]}
        self.assertEqual((first["*"]["level"], first["*"]["temporary"]), ("info", False))
        a.cli("logs", "level", "session", "debug", check=True)
        self.assertIn("session=debug", a.cli("status", check=True).stdout)
        # A reload leaves it, a restart does not.
        a.cli("reload", check=True)
        [session] = [e for e in a.status()["log"]["levels"] if e["component"] == "session"]
        self.assertEqual((session["level"], session["temporary"]), ("debug", True))
        a.cli("logs", "level", "error", check=True)
        self.assertEqual(a.cli_json("logs", "level")[0]["levels"][0], {"component": "*", "level": "error", "temporary": True})
        before = a.cli_json("logs", "-n", "1")[0]["number"]
        a.cli("reload", check=True)
        self.assertEqual(a.cli_json("logs", "-n", "1")[0]["number"], before, "an info line is not written at level error")
        a.cli("logs", "level", "default", check=True)
        self.assertEqual([e["temporary"] for e in a.cli_json("logs", "level")[0]["levels"]], [False])
        a.cli("logs", "level", "session", "debug", check=True)
        a.stop()
        a.start()
        self.assertFalse(any(e["temporary"] for e in a.status()["log"]["levels"]))

    def test_mistakes_are_explained(self):
        node = self.new_node().start()
        wrong = node.cli("logs", "level", "session", "loud")
        self.assertEqual(wrong.returncode, EXIT_USAGE)
        self.assertIn("loud", wrong.stderr)
        self.assertEqual(node.cli("logs", "--level", "loud").returncode, EXIT_USAGE)
        self.assertEqual(node.cli("logs", "level", "Session", "debug").returncode, EXIT_USAGE)
        node.stop()
        self.assertEqual(node.cli("logs").returncode, EXIT_NOT_RUNNING)

    def test_peers_texts_reach_no_terminal(self):
        node = self.new_node().start()
        config = node.directory / "config.toml"
        config.write_text(config.read_text().replace("\nbootstrap = []", "\nbootstrap = [\"x\\u001b]0;owned\\u0007\"]"))
        node.cli("reload")
        shown = node.cli("logs", check=True).stdout
        self.assertIn("reload_refused", shown)
        self.assertIn("owned", shown)
        self.assertIsNone(re.search(r"[\x00-\x08\x0b-\x1f\x7f]", shown))
        [line] = [line for line in node.cli_json("logs") if line["event"] == "reload_refused"]
        self.assertIn("x\x1b]0;owned\x07", line["why"])


if __name__ == "__main__":
    weft.main()
