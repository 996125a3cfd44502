# SPDX-License-Identifier: MIT
"""The dashboards by themselves: what the generator writes, right by the rules of Grafana's linter, about metrics that exist."""
import copy
import json
import re
import sys
import tempfile
import unittest
from pathlib import Path

from lint import RULES, lint, panels_of, selectors_of, targets_of
from prometheus import promtool
from promql import Selector, expand, selectors
from support import DEPLOY, TREE, main, run

FOLDER = DEPLOY / "grafana/dashboards"
TITLES = ["cluster overview", "node detail", "sessions and transport", "DHT", "gossip", "messages and routing", "actors and runtime", "benchmarks"]


def dashboards():
    return {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


class Dashboards(unittest.TestCase):
    def test_the_files_are_what_the_generator_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            run(sys.executable, "-B", DEPLOY / "grafana/make_dashboards.py", folder)
            made = {path.name: path.read_text() for path in Path(folder).glob("*.json")}
        self.assertEqual({path.name: path.read_text() for path in FOLDER.glob("*.json")}, made)

    def test_there_is_one_for_each_area(self):
        found = dashboards().values()
        self.assertEqual(sorted(each["title"] for each in found), sorted(f"Weft: {title}" for title in TITLES))
        self.assertEqual(len({each["uid"] for each in found}), len(TITLES))

    def test_they_follow_the_rules(self):
        self.assertEqual([f"{name}: {rule}: {finding}" for name, each in dashboards().items() for rule, finding in lint(each)], [])

    def test_the_provisioned_data_source_is_the_chosen_one(self):
        source = (DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text()
        uid = re.search(r"^ +uid: (\S+)$", source, re.M).group(1)
        for name, each in dashboards().items():
            self.assertEqual(each["templating"]["list"][0]["current"]["value"], uid, name)

    def test_promtool_parses_every_query(self):
        program = promtool()
        queries = [target["expr"] for each in dashboards().values() for _, target in targets_of(each)]
        self.assertGreater(len(queries), 200)
        rules = [{"record": f"query:{number}", "expr": expand(query)} for number, query in enumerate(queries)]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            # JSON is YAML.
            json.dump({"groups": [{"name": "queries", "rules": rules}]}, file)
            file.flush()
            run(program, "check", "rules", file.name)

    def test_metrics_have_these_names_in_the_sources(self):
        names = {re.sub("_(bucket|sum|count)$", "", selector.metric) for each in dashboards().values() for *_, selector in selectors_of(each)}
        ours = {name for name in names if name.startswith("weft_")}
        self.assertGreater(len(ours), 100)
        sources = "".join(p.read_text() for p in TREE.glob("*/**/*.cpp") if p.parts[len(TREE.parts)] not in ("build", "tests"))
        self.assertEqual([name for name in sorted(ours) if f'"{name}"' not in sources], [])


class Rules(unittest.TestCase):
    """Each rule finds what it is for, in a dashboard that was right before."""

    def setUp(self):
        self.board = copy.deepcopy(dashboards()["weft-dht.json"])
        self.assertEqual(lint(self.board), [])

    def found(self, rule):
        self.assertIn(rule, [name for name, _ in lint(self.board)])
        self.seen.add(rule)

    def panel(self):
        return next(panel for panel in panels_of(self.board) if panel["type"] == "timeseries")

    def rewrite(self, pattern, by):
        target = self.panel()["targets"][0]
        before = target["expr"]
        target["expr"] = re.sub(pattern, by, before)
        self.assertNotEqual(before, target["expr"])

    def test_each_rule_finds_its_fault(self):
        self.seen = set()
        variables = {each["name"]: each for each in self.board["templating"]["list"]}

        def variable(name, **values):
            return lambda: next(each for each in self.board["templating"]["list"] if each["name"] == name).update(values)

        faults = {
            "template-datasource-rule": variable("datasource", query="loki"),
            "template-job-rule": variable("job", multi=False),
            "template-instance-rule": variable("instance", allValue=".*"),
            "template-label-promql-rule": variable("job", query={"query": "label_values(job)"}),
            "template-on-time-change-reload-rule": variable("job", refresh=1),
            "panel-datasource-rule": lambda: self.panel()["targets"][0].update(datasource={"type": "prometheus", "uid": "fixed"}),
            "panel-title-description-rule": lambda: self.panel().update(description=""),
            "panel-units-rule": lambda: self.panel()["fieldConfig"]["defaults"].update(unit="parsecs"),
            "panel-no-targets-rule": lambda: self.panel().update(targets=[]),
            "target-promql-rule": lambda: self.rewrite(r"\)$", ""),
            "target-rate-interval-rule": lambda: self.rewrite(r"\$__rate_interval", "5m"),
            "target-job-rule": lambda: self.rewrite(r'job=~"\$job", ', ""),
            "target-instance-rule": lambda: self.rewrite(r'instance=~"\$instance"', 'instance="$instance"'),
            "target-counter-agg-rule": lambda: self.rewrite(r"rate\((.*)\[\$__rate_interval\]\)", r"\1"),
            "uneditable-dashboard": lambda: self.board.update(editable=True),
            "weft-unit-of-metric": lambda: next(p for p in panels_of(self.board) if "seconds" in p["targets"][0]["expr"])["fieldConfig"][
                "defaults"].update(unit="none"),
            "weft-layout": lambda: self.panel()["gridPos"].update(w=20),
            "weft-links": lambda: self.board.update(links=[]),
            "weft-legend": lambda: self.panel()["targets"][0].update(legendFormat="{{peer}}"),
        }
        self.assertEqual(set(variables), {"datasource", "job", "instance"})
        for rule, break_it in faults.items():
            self.setUp()
            break_it()
            with self.subTest(rule):
                self.found(rule)
        self.assertEqual(self.seen, set(RULES))


class Expressions(unittest.TestCase):
    def test_selectors_are_found(self):
        found = selectors('sum by (le, job) (rate(a_total{x="1", y=~"b|}"}[5m])) / on (job) group_left (z) max(b) > bool c{} and time() - d offset 5m')
        self.assertEqual(found, [
            Selector("a_total", (("x", "=", "1"), ("y", "=~", "b|}")), "5m", "rate"), Selector("b", (), "", "max"), Selector("c", (), "", ""),
            Selector("d", (), "", "")])
        self.assertEqual(found[0].text(), 'a_total{x="1",y=~"b|}"}')

    def test_the_function_is_the_innermost(self):
        found = selectors('histogram_quantile(0.5, sum by (le) (rate(a_bucket[$__rate_interval]))) or clamp_min(sum(b{job="$job"}), 1e-9)')
        self.assertEqual([(each.metric, each.function) for each in found], [("a_bucket", "rate"), ("b", "sum")])

    def test_variables_are_replaced(self):
        self.assertEqual(expand('rate(a{job=~"$job"}[$__rate_interval])', "20s", job="weft"), 'rate(a{job=~"weft"}[20s])')


if __name__ == "__main__":
    main()
