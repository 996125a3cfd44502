# SPDX-License-Identifier: MIT
"""What deploy/prometheus tells Prometheus, by itself."""
import unittest

from prometheus import promtool
from support import DEPLOY, main, run


class Configuration(unittest.TestCase):
    def test_promtool_finds_it_right(self):
        run(promtool(), "check", "config", DEPLOY / "prometheus/prometheus.yml")


if __name__ == "__main__":
    main()
