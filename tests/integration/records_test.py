# SPDX-License-Identifier: MIT
"""What a node keeps of the DHT outlives it: records, providers, known peers and the identity, whether it was stopped or
killed, at whatever point."""
import random
import shutil
import sqlite3
import threading

import weft
from weft import WeftTest, quote, wait_until

BROKEN = (OSError, weft.ApiError, weft.http.client.HTTPException, ValueError)


def put(node, name, value):
    return node.api("POST", f"/v1/dht/put?name={quote(name)}", value.encode(), 60)


def get(node, key):
    return node.api("GET", f"/v1/dht/get?key={quote(key)}", timeout=60)["text"]


def found(node, key):
    """As `get`, asking again when whoever holds it was too slow."""
    deadline = weft.time.monotonic() + 30 * weft.PATIENCE
    while True:
        try:
            return get(node, key)
        except weft.ApiError:
            if weft.time.monotonic() > deadline:
                raise


def provide(node, key):
    return node.api("POST", f"/v1/dht/provide?key={quote(key)}", b"", 60)


def providers(node, key):
    """Peers that provide the key; none when nobody is found."""
    try:
        found = node.api("GET", f"/v1/dht/providers?key={quote(key)}", timeout=60)
    except weft.ApiError as none:
        if none.code != "not_found":
            raise
        return set()
    return {p["peer"] for p in found["peers"]}


def everywhere(store, others):
    """Stores until all the other nodes have confirmed it: those that are slow to answer are left out."""
    return wait_until(lambda: (answer := store())["copies"] == others and answer, 60, f"{others} others confirm it")


