# SPDX-License-Identifier: MIT
"""The Debian package: built, looked into, run where it is unpacked; installed in bare Debian 12 and 13 roots, run as its unit
does, upgraded, removed, purged; and once under a real systemd, sandbox included."""
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from support import main, DEPLOY, TREE, Docker, Root, need_containers, need_programs, need_root, release, run, wait_until

BUILD = Path(os.environ.get("WEFT_BUILD", TREE / "build/release"))
LOOPBACK = ("WEFT_HTTP_LISTEN=127.0.0.1:0", "WEFT_NETWORK_LISTEN=/ip4/127.0.0.1/udp/0/quic-v1")
NODE = ("setpriv", "--reuid", "weft", "--regid", "weft", "--clear-groups", "env", "WEFT_DIR=/var/lib/weft", *LOOPBACK)
PACKING = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
folder = None


def setUpModule():
    global folder
    folder = Path(tempfile.mkdtemp(prefix="weft-package-"))
    unittest.addModuleCleanup(shutil.rmtree, folder)


def host_package():
    """The package of this machine's release, from the objects that are built already."""
    out = folder / release()
    if not out.exists():
        run("cmake", "--build", BUILD, "--target", "weft_package_files", timeout=1800)
        run("cpack", "-B", out, cwd=BUILD, env=PACKING)
    return next(out.glob("*.deb"))


def other_package(name):
    """The package of another release, built in its container."""
    if name != "trixie":
        raise unittest.SkipTest(f"the image builds packages of trixie, not of {name}")
    docker = Docker()
    try:
        need_containers(name)
        out = folder / name
        run(DEPLOY / "build-image.sh", "--local-base", "--package", out, timeout=3000)
    finally:
        docker.stop()
    return next(out.glob("*.deb"))


def unpacked(package):
    out = folder / f"unpacked-{package.parent.name}"
    run("dpkg-deb", "-x", package, out)
    return out


def check_contents(test, package):
    """What can be told of a package without installing it."""
    out = unpacked(package)
    binary = out / "usr/bin/weft"
    test.assertLess(binary.stat().st_size, 10_000_000, "stripped binary")
    print(f"{package.name}: package {package.stat().st_size / 1e6:.2f} MB, binary {binary.stat().st_size / 1e6:.2f} MB", flush=True)
    test.assertNotIn(".symtab", run("objdump", "-h", binary).stdout)
    test.assertIn("BIND_NOW", run("objdump", "-p", binary).stdout + run("readelf", "-d", binary).stdout)
    for path in ("usr/lib/systemd/system/weft.service", "usr/lib/sysusers.d/weft.conf", "usr/share/bash-completion/completions/weft",
                 "usr/share/zsh/vendor-completions/_weft", "usr/share/fish/vendor_completions.d/weft.fish", "usr/share/doc/weft/copyright"):
        test.assertTrue((out / path).stat().st_size > 50, path)
    for page in ("man1/weft.1.gz", "man5/weft.toml.5.gz"):
        text = subprocess.run(["gzip", "-dc", out / "usr/share/man" / page], check=True, capture_output=True).stdout
        test.assertTrue(text.startswith(b".TH WEFT"), page)
    scenarios = {p.name for p in (out / "usr/share/weft/scenarios").iterdir()}
    test.assertEqual(scenarios, {p.name for p in (DEPLOY / "scenarios").iterdir()})
    for line in run("dpkg-deb", "-c", package).stdout.splitlines():
        mode, owner = line.split()[:2]
        test.assertEqual(owner, "root/root", line)
        test.assertNotIn("w", mode[4:], line)
    test.assertEqual(run("dpkg-deb", "-I", package, "conffiles").stdout, "/etc/weft/config.toml\n")
    check_bill(test, package, out)


def check_bill(test, package, out):
    """The bill of materials is of this binary and agrees with what dpkg will install for it."""
    sbom = json.loads((out / "usr/share/doc/weft/weft.spdx.json").read_text())
    described = {p["SPDXID"]: p for p in sbom["packages"]}
    digest = hashlib.sha256((out / "usr/bin/weft").read_bytes()).hexdigest()
    test.assertEqual(described["SPDXRef-weft"]["checksums"][0]["checksumValue"], digest)
    for relation in sbom["relationships"]:
        test.assertIn(relation["relatedSpdxElement"], described)
    # Debian 13 appends t64 to names of libraries whose times have grown.
    names = {p["name"].removesuffix("t64") for p in sbom["packages"]}
    for part in ("libcaf-core0.17", "libngtcp2-16", "nlohmann-json3-dev"):
        test.assertIn(part, names)
    depends = run("dpkg-deb", "-f", package, "Depends").stdout
    linked = {described[r["relatedSpdxElement"]]["name"] for r in sbom["relationships"] if r["relationshipType"] == "DYNAMIC_LINK"}
    for part in linked - {"libgcc-s1"}:
        test.assertIn(part, depends)


