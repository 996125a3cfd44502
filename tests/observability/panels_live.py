# SPDX-License-Identifier: MIT
"""The dashboards and rules against a mesh that works: every selector names series that exist, every panel shows something, and
no metric is exported for nothing."""
import math
import re
import subprocess
import time
import unittest

from dashboards_test import dashboards
from lint import selectors_of, targets_of
from live import LiveTest, scrape
from prometheus import promtool
from promql import expand, selectors
from rules import all_rules
from support import DEPLOY, TREE, main

from weft import BINARY, die_with_parent, quote, wait_until

NODES = 4
RATE_INTERVAL = "20s"


def base_name(series):
    return re.sub(r"_(bucket|sum|count)$", "", series)


def families(text):
    return {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}


def series_of(text):
    """Names with their labels; bounds as numbers, since the formats write them differently."""
    found = {line.rsplit(" ", 1)[0] for line in text.splitlines() if line and not line.startswith("#")}
    return {re.sub(r'le="([\d.e-]+)"', lambda bound: f'le="{float(bound.group(1))}"', name) for name in found}


class Panels(LiveTest):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        settings = {"bench__answer": "true", "bench__samples": 10, "bench__throughput_samples": 200, "gossip__topics": "news"}
        first = cls.new_node("n0", bench__every=4, **settings).start()
        for i in range(1, NODES):
            cls.new_node(f"n{i}", network__bootstrap=first.address(), **settings).start()
        wait_until(lambda: len({s["peer"] for s in first.sessions()}) == NODES - 1, 20, "all nodes have a session with the first")
        cls.prometheus.watch({"weft": [node.http_address for node in cls.nodes]})
        wait_until(lambda: cls.prometheus.value("count(up == 1)") == NODES, 20, "all nodes are scraped")
        begin = time.monotonic()
        rounds = 0
        while (spent := time.monotonic() - begin) < 30 or rounds < 3 or not all(map(cls.measured, ("broadcast", "lookup"))):
            if spent > 120:
                raise AssertionError(f"the nodes' own benches gave no figures within {spent:.0f} s:\n{first.tail()}")
            cls.work(rounds)
            rounds += 1
        cls.end = time.time()

    @classmethod
    def measured(cls, bench):
        """Lately, as Prometheus sees it."""
        return (cls.prometheus.value(f'sum(increase(weft_bench_seconds_count{{bench="{bench}"}}[20s]))') or 0) > 0

    @classmethod
    def work(cls, number):
        """A round of everything that nodes do."""
        a, b, c, d = cls.nodes
        for to in (b, c, d):
            a.send(to.peer, b"a message", volatile=number % 2)
        b.send(d.peer, bytes(200_000), volatile=1)
        for node in cls.nodes:
            node.api("POST", "/v1/publish?topic=news", f"round {number}".encode())
        a.api("POST", "/v1/publish?topic=news", bytes(100_000 + number))
        key = b.api("POST", f"/v1/dht/put?name=key{number}", b"value")["key"]
        c.api("GET", f"/v1/dht/get?key={quote(key)}")
        c.api("POST", f"/v1/dht/provide?key={quote(key)}", b"")
        d.api("GET", f"/v1/dht/providers?key={quote(key)}")
        list(c.lines("POST", f"/v1/ping?to={d.peer}&count=2&interval=0.01&timeout=5"))
        b.api("POST", "/v1/bench", '{"kind":"stream","to":"%s","samples":1,"upload_bytes":100000,"download_bytes":100000}' % c.address())
        d.api("POST", f"/v1/disconnect?peer={a.peer}")
        d.connect(a.address())

    def test_each_selector_names_series(self):
        """A dashboard or a rule that asks for a label or a value that is not there shows nothing, for ever."""
        asked = {expand(selector.text()): name for name, each in dashboards().items() for *_, selector in selectors_of(each)}
        for rule in all_rules():
            asked.update({selector.text(): rule.name for selector in selectors(rule.expr) if ":" not in selector.metric})
        self.assertGreater(len(asked), 200)
        self.assertEqual([f"{name}: {selector}" for selector, name in asked.items()
                          if not self.prometheus.api("series", **{"match[]": selector, "start": self.end - 60})], [])

    def test_each_recorded_rule_has_a_value(self):
        for rule in all_rules():
            # The nodes' own benches have not yet run, or nothing has failed: the ratio exists all the same.
            if not rule.alert:
                self.assertTrue(self.prometheus.api("query_range", query=rule.name, start=self.end - 20, end=self.end, step=1)["result"], rule.name)

    def test_each_panel_shows_something(self):
        empty, shown = [], 0
        for name, each in dashboards().items():
            for panel, target in targets_of(each):
                found = self.prometheus.api("query_range", query=expand(target["expr"], RATE_INTERVAL), start=self.end - 20, end=self.end, step=2)["result"]
                values = [float(value) for line in found for _, value in line["values"]]
                shown += 1
                if all(math.isnan(value) for value in values):
                    empty.append(f"{name}: {panel['title']}: {'NaN' if values else 'nothing'}: {target['expr']}")
        self.assertEqual(empty, [])
        self.assertGreater(shown, 250)

    def test_each_metric_is_looked_at(self):
        used = {base_name(selector.metric) for each in dashboards().values() for *_, selector in selectors_of(each)}
        used |= {base_name(selector.metric) for rule in all_rules() for selector in selectors(rule.expr)}
        exported = families(scrape(self.nodes[0].http_address)[1])
        self.assertGreater(len(exported), 200)
        self.assertEqual(sorted(exported - used), [], "exported, and neither on a dashboard nor in a rule")

    def test_the_documented_metrics_are_the_exported_ones(self):
        done = subprocess.run([DEPLOY / "metrics_table.py"], input=scrape(self.nodes[0].http_address)[1], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, (TREE / "docs/metrics.md").read_text())

    def test_both_formats_tell_the_same(self):
        """Prometheus, which asks for OpenMetrics, reads it in the other tests."""
        kind, text = scrape(self.nodes[0].http_address)
        open_kind, open_text = scrape(self.nodes[0].http_address, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
        self.assertEqual((kind, open_kind), ("text/plain; version=0.0.4; charset=utf-8", "application/openmetrics-text; version=1.0.0; charset=utf-8"))
        self.assertTrue(open_text.endswith("\n# EOF\n"))
        self.assertEqual(series_of(open_text), series_of(text))

    def test_the_number_of_series_does_not_depend_on_peers(self):
        """With no session, and with a hundred."""
        alone = self.new_node("alone").start()
        before = series_of(scrape(alone.http_address)[1])
        far = subprocess.Popen([BINARY, "bench-far", alone.address(), "100"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               preexec_fn=die_with_parent)
        try:
            wait_until(lambda: alone.metric("weft_connected_peers") == 100, 60, "a hundred sessions")
            self.assertEqual(series_of(scrape(alone.http_address)[1]), before)
        finally:
            far.kill()
            far.wait()

    def test_promtool_finds_the_metrics_well_named(self):
        done = subprocess.run([promtool(), "check", "metrics"], input=scrape(self.nodes[0].http_address)[1], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_every_kind_of_work_was_done(self):
        """Else the panels would only show that metrics exist."""
        for metric in ("weft_messaging_acknowledged_total", "weft_gossip_delivered_total", "weft_dht_operations_total", "weft_connections_closed_total",
                       'weft_bench_runs_total{outcome="complete"}', "weft_store_commits_total", "weft_perf_bytes_total",
                       "weft_messaging_fragments_received_total"):
            self.assertGreater(self.prometheus.value(f"sum({metric})"), 0, metric)
        node = self.nodes[0]
        self.assertGreater(node.metric("weft_rtt_seconds_count"), node.metric("weft_pings_total", direction="outbound"),
                           "round trips of sessions are noted without pings, too")
        for figure in ("operations_per_second", "sealed_bytes_per_second", "loopback_bytes_per_second", "sync_seconds"):
            self.assertGreater(self.prometheus.value(f"min(weft_selfcheck_{figure})"), 0, figure)


if __name__ == "__main__":
    main()
