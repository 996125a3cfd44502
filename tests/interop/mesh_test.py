# SPDX-License-Identifier: MIT
"""Gossip and DHT in one network of Weft and js-libp2p nodes: three of each, every one joined to every other."""
import base64
import hashlib
import threading
from collections import Counter
from urllib.parse import quote

import weft
from js_node import JsNode, install
from weft import PATIENCE, WeftTest, wait_until

WEFT_NODES = JS_NODES = 3
TOPIC = "mixed"
# 2,000 messages in all: each of the six publishes its share.
SHARE = {"weft": 334, "js": 333}
BODY_BYTES = 200


class Listener:
    """What one Weft node shows of a topic."""

    def __init__(self, node, topic):
        self.seen, self.lost, self.failure = Counter(), 0, None
        self.lines = node.lines("GET", f"/v1/subscribe?topic={quote(topic)}", timeout=300)
        assert "subscribed" in next(self.lines)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            for line in self.lines:
                if "message" in line:
                    origin, number = line["message"]["text"].split(" ")[:2]
                    assert line["message"]["author"] == origin
                    self.seen[origin, number] += 1
                self.lost += line.get("lost", 0)
        except Exception as why:  # The node ends with the test; anything earlier shows as missing messages.
            self.failure = why

    def by_origin(self):
        return Counter(origin for origin, _ in list(self.seen))

    def twice(self):
        return sum(1 for times in self.seen.values() if times > 1)


