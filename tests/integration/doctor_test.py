# SPDX-License-Identifier: MIT
"""`weft doctor` finds what is wrong, by its code, and nothing where nothing is."""
import json
import os
import re
import resource
import socket
import subprocess
from pathlib import Path

import weft
from weft import BINARY, EXIT_DEGRADED, EXIT_FAILURE, EXIT_OK, WeftTest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "doctor.md"
# What the machine of the test may lack is not the test's business.
OF_THE_MACHINE = {"WD102", "WD103", "WD201", "WD301", "WD302", "WD303", "WD304", "WD402", "WD403", "WD404", "WD602", "WD603"}


class Doctor(WeftTest):
    def examine(self, node, *arguments, prepare=None, command=(BINARY,)):
        """The answer, and the codes of the node's own findings with their texts."""

        def child():
            weft.die_with_parent()
            if prepare:
                prepare()

        done = subprocess.run([*command, "doctor", "--json", "--dir", str(node.directory), *arguments], capture_output=True, text=True,
                              timeout=60 * weft.PATIENCE, preexec_fn=child)
        answer = json.loads(done.stdout)
        errors = sum(f["severity"] == "error" for f in answer["findings"])
        self.assertEqual((answer["errors"], answer["warnings"]), (errors, len(answer["findings"]) - errors))
        self.assertEqual(done.returncode, EXIT_FAILURE if errors else EXIT_DEGRADED if answer["findings"] else EXIT_OK)
        return answer, {f["code"]: f["text"] for f in answer["findings"]}

    def own(self, found):
        return {code: text for code, text in found.items() if code not in OF_THE_MACHINE}

    # -- nothing is wrong ---

    def test_healthy_node(self):
        node = self.new_node()
        before = sorted(os.listdir(node.directory))
        answer, found = self.examine(node)
        self.assertEqual(self.own(found), {})
        parts = {part["name"]: part["detail"] for part in answer["parts"]}
        self.assertEqual(parts["node"], "not running")
        self.assertTrue({"configuration", "disk", "identity", "sockets", "path", "listeners"} <= parts.keys(), parts)
        self.assertEqual(sorted(os.listdir(node.directory)), before, "nothing is left behind")
        text = node.cli("doctor").stdout
        self.assertIn(" errors, ", text)

    def test_running_node_has_its_ports_itself(self):
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        settings = ["--set", f"network.listen=/ip4/127.0.0.1/udp/{port}/quic-v1"]
        node = self.new_node(network__listen=f"/ip4/127.0.0.1/udp/{port}/quic-v1").start()
        answer, found = self.examine(node, *settings)
        self.assertEqual(self.own(found), {})
        self.assertIn({"name": "node", "detail": "running"}, answer["parts"])

    # -- something is ---

    def test_busy_ports(self):
        node = self.new_node()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            tcp.bind(("127.0.0.1", 0))
            tcp.listen()
            _, found = self.examine(node, "--set", f"network.listen=/ip4/127.0.0.1/udp/{udp.getsockname()[1]}/quic-v1")
            self.assertIn(str(udp.getsockname()[1]), self.own(found)["WD501"])
            _, found = self.examine(node, "--set", f"http.listen=127.0.0.1:{tcp.getsockname()[1]}")
            self.assertIn(str(tcp.getsockname()[1]), self.own(found)["WD501"])

    def test_address_of_another_machine(self):
        _, found = self.examine(self.new_node(), "--set", "network.listen=/ip4/192.0.2.1/udp/0/quic-v1")
        self.assertEqual(list(self.own(found)), ["WD502"])

    def test_page_open_to_the_network(self):
        _, found = self.examine(self.new_node(), "--set", "http.listen=0.0.0.0:0", "--set", "http.page=any")
        self.assertEqual(list(self.own(found)), ["WD503"])

    def test_few_descriptors(self):
        node = self.new_node()
        # As an ordinary user: root may lift the limit, and does.
        command = ["setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource", BINARY] if os.getuid() == 0 else [BINARY]

        def limit(most):
            return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

        _, found = self.examine(node, "--set", "limits.open_files=4096", prepare=limit(512), command=command)
        self.assertIn("512", found["WD201"])
        _, found = self.examine(node, prepare=limit(64), command=command)
        self.assertIn("64", found["WD202"])

    def test_directory_that_cannot_be_written(self):
        node = self.new_node(init=False)
        _, found = self.examine(node)
        self.assertEqual(set(self.own(found)), {"WD601", "WD701"})
        node.init()
        node.directory.chmod(0o500)
        self.addCleanup(node.directory.chmod, 0o700)
        # Root writes anywhere, unless it lets go of that right.
        command = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override", BINARY] if os.getuid() == 0 else [BINARY]
        _, found = self.examine(node, command=command)
        self.assertIn(str(node.directory), self.own(found)["WD601"])

    def test_mistakes_in_the_configuration(self):
        node = self.new_node()
        config = node.directory / "config.toml"
        config.write_text(config.read_text().replace("[network]", "[network]\nlisten_to = 3"))
        _, found = self.examine(node)
        self.assertIn("listen_to", self.own(found)["WD702"])

    def test_key(self):
        node = self.new_node()
        key = node.directory / "identity.key"
        key.chmod(0o644)
        _, found = self.examine(node)
        self.assertIn("644", self.own(found)["WD802"])
        key.chmod(0o600)
        text = key.read_text()
        key.write_text(text[:len(text) // 2])
        self.assertIn("WD803", self.examine(node)[1])
        key.unlink()
        self.assertIn("WD801", self.examine(node)[1])
        key.write_text(text)
        key.chmod(0o600)
        node.directory.chmod(0o777)
        self.assertEqual(list(self.own(self.examine(node)[1])), ["WD804"])

    # -- codes ---

    def test_every_code_is_documented(self):
        listed = json.loads(subprocess.run([BINARY, "doctor", "--list", "--json"], capture_output=True, text=True, check=True).stdout)["codes"]
        documented = dict(re.findall(r"^\| (WD\d+) \| (\w+) \| .{20,} \| .{5,} \|$", PAGE.read_text(), re.MULTILINE))
        self.assertEqual(documented, {c["code"]: c["severity"] for c in listed})
        self.assertEqual(len({c["code"] for c in listed}), len(listed))
        for code in listed:
            self.assertTrue(code["meaning"].endswith(".") and code["fix"], code)


if __name__ == "__main__":
    weft.main()
