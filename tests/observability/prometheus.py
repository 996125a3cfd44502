# SPDX-License-Identifier: MIT
"""Debian's Prometheus for tests: found in PATH, or where deploy/install-dependencies.sh has put it."""
import shutil
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "deploy"))
from support import CACHE, DEPLOY  # noqa: E402

RULES = DEPLOY / "prometheus/rules"


def program(name):
    found = shutil.which(name, path=None) or shutil.which(name, path=str(CACHE / "prometheus/usr/bin"))
    if not found:
        raise unittest.SkipTest(f"not installed: {name} (deploy/install-dependencies.sh test)")
    return found


def promtool():
    return program("promtool")
