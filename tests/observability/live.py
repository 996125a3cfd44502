# SPDX-License-Identifier: MIT
"""A real Prometheus on loopback beside a real mesh: what the tests of dashboards and alerts share.

A minute of a rule is two seconds here and an hour ten (`for:`, ranges): the rules are the shipped ones with nothing else changed.
"""
import http.client
import json
import re
import socket
import subprocess
import tempfile
import unittest
import urllib.parse
from pathlib import Path

from prometheus import RULES, program

import weft
from weft import wait_until

SECONDS = {"m": 2, "h": 10}
SCRAPE_INTERVAL = 2
DURATION = re.compile(r"(?<=[\[ ])(\d+)([mh])(?=\]|$)", re.M)


def shortened(text):
    """A rule file with its durations in test time."""
    return DURATION.sub(lambda found: f"{int(found.group(1)) * SECONDS[found.group(2)]}s", text)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    """Scrapes what `watch` names, each a list of addresses under the name of a job."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.program = program("prometheus")
        self.port = free_port()
        rules = self.folder / "rules"
        rules.mkdir()
        for path in RULES.glob("*.yml"):
            (rules / path.name).write_text(shortened(path.read_text()))
        self.watch({})
        (self.folder / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": f"{SCRAPE_INTERVAL}s", "scrape_timeout": f"{SCRAPE_INTERVAL}s", "evaluation_interval": "1s"},
            "rule_files": ["rules/*.yml"],
            "scrape_configs": [{"job_name": "weft", "file_sd_configs": [{"files": ["targets.json"], "refresh_interval": "1s"}]}]}))
        self.log = open(self.folder / "prometheus.log", "wb")
        self.process = subprocess.Popen(
            [self.program, f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
             f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=weft.die_with_parent)
        wait_until(self.answers, 30, "Prometheus answers")

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "prometheus.log").read_text())
        try:
            self.get("/-/ready")
            return True
        except (OSError, AssertionError):
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()

    def watch(self, jobs):
        fresh = self.folder / "targets.new"
        fresh.write_text(json.dumps([{"targets": targets, "labels": {"job": job}} for job, targets in jobs.items()]))
        fresh.rename(self.folder / "targets.json")

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read().decode()
        finally:
            connection.close()
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer.status} {body[:400]}")
        return body

    def api(self, path, **arguments):
        return json.loads(self.get(f"/api/v1/{path}?{urllib.parse.urlencode(arguments)}"))["data"]

    def value(self, expression):
        """Of an expression with one series; None when it has none."""
        found = self.api("query", query=expression)["result"]
        return float(found[0]["value"][1]) if found else None

    def firing(self, alert, **labels):
        return [each["labels"] for each in self.api("alerts")["alerts"]
                if each["state"] == "firing" and each["labels"]["alertname"] == alert and labels.items() <= each["labels"].items()]


def scrape(address, accept=None):
    """Content type and text of a node's metrics."""
    host, port = address.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    try:
        connection.request("GET", "/metrics", headers={"Accept": accept} if accept else {})
        answer = connection.getresponse()
        return answer.getheader("Content-Type"), answer.read().decode()
    finally:
        connection.close()


class LiveTest(unittest.TestCase):
    """One Prometheus and the nodes of a class; everything ends with the class."""

    @classmethod
    def setUpClass(cls):
        program("prometheus")
        holder = tempfile.TemporaryDirectory(prefix="weft-live-")
        cls.addClassCleanup(holder.cleanup)
        cls.root = Path(holder.name)
        cls.nodes = []
        cls.addClassCleanup(cls.end_nodes)
        folder = cls.root / "prometheus"
        folder.mkdir()
        cls.prometheus = Prometheus(folder)
        cls.addClassCleanup(cls.prometheus.stop)

    @classmethod
    def end_nodes(cls):
        for node in cls.nodes:
            if node.process is not None and node.process.poll() is None:
                node.kill()
            if weft.SANITIZER_REPORT.search(node.log.read_text(errors="replace") if node.log.exists() else ""):
                raise AssertionError(node.log.read_text(errors="replace"))

    @classmethod
    def new_node(cls, name, **settings):
        node = weft.Node(cls.root / name, {key.replace("__", "."): value for key, value in settings.items()})
        cls.nodes.append(node)
        return node.init()
