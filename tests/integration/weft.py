# SPDX-License-Identifier: MIT
"""Runs real `weft` processes for the integration and interop tests.

Every process dies with the test that started it (PR_SET_PDEATHSIG), every wait has a deadline, and nothing listens
anywhere but on loopback with ports the system chose.
"""
import contextlib
import ctypes
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from urllib.parse import quote, urlencode

BINARY = os.environ["WEFT_BINARY"]
# Sanitized binaries are several times slower.
PATIENCE = float(os.environ.get("WEFT_PATIENCE", "1"))
SANITIZED = PATIENCE > 1
LISTEN = "/ip4/127.0.0.1/udp/0/quic-v1"
EXIT_OK, EXIT_FAILURE, EXIT_USAGE, EXIT_CONFIG, EXIT_NOT_RUNNING = 0, 1, 2, 3, 4
EXIT_NOT_FOUND, EXIT_UNREACHABLE, EXIT_DEGRADED, EXIT_DENIED, EXIT_ALREADY_RUNNING = 5, 6, 7, 8, 9

# How reports of AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer begin.
SANITIZER_REPORT = re.compile(r"ERROR: \w+Sanitizer|runtime error: ")

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until(condition, seconds, what):
    """Asks `condition` until it gives something true, and returns that."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds * PATIENCE:.0f} s: {what}")
        time.sleep(0.02)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("unix", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self.path)
        except OSError:
            self.sock.close()
            raise


class ApiError(Exception):
    def __init__(self, error):
        super().__init__(f"{error.get('code')}: {error.get('text')}")
        self.code = error.get("code")


class Node:
    """One node in a directory of its own. Settings are `section.key` pairs given to every start, as are the further
    arguments and variables."""

    def __init__(self, directory, settings=None):
        self.directory = Path(directory)
        self.binary = BINARY
        self.run_arguments = []
        self.environment = {}
        self.settings = {"network.listen": LISTEN, "http.listen": "127.0.0.1:0", **(settings or {})}
        self.process = None
        self._http = None
        self.log = self.directory.with_suffix(".log")

    # -- life ---

    def init(self):
        self.cli("init", "--profile", "test", check=True)
        return self

    def spawn(self, prepare=None):
        """Starts the daemon without waiting. `prepare` runs in the child before the program."""

        def child():
            die_with_parent()
            if prepare:
                prepare()

        self._http = None  # each process may listen on another port
        command = [self.binary, "run", "--dir", str(self.directory), *self.run_arguments]
        for key, value in self.settings.items():
            command += ["--set", f"{key}={value}"]
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=child,
                                            env={**os.environ, **self.environment})
        return self

    def start(self, prepare=None):
        self.spawn(prepare)
        wait_until(self._answers, 15, f"{self.directory.name} answers; its log:\n{self.tail()}")
        status = self.status()
        self.peer = status["peer"]
        self._http = status.get("http")  # known from here on: a test may stick the actors, which tell it
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the node ended with {self.process.returncode}; its log:\n{self.tail()}")
        try:
            return self.status()["ready"]
        except (OSError, ApiError, http.client.HTTPException):
            return False

    def kill(self):
        """As a power cut would, for the process."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=10):
        """SIGTERM; returns the exit code."""
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.terminate()
        return self.process.wait(seconds * PATIENCE)

    def tail(self, lines=30):
        if not self.log.exists():
            return "(none)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    # -- the admin API ---

    def _request(self, method, target, body, timeout):
        connection = UnixConnection(self.directory / "admin.sock", timeout * PATIENCE)
        try:
            connection.request(method, target, body)
            return connection, connection.getresponse()
        except Exception:
            connection.close()
            raise

    def api(self, method, target, body=None, timeout=30):
        connection, response = self._request(method, target, body, timeout)
        try:
            answer = json.loads(response.read())
        finally:
            connection.close()
        if "error" in answer:
            raise ApiError(answer["error"])
        return answer

    def lines(self, method, target, body=None, timeout=60):
        """The objects of a streamed answer, as they come."""
        connection, response = self._request(method, target, body, timeout)
        with contextlib.closing(connection), response:
            for line in response:
                if line.strip():
                    answer = json.loads(line)
                    if "error" in answer:
                        raise ApiError(answer["error"])
                    yield answer

    def status(self):
        return self.api("GET", "/v1/status")

    def sessions(self):
        return self.api("GET", "/v1/peers")["sessions"]

    def has_session(self, peer):
        return any(s["peer"] == peer for s in self.sessions())

    def routes(self):
        return self.api("GET", "/v1/routes")["routes"]

    def address(self):
        return f"{self.status()['listening'][0].split('/p2p/')[0]}/p2p/{self.peer}"

    def udp_port(self):
        return int(self.address().split("/")[4])

    def keep_port(self):
        """To be found at the same address after a restart."""
        self.settings["network.listen"] = f"/ip4/127.0.0.1/udp/{self.udp_port()}/quic-v1"

    def connect(self, address):
        return self.api("POST", f"/v1/connect?to={quote(address)}")

    def send(self, peer, body, timeout=30, **options):
        """Sends and waits for the acknowledgement; returns the receipt."""
        query = urlencode({"to": peer, "timeout": timeout * PATIENCE, **options})
        for answer in self.lines("POST", f"/v1/send?{query}", body, timeout + 30):
            if "receipt" in answer:
                return answer["receipt"]
        raise AssertionError("the answer ended without a receipt")

    def accept(self, peer, body, **options):
        """Sends and returns the message's id as soon as the node has accepted it. The request is left then; while too
        many left ones are not yet noticed by the node, it is asked again."""
        query = urlencode({"to": peer, "timeout": 0, **options})

        def accepted():
            try:
                for answer in self.lines("POST", f"/v1/send?{query}", body):
                    if "progress" in answer:
                        return answer["progress"]["id"]
            except ApiError as refused:
                if refused.code != "limit":
                    raise
            return None

        return wait_until(accepted, 20, "the message is accepted")

    def receive(self):
        """Every message not yet shown, and marks them as shown."""
        shown = []
        while True:
            page = self.api("GET", "/v1/inbox?limit=10000")["messages"]
            if not page:
                return shown
            refs = [{"from": m["from"], "id": m["id"]} for m in page]
            self.api("POST", "/v1/shown", json.dumps(refs))
            shown += page

    def http(self, path):
        """Status code and text of the loopback listener; (0, why) when it does not answer."""
        host, port = self.http_address.split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=5 * PATIENCE)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except OSError as why:
            return 0, str(why)
        finally:
            connection.close()

    @property
    def http_address(self):
        if self._http is None:
            self._http = self.status()["http"]
        return self._http

    def metric(self, name, **labels):
        """Sum of a metric's samples that carry these labels; None when there is none."""
        found = None
        for line in self.http("/metrics")[1].splitlines():
            if line.startswith("#") or not line.split("{")[0].split(" ")[0] == name:
                continue
            if all(f'{key}="{value}"' in line for key, value in labels.items()):
                found = (found or 0) + float(line.rsplit(" ", 1)[1])
        return found

    # -- the command line ---

    def cli(self, *arguments, check=False, timeout=60, text=None, extra_env=None):
        done = subprocess.run([BINARY, *map(str, arguments)], env={**os.environ, "WEFT_DIR": str(self.directory), **(extra_env or {})},
                              input=text or "", capture_output=True, text=True, timeout=timeout * PATIENCE, preexec_fn=die_with_parent)
        if SANITIZER_REPORT.search(done.stderr):
            raise AssertionError(f"weft {' '.join(map(str, arguments))}: {done.stderr}")
        if check and done.returncode != 0:
            raise AssertionError(f"weft {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def cli_json(self, *arguments, **options):
        """The lines of JSON that a command prints."""
        done = self.cli(*arguments, "--json", check=True, **options)
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]


