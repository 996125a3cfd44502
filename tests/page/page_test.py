# SPDX-License-Identifier: MIT
"""The status page in a real browser, against real nodes: it shows what the command line says, at the width of a phone and
of a desk; it moves, says when the node is gone, and takes nothing that peers say for markup.

With WEFT_SCREENSHOTS=1, test_pictures writes those of docs/images.
"""
import http.server
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import unittest
from pathlib import Path

import weft
from frozen import frozen_thread
from weft import WeftTest, wait_until

HERE = Path(__file__).parent
IMAGES = HERE.parents[1] / "docs" / "images"
HOSTILE = "<img src=x onerror=\"window.marks='run'\"><script>window.marks='run'</script>"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 1000}


class Browser:
    """Chromium, driven by browser.mjs."""

    def __init__(self, test, *arguments):
        folder = subprocess.run([HERE / "install.sh"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        self.process = subprocess.Popen(["node", f"{folder}/browser.mjs", shutil.which("chromium"), *arguments], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=weft.die_with_parent)
        test.addCleanup(self.close)

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()

    def __call__(self, command, **options):
        self.process.stdin.write(json.dumps({"command": command, **options}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"failed": "the browser is gone"}')
        if "failed" in answer:
            raise AssertionError(f"{command}: {answer['failed']}")
        return answer["ok"]


class PageTest(WeftTest):
    def setUp(self):
        missing = [name for name in ("chromium", "node", "npm") if not shutil.which(name)]
        if missing:
            raise unittest.SkipTest(f"not installed: {' '.join(missing)}")
        super().setUp()

    def url(self, node):
        return f"http://{node.http_address}/"

    def wait_page(self, browser, condition, what, seconds=20):
        """The page's content once the condition holds for it."""
        seen = {}

        def holds():
            seen.update(browser("read"))
            return condition(seen)

        try:
            wait_until(holds, seconds, what)
        except AssertionError as late:
            raise AssertionError(f"{late}; the page shows {json.dumps(seen)[:3000]}") from None
        return seen

    def open(self, browser, node, **view):
        opened = browser("open", url=self.url(node), **view)
        self.assertEqual(opened["status"], 200)
        return self.wait_page(browser, lambda p: p["state"] == "ready", "the page says that the node is ready")

    def assert_clean(self, page, node):
        """No error, no broken policy, nobody else asked, and it fits."""
        self.assertEqual(page["trouble"], [])
        self.assertEqual(page["violations"], [])
        self.assertEqual(page["hosts"], [node.http_address])
        self.assertLessEqual(page["overflow"], 0)

    # -- what it shows ---

    def test_page_shows_what_the_command_line_says(self):
        a, b, c = self.start_line(3, gossip__topics="news")
        browser = Browser(self)
        wait_until(lambda: all(t["mesh"] for t in b.cli_json("topics")[0]["topics"]), 20, "the topic has a mesh")
        for view in (PHONE, DESK):
            with self.subTest(**view):
                self.open(browser, b, **view)
                browser("click", selector="#routes-title")
                browser("click", selector="#actors-title")
                page = self.wait_page(browser, lambda p: len(p["tables"]["sessions"]) == 2 and len(p["tables"]["routes"]) >= 2
                                      and p["tables"]["actors"] and p["tables"]["buckets"][0][0] != "no peers in the table",
                                      "sessions, routes and buckets are shown")
                self.assert_clean(page, b)
                self.compare(page, b)
                self.assertIn("2 neighbours", page["graph"]["caption"])
        # The end of the line knows the far node through its neighbour.
        page = self.open(browser, a, **PHONE)
        self.assertIn("1 neighbour, 1 node known through them", page["graph"]["caption"])
        self.assertEqual((page["graph"]["dots"], page["graph"]["lines"]), (3, 2))

    def compare(self, page, node):
        [status] = node.cli_json("status")
        self.assertEqual(page["facts"]["Peer"], node.cli_json("id")[0]["peer"])
        self.assertEqual(page["facts"]["Version"], status["version"])
        self.assertEqual(page["facts"]["Sessions"], str(status["sessions"]))
        tables = page["tables"]
        sessions = node.cli_json("peers")[0]["sessions"]
        self.assertEqual(sorted((row[0], row[2], row[3], row[9], row[10]) for row in tables["sessions"]),
                         sorted((s["peer"], s["direction"], s["transport"], s["agent"], s["remote"].split("/p2p/")[0]) for s in sessions))
        for row in tables["sessions"]:
            self.assertRegex(row[1], r"^[\d.]+ (µs|ms|s)$")
        routes = node.cli_json("routes")[0]["routes"]
        self.assertEqual(sorted((row[0], row[1], row[2]) for row in tables["routes"]),
                         sorted((r["destination"], r["next_hop"], str(r["hops"])) for r in routes))
        topics = node.cli_json("topics")[0]["topics"]
        self.assertEqual(tables["topic-list"], [[t["topic"], "subscribed" if t["subscribed"] else "no", str(len(t["mesh"])), str(t["subscribers"])]
                                                for t in topics])
        [dht] = node.cli_json("dht", "status")
        self.assertEqual([row[:3] for row in tables["buckets"]],
                         [[str(b["common_bits"]), str(b["peers"]), str(b["replacements"])] for b in dht["buckets"]])
        checks = node.cli_json("health")[0]["checks"]
        self.assertEqual([row[:2] for row in tables["checks"]], [[c["name"], "ok" if c["ok"] else "failed"] for c in checks])
        self.assertEqual([row[0] for row in tables["actors"]], [a["name"] for a in status["actors"]])
        self.assertEqual([(row[0], row[5]) for row in tables["limit-list"]], [(l["name"], l["key"]) for l in node.cli_json("status", "limits")[0]["limits"]])
        self.assertEqual(next(row[1:3] for row in tables["limit-list"] if row[0] == "sessions"), ["2", "2,048"])
        self.assertIn(["info", "node", "ready"], [row[1:4] for row in tables["lines"]])

    def test_page_loads_at_once(self):
        """From the start of the navigation to the end of its `load` event, and to the first frame that shows what the node says."""
        node, _ = self.start_pair()
        browser = Browser(self)
        for view in (PHONE, DESK):
            loaded, painted = [], []
            for _ in range(7):
                self.open(browser, node, **view)
                page = self.wait_page(browser, lambda p: p["first_data_ms"], "the answer is painted")
                loaded.append(page["load_ms"])
                painted.append(page["first_data_ms"])
                self.assertEqual(page["asked"], ["/"], "one request, and the answer is in it")
            print(f"page {view['width']} px, median of {len(loaded)} first visits: loaded after {statistics.median(loaded):.0f} ms, "
                  f"first data painted after {statistics.median(painted):.0f} ms", flush=True)

    def test_charts_move(self):
        a, b, c = self.start_line(3)
        browser = Browser(self)
        self.open(browser, b, **DESK)
        page = self.wait_page(browser, lambda p: len(p["curves"]["chart-messages"][2].split()) >= 2, "two samples are drawn")
        self.assertEqual(page["legends"]["chart-messages"][2], "0/s")
        a.send(c.peer, b"over the middle")
        # The height of the curve of what was forwarded.
        moved = self.wait_page(browser, lambda p: len({point.split(",")[1] for point in p["curves"]["chart-messages"][2].split()}) > 1,
                               "the curve of forwarded messages moves")
        self.assertTrue(all(points for points in moved["curves"]["chart-bytes"]), moved["curves"])
        self.assert_clean(moved, b)

    def test_page_says_when_the_node_does_not_answer(self):
        node = self.new_node().start()
        port = node.http_address.split(":")[1]
        browser = Browser(self)
        self.open(browser, node, **PHONE)
        node.kill()
        page = self.wait_page(browser, lambda p: p["state"] == "not answering", "the page says that the node is gone")
        self.assertTrue(page["stale"])
        self.assertIn("not answering", page["title"])
        self.assertRegex(page["detail"], r"^since \d\d:\d\d:\d\d UTC")
        # What was known stays to be read.
        self.assertEqual(page["facts"]["Peer"], node.peer)
        self.assertLessEqual(page["overflow"], 0)
        node.settings["http.listen"] = f"127.0.0.1:{port}"
        node.start()
        page = self.wait_page(browser, lambda p: p["state"] == "ready", "the page finds the node again")
        self.assertFalse(page["stale"])
        self.assertEqual(page["detail"], "")

    def test_page_shows_the_checks_while_the_actors_hang(self):
        node, _ = self.start_pair()
        browser = Browser(self)
        self.open(browser, node, **PHONE)
        with frozen_thread(node.process.pid, "weft-actors"):
            page = self.wait_page(browser, lambda p: p["state"] == "not ready", "the page says that the node is not ready")
            self.check_stuck(page, node)
            # What the actors said before stays to be read.
            self.assertEqual(len(page["tables"]["sessions"]), 1)
            browser("open", url=self.url(node), **PHONE)
            page = self.wait_page(browser, lambda p: p["state"] == "not ready", "a page that is opened now says the same")
            self.check_stuck(page, node)
        self.wait_page(browser, lambda p: p["state"] == "ready" and len(p["tables"]["sessions"]) == 1, "ready again, with its sessions")

    def check_stuck(self, page, node):
        [stuck] = [row for row in page["tables"]["checks"] if row[1] == "failed"]
        self.assertEqual(stuck[0], "responsive")
        self.assertRegex(stuck[2], "^stuck: actors")
        self.assertEqual(page["detail"], "failed: responsive")
        self.assertFalse(page["stale"])
        self.assertEqual((page["facts"]["Peer"], page["facts"]["Sessions"]), (node.peer, "–"))
        self.assertEqual(page["notes"]["peers-note"], "no answer")
        self.assert_clean(page, node)

    def test_page_is_accessible(self):
        _, b, _ = self.start_line(3, gossip__topics="news")
        browser = Browser(self)
        grounds = set()
        for scheme in ("light", "dark"):
            with self.subTest(scheme=scheme):
                page = self.open(browser, b, scheme=scheme, **PHONE)
                grounds.add(page["ground"])
                seen = browser("accessibility")
                self.assertEqual(seen["poor"], [])
                self.assertEqual(seen["language"], "en")
                self.assertEqual(seen["landmarks"], ["header", "nav", "main", "footer"])
                self.assertEqual(seen["headings"][0], 1)
                self.assertTrue(all(deeper - level <= 1 for level, deeper in zip(seen["headings"], seen["headings"][1:])), seen["headings"])
                for key in ("tables_without_caption", "heads_without_scope", "pictures_without_name", "unnamed_regions", "fields_without_label"):
                    self.assertFalse(seen[key], f"{key}: {seen[key]}")
        self.assertEqual(len(grounds), 2, "dark and light differ")

    # -- what others do to it ---

    def test_texts_of_peers_are_only_texts(self):
        a, b = self.start_pair(gossip__topics=HOSTILE.replace(",", ""))
        browser = Browser(self)
        self.open(browser, a, **PHONE)
        page = self.wait_page(browser, lambda p: any(HOSTILE[:20] in row[0] for row in p["tables"]["topic-list"]), "the hostile topic is shown")
        self.assertIsNone(page["marks"])
        self.assertEqual((page["images"], page["scripts"]), (0, 2))
        self.assert_clean(page, a)
        # The same in every text that the node could pass on.
        answer = json.loads(a.http("/v1/overview")[1])
        hostile = self.with_hostile_texts(answer)
        browser("open", url=self.url(a), answer=json.dumps(hostile), **PHONE)
        page = self.wait_page(browser, lambda p: p["state"] == "ready", "the page shows the hostile answer")
        self.assertIn(HOSTILE, page["facts"]["Version"])
        self.assertIn(HOSTILE, page["tables"]["sessions"][0][9])
        self.assertIn(HOSTILE, page["tables"]["lines"][0][4])
        self.assertIsNone(page["marks"])
        self.assertEqual((page["images"], page["scripts"]), (0, 2))
        self.assert_clean(page, a)

    def with_hostile_texts(self, value, key=""):
        if isinstance(value, dict):
            return {k: self.with_hostile_texts(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self.with_hostile_texts(v, key) for v in value]
        return HOSTILE if isinstance(value, str) and key != "level" else value

    def test_page_with_very_many_of_everything(self):
        a, _ = self.start_pair(gossip__topics="news")
        answer = json.loads(a.http("/v1/overview")[1])
        [session] = answer["sessions"]["shown"]
        answer["sessions"] = {"total": 5000, "shown": [{**session, "peer": f"{session['peer'][:-4]}{i:04}"} for i in range(200)]}
        route = {"destination": "", "next_hop": "", "hops": 2, "metric": 9, "sequence": 1, "age_seconds": 3, "selected": True}
        answer["routes"] = {"total": 200000, "shown": [{**route, "destination": f"{session['peer'][:-5]}x{i:04}",
                                                       "next_hop": f"{session['peer'][:-4]}{i % 40:04}"} for i in range(500)]}
        answer["topics"] = {"total": 5000, "shown": [{"topic": "t" * 128, "subscribed": True, "mesh": 8, "subscribers": 900}] * 100}
        browser = Browser(self)
        browser("open", url=self.url(a), answer=json.dumps(answer), **PHONE)
        page = self.wait_page(browser, lambda p: len(p["tables"]["sessions"]) == 200, "200 sessions are shown")
        self.assertEqual(page["notes"]["peers-note"], "5,000 sessions, 200 shown")
        self.assertIn("are not drawn", page["graph"]["caption"])
        self.assertLessEqual(page["graph"]["dots"], 1 + 48 + 120)
        self.assertLess(page["elements"], 20_000)
        self.assert_clean(page, a)

    def test_pages_of_others_read_nothing(self):
        node = self.new_node().start()
        port = int(node.http_address.split(":")[1])
        site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
        self.addCleanup(site.server_close)
        self.addCleanup(site.shutdown)
        threading.Thread(target=site.serve_forever, daemon=True).start()
        # A name of somebody else's that has come to mean this machine.
        browser = Browser(self, "--host-resolver-rules=MAP example.com 127.0.0.1")
        opened = browser("open", url=f"http://example.com:{port}/")
        self.assertEqual(opened["status"], 421)
        self.assertNotIn(node.peer, opened["text"])
        for target in ("/v1/overview", "/status", "/metrics"):
            with self.subTest(target=target):
                browser("open", url=f"http://example.com:{port}/livez")
                self.assertNotIn(node.peer, json.dumps(browser("fetch", url=target)))
                browser("open", url=f"http://127.0.0.1:{site.server_address[1]}/")
                self.assertIn("error", browser("fetch", url=f"http://{node.http_address}{target}"))

    # -- pictures for the documentation ---

    def test_pictures(self):
        if not os.environ.get("WEFT_SCREENSHOTS"):
            raise unittest.SkipTest("only with WEFT_SCREENSHOTS=1")
        nodes = self.start_line(4, gossip__topics="news")
        for node in nodes[2:]:
            node.connect(nodes[0].address())
        browser = Browser(self)
        IMAGES.mkdir(exist_ok=True)
        for name, scheme, view in (("status-390", "light", PHONE), ("status-1440", "light", {**DESK, "height": 1500}), ("status-dark-1440", "dark", DESK)):
            self.open(browser, nodes[1], scheme=scheme, **view)
            for i in range(4):
                nodes[0].send(nodes[3].peer, b"x" * 100)
                nodes[0].api("POST", "/v1/publish?topic=news", "hello")
                self.wait_page(browser, lambda p: len(p["curves"]["chart-bytes"][0].split()) > 2 * i + 2, "another sample is drawn")
            browser("screenshot", path=str(IMAGES / f"{name}.png"))


def main():
    """As unittest.main, but all cases skipped is an outcome of its own: ctest's SKIP_RETURN_CODE."""
    result = unittest.main(verbosity=2, exit=False).result
    if not result.wasSuccessful():
        raise SystemExit(1)
    if len(result.skipped) >= max(result.testsRun, 1):
        print(*(why for _, why in result.skipped), file=sys.stderr)
        raise SystemExit(77)


if __name__ == "__main__":
    main()
