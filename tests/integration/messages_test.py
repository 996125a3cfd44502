# SPDX-License-Identifier: MIT
"""Messages between processes that die, fill their disks and come back: nothing lost, nothing shown twice."""
import ctypes
import hashlib
import os
import threading
from collections import Counter

import weft
from weft import WeftTest, wait_until

libc = ctypes.CDLL(None, use_errno=True)


class Messages(WeftTest):
    def expect_each_once(self, received, sent):
        """Every text of `sent` was shown exactly once, and nothing else."""
        counts = Counter(m["text"] for m in received)
        self.assertEqual([text for text, n in counts.items() if n > 1], [], "shown twice")
        self.assertEqual(sorted(set(sent) - set(counts)), [], "lost")
        self.assertEqual(sorted(set(counts) - set(sent)), [], "made up")

    def receive_all(self, node, count, seconds=30):
        received = []

        def enough():
            received.extend(node.receive())
            return len(received) >= count

        wait_until(enough, seconds, f"{count} messages arrive")
        return received

    def test_line_of_five(self):  # representative
        nodes = self.start_line(5)
        receipt = nodes[0].send(nodes[4].peer, b"over four sessions")
        self.assertEqual(receipt["hops"], 4)
        self.assertGreater(receipt["latency_seconds"], 0)
        back = nodes[4].send(nodes[0].peer, b"and back", volatile=1)
        self.assertEqual(back["hops"], 4)
        [message] = nodes[4].receive()
        self.assertEqual((message["text"], message["from"], message["hops"]), ("over four sessions", nodes[0].peer, 4))
        self.assertEqual([m["text"] for m in nodes[0].receive()], ["and back"])
        self.assertGreaterEqual(nodes[2].metric("weft_messaging_forwarded_total"), 2)

    def test_command_line(self):
        a, b = self.start_pair()
        self.assertEqual(a.cli_json("id")[0]["peer"], a.peer)
        done = a.cli("send", b.peer, "from the shell", check=True)
        self.assertIn("hop", done.stdout)
        self.assertIn("from the shell", b.cli("recv", check=True).stdout)
        self.assertNotIn("from the shell", b.cli("recv", check=True).stdout, "shown once")
        self.assertEqual(a.cli("send", b.peer, "-", check=True, text="from a pipe").returncode, 0)
        self.assertEqual([m["text"] for m in b.receive()], ["from a pipe"])
        self.assertEqual(a.cli("ping", b.peer, "-c", "3", check=True).returncode, 0)
        self.assertEqual(a.cli("disconnect", "12D3KooWNvSZnPi3RrhrTwEY4LuuBeB6K6facKUCJcyWG1aoDd2p").returncode, weft.EXIT_NOT_FOUND)

    def test_wrong_peer_is_refused(self):
        a = self.new_node("a").start()
        b = self.new_node("b").start()
        c = self.new_node("c").start()
        wrong = b.address().replace(b.peer, c.peer)
        with self.assertRaises(weft.ApiError) as refused:
            a.connect(wrong)
        self.assertEqual(refused.exception.code, "wrong_peer")
        self.assertGreaterEqual(a.metric("weft_dial_failures_total", reason="wrong_peer") or 0, 1)
        self.assertFalse(a.has_session(b.peer) or a.has_session(c.peer))

    def test_receiver_killed(self):
        a, b = self.start_pair()
        sent = [f"message {i}" for i in range(120)]
        received = []
        for start in range(0, 120, 30):
            for text in sent[start:start + 30]:
                a.accept(b.peer, text.encode())
            b.kill()
            b.settings["network.bootstrap"] = a.address()
            b.start()
            received += b.receive()
        received += self.receive_all(b, 120 - len(received), 60)
        self.expect_each_once(received, sent)
        wait_until(lambda: a.status()["outbox"]["messages"] == 0, 30, "all are acknowledged")

    def test_sender_killed(self):  # representative
        a, b = self.start_pair()
        address = b.address()
        b.keep_port()
        b.kill()
        sent = [f"message {i}" for i in range(80)]
        for text in sent:
            a.accept(b.peer, text.encode())
        a.kill()
        b.start()
        a.settings["network.bootstrap"] = address
        a.start()
        received = self.receive_all(b, 20, 60)
        a.kill()
        a.start()
        received += self.receive_all(b, 80 - len(received), 60)
        wait_until(lambda: a.status()["outbox"]["messages"] == 0, 30, "all are acknowledged")
        received += b.receive()
        self.expect_each_once(received, sent)

    def test_killed_while_sending(self):
        """The sender dies at points it did not choose; what it had accepted arrives, once."""
        a, b = self.start_pair()
        a.settings["network.bootstrap"] = b.address()
        accepted = []
        for round_number in range(3):
            stop = threading.Event()

            def keep_sending():
                number = 0
                while not stop.is_set():
                    text = f"round {round_number} message {number}"
                    number += 1
                    try:
                        a.accept(b.peer, text.encode())
                    except (OSError, weft.ApiError, AssertionError, weft.http.client.HTTPException):
                        return
                    accepted.append(text)

            before = len(accepted)
            sender = threading.Thread(target=keep_sending)
            sender.start()
            wait_until(lambda: len(accepted) >= before + 30, 30, "some messages are accepted")
            a.kill()
            stop.set()
            sender.join()
            a.start()
        wait_until(lambda: a.status()["outbox"]["messages"] == 0, 60, "all are acknowledged")
        received = b.receive()
        counts = Counter(m["text"] for m in received)
        self.assertEqual([text for text, n in counts.items() if n > 1], [], "shown twice")
        self.assertEqual(sorted(set(accepted) - set(counts)), [], "lost")

    def test_large_file_over_two_hops(self):  # representative
        nodes = self.start_line(3)
        path = self.root / "large"
        block = os.urandom(1 << 20)
        with open(path, "wb") as file:
            for i in range(100):
                file.write(i.to_bytes(4, "big") + block[4:])
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        progress = []
        receipt = None
        query = weft.urlencode({"to": nodes[2].peer, "file": str(path), "timeout": 240})
        for answer in nodes[0].lines("POST", f"/v1/send?{query}", timeout=240):
            if "progress" in answer:
                progress.append(answer["progress"]["acked_bytes"])
            receipt = answer.get("receipt", receipt)
        self.assertEqual(receipt["bytes"], 100 << 20)
        self.assertEqual(receipt["hops"], 2)
        self.assertGreater(len(set(progress)), 5, "progress is reported on the way")
        self.assertEqual(progress, sorted(progress))
        [message] = nodes[2].receive()
        self.assertEqual(message["bytes"], 100 << 20)
        arrived = hashlib.sha256()
        with open(message["file"], "rb") as file:
            while part := file.read(1 << 20):
                arrived.update(part)
        self.assertEqual(arrived.hexdigest(), digest)

    def test_full_inbox(self):
        """Volatile messages pass the durable ones that a full inbox refuses; those arrive when it has room."""
        a = self.new_node("a").start()
        b = self.new_node("b", storage__inbox_bytes=1 << 20).start()
        a.connect(b.address())
        wait_until(lambda: b.has_session(a.peer), 10, "the session is up on both sides")
        durable = [f"durable {i} ".ljust(40_000, ".") for i in range(60)]
        for text in durable:
            a.accept(b.peer, text.encode())
        wait_until(lambda: b.metric("weft_messaging_dropped_total", reason="store_refused"), 20, "the inbox is full")
        pings = [f"ping {i}" for i in range(50)]
        for text in pings:
            self.assertEqual(a.send(b.peer, text.encode(), volatile=1)["hops"], 1)
        self.assertLess(b.metric("weft_store_inbox_rows"), 60, "durable ones still wait")
        self.expect_each_once(self.receive_all(b, 110, 120), durable + pings)

    def test_full_disk(self):
        if os.getuid() != 0 or not self.mount_small_disk():
            self.skipTest("mounting a small file system needs root")
        b = self.new_node("b").start()
        a = weft.Node(self.small / "a", {"network.bootstrap": b.address()})
        self.nodes.append(a)
        a.log = self.root / "a.log"
        a.init().start()
        wait_until(lambda: a.has_session(b.peer), 10, "the session is up")
        a.send(b.peer, b"while there is room")
        ballast = self.small / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
            except OSError:
                pass
        with self.assertRaises(weft.ApiError) as refused:
            for _ in range(200):
                a.send(b.peer, os.urandom(20000))
        self.assertEqual(refused.exception.code, "disk_full", str(refused.exception))
        self.assertTrue(a.status()["peer"], "the node lives on")
        ballast.unlink()
        wait_until(lambda: self.sends(a, b), 30, "it works again when there is room")
        texts = [m.get("text") for m in b.receive()]
        self.assertEqual(texts.count("while there is room"), 1)
        self.assertEqual(texts.count("room again"), 1)
        self.assertEqual(a.stop(), 0)

    def sends(self, a, b):
        try:
            return a.send(b.peer, b"room again")
        except weft.ApiError as refused:
            if refused.code != "disk_full":
                raise
            return None

    def mount_small_disk(self):
        self.small = self.root / "small"
        self.small.mkdir()
        if libc.mount(b"none", str(self.small).encode(), b"tmpfs", 0, b"size=4m") != 0:
            return False
        self.addCleanup(lambda: libc.umount2(str(self.small).encode(), 2))
        return True


if __name__ == "__main__":
    weft.main()