class WeftTest(unittest.TestCase):
    """Gives each test a directory and ends what it started; a failure shows the nodes' logs, and a sanitizer's report in
    any of them is one. Sanitized nodes are drained, since leaks are looked for when a process ends by itself."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="weft-test-")
        self.addCleanup(holder.cleanup)
        self.root = Path(holder.name)
        self.nodes = []
        self.addCleanup(self._end_nodes)

    def _end_nodes(self):
        failed = any(error for _, error in getattr(self._outcome, "errors", [])) or bool(
            getattr(getattr(self._outcome, "result", None), "failures", []))
        running = [node for node in self.nodes if node.process is not None and node.process.poll() is None]
        if SANITIZED and not failed:
            for node in running:
                node.process.terminate()
            for node in running:
                node.stop(20)
        for node in self.nodes:
            if node in running:
                node.kill()
            if failed:
                print(f"--- {node.directory.name}\n{node.tail()}", flush=True)
        for log in self.root.rglob("*.log"):
            text = log.read_text(errors="replace")
            if SANITIZER_REPORT.search(text):
                raise AssertionError(f"{log.name}:\n{text}")

    def new_node(self, name="node", init=True, **settings):
        node = Node(self.root / name, {key.replace("__", "."): value for key, value in settings.items()})
        self.nodes.append(node)
        return node.init() if init else node

    def start_pair(self, **settings):
        """Two nodes with a session between them."""
        a = self.new_node("a", **settings).start()
        b = self.new_node("b", **settings).start()
        a.connect(b.address())
        wait_until(lambda: b.has_session(a.peer), 10, "the session is up on both sides")
        return a, b

    def start_line(self, count, **settings):
        """A line of nodes, each bootstrapping from the one before; returns once the ends know a route."""
        nodes = []
        for i in range(count):
            if nodes:
                settings["network__bootstrap"] = nodes[-1].address()
            nodes.append(self.new_node(f"n{i}", **settings).start())
        first, last = nodes[0], nodes[-1]
        wait_until(lambda: any(r["destination"] == last.peer for r in first.routes()), 30, "the first node knows a route to the last")
        wait_until(lambda: any(r["destination"] == first.peer for r in last.routes()), 30, "the last node knows a route to the first")
        return nodes


def main():
    unittest.main(verbosity=2)
