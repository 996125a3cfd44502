# SPDX-License-Identifier: MIT
"""A private network of real nodes: outsiders get no session, and the key is replaced without anybody losing the others."""
import shutil

import weft
from weft import WeftTest, wait_until


class PrivateNetwork(WeftTest):
    def new_key(self, name):
        path = self.root / name
        done = self.new_node(f"maker-{name}", init=False).cli("keys", "network", path, check=True)
        self.assertIn("network.key_files", done.stdout)
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertRegex(path.read_text(), r"\A[0-9a-f]{64}\n\Z")
        return path

    def with_keys(self, node, *keys):
        """Starts the node, again if it runs, with these keys in its directory."""
        if node.process is not None:
            node.keep_port()
            self.assertEqual(node.stop(), 0)
        for key in keys:
            shutil.copy(key, node.directory / key.name)
        node.settings["network.key_files"] = ",".join(key.name for key in keys)
        return node.start()

    def test_outsiders_get_no_session(self):  # representative
        key = self.new_key("network.key")
        a = self.with_keys(self.new_node("a"), key)
        b = self.with_keys(self.new_node("b"), key)
        stranger = self.new_node("stranger").start()
        a.connect(b.address())
        wait_until(lambda: b.has_session(a.peer), 10, "the two have a session")
        refused = a.cli("connect", stranger.address())
        self.assertEqual(refused.returncode, weft.EXIT_DENIED, refused.stderr)
        self.assertIn("private network", refused.stderr)
        stranger.cli("connect", a.address())
        wait_until(lambda: not stranger.sessions(), 10, "the stranger is sent away")
        self.assertEqual([s["peer"] for s in a.sessions()], [b.peer])
        a.send(b.peer, b"among us")

    def test_a_key_is_replaced_node_by_node(self):
        old, new = self.new_key("old.key"), self.new_key("new.key")
        a = self.with_keys(self.new_node("a"), old)
        b = self.new_node("b")
        for mine, theirs in [((old,), (old,)), ((old, new), (old,)), ((old, new), (old, new)), ((new,), (old, new)), ((new,), (new,))]:
            a = self.with_keys(a, *theirs)
            b = self.with_keys(b, *mine)
            b.connect(a.address())
            wait_until(lambda: a.has_session(b.peer), 10, f"{mine} meets {theirs}")
        a = self.with_keys(a, old)
        refused = b.cli("connect", a.address())
        self.assertEqual(refused.returncode, weft.EXIT_DENIED, refused.stderr)

    def test_a_bad_key_file_is_named(self):
        node = self.new_node()
        path = node.directory / "network.key"
        node.settings["network.key_files"] = "network.key"

        def refused(code, *words):
            node.spawn()
            self.assertEqual(node.process.wait(15 * weft.PATIENCE), code, node.tail())
            for word in words:
                self.assertIn(word, node.tail())

        refused(weft.EXIT_NOT_FOUND, str(path))
        path.write_text("00" * 31 + "\n")
        refused(weft.EXIT_DENIED, str(path), "chmod 600")
        path.chmod(0o600)
        refused(weft.EXIT_CONFIG, str(path), "64 hexadecimal")
        path.write_text("00" * 32 + "\n")
        node.settings["network.key_files"] = "network.key,network.key"
        refused(weft.EXIT_CONFIG, "same network key")
        node.settings["network.key_files"] = "a,b,c"
        refused(weft.EXIT_CONFIG, "at most two")
        again = node.cli("keys", "network", path)
        self.assertNotEqual(again.returncode, 0)
        self.assertIn("exists", again.stderr)


if __name__ == "__main__":
    weft.main()