class Contents(unittest.TestCase):
    """The package of this machine's release, without root."""

    def setUp(self):
        need_programs("cpack", "dpkg-deb", "dpkg-shlibdeps", "file", "objdump", "readelf")

    def test_contents_of_the_package(self):
        package = host_package()
        check_contents(self, package)
        # Packed again at another time, of the same files: the same bytes. Times in a package have whole seconds.
        time.sleep(1)
        run("cpack", "-B", folder / "again", cwd=BUILD, env=PACKING)
        self.assertEqual(next((folder / "again").glob("*.deb")).read_bytes(), package.read_bytes())

    def test_the_installed_files_run(self):
        """The binary, the unit's command and the example configuration fit each other."""
        out = folder / "installed"
        run("cmake", "--build", BUILD, "--target", "weft_package_files", timeout=1800)
        run("cmake", "--install", BUILD, "--prefix", "/usr", env={**os.environ, "DESTDIR": str(out)})
        binary, config = out / "usr/bin/weft", out / "etc/weft/config.toml"
        self.assertEqual(run(binary, "config", "check", "--config", config).returncode, 0)
        self.assertEqual(config.read_text(), run(binary, "config", "defaults").stdout)
        unit = (out / "usr/lib/systemd/system/weft.service").read_text()
        start = re.search(r"^ExecStart=(.*)$", unit, re.M).group(1).split()
        environment = {**os.environ, "WEFT_DIR": str(folder / "node"), **dict(pair.split("=") for pair in LOOPBACK)}
        with open(folder / "node.log", "w+") as log:
            node = subprocess.Popen([str(out) + word if word.startswith("/") else word for word in start], env=environment,
                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                run(binary, "wait", "--ready", "--timeout", "60", env=environment)
                self.assertTrue(run(binary, "id", env=environment).stdout.startswith("12D3KooW"))
                run(binary, "reload", env=environment)
                node.terminate()
                self.assertEqual(node.wait(30), 0)
            finally:
                node.kill()
                node.wait()

    def test_manual_pages_are_right(self):
        need_programs("groff")
        run("cmake", "--build", BUILD, "--target", "weft_package_files", timeout=1800)
        for page in ("weft.1.gz", "weft.toml.5.gz"):
            text = subprocess.run(["gzip", "-dc", BUILD / "package_files" / page], check=True, capture_output=True).stdout
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=text, capture_output=True)
            self.assertEqual((done.returncode, done.stderr), (0, b""), page)

    def test_two_builds_are_the_same_bytes(self):
        if not os.environ.get("WEFT_DEPLOY_COMPILE"):
            raise unittest.SkipTest("compiles Weft twice without a cache: `make test-deploy` and `make test-long` do")
        self.assertIn("the same bytes", run(DEPLOY / "check-reproducible.sh", timeout=3500).stdout)


