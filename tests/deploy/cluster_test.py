# SPDX-License-Identifier: MIT
"""The image and the compose file, for real: ten nodes in containers find each other by name, scale, come back after a kill,
exchange messages, and Prometheus sees each of them."""
import collections
import json
import math
import os
import signal
import subprocess
import sys
import time
import unittest
import urllib.parse
import urllib.request
from pathlib import Path

from support import main, DEPLOY, TREE, Docker, need_containers, need_network, need_programs, need_root, release, run, wait_until

sys.path.insert(0, str(TREE / "tests/observability"))
from dashboards_test import dashboards  # noqa: E402
from lint import targets_of  # noqa: E402
from promql import expand  # noqa: E402
from rules import all_rules  # noqa: E402

BUILD = Path(os.environ.get("WEFT_BUILD", TREE / "build/release"))
PROJECT = "weft-test"
ROUNDS = 4
docker = None


def setUpModule():
    global docker
    # Also where a daemon of the machine answers to others: the base image is made by mmdebstrap.
    need_root()
    docker = Docker()
    unittest.addModuleCleanup(docker.stop)
    need_programs("docker-compose")
    need_containers(release())
    began = time.monotonic()
    run(DEPLOY / "build-image.sh", "--built", BUILD, timeout=1800)
    size = int(run("docker", "image", "inspect", "-f", "{{.Size}}", "weft:latest").stdout)
    print(f"image: {size / 1e6:.1f} MB, built in {time.monotonic() - began:.1f} s", flush=True)
    # Others may run a mesh of their own with the same daemon.
    os.environ["WEFT_BOOTSTRAP_VOLUME"] = f"{PROJECT}-bootstrap"
    os.environ["PROMETHEUS_PORT"] = "0"
    env = DEPLOY / ".env"
    before = env.read_bytes() if env.exists() else None
    unittest.addModuleCleanup(lambda: env.unlink() if before is None else env.write_bytes(before))
    run(DEPLOY / "cluster-identity.sh")
    unittest.addModuleCleanup(run, "docker", "volume", "rm", "-f", f"{PROJECT}-bootstrap")
    unittest.addModuleCleanup(compose, "--profile", "observability", "--profile", "bench", "down", "-v", "--remove-orphans", "-t", "1")
    began = time.monotonic()
    compose("up", "-d", "--scale", "node=10")
    wait_healthy(10)
    print(f"ten nodes healthy {time.monotonic() - began:.1f} s after `up`", flush=True)


def compose(*words, **options):
    return run("docker-compose", "-p", PROJECT, "-f", DEPLOY / "docker-compose.yml", *words, **options)


def inspect(container):
    return json.loads(run("docker", "inspect", container).stdout)[0]


def containers(service):
    """The running ones, ordered by name; asked of Docker, since Compose takes a second to start."""
    found = run("docker", "ps", "--filter", f"label=com.docker.compose.project={PROJECT}", "--filter",
                f"label=com.docker.compose.service={service}", "--format", "{{.Names}} {{.ID}}").stdout
    return [line.split()[1] for line in sorted(found.splitlines())]


def healths(service):
    """How many containers of a service are in which state of health."""
    each = [json.loads(line) for line in run("docker", "inspect", "-f", "{{json .State}}", *containers(service)).stdout.splitlines()]
    return collections.Counter(state.get("Health", {}).get("Status", state["Status"]) for state in each)


def wait_healthy(count, seconds=120):
    wait_until(lambda: healths("node") == {"healthy": count}, seconds, f"{count} nodes are healthy")


def weft(container, *words, check=True):
    return run("docker", "exec", container, "weft", *words, check=check, timeout=120)


def peer_of(container):
    return json.loads(weft(container, "id", "--json").stdout)["peer"]


def routes(container):
    return {r["destination"] for r in json.loads(weft(container, "routes", "--json").stdout)["routes"]}


def subscribers(container, topic):
    topics = json.loads(weft(container, "topics", "--json").stdout)["topics"]
    return sum(t["subscribers"] for t in topics if t["topic"] == topic)