class Records(WeftTest):
    def copies(self, node):
        """The node's databases as a dead process left them, copied so that looking at them changes nothing."""
        folder = self.root / f"copy{len(list(self.root.glob('copy*')))}"
        folder.mkdir()
        found = []
        for file in sorted(node.directory.rglob("*.db")):
            for part in (file, file.with_name(file.name + "-wal")):
                if part.exists():
                    shutil.copy(part, folder / part.name)
            found.append(folder / file.name)
        self.assertEqual([f.name for f in found], ["messages.db", "records.db"])
        return found

    def expect_sound(self, node):
        """Every database of the stopped node is whole; returns the one of the DHT."""
        for file in self.copies(node):
            with weft.contextlib.closing(sqlite3.connect(file)) as db:
                self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)], file.name)
        self.assertEqual(list(node.directory.rglob("*.damaged")), [])
        return file

    def expect_undamaged(self, node):
        self.assertNotIn("records_damaged", node.log.read_text())
        self.assertEqual(list(node.directory.rglob("*.damaged")), [])

    def own_names(self, file):
        """Names of the node's own records in its database."""
        with weft.contextlib.closing(sqlite3.connect(file)) as db:
            return {key.decode().rsplit("/", 1)[1] for (key,) in db.execute("SELECT key FROM records WHERE own = 1")}

    def stored(self, node, table):
        """Rows of a table while the node runs."""
        [file] = node.directory.rglob("records.db")
        with weft.contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
            return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def mesh(self, count):
        """Nodes with sessions between all of them."""
        nodes = []
        for i in range(count):
            others = ",".join(node.address() for node in nodes)
            settings = {"network__bootstrap": others} if others else {}
            nodes.append(self.new_node(f"n{i}", dht__dial="true", **settings).start())
        for node in nodes:
            wait_until(lambda: (node.metric("weft_dht_table_entries") or 0) >= count - 1, 60, f"{node.directory.name} knows the others")
        return nodes

    def outlives(self, end):
        keeper, publisher, other = self.mesh(3)
        values = {}
        for i in range(20):
            values[everywhere(lambda: put(publisher, f"name{i}", f"value {i}"), 2)["key"]] = f"value {i}"
        own = put(keeper, "own", "of the keeper")["key"]
        everywhere(lambda: provide(publisher, "/test/far"), 2)
        provide(keeper, "/test/near")
        wait_until(lambda: self.stored(keeper, "records") == 21, 20, "the records are on disk")
        wait_until(lambda: self.stored(keeper, "providers") == 2, 20, "the providers are on disk")
        wait_until(lambda: self.stored(keeper, "peers") == 2, 30, "the known peers are on disk")

        # Nobody tells the keeper of the other, which remembers nothing, nor the other of the keeper.
        publisher.kill()
        peer, port = keeper.peer, keeper.udp_port()
        end(keeper)
        self.expect_sound(keeper)
        other.settings["network.listen"] = f"/ip4/127.0.0.1/udp/{other.udp_port()}/quic-v1"
        del other.settings["network.bootstrap"]
        other.kill()
        for file in other.directory.rglob("records.db*"):
            file.unlink()
        other.start()
        keeper.settings["network.listen"] = f"/ip4/127.0.0.1/udp/{port}/quic-v1"
        keeper.start()
        self.assertEqual(keeper.peer, peer, "the identity stays")
        self.expect_undamaged(keeper)
        wait_until(lambda: keeper.has_session(other.peer), 60, "a known peer is found again")
        # From here on the keeper is alone with what it had on disk.
        self.assertEqual(other.stop(), 0)

        asker = self.new_node("asker", dht__dial="true", network__bootstrap=keeper.address(), dht__server="false").start()
        wait_until(lambda: asker.metric("weft_dht_table_entries"), 30, "the asker knows the keeper")
        for key, value in values.items():
            self.assertEqual(found(asker, key), value)
        self.assertEqual(found(asker, own), "of the keeper")
        wait_until(lambda: providers(asker, "/test/far") == {publisher.peer}, 30, "who provided is known")
        wait_until(lambda: providers(asker, "/test/near") == {keeper.peer}, 30, "the keeper still provides")
        self.assertEqual(keeper.metric("weft_dht_provided"), 1)
        self.assertEqual(keeper.stop(), 0)
        self.expect_sound(keeper)

    def test_records_outlive_a_stop(self):  # representative
        self.outlives(lambda node: self.assertEqual(node.stop(), 0))

    def test_records_outlive_a_kill(self):
        self.outlives(lambda node: node.kill())

    def test_known_peers_are_written_at_a_stop(self):
        keeper, _ = self.mesh(2)
        wait_until(lambda: self.stored(keeper, "peers") == 1, 30, "the first known peer is on disk")
        # Known after that: the next time they are written without a stop is ten seconds away.
        self.new_node("late", dht__dial="true", network__bootstrap=keeper.address()).start()
        wait_until(lambda: keeper.metric("weft_dht_table_entries") == 2, 60, "the keeper knows the late one")
        self.assertEqual(keeper.stop(), 0)
        with weft.contextlib.closing(sqlite3.connect(self.expect_sound(keeper))) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM peers").fetchone()[0], 2)

    def test_killed_while_records_are_written(self):
        """One node dies again and again while it publishes and is given records, at points it did not choose, also in
        its start; each time its files are whole, what it had begun later than something lost is lost too, and all that
        was acknowledged is found by others."""
        rng = random.Random(20261126)
        victim, publisher, other = self.mesh(3)
        victim.settings["network.listen"] = f"/ip4/127.0.0.1/udp/{victim.udp_port()}/quic-v1"
        acknowledged = {}
        order = []
        stop_all = threading.Event()

        def keep_publishing(node, prefix, stop, own_order=None):
            number = 0
            while not stop.is_set() and not stop_all.is_set():
                name = f"{prefix}.{number}"
                number += 1
                value = name + "=" * rng.choice([10, 1000, 8000])
                try:
                    if own_order is not None:
                        own_order.append(name)
                    key = put(node, name, value)["key"]
                    provide(node, f"/test/{name}")
                except BROKEN:
                    if own_order is not None:
                        return  # it is dead
                    continue
                acknowledged[key] = (name, value)

        steady = threading.Thread(target=keep_publishing, args=(publisher, "p", stop_all))
        steady.start()
        self.addCleanup(steady.join)
        self.addCleanup(stop_all.set)
        on_disk = set()
        for turn in range(6):
            order.clear()
            stop = threading.Event()
            writer = threading.Thread(target=keep_publishing, args=(victim, f"v{turn}", stop, order))
            writer.start()
            before = len(acknowledged)
            wait_until(lambda: len(acknowledged) >= before + rng.randrange(10, 60), 60, "some records are acknowledged")
            victim.kill()
            stop.set()
            writer.join()
            names = self.own_names(self.expect_sound(victim))
            self.assertLessEqual(on_disk, names, "what was on disk before stays there")
            kept = [name in names for name in order]
            self.assertEqual(kept, sorted(kept, reverse=True), "no gap in what is kept")
            self.assertGreater(sum(kept), 0)
            on_disk = names
            if turn % 2:
                victim.spawn()
                weft.time.sleep(rng.random() * 0.2)  # any point of the start
                victim.kill()
                self.assertEqual(self.own_names(self.expect_sound(victim)), on_disk)
            peer = victim.peer
            victim.start()
            self.assertEqual(victim.peer, peer)
            self.expect_undamaged(victim)
            wait_until(lambda: (victim.metric("weft_dht_table_entries") or 0) >= 2, 60, "the others are known again")
        stop_all.set()
        steady.join()
        self.assertGreater(len(acknowledged), 60)
        for key, (name, value) in acknowledged.items():
            self.assertEqual(found(other, key), value, name)
        mine = [name for name, _ in acknowledged.values() if name.startswith("v")]
        for name in rng.sample(mine, 20):
            wait_until(lambda: victim.peer in providers(other, f"/test/{name}"), 30, f"the victim provides {name}")
        print(f"{len(acknowledged)} records acknowledged, {len(on_disk)} of the victim's on its disk")


if __name__ == "__main__":
    weft.main()
