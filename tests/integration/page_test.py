# SPDX-License-Identifier: MIT
"""The status page's listener without a browser: what it serves, to whom, and what it makes of requests that are none."""
import http.client
import json
import re
import socket
import time

import weft
from frozen import frozen_thread
from weft import WeftTest, wait_until

FILES = {"/": "text/html", "/page/icon.svg": "image/svg+xml"}


class StatusPage(WeftTest):
    def get(self, node, target, method="GET", **headers):
        response = self.get_bytes(node, target, method, **headers)
        return response, response.read().decode()

    def get_bytes(self, node, target, method="GET", **headers):
        host, port = node.http_address.split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=10 * weft.PATIENCE)
        self.addCleanup(connection.close)
        connection.request(method, target, headers={key.replace("_", "-"): value for key, value in headers.items()})
        return connection.getresponse()

    def raw(self, node, request, more=False):
        """What comes back for these bytes; empty when the connection is only closed. Unless there may be `more`, the far
        end is told that this was all."""
        host, port = node.http_address.split(":")
        with socket.create_connection((host, int(port)), timeout=20 * weft.PATIENCE) as s:
            try:
                s.sendall(request)
                if not more:
                    s.shutdown(socket.SHUT_WR)
                answer = b""
                while part := s.recv(65536):
                    answer += part
            except OSError:
                return b""
        return answer

    def test_files_come_with_a_strict_policy(self):
        node = self.new_node().start()
        for target, kind in FILES.items():
            with self.subTest(target=target):
                response, text = self.get(node, target)
                self.assertEqual(response.status, 200)
                self.assertTrue(response.headers["Content-Type"].startswith(kind))
                policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))
                self.assertEqual(policy["default-src"], "'none'")
                self.assertEqual({policy[key] for key in ("connect-src", "img-src")}, {"'self'"})
                for key in ("script-src", "style-src"):
                    self.assertRegex(policy[key], "^'sha256-[^' ]{43}='$" if kind == "text/html" else "^'none'$")
                self.assertEqual(policy["frame-ancestors"], "'none'")
                self.assertNotIn("unsafe", response.headers["Content-Security-Policy"])
                self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
                self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
                self.assertEqual(response.headers["Cross-Origin-Resource-Policy"], "same-origin")
                self.assertIsNone(response.headers["Access-Control-Allow-Origin"])
                self.assertGreater(len(text), 100)
        _, markup = self.get(node, "/")
        for inline in ("onclick", "onload", "style=", "javascript:", "http:", "https:", "src=", "@import", "url("):
            self.assertNotIn(inline, markup)
        self.assertEqual((markup.count("<script"), markup.count("<style")), (2, 1))
        self.assertEqual(self.get(node, "/", "HEAD")[0].status, 200)

    def test_answers_are_compressed_quickly_or_not_at_all(self):
        node = self.new_node().start()
        for target in ("/", "/v1/overview", "/metrics"):
            for accepted, wanted in (("gzip, deflate, br, zstd", "gzip"), ("br", None), ("gzip", "gzip"), ("identity", None)):
                with self.subTest(target=target, accepted=accepted):
                    self.assertEqual(self.get_bytes(node, target, Accept_Encoding=accepted).headers["Content-Encoding"], wanted)

    def test_page_holds_the_first_answer(self):
        node = self.new_node(gossip__topics="</script><b>bold").start()
        _, markup = self.get(node, "/")
        told = json.loads(re.search(r'<script id="first" type="application/json">(.*?)</script>', markup, re.S).group(1))
        self.assertEqual((told["peer"], told["ready"]), (node.peer, True))
        self.assertIn("</script><b>bold", [topic["topic"] for topic in told["topics"]["shown"]])
        self.assertNotIn("<b>", markup)

    def test_overview_answers_while_the_actors_hang(self):
        node, _ = self.start_pair()
        self.assertEqual(json.loads(self.get(node, "/v1/overview")[1])["session_count"], 1)
        with frozen_thread(node.process.pid, "weft-actors"):
            told = {}

            def stuck():
                told.update(json.loads(self.get(node, "/v1/overview")[1]))
                return not told["ready"]

            wait_until(stuck, 10, "the overview says that the node is not ready")
            [stuck] = [check["detail"] for check in told["checks"] if not check["ok"]]
            self.assertRegex(stuck, "^stuck: actors")
            self.assertEqual([told[key] for key in ("sessions", "session_count", "listening", "routes", "topics", "dht")], [None] * 6)
            self.assertEqual(told["peer"], node.peer)
        wait_until(lambda: json.loads(self.get(node, "/v1/overview")[1])["session_count"] == 1, 10, "all is told again")

    def test_overview_tells_no_more_than_the_page_shows(self):
        node = self.new_node(node__name="mine", identity__passphrase_file="").start()
        response, text = self.get(node, "/v1/overview")
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        told = json.loads(text)
        self.assertEqual((told["peer"], told["name"], told["ready"]), (node.peer, "mine", True))
        self.assertNotIn("directory", told)
        self.assertNotIn("config", told)
        self.assertNotIn(str(node.directory), text)
        self.assertEqual(json.loads(json.dumps(node.api("GET", "/v1/overview")))["peer"], node.peer)

    def test_lists_are_bounded(self):
        topics = ",".join(f"topic-{i:03}-" + "ü" * 100 for i in range(250))
        node = self.new_node(gossip__topics=topics).start()
        told = json.loads(self.get(node, "/v1/overview")[1])
        # One more: the benches of other nodes have a topic, too.
        self.assertEqual(told["topics"]["total"], 251)
        self.assertEqual(len(told["topics"]["shown"]), 100)
        for topic in told["topics"]["shown"]:
            self.assertLessEqual(len(topic["topic"].encode()), 128 + len("…".encode()))
            self.assertNotIn("\ufffd", topic["topic"])
        self.assertLessEqual(len(told["log"]["shown"]), 100)

    def test_many_askers_cost_no_more_than_one(self):
        node = self.new_node().start()

        def handled():
            return {a["name"]: a["handled"] for a in node.status()["actors"]}["dht"]

        asked = 200
        before, began = handled(), time.monotonic()
        for _ in range(asked):
            self.assertEqual(self.get(node, "/v1/overview")[0].status, 200)
        rounds = (time.monotonic() - began) / 0.25 + 2
        # Besides, the actor does its own upkeep and answers the status.
        self.assertLess(handled() - before, asked / 2 + rounds)

    def test_hosts_and_origins(self):
        node = self.new_node().start()
        port = node.http_address.split(":")[1]
        for target in ("/", "/v1/overview", "/status", "/metrics", "/readyz"):
            with self.subTest(target=target):
                self.assertEqual(self.get(node, target, Host=f"localhost:{port}")[0].status, 200)
                refused, text = self.get(node, target, Host="rebound.example.com")
                self.assertEqual(refused.status, 421)
                self.assertNotIn(node.peer, text)
                self.assertEqual(self.get(node, target, Origin="http://example.com")[0].status, 403)
                self.assertEqual(self.get(node, target, Sec_Fetch_Site="cross-site")[0].status, 403)
        self.assertEqual(self.get(node, "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")[0].status, 200)
        # Without a Host it is no browser.
        self.assertRegex(self.raw(node, b"GET /readyz HTTP/1.0\r\n\r\n", more=True), b"^HTTP/1.[01] 200")

    def test_page_can_be_turned_off(self):
        node = self.new_node(http__page="off").start()
        for target in ("/", "/page/icon.svg", "/v1/overview"):
            self.assertEqual(self.get(node, target)[0].status, 404)
        for target in ("/livez", "/readyz", "/status", "/metrics"):
            self.assertEqual(self.get(node, target)[0].status, 200)
        # The command line's own socket is not the network's.
        self.assertEqual(node.api("GET", "/v1/overview")["peer"], node.peer)

    def test_malformed_requests_change_nothing(self):
        node = self.new_node().start()
        host = node.http_address.encode()
        head = b" HTTP/1.1\r\nHost: " + host + b"\r\n"
        hostile = [
            b"", b"\0" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\xff\xfe / HTTP/1.1\r\n\r\n",
            b"GET /page/../../../../etc/passwd" + head + b"\r\n", b"GET /page/%2e%2e/%2e%2e/etc/passwd" + head + b"\r\n",
            b"GET /page/icon.svg%00.html" + head + b"\r\n", b"GET //v1/overview" + head + b"\r\n",
            b"GET /" + b"a" * 100_000 + head + b"\r\n", b"GET /" + head + b"X: " + b"a" * 200_000 + b"\r\n\r\n",
            b"GET /" + head + b"Host: other\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", b"GET / HTTP/1.1\r\nHost: \xff\xff\r\n\r\n",
            b"POST /" + head + b"Content-Length: 99999999999999999999\r\n\r\n", b"POST /" + head + b"Content-Length: 1000000\r\n\r\n" + b"x" * 5000,
            b"POST /v1/shutdown" + head + b"Content-Length: 0\r\n\r\n", b"GET /v1/config" + head + b"\r\n", b"PUT /" + head + b"\r\n", b"DELETE /v1/overview" + head + b"\r\n",
        ]
        for request in hostile:
            with self.subTest(request=request[:60]):
                answer = self.raw(node, request)
                self.assertNotIn(b"root:", answer)
                self.assertNotIn(node.peer.encode(), answer)
                self.assertFalse(answer.startswith(b"HTTP/1.1 200"), answer[:200])
        self.assertIsNone(node.process.poll())
        wait_until(lambda: self.get(node, "/v1/overview")[0].status == 200, 10, "the page is served as before")


if __name__ == "__main__":
    weft.main()