class Cluster(unittest.TestCase):
    def test_messages_pass_between_containers(self):
        nodes = containers("node")
        peers = [peer_of(node) for node in nodes]
        self.assertEqual(len(set(peers)), 10, "each replica has an identity of its own")
        wait_until(lambda: routes(nodes[0]) >= set(peers[1:]), 60, "the first node knows a route to all others")
        for to, peer in list(zip(nodes, peers))[1:4]:
            receipt = json.loads(weft(nodes[0], "send", peer, "from container to container", "--json").stdout.splitlines()[-1])["receipt"]
            # Through the bootstrap node, or directly once the two have met.
            self.assertIn(receipt["hops"], (1, 2))
            received = [json.loads(line) for line in weft(to, "recv", "--json").stdout.splitlines()]
            self.assertIn((peers[0], "from container to container"), [(m["from"], m["text"]) for m in received])

    def test_a_broadcast_reaches_all(self):
        publisher, *others = containers("node")
        others += containers("bootstrap")
        readers = [subprocess.Popen(["docker", "exec", to, "weft", "sub", "news", "--count", "1", "--json"], text=True,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for to in others]
        try:
            # The bootstrap node is everybody's neighbour.
            wait_until(lambda: subscribers(others[-1], "news") == 9, 60, "the bootstrap node sees nine subscribers")
            wait_until(lambda: subscribers(publisher, "news") > 0, 60, "the publisher sees one to send to")
            began = time.monotonic()
            weft(publisher, "pub", "news", "to all containers")
            author = peer_of(publisher)
            for reader in readers:
                out, errors = reader.communicate(timeout=60)
                self.assertEqual(reader.returncode, 0, errors)
                received = json.loads(out)
                self.assertEqual((received["author"], received["text"]), (author, "to all containers"))
            print(f"a broadcast reached {len(readers)} containers {time.monotonic() - began:.2f} s after `pub` began", flush=True)
        finally:
            for reader in readers:
                reader.kill()
                reader.communicate()

    def test_scale_to_fifteen_and_back(self):
        began = time.monotonic()
        compose("up", "-d", "--scale", "node=15", "--no-recreate")
        wait_healthy(15)
        print(f"fifteen healthy after {time.monotonic() - began:.1f} s", flush=True)
        bootstrap = containers("bootstrap")[0]
        peers = {peer_of(node) for node in containers("node")}
        wait_until(lambda: routes(bootstrap) >= peers, 60, "the bootstrap node knows all fifteen")
        began = time.monotonic()
        compose("up", "-d", "--scale", "node=10", "--no-recreate")
        wait_healthy(10)
        print(f"back to ten after {time.monotonic() - began:.1f} s", flush=True)

        def gone():
            status = json.loads(weft(bootstrap, "status", "--json").stdout)
            return status["sessions"] == 10

        wait_until(gone, 60, "the bootstrap node has ten sessions again")

    def test_a_killed_node_returns(self):
        node = containers("node")[3]
        peer = peer_of(node)
        before = inspect(node)["State"]
        began = time.monotonic()
        os.kill(before["Pid"], signal.SIGKILL)
        wait_until(lambda: inspect(node)["RestartCount"] > 0, 30, "Docker starts the container again")
        wait_healthy(10)
        print(f"a killed node is healthy again after {time.monotonic() - began:.1f} s", flush=True)
        self.assertEqual(peer_of(node), peer, "with the same identity")
        other = containers("node")[0]
        wait_until(lambda: weft(other, "send", peer, "are you back?", "--timeout", "5", check=False).returncode == 0, 60,
                   "messages reach it again")

    def test_a_bootstrap_node_at_another_address_is_found(self):
        bootstrap = containers("bootstrap")[0]
        network = f"{PROJECT}_mesh"
        address = inspect(bootstrap)["NetworkSettings"]["Networks"][network]["IPAddress"]
        run("docker", "network", "disconnect", network, bootstrap)
        # Takes the address, so that the bootstrap node has to come back with another one.
        squatter = run("docker", "run", "-d", "--rm", "--network", network, "--ip", address, "--entrypoint", "sleep", "weft:latest",
                       "600", check=False)
        try:
            run("docker", "network", "connect", "--alias", "bootstrap", network, bootstrap)
            now = inspect(bootstrap)["NetworkSettings"]["Networks"][network]["IPAddress"]
            if squatter.returncode == 0:
                self.assertNotEqual(now, address)
            wait_until(lambda: json.loads(weft(bootstrap, "status", "--json").stdout)["sessions"] == 10, 120,
                       "all nodes have found the bootstrap node")
        finally:
            if squatter.returncode == 0:
                run("docker", "rm", "-f", squatter.stdout.strip())
        wait_healthy(10)

    def test_containers_are_locked_down_and_stop_in_order(self):
        node = containers("node")[-1]
        facts = inspect(node)
        self.assertEqual(facts["Config"]["User"], "10001:10001")
        self.assertTrue(facts["HostConfig"]["ReadonlyRootfs"])
        self.assertEqual(facts["HostConfig"]["CapDrop"], ["ALL"])
        self.assertGreater(facts["HostConfig"]["Memory"], 0)
        with open(f"/proc/{facts['State']['Pid']}/status") as status:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in status)
        self.assertEqual(fields["CapEff"], "0000000000000000")
        self.assertEqual(fields["NoNewPrivs"], "1")
        labels = facts["Config"]["Labels"]
        for name in ("title", "version", "revision", "licenses"):
            self.assertNotIn(labels[f"org.opencontainers.image.{name}"], ("", "unknown"), name)
        for folder in ("/", "/usr/bin", "/etc"):
            written = run("docker", "exec", node, "touch", f"{folder}/x", check=False)
            self.assertNotEqual(written.returncode, 0, folder)
        began = time.monotonic()
        run("docker", "stop", "-t", "30", node)
        self.assertLess(time.monotonic() - began, 15, "ends by itself")
        state = inspect(node)["State"]
        self.assertEqual((state["ExitCode"], state["OOMKilled"]), (0, False))
        run("docker", "start", node)
        wait_healthy(10)

    def test_reload_reaches_process_one(self):
        node = containers("node")[1]
        run("docker", "kill", "--signal", "HUP", node)
        wait_until(lambda: "reloaded" in run("docker", "logs", node).stderr, 20, "SIGHUP reloads")

    def test_bench_service_measures_over_the_network(self):
        done = compose("--profile", "bench", "run", "-T", "--rm", "-e", "BENCH_OPTIONS=--repetitions 1 --samples 1", "bench", timeout=600)
        found = {line["name"]: line for line in map(json.loads, filter(lambda t: t.startswith('{"name"') or '"p50"' in t, done.stdout.splitlines()))}
        self.assertEqual(set(found), {"handshake", "ping", "stream"}, done.stdout + done.stderr)
        self.assertGreater(found["handshake"]["p50"], 0)


