# SPDX-License-Identifier: MIT
"""The files of deploy/ by themselves: right for the programs that will read them. Needs neither root nor Docker."""
import json
import os
import re
import subprocess
import tempfile
import unittest

from support import main, DEPLOY, need_programs, run

COMPOSE = DEPLOY / "docker-compose.yml"


class Files(unittest.TestCase):
    def test_scripts_are_right(self):
        scripts = sorted(DEPLOY.glob("*.sh"))
        self.assertGreater(len(scripts), 5)
        for script in scripts:
            run("bash", "-n", script)
            self.assertTrue(os.access(script, os.X_OK), script)
        for script in ("postinst", "prerm", "postrm"):
            run("sh", "-n", DEPLOY / "debian" / script)

    def test_shellcheck(self):
        need_programs("shellcheck")
        # SC1091: /etc/os-release is of the machine. SC2016: apt's own variables.
        run("shellcheck", "-x", "-P", DEPLOY, "-e", "SC1091,SC2016", *sorted(DEPLOY.glob("*.sh")), *(DEPLOY / "debian" / s for s in ("postinst", "prerm", "postrm")))

    def test_compose_file(self):
        need_programs("docker-compose")
        environment = {**os.environ, "WEFT_BOOTSTRAP_PEER": "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"}
        # An empty one, so that deploy/.env says nothing; Compose 1.29 takes a regular file only.
        empty = tempfile.NamedTemporaryFile()
        self.addCleanup(empty.close)
        for profile in ("default", "observability", "bench"):
            run("docker-compose", "-f", COMPOSE, "--env-file", empty.name, "--profile", profile, "config", "-q", env=environment)
        del environment["WEFT_BOOTSTRAP_PEER"]
        done = run("docker-compose", "-f", COMPOSE, "--env-file", empty.name, "config", "-q", env=environment, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("cluster-identity.sh", done.stdout + done.stderr, "it says what to do first")

    def test_compose_settings_are_keys(self):
        """A misspelt WEFT_ variable would be left alone by the node."""
        done = run(os.environ["WEFT_BINARY"], "config", "defaults", "--json")
        known = {"WEFT_" + key.upper().replace(".", "_") for key in json.loads(done.stdout)}
        used = set(re.findall(r"^\s+(WEFT_[A-Z_]+):", COMPOSE.read_text(), re.M))
        self.assertGreater(len(used), 3)
        self.assertLessEqual(used, known)

    def test_unit(self):
        need_programs("systemd-analyze")
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", DEPLOY / "systemd/weft.service"],
                              capture_output=True, text=True)
        if "Unknown option" in done.stderr or "not supported" in done.stderr:
            self.skipTest("this systemd-analyze cannot judge a file")
        self.assertEqual(done.returncode, 0, done.stdout[-600:])

    def test_unit_stops_after_the_drain(self):
        unit = (DEPLOY / "systemd/weft.service").read_text()
        stop = float(re.search(r"^TimeoutStopSec=(\d+)", unit, re.M).group(1))
        grace = float(re.search(r"stop_grace_period: (\d+)s", COMPOSE.read_text()).group(1))
        done = json.loads(run(os.environ["WEFT_BINARY"], "config", "defaults", "--json").stdout)
        drain = float(done["limits.drain_timeout"]["default"])
        self.assertGreater(stop, drain + 2)
        self.assertGreater(grace, drain + 2)

    def test_linked_packages(self):
        done = run(DEPLOY / "linked-packages.sh", os.environ["WEFT_BINARY"])
        names = {line.split()[0].split(":")[0].removesuffix("t64") for line in done.stdout.splitlines()}
        self.assertTrue({"libc6", "libcaf-core0.17", "libngtcp2-16"} <= names, done.stdout)


if __name__ == "__main__":
    main()
