# SPDX-License-Identifier: MIT
"""Broadcasts to the readers of a topic, across nodes that pass them on."""
import threading

import weft
from weft import WeftTest, wait_until

MESSAGES = 20


class Topics(WeftTest):
    def follow(self, node, topic):
        """What a reader of the topic at `node` is given, as it comes: message by message, until the node ends."""
        heard = []

        def read():
            try:
                for line in node.lines("GET", f"/v1/subscribe?topic={topic}"):
                    if "message" in line:
                        heard.append(line["message"]["text"])
            except (OSError, weft.ApiError, weft.http.client.HTTPException):
                pass

        threading.Thread(target=read, daemon=True).start()
        return heard

    def mesh(self, node, topic):
        return {peer for t in node.api("GET", "/v1/topics")["topics"] if t["topic"] == topic for peer in t["mesh"]}

    def test_all_in_a_line_hear_each_message_once(self):  # representative
        nodes = self.start_line(4)
        heard = [self.follow(node, "news") for node in nodes]
        for i, node in enumerate(nodes):
            neighbours = {other.peer for other in nodes[max(i - 1, 0) : i + 2]} - {node.peer}
            wait_until(lambda: self.mesh(node, "news") == neighbours, 30, "neighbours are in each other's mesh")
        texts = [f"news {n}" for n in range(MESSAGES)]
        for n, text in enumerate(texts):
            nodes[0 if n % 2 else -1].api("POST", "/v1/publish?topic=news", text.encode())
        for reader in heard[1:-1]:
            wait_until(lambda: len(reader) >= MESSAGES, 30, "the nodes between hear everything")
        wait_until(lambda: set(heard[0]) >= set(texts[::2]) and set(heard[-1]) >= set(texts[1::2]), 30, "the ends hear each other")
        for reader in heard:
            self.assertEqual(len(reader), len(set(reader)), "heard twice")


if __name__ == "__main__":
    weft.main()