class Observability(unittest.TestCase):
    """Every replica is scraped, and every panel of every dashboard shows something of a cluster that works."""

    @classmethod
    def setUpClass(cls):
        run(DEPLOY / "prometheus-image.sh", timeout=900)
        compose("--profile", "observability", "up", "-d", "--no-deps", "--no-recreate", "prometheus")
        cls.address = compose("--profile", "observability", "port", "prometheus", "9090").stdout.strip()
        wait_until(lambda: cls.up() == 11, 90, "ten nodes and the bootstrap node are targets that answer")
        nodes = containers("node")
        readers = [subprocess.Popen(["docker", "exec", to, "weft", "sub", "news"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
                   for to in nodes[:3]]
        try:
            for number in range(ROUNDS):
                cls.work(nodes, number)
        finally:
            for reader in readers:
                reader.kill()
                reader.wait()
        cls.end = time.time()

    @classmethod
    def work(cls, nodes, number):
        """A round of everything that nodes do."""
        a, b, c = nodes[:3]
        peer = peer_of(b)
        weft(a, "send", peer, f"round {number}")
        weft(a, "send", peer, f"round {number}", "--volatile")
        run("docker", "exec", a, "sh", "-c", f"head -c 100000 /dev/urandom | base64 | weft send {peer} - --volatile")
        weft(c, "pub", "news", f"round {number}")
        key = json.loads(weft(a, "dht", "put", f"key{number}", "value", "--json").stdout)["key"]
        weft(b, "dht", "get", key)
        weft(b, "dht", "provide", key)
        weft(c, "dht", "find-providers", key)
        weft(c, "ping", peer, "--count", "2")
        run("docker", "exec", c, "sh", "-c", 'weft bench stream --to "$WEFT_NETWORK_BOOTSTRAP" --repetitions 1 --samples 1 --json')
        weft(c, "disconnect", peer, check=False)

    @classmethod
    def query(cls, path, **arguments):
        with urllib.request.urlopen(f"http://{cls.address}/api/v1/{path}?{urllib.parse.urlencode(arguments)}", timeout=20) as answer:
            return json.load(answer)["data"]

    @classmethod
    def up(cls):
        try:
            found = cls.query("query", query='sum(up{job="weft"})')["result"]
        except OSError:
            return 0
        return int(found[0]["value"][1]) if found else 0

    def test_each_panel_shows_something(self):
        empty, shown = [], 0
        for name, dashboard in dashboards().items():
            for panel, target in targets_of(dashboard):
                found = self.query("query_range", query=expand(target["expr"], "20s", job="weft"), start=self.end - 60, end=self.end, step=5)["result"]
                shown += 1
                if all(math.isnan(float(value)) for line in found for _, value in line["values"]):
                    empty.append(f"{name}: {panel['title']}: {target['expr']}")
        self.assertEqual(empty, [])
        self.assertGreater(shown, 250)
        print(f"{shown} expressions of {len(dashboards())} dashboards have data", flush=True)

    def test_each_rule_is_evaluated(self):
        rules = [rule for group in self.query("rules")["groups"] for rule in group["rules"]]
        self.assertEqual([(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"], [])
        self.assertEqual({rule["name"] for rule in rules}, {rule.name for rule in all_rules()})


if __name__ == "__main__":
    main()
