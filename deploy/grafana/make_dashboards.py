#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the dashboards of a Weft mesh as Grafana's JSON; a test compares what is in dashboards/ with what this writes.

    deploy/grafana/make_dashboards.py [folder]     (default: dashboards/ beside this file)
"""
import sys
from pathlib import Path

from boards import actors, bench, cluster, dht, gossip, messages, node, sessions
from boards.panels import text_of

BOARDS = [module.BOARD for module in (cluster, node, sessions, dht, gossip, messages, actors, bench)]


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / "dashboards"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {f"{board.uid}.json": text_of(board) for board in BOARDS}
    for old in folder.glob("*.json"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main()