class Mesh(WeftTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = install()

    def start_mixed(self, **settings):
        """Every pair has a session, half of them dialled by each kind; two where js's own dial crossed ours, until one is dropped."""
        js = [JsNode(self.root, self.folder, f"js{i}") for i in range(JS_NODES)]
        for peer in js:
            self.addCleanup(peer.end)
        nodes = [self.new_node(f"weft{i}", **settings).start() for i in range(WEFT_NODES)]
        for i, node in enumerate(nodes):
            for other in nodes[:i]:
                node.connect(other.address())
            for k, peer in enumerate(js):
                if (i + k) % 2:
                    node.connect(peer.address)
                else:
                    peer.ask("connect", to=node.address())
        for i, peer in enumerate(js):
            for other in js[:i]:
                peer.ask("connect", to=other.address)
        for node in nodes:
            wait_until(lambda: len({s["peer"] for s in node.sessions()}) == WEFT_NODES + JS_NODES - 1, 30, "everybody has a session with everybody")
        return nodes, js

    def subscribers(self, node, topic):
        return next((t["subscribers"] for t in node.api("GET", "/v1/topics")["topics"] if t["topic"] == topic), 0)

    def subscribe_all(self, nodes, js):
        for peer in js:
            peer.ask("subscribe", topic=TOPIC)
        listeners = [Listener(node, TOPIC) for node in nodes]
        for node in nodes:
            wait_until(lambda: self.subscribers(node, TOPIC) == WEFT_NODES + JS_NODES - 1, 30, "every subscription is known to Weft")
        for peer in js:
            wait_until(lambda: len(peer.ask("mesh", topic=TOPIC)["subscribers"]) == WEFT_NODES + JS_NODES - 1, 30, "every subscription is known to js")
        for peer in js:
            wait_until(lambda: set(peer.ask("mesh", topic=TOPIC)["peers"]) & {n.peer for n in nodes}, 30, "a js node has Weft nodes in its mesh")
        return listeners

    def publish_all(self, nodes, js, share, bytes_each):
        def from_weft(node):
            for number in range(share["weft"]):
                body = f"{node.peer} {number} ".ljust(bytes_each, ".")
                node.api("POST", f"/v1/publish?topic={TOPIC}", body)

        failures = []

        def run(work, *arguments, **named):
            try:
                work(*arguments, **named)
            except Exception as why:
                failures.append(why)

        threads = [threading.Thread(target=run, args=(from_weft, node)) for node in nodes]
        threads += [threading.Thread(target=run, args=(peer.ask, "publish"), kwargs={"topic": TOPIC, "count": share["js"], "bytes": bytes_each, "interval_ms": 2})
                    for peer in js]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def expect_everything(self, nodes, js, listeners, share):
        """Everybody has every message of everybody else, once. Own messages count where a node shows them to itself."""
        def owed(me):
            return {n.peer: share["weft"] for n in nodes if n.peer != me} | {p.peer: share["js"] for p in js if p.peer != me}

        def missing():
            gaps = []
            for node, heard in zip(nodes, listeners):
                got = heard.by_origin()
                gaps += [(node.directory.name, origin, count - got[origin]) for origin, count in owed(node.peer).items() if got[origin] != count]
            for peer in js:
                got = peer.ask("received", topic=TOPIC)["by_origin"]
                gaps += [(peer.name, origin, count - got.get(origin, 0)) for origin, count in owed(peer.peer).items() if got.get(origin, 0) != count]
            return gaps

        try:
            wait_until(lambda: not missing(), 60, "every message has arrived everywhere")
        except AssertionError:
            self.fail(f"(node, origin, missing): {missing()}")
        self.assertEqual([heard.twice() for heard in listeners], [0] * len(listeners))
        self.assertEqual([heard.lost for heard in listeners], [0] * len(listeners))
        self.assertEqual([peer.ask("received", topic=TOPIC)["twice"] for peer in js], [0] * len(js))

    def test_gossip_loses_nothing(self):
        nodes, js = self.start_mixed()
        listeners = self.subscribe_all(nodes, js)
        self.publish_all(nodes, js, SHARE, BODY_BYTES)
        self.expect_everything(nodes, js, listeners, SHARE)

    def test_large_messages(self):
        """Pushed between Weft nodes, ordinary frames with js-libp2p."""
        nodes, js = self.start_mixed()
        listeners = self.subscribe_all(nodes, js)
        share = {"weft": 10, "js": 10}
        self.publish_all(nodes, js, share, 96 * 1024)
        self.expect_everything(nodes, js, listeners, share)

    def test_dht_values(self):
        nodes, js = self.start_mixed()
        self.await_tables(nodes, js)
        stored = nodes[0].api("POST", "/v1/dht/put?name=greeting", "from weft")
        self.assertGreaterEqual(stored["copies"], WEFT_NODES + JS_NODES - 1)
        key = stored["key"]
        record = self.stored_at(js[0], key)
        for peer in js:
            self.assertEqual(self.stored_at(peer, key), record)
        for node in nodes[1:]:
            self.assertEqual(node.api("GET", f"/v1/dht/get?key={quote(key)}")["text"], "from weft")
        # A js node passes a record on: what Weft signed stays valid whoever stores it.
        self.assertTrue(js[1].ask("put", key=self.hex_key(key), value=record)["stored_by"])
        self.assertEqual(nodes[2].api("GET", f"/v1/dht/get?key={quote(key)}")["text"], "from weft")
        # And what nobody signed is refused by every Weft node.
        forged = bytes.fromhex(record)[:-1] + b"?"
        took = js[2].ask("put", key=self.hex_key(key), value=forged.hex())["stored_by"]
        self.assertFalse({n.peer for n in nodes} & set(took))
        for node in nodes:
            self.assertGreaterEqual(node.metric("weft_dht_rejected_total", reason="invalid_value"), 1)
            self.assertEqual(node.api("GET", f"/v1/dht/get?key={quote(key)}")["text"], "from weft")

    def test_dht_providers_and_peers(self):
        nodes, js = self.start_mixed()
        self.await_tables(nodes, js)
        from_weft, from_js = (cid_of(text) for text in ("provided by weft", "provided by js"))
        nodes[0].api("POST", f"/v1/dht/provide?key={from_weft}")
        js[0].ask("provide", cid=from_js)
        for peer in js:
            self.assertIn(nodes[0].peer, peer.ask("providers", cid=from_weft)["providers"])
        for node in nodes:
            found = node.api("GET", f"/v1/dht/providers?key={from_js}")["peers"]
            self.assertIn(js[0].peer, [p["peer"] for p in found])
            found = node.api("GET", f"/v1/dht/peer?id={js[1].peer}")["peers"]
            self.assertIn(js[1].address.split("/p2p/")[0], [a.split("/p2p/")[0] for p in found for a in p["addresses"]])
        for node in nodes:
            found = js[2].ask("find", peer=node.peer)["addresses"]
            self.assertIn(node.address().split("/p2p/")[0], [a.split("/p2p/")[0] for a in found])

    def await_tables(self, nodes, js):
        for peer in js:
            wait_until(lambda: peer.ask("table")["size"] >= WEFT_NODES + JS_NODES - 1, 30, "the js node's table is full")
        for node in nodes:
            wait_until(lambda: (node.metric("weft_dht_table_entries") or 0) >= WEFT_NODES + JS_NODES - 1, 30, "the Weft node's table is full")

    def stored_at(self, peer, key):
        value = peer.ask("get", key=self.hex_key(key))["value"]
        self.assertIsNotNone(value, f"{peer.name} finds {key}")
        return value

    @staticmethod
    def hex_key(key):
        return key.encode().hex()


def cid_of(text):
    """Version 1, raw, SHA-256, base32."""
    binary = b"\x01\x55\x12\x20" + hashlib.sha256(text.encode()).digest()
    return "b" + base64.b32encode(binary).decode().lower().rstrip("=")


if __name__ == "__main__":
    weft.main()
