# SPDX-License-Identifier: MIT
"""Nodes of js-libp2p, for tests of Weft in their company."""
import json
import subprocess
import threading
from pathlib import Path

import weft
from weft import PATIENCE

ANSWER_SECONDS = 90


def install():
    """Once; returns the folder that nodes are started from."""
    return subprocess.run([Path(__file__).parent / "install.sh"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


class JsNode:
    """A js-libp2p node with gossipsub and kad-dht (mesh_peer.mjs). Calls may come from several threads."""

    def __init__(self, root, folder, name, *options):
        self.name, self.last_id, self.answers = name, 0, {}
        self.lock, self.news = threading.Lock(), threading.Condition()
        self.stderr = open(root / f"{name}.err", "w+b")
        self.process = subprocess.Popen([f"{folder}/node", f"{folder}/mesh_peer.mjs", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.stderr, text=True, preexec_fn=weft.die_with_parent)
        first = json.loads(self.process.stdout.readline())
        self.peer, self.address = first["peer"], first["address"]
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            answer = json.loads(line)
            with self.news:
                self.answers[answer.pop("id")] = answer
                self.news.notify_all()

    def ask(self, do, **arguments):
        with self.lock:
            self.last_id += 1
            number = self.last_id
            self.process.stdin.write(json.dumps({"id": number, "do": do, **arguments}) + "\n")
            self.process.stdin.flush()
        with self.news:
            if not self.news.wait_for(lambda: number in self.answers, ANSWER_SECONDS * PATIENCE):
                raise AssertionError(f"{self.name} did not answer {do}")
            answer = self.answers.pop(number)
        if "error" in answer:
            raise AssertionError(f"{self.name}, {do}: {answer['error']}")
        return answer

    def end(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()
        self.stderr.close()
