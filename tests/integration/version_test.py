# SPDX-License-Identifier: MIT
"""What the program says it was made of."""
import json
import subprocess
from pathlib import Path

import weft
from weft import BINARY, WeftTest

TREE = Path(__file__).resolve().parents[2]


class Version(WeftTest):
    def output(self, *arguments):
        return subprocess.run([BINARY, *arguments], capture_output=True, text=True, check=True).stdout

    def test_build_information(self):
        told = json.loads(self.output("version", "--json"))
        self.assertRegex(told["version"], r"^\d+\.\d+\.\d+$")
        self.assertRegex(told["compiler"], r"^(gcc|clang) \d+")
        self.assertTrue(told["build_type"])
        for library in ("CAF", "ngtcp2", "GnuTLS", "Botan", "SQLite"):
            self.assertRegex(told["libraries"][library], r"^\d+\.\d+")
        text = self.output("version")
        self.assertEqual(self.output("--version"), text)
        self.assertEqual(text.splitlines()[0], f"weft {told['version']}")
        for name, version in told["libraries"].items():
            self.assertRegex(text, rf"(?m)^  {name.replace('+', '.')} +{version}$")

    def test_revision_is_a_commit(self):
        revision = json.loads(self.output("version", "--json"))["revision"]
        # Without a repository around the checkout there is none to name.
        if (TREE / ".git").exists():
            commit = revision.removesuffix("-dirty")
            done = subprocess.run(["git", "-C", str(TREE), "cat-file", "-t", commit], capture_output=True, text=True)
            self.assertEqual(done.stdout.strip(), "commit", revision)
        else:
            self.assertEqual(revision, "unknown")
        node = self.new_node().start()
        self.assertEqual(node.status()["revision"], revision)


if __name__ == "__main__":
    weft.main()
