# SPDX-License-Identifier: MIT
"""What the deploy tests share: commands, a Docker daemon (the machine's or one of our own), bare Debian roots.

These tests need root and programs of Debian (docker.io, docker-compose, mmdebstrap); without them they are skipped and ctest
says so. The daemon of our own keeps its layers in the cache folder, so that a second run builds only what has changed.
"""
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
DEPLOY = TREE / "deploy"
OWN_MOUNTS = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
# Without it, apt only warns of lists that it could not fetch.
LISTS_OR_FAIL = ("-o", "APT::Update::Error-Mode=any")
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "weft"


def run(*command, check=True, timeout=600, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.25)


def need_programs(*names):
    missing = [name for name in names if not shutil.which(name)]
    if missing:
        raise unittest.SkipTest(f"not installed: {' '.join(missing)}")


def need_root():
    if os.getuid() != 0:
        raise unittest.SkipTest("needs root")


def need_network(*command, **options):
    """Runs what fetches packages to prepare a test; a machine that cannot reach them has nothing to test with."""
    done = run(*command, check=False, **options)
    if done.returncode != 0:
        raise unittest.SkipTest(f"{' '.join(map(str, command[:2]))} could not prepare the test: {(done.stderr or done.stdout).strip()[-600:]}")


def need_containers(name):
    """The base image of a release, and that something runs in it and can fetch packages; the daemon answers already."""
    need_programs("mmdebstrap")
    need_network(DEPLOY / "base-image.sh", name, timeout=1800)
    base = "weft-base:bookworm" if name == "bookworm" else f"debian:{name}-slim"
    for needed in (["docker", "run", "--rm", "--memory", "64m", base, "true"], [DEPLOY / "docker-client.sh"],
                   ["docker", "run", "--rm", "--network", "host", base, "apt-get", "update", "-q", *LISTS_OR_FAIL]):
        tried = run(*needed, check=False)
        if tried.returncode != 0:
            raise unittest.SkipTest(f"no containers here that can be built: {' '.join(map(str, needed))}: {tried.stderr.strip()[-600:]}")


class Docker:
    """The machine's daemon if it answers, else one started here. Sets DOCKER_HOST for everything that is run."""

    def __init__(self):
        self.process = None
        self.folder = None
        need_programs("docker")
        if run("docker", "version", check=False, timeout=30).returncode == 0:
            return
        need_root()
        need_programs("dockerd", "containerd")
        self.folder = Path(tempfile.mkdtemp(prefix="weft-docker-"))
        os.environ["DOCKER_HOST"] = f"unix://{self.folder}/docker.sock"
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(
            ["dockerd", "--data-root", str(CACHE / "docker"), "--exec-root", str(self.folder / "exec"), "--pidfile",
             str(self.folder / "pid"), "--host", os.environ["DOCKER_HOST"],
             # Compose makes networks of its own; without the default bridge none is left on the machine.
             "--bridge", "none"], stdout=self.log, stderr=self.log)
        try:
            wait_until(self.answers, 60, "dockerd answers")
        except AssertionError:
            last = (self.folder / "log").read_text().splitlines()[-1:]
            self.stop()
            raise unittest.SkipTest(f"dockerd does not start here: {' '.join(last)}") from None

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("dockerd has ended")
        return run("docker", "version", check=False, timeout=30).returncode == 0

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        del os.environ["DOCKER_HOST"]
        shutil.rmtree(self.folder, ignore_errors=True)


def release():
    return re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(), re.M).group(1)


class Root:
    """A bare Debian in a folder of its own, unpacked from an archive that mmdebstrap made once."""

    def __init__(self, name):
        need_root()
        tried = run(*OWN_MOUNTS, "mount", "--make-rprivate", "/", check=False)
        if tried.returncode != 0:
            raise unittest.SkipTest(f"no name spaces of mounts and processes here: {tried.stderr.strip()}")
        archive = CACHE / "roots" / f"{name}.tar"
        if not archive.exists():
            need_programs("mmdebstrap")
            archive.parent.mkdir(parents=True, exist_ok=True)
            mirror = run(DEPLOY / "debian-mirror.sh", release()).stdout.strip()
            fresh = archive.with_suffix(".new")
            sources = [f"deb {mirror} {name} main"]
            if name == "bookworm":
                # As docs/operators-guide.md asks for: ngtcp2 is there.
                sources.append(f"deb {mirror} {name}-backports main")
            need_network("mmdebstrap", "--quiet", "--format=tar", "--variant=minbase", name, fresh, *sources, timeout=1200)
            fresh.rename(archive)
        self.folder = Path(tempfile.mkdtemp(prefix=f"weft-{name}-"))
        run("tar", "-C", self.folder, "--exclude=./dev/*", "-xf", archive)
        shutil.copy("/etc/resolv.conf", self.folder / "etc/resolv.conf")
        updated = self.run("apt-get", "update", "-q", *LISTS_OR_FAIL, check=False)
        if updated.returncode != 0:
            self.remove()
            raise unittest.SkipTest(f"apt cannot fetch package lists: {updated.stderr.strip()[-600:]}")

    def run(self, *command, **options):
        """Runs a command inside; its mounts vanish with it."""
        script = ('mount --make-rprivate / && mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" '
                  '&& exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive '
                  'chroot "$0" "$@"')
        return run(*OWN_MOUNTS, "bash", "-c", script, self.folder, *command, **options)

    def remove(self):
        shutil.rmtree(self.folder)


def main():
    """As unittest.main, but all cases skipped is an outcome of its own: ctest's SKIP_RETURN_CODE."""
    program = unittest.main(verbosity=2, exit=False)
    result = program.result
    if not result.wasSuccessful():
        raise SystemExit(1)
    if len(result.skipped) >= max(result.testsRun, 1):
        raise SystemExit(77)
