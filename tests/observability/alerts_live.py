# SPDX-License-Identifier: MIT
"""Every alert fires when what it is for goes wrong in a real mesh, names who it is about, and clears when that is over.

What nodes of this version do not do, others do: one of the next version, with a mistake in its metrics (weft_next), and nodes of
js-libp2p, which send each other what they have.
"""
import contextlib
import os
import unittest

from faults import (FewDescriptors, Frozen, FullDisk, LowCap, Steps, Stopping, Upgraded, bad_reload, broadcast, eager_peers,
                    ignore_file_size_signal, killed, lost_messages, many_broadcasts, restarted, unanswered_lookups, wrong_peers)
from js_node import JsNode, install
from live import LiveTest, free_port
from rules import all_rules
from shims import wrong_clock
from support import main

from weft import wait_until

CROWD = 7
EAGER = 4
NEXT = os.environ["WEFT_NEXT"]


class Alerts(LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hub = cls.new_node("hub").start()
        cls.at_hub = {"network__bootstrap": cls.hub.address()}
        cls.fragile, cls.restless, cls.plain = (cls.new_node(name, http__listen=f"127.0.0.1:{free_port()}", **cls.at_hub).start()
                                                for name in ("fragile", "restless", "plain"))
        cls.lonely = cls.new_node("lonely").start()
        cls.disk = cls.new_node("disk", **cls.at_hub).start(ignore_file_size_signal)
        cls.early = cls.new_node("early", routing__refresh_interval=1, **cls.at_hub)
        cls.early.environment["LD_PRELOAD"] = str(wrong_clock(cls.root))
        cls.unready = cls.new_unready_node()
        answering = {"bench__answer": "true", "gossip__topics": "news"}
        cls.heavy = cls.new_node("heavy", gossip__heartbeat=60, gossip__topics="news").start()
        for _ in range(80):
            broadcast(cls.heavy, 500_000)
        cls.bencher = cls.new_node("bencher", bench__every=4, bench__kinds="broadcast", bench__samples=10, **answering).start()
        cls.sleepy = cls.new_node("sleepy", network__bootstrap=cls.bencher.address(), **answering).start()
        cls.crowd = [cls.new_node("crowd0", gossip__topics="news").start()]
        for i in range(1, CROWD):
            cls.crowd.append(cls.new_node(f"crowd{i}", network__bootstrap=",".join(node.address() for node in cls.crowd),
                                          gossip__topics="news").start())
        cls.upgraded = cls.new_node("upgraded", http__listen=f"127.0.0.1:{free_port()}", **cls.at_hub).start()
        cls.busy = cls.new_node("busy", gossip__topics="news").start()
        cls.talker = cls.new_node("talker", network__bootstrap=cls.busy.address(), gossip__topics="news").start()
        cls.start_eager_peers()
        cls.jobs = {
            "weft": [node.http_address for node in (cls.hub, cls.fragile, cls.restless, cls.plain, cls.lonely, cls.disk, cls.upgraded)]
            + [cls.unready_address],
            "lonely": [cls.lonely.http_address], "slow": [cls.bencher.http_address],
            "crowd": [cls.crowd[0].http_address, cls.crowd[-1].http_address], "heavy": [cls.heavy.http_address],
            "mixed": [cls.mixed.http_address], "busy": [cls.busy.http_address]}
        cls.prometheus.watch(cls.jobs)
        targets = sum(map(len, cls.jobs.values()))
        wait_until(lambda: cls.prometheus.value("count(up == 1)") == targets, 30, "all nodes are scraped")

    @classmethod
    def start_eager_peers(cls):
        """A node in the company of js-libp2p, each with a session to each."""
        cls.mixed = cls.new_node("mixed", gossip__topics="news").start()
        folder = install()
        cls.eager = []
        for i in range(EAGER):
            peer = JsNode(cls.root, folder, f"js{i}")
            cls.addClassCleanup(peer.end)
            for other in [cls.mixed.address()] + [each.address for each in cls.eager]:
                peer.ask("connect", to=other)
            peer.ask("subscribe", topic="news")
            cls.eager.append(peer)
        wait_until(lambda: all(len(peer.ask("mesh", topic="news")["peers"]) == EAGER for peer in cls.eager), 40, "each has all others in its mesh")

    @classmethod
    def new_unready_node(cls):
        """Ready once `reload_with_its_name` has been called."""
        cls.unready_address = f"127.0.0.1:{free_port()}"
        node = cls.new_node("unready", http__listen=cls.unready_address, network__resolve_interval=1)
        config = node.directory / "config.toml"
        cls.unready_text = config.read_text()
        nowhere = cls.hub.address().replace("/ip4/127.0.0.1/", "/dns4/node.invalid/")
        config.write_text(cls.unready_text.replace("bootstrap = []", f'bootstrap = ["{nowhere}"]'))
        return node.spawn()

    def make_ready(self):
        (self.unready.directory / "config.toml").write_text(self.unready_text)
        self.unready.api("POST", "/v1/reload")

    def faults(self):
        """By alert: the fault, and the labels of the alert."""
        def about(node, job="weft", **labels):
            return {"job": job, "instance": node.http_address, **labels}

        upgraded = Upgraded(self.upgraded, NEXT)
        told = Steps(lambda: None, lambda: None)
        disk, capped = FullDisk(self.disk), self.crowd[-1]
        return {
            "NodeRestarting": (restarted(self.restless, self.prometheus), about(self.restless)),
            "NodeDown": (killed(self.fragile), about(self.fragile)),
            "NodeNotReady": (Steps(lambda: None, self.make_ready), {"job": "weft", "instance": self.unready_address}),
            "NodeIsolated": (Steps(lambda: None, lambda: self.lonely.connect(self.hub.address())), about(self.lonely)),
            "ReloadFailed": (bad_reload(self.plain), about(self.plain)),
            "FdNearLimit": (FewDescriptors(self.plain), about(self.plain)),
            "MemoryNearLimit": (LowCap(self.heavy, told, memory_bytes=64 << 20), about(self.heavy, "heavy")),
            "BandwidthCapped": (LowCap(capped, many_broadcasts([capped], 60_000), upload_bytes_per_second=65536),
                                about(capped, "crowd", direction="outbound")),
            "StorageFull": (disk, about(self.disk)),
            "StorageErrors": (told, about(self.disk)),
            "VersionSkew": (upgraded, {"job": "weft"}),
            "MetricsCardinalityHigh": (told, about(self.upgraded)),
            "MailboxSaturated": (Frozen(self.busy, many_broadcasts([self.talker])), about(self.busy, "busy", actor="gossip")),
            "ClockSkew": (Steps(self.early.start, self.early.kill), about(self.hub)),
            "HandshakeFailuresHigh": (wrong_peers(self.lonely, self.hub), {"job": "lonely"}),
            "DhtLookupFailing": (unanswered_lookups(self.lonely), {"job": "lonely"}),
            "MessagesFailing": (lost_messages(self.lonely), {"job": "lonely"}),
            "GossipDuplicatesHigh": (eager_peers(self.eager), {"job": "mixed"}),
            "GossipSlow": (Stopping(self.sleepy, 1.6, 0.3), {"job": "slow"}),
        }

    def fires(self, alert, labels):
        return bool(self.prometheus.firing(alert, **labels))

    def test_each_alert_fires_and_clears(self):
        faults = self.faults()
        # These two are so from the start.
        early = {"NodeNotReady", "NodeIsolated"}
        for alert, (_, labels) in faults.items():
            if alert not in early:
                self.assertFalse(self.fires(alert, labels), f"{alert} before its time")
        self.run_faults(faults)
        self.drop_peers()
        self.forget_all()
        self.assertEqual(set(faults) | {"PeersDropping", "NoNodes"}, {rule.name for rule in all_rules() if rule.alert})

    def run_faults(self, faults):
        waiting = dict(faults)
        with contextlib.ExitStack() as ends:
            for fault, _ in faults.values():
                fault.begin()
                ends.callback(fault.end)
            self.wait_for_all(faults, True, 90, "fire")
        self.wait_for_all(waiting, False, 90, "clear")

    def wait_for_all(self, faults, firing, seconds, what):
        left = dict(faults)

        def done():
            for alert, (_, labels) in list(left.items()):
                if self.fires(alert, labels) == firing:
                    del left[alert]
            return not left
        try:
            wait_until(done, seconds, "")
        except AssertionError:
            self.fail(f"these alerts did not {what} within {seconds} s: {', '.join(left)}")

    def drop_peers(self):
        """Most of the crowd goes away from one of its nodes, and comes back."""
        stays = self.crowd[0]
        labels = {"job": "crowd", "instance": stays.http_address}
        lasting = f'instance:weft_connected_peers:lasting{{instance="{stays.http_address}"}}'
        # One or two may be there for a passing purpose.
        wait_until(lambda: (self.prometheus.value(lasting) or 0) >= 4, 40, "most of the crowd is there to stay")
        self.assertFalse(self.fires("PeersDropping", labels))
        for node in self.crowd[1:-1]:
            self.assertEqual(node.stop(), 0)
        wait_until(lambda: self.fires("PeersDropping", labels), 30, "PeersDropping fires")
        for node in self.crowd[1:-1]:
            node.start()
        wait_until(lambda: not self.fires("PeersDropping", labels), 60, "PeersDropping clears")

    def forget_all(self):
        self.assertFalse(self.fires("NoNodes", {}))
        self.prometheus.watch({"other": [self.hub.http_address]})
        wait_until(lambda: self.fires("NoNodes", {"job": "weft"}), 40, "NoNodes fires")
        self.prometheus.watch(self.jobs)
        wait_until(lambda: not self.fires("NoNodes", {}), 20, "NoNodes clears")


if __name__ == "__main__":
    main()
