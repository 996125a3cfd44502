# SPDX-License-Identifier: MIT
"""What deploy/prometheus tells Prometheus, by itself: right for promtool, tested with synthetic series, explained."""
import json
import re
import tempfile
import unittest

from alert_cases import CASES
from prometheus import RULES, promtool
from promql import selectors
from rules import all_rules
from support import DEPLOY, TREE, main, run

SECTIONS = ("## Meaning", "## Impact", "## Find out", "## Put right")


def alerts():
    return {rule.name: rule for rule in all_rules() if rule.alert}


def rendered(text, case):
    text = re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: case.labels[found.group(1)], text)
    return re.sub(r"\{\{ \$value(?: \| \w+)? \}\}", case.value, text)


def synthetic_test(rule, case, series, minute, fires):
    expected = {"exp_labels": {**case.labels, "severity": rule.severity},
                "exp_annotations": {name: rendered(text, case) for name, text in rule.annotations.items()}}
    return {"interval": "1m", "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "alert_rule_test": [{"eval_time": f"{minute}m", "alertname": rule.name, "exp_alerts": [expected] if fires else []}]}


class Rules(unittest.TestCase):
    def promtool_tests(self, tests, check=True):
        program = promtool()
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            # JSON is YAML.
            json.dump({"rule_files": [str(path) for path in RULES.glob("*.yml")], "evaluation_interval": "1m", "tests": tests}, file)
            file.flush()
            return run(program, "test", "rules", file.name, check=check)

    def test_promtool_finds_the_configuration_right(self):
        done = run(promtool(), "check", "config", DEPLOY / "prometheus/prometheus.yml")
        self.assertIn(f"{len(alerts())} rules found", done.stdout, "the reader of these tests sees all alerts")

    def test_containers_see_the_rules(self):
        compose = (DEPLOY / "docker-compose.yml").read_text()
        self.assertIn("- ./prometheus/rules:/etc/prometheus/rules:ro\n", compose)
        self.assertIn("\nrule_files: [rules/*.yml]\n", (DEPLOY / "prometheus/prometheus.yml").read_text())

    def test_each_alert_fires_in_its_time_and_only_then(self):
        self.assertEqual(set(CASES), set(alerts()))
        tests = []
        for name, case in CASES.items():
            rule = alerts()[name]
            tests.append(synthetic_test(rule, case, case.fires, case.at, True))
            tests.append(synthetic_test(rule, case, case.fires, case.before, False))
            tests.append(synthetic_test(rule, case, case.quiet, case.at, False))
        self.promtool_tests(tests)

    def test_a_wrong_expectation_is_noticed(self):
        """The machinery of the test above sees an alert that does not fire, and one that does."""
        for name, case in list(CASES.items())[:3]:
            for series, fires in ((case.fires, False), (case.quiet, True)):
                done = self.promtool_tests([synthetic_test(alerts()[name], case, series, case.at, fires)], check=False)
                self.assertNotEqual(done.returncode, 0, name)

    def test_each_alert_is_explained(self):
        boards = {path.stem for path in (DEPLOY / "grafana/dashboards").glob("*.json")}
        pages = {path.stem for path in (TREE / "docs/runbooks").glob("*.md")} - {"README"}
        self.assertEqual(pages, set(alerts()))
        index = (TREE / "docs/runbooks/README.md").read_text()
        for name, rule in alerts().items():
            with self.subTest(name):
                self.assertIn(rule.severity, ("critical", "warning", "info"))
                self.assertEqual(set(rule.annotations), {"summary", "description", "runbook", "dashboard"})
                self.assertEqual(rule.annotations["runbook"], f"docs/runbooks/{name}.md")
                self.assertIn(rule.annotations["dashboard"].removeprefix("/d/"), boards)
                page = (TREE / rule.annotations["runbook"]).read_text()
                self.assertTrue(page.startswith(f"# {name}\n"))
                self.assertEqual([section for section in SECTIONS if f"\n{section}\n" not in page], [])
                self.assertIn(f"[{name}]({name}.md)", index)

    def test_recorded_names_say_level_metric_and_operation(self):
        for rule in all_rules():
            if not rule.alert:
                self.assertRegex(rule.name, r"^(job|instance):weft_[a-z_]+:[a-z0-9_]+$")
                span = re.search(r"rate(\d+m)$", rule.name)
                for selector in selectors(rule.expr):
                    self.assertEqual(selector.range, span.group(1) if span else "", rule.name)


if __name__ == "__main__":
    main()