class Package(unittest.TestCase):
    """Installed, used, upgraded and removed in a bare Debian."""

    def setUp(self):
        need_root()

    def check(self, name):
        package = host_package() if name == release() else other_package(name)
        check_contents(self, package)
        root = Root(name)
        self.addCleanup(root.remove)
        shutil.copy(package, root.folder / "tmp/weft.deb")
        root.run("apt-get", "install", "-y", "-q", "--no-install-recommends", "/tmp/weft.deb")
        self.check_files(root)
        peer = self.check_node(root)
        self.check_upgrade(root)
        self.check_removal(root, peer)

    def check_files(self, root):
        listed = {line.split()[0] for line in root.run("weft", "sim", "--list").stdout.splitlines() if line.strip()}
        self.assertGreaterEqual(listed, {path.stem for path in (root.folder / "usr/share/weft/scenarios").iterdir()})
        state = root.run("stat", "-c", "%U %G %a", "/var/lib/weft").stdout.split()
        self.assertEqual(state, ["weft", "weft", "700"])
        self.assertEqual(root.run("weft", "config", "check", "--config", "/etc/weft/config.toml").returncode, 0)
        self.assertEqual((root.folder / "etc/weft/config.toml").read_text(), root.run("weft", "config", "defaults").stdout)
        self.assertIn("/etc/weft/config.toml", root.run("dpkg-query", "-W", "-f", "${Conffiles}", "weft").stdout)

    def check_node(self, root):
        """As the unit starts it, but for ports of its own."""
        start = re.search(r"^ExecStart=(.*)$", (DEPLOY / "systemd/weft.service").read_text(), re.M).group(1).split()
        version = re.search(r"^project\(weft VERSION ([0-9.]+)", (TREE / "CMakeLists.txt").read_text(), re.M).group(1)
        self.assertIn(version, root.run("weft", "version").stdout)
        self.assertIn("12D3KooW", root.run("weft", "init", "--dir", "/tmp/node").stdout)
        script = ('"$@" & node=$!; trap "kill -9 $node" EXIT; as() { setpriv --reuid weft --regid weft --clear-groups env WEFT_DIR=/var/lib/weft weft "$@"; }\n'
                  'as wait --ready && as id || exit\n'
                  '[[ $(as status --json) =~ \\"http\\":\\"127.0.0.1:([0-9]+)\\" ]] || exit\n'
                  'exec 3<>/dev/tcp/127.0.0.1/${BASH_REMATCH[1]} && printf "GET /readyz HTTP/1.0\\r\\n\\r\\n" >&3 && cat <&3\n'
                  'kill $node && wait $node && trap - EXIT')
        done = root.run("bash", "-c", script, "bash", *NODE, *start)
        peer, readiness = done.stdout.split("\n", 1)
        self.assertTrue(peer.startswith("12D3KooW"), done.stdout)
        self.assertIn("200 OK", readiness)
        self.assertIn("[+]listening ok", readiness)
        self.assertIn("event=stopped" if "event=" in done.stderr else "stopped", done.stderr)
        return peer

    def check_upgrade(self, root):
        config = root.folder / "etc/weft/config.toml"
        config.write_text(config.read_text().replace('level = "info"', 'level = "debug"'))
        changed = config.read_text()
        self.assertIn('"debug"', changed)
        root.run("dpkg", "-i", "/tmp/weft.deb")
        self.assertEqual(config.read_text(), changed, "an administrator's change survives")

    def check_removal(self, root, peer):
        root.run("apt-get", "remove", "-y", "-q", "weft")
        self.assertFalse((root.folder / "usr/bin/weft").exists())
        self.assertTrue((root.folder / "etc/weft/config.toml").exists())
        done = root.run("dpkg", "--purge", "weft")
        self.assertIn("identity.key", done.stdout + done.stderr)
        self.assertFalse((root.folder / "etc/weft").exists())
        self.assertIn(peer, (root.folder / "var/lib/weft/identity.key").read_text())
        self.assertFalse((root.folder / "var/lib/weft/store").exists())
        left = [str(p) for p in root.folder.glob("usr/**/*weft*")]
        self.assertEqual(left, [])

    def test_debian_12(self):
        self.check("bookworm")

    def test_debian_13(self):
        self.check("trixie")

    def test_another_release_refuses_the_package(self):
        """Its libraries have other versions and names there, and apt says so before it touches anything."""
        root = Root(next(name for name in ("trixie", "bookworm") if name != release()))
        self.addCleanup(root.remove)
        shutil.copy(host_package(), root.folder / "tmp/weft.deb")
        refused = root.run("apt-get", "install", "-y", "-q", "--no-install-recommends", "/tmp/weft.deb", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("unmet dependencies", refused.stdout + refused.stderr)
        self.assertFalse((root.folder / "usr/bin/weft").exists())


class Service(unittest.TestCase):
    """The unit under systemd as the first process of a container."""

    @classmethod
    def setUpClass(cls):
        need_root()
        need_programs("systemd-nspawn", "nsenter")
        package = host_package()
        cls.root = Root(release())
        cls.addClassCleanup(cls.root.remove)
        shutil.copy(package, cls.root.folder / "tmp/weft.deb")
        cls.root.run("apt-get", "install", "-y", "-q", "--no-install-recommends", "systemd-sysv", "dbus", "/tmp/weft.deb")
        # The node of the container must not meet one of the machine.
        config = cls.root.folder / "etc/weft/config.toml"
        text = re.sub(r"^listen = \[.*$", 'listen = ["/ip4/127.0.0.1/udp/0/quic-v1"]', config.read_text(), flags=re.M)
        config.write_text(text.replace("127.0.0.1:9464", "127.0.0.1:0"))
        cls.log = open(folder / "nspawn.log", "w")
        cls.machine = subprocess.Popen(
            ["systemd-nspawn", "-q", "-D", str(cls.root.folder), "--register=no", "--keep-unit", "--boot", "-M", f"weft-{os.getpid()}"],
            stdin=subprocess.DEVNULL, stdout=cls.log, stderr=cls.log)
        cls.addClassCleanup(cls.end)
        try:
            wait_until(cls.booted, 60, "systemd answers")
        except AssertionError as why:
            raise unittest.SkipTest(f"no systemd in a container here: {why}") from None

    @classmethod
    def booted(cls):
        if cls.machine.poll() is not None:
            raise AssertionError((folder / "nspawn.log").read_text()[-300:])
        children = Path(f"/proc/{cls.machine.pid}/task/{cls.machine.pid}/children").read_text().split()
        for child in children:
            if "systemd" in os.readlink(f"/proc/{child}/exe"):
                cls.leader = child
                return cls.inside("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")
        return False

    @classmethod
    def inside(cls, *command, **options):
        return run("nsenter", "-t", cls.leader, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd", *command, **options)

    def kill(self, signal_name, pid):
        # The program of that name is in procps, which a bare Debian lacks.
        self.inside("bash", "-c", f"kill -{signal_name} {pid}")

    @classmethod
    def end(cls):
        if cls.machine.poll() is None:
            # SIGRTMIN+4 asks systemd to power off.
            os.kill(int(getattr(cls, "leader", cls.machine.pid)), signal.SIGRTMIN + 4)
            try:
                cls.machine.wait(30)
            except subprocess.TimeoutExpired:
                cls.machine.kill()
                cls.machine.wait()
        cls.log.close()

    def show(self, *names):
        text = self.inside("systemctl", "show", "weft.service", "-p", ",".join(names)).stdout
        return dict(line.split("=", 1) for line in text.splitlines())

    def journal(self):
        return self.inside("journalctl", "-u", "weft.service", "--no-pager").stdout

    def test_life_of_the_service(self):
        # Installed before systemd ran: enabled, so started at boot.
        state = self.show("ActiveState", "SubState", "StatusText", "MainPID", "NRestarts")
        self.assertEqual((state["ActiveState"], state["SubState"]), ("active", "running"), self.journal())
        self.assertIn("listening as 12D3KooW", state["StatusText"])
        self.inside("env", "WEFT_DIR=/var/lib/weft", "weft", "wait", "--ready")
        self.check_sandbox()
        # reload: a good file, then a bad one that changes nothing and is reported.
        config = self.root.folder / "etc/weft/config.toml"
        good = config.read_text()
        config.write_text(good.replace('level = "info"', 'level = "debug"'))
        self.inside("systemctl", "reload", "weft.service")
        config.write_text(good + "\nnonsense = 1\n")
        refused = self.inside("systemctl", "reload", "weft.service", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("nonsense", self.journal())
        config.write_text(good)
        self.assertEqual(self.show("MainPID")["MainPID"], state["MainPID"], "the node ran on")
        # A node that hangs is restarted by the watchdog, one that dies at once.
        self.inside("mkdir", "-p", "/run/systemd/system/weft.service.d")
        (self.root.folder / "etc/systemd/system/weft.service.d").mkdir(parents=True)
        (self.root.folder / "etc/systemd/system/weft.service.d/fast.conf").write_text("[Service]\nWatchdogSec=2\nRestartSec=0\n")
        self.inside("systemctl", "daemon-reload")
        self.inside("systemctl", "restart", "weft.service")
        time.sleep(4)
        first = self.show("MainPID", "NRestarts")
        self.assertEqual(first["NRestarts"], "0", "a node that works is left alone: " + self.journal())
        self.kill("STOP", first["MainPID"])
        wait_until(lambda: self.show("NRestarts")["NRestarts"] == "1", 40, "the watchdog restarts a node that hangs")
        wait_until(lambda: self.show("SubState")["SubState"] == "running", 30, "running again")
        self.kill("KILL", self.show("MainPID")["MainPID"])
        wait_until(lambda: self.show("NRestarts", "SubState") == {"NRestarts": "2", "SubState": "running"}, 30, "restarted after a kill")
        # A bad configuration is not tried again and again.
        config.write_text(good + "\nnonsense = 1\n")
        self.inside("systemctl", "restart", "weft.service", check=False)
        time.sleep(1)
        state = self.show("ActiveState", "ExecMainStatus", "NRestarts")
        self.assertEqual((state["ActiveState"], state["ExecMainStatus"], state["NRestarts"]), ("failed", "3", "0"))
        config.write_text(good)
        self.inside("systemctl", "start", "weft.service")
        began = time.monotonic()
        self.inside("systemctl", "stop", "weft.service")
        self.assertLess(time.monotonic() - began, 12)
        state = self.show("ActiveState", "Result")
        self.assertEqual((state["ActiveState"], state["Result"]), ("inactive", "success"), self.journal())

    def check_sandbox(self):
        done = self.inside("systemd-analyze", "security", "--no-pager", "weft.service", check=False)
        level = float(re.search(r"Overall exposure level for weft.service: ([0-9.]+)", done.stdout + done.stderr).group(1))
        self.assertLess(level, 2.0)


if __name__ == "__main__":
    main()
