#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints docs/metrics.md from what a running node exports; a test compares the two.

    curl -s 127.0.0.1:9464/metrics | deploy/metrics_table.py > docs/metrics.md
"""
import collections
import json
import re
import sys
from pathlib import Path

DEPLOY = Path(__file__).resolve().parent
# In this order; a metric belongs to the first group whose prefix it has.
GROUPS = [
    ("Node", ("weft_build", "weft_node", "weft_ready", "weft_config", "weft_log", "weft_http", "weft_scrape", "weft_names", "weft_name_",
              "weft_access", "weft_memory", "weft_selfcheck")),
    ("Actors", ("weft_actor", "weft_reactor", "weft_frames_unclaimed")),
    ("DHT", ("weft_dht",)),
    ("Gossip", ("weft_gossip",)),
    ("Messages", ("weft_messaging", "weft_inbox")),
    ("Routing", ("weft_routing",)),
    ("Stores", ("weft_store", "weft_record_store")),
    ("Benches", ("weft_bench",)),
    ("Local discovery", ("weft_mdns",)),
    ("Sessions and transport", ("weft_",)),
    ("Process", ("process_",)),
]
INTRODUCTION = """# Metrics

What `/metrics` exports ({count} metrics), in the format of Prometheus 0.0.4, or OpenMetrics 1.0 when the `Accept` header asks for it.
The list is made by `deploy/metrics_table.py` from a running node, and a test holds it to that.

Names follow Prometheus: `_total` counts since the start, `_seconds` and `_bytes` are units, `_info` is constant 1 with facts in its labels. Each
value that a label can have is exported from the start, at zero, so that nothing is missing before it has happened. No label holds a
peer, an address or a topic: the number of series is the same with two sessions and with thousands. Per-peer figures are in `weft peers --json`.

"Seen on" names the dashboards (`deploy/grafana/dashboards/`) that show a metric; *rules* are the alerts and recording rules of `deploy/prometheus/rules/`.
"""


def read(text):
    """name -> (type, help, {label: [values]}), in order of appearance."""
    found = {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            _, _, name, explanation = line.split(" ", 3)
            found[name] = ["", explanation, collections.OrderedDict()]
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            found[name][0] = kind
        elif line:
            series, labels = re.match(r"(\w+)(?:\{(.*)\})? ", line).groups()
            name = series if series in found else re.sub(r"_(bucket|sum|count)$", "", series)
            for label, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""):
                values = found[name][2].setdefault(label, [])
                if value not in values:
                    values.append(value)
    return found


def users():
    """metric -> where it is used."""
    out = collections.defaultdict(list)

    def use(text, place):
        for name in re.findall(r"\b(?:weft|process)_[a-z0-9_]+", text):
            for each in {name, re.sub(r"_(bucket|sum|count)$", "", name)}:
                if place not in out[each]:
                    out[each].append(place)
    for path in sorted((DEPLOY / "grafana/dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", []):
                use(target["expr"], path.stem.removeprefix("weft-"))
    for path in sorted((DEPLOY / "prometheus/rules").glob("*.yml")):
        use(path.read_text(), "*rules*")
    return out


def label_text(name, labels):
    # Facts and bounds differ from node to node, and are no enumeration.
    return "; ".join(f"`{label}`" if label == "le" or name.endswith("_info") else f"`{label}`: {', '.join(values)}"
                     for label, values in labels.items() if label != "le")


def page(text):
    metrics, used = read(text), users()
    out = [INTRODUCTION.format(count=len(metrics))]
    left = dict(metrics)
    for title, prefixes in GROUPS:
        rows = [name for name in left if name.startswith(prefixes)]
        out.append(f"\n## {title}\n\n| metric | kind | labels | meaning | seen on |\n|---|---|---|---|---|\n")
        for name in rows:
            kind, explanation, labels = left.pop(name)
            out.append(f"| `{name}` | {kind} | {label_text(name, labels)} | {explanation} | {', '.join(used[name])} |\n")
    if left:
        raise SystemExit(f"metrics_table: no group for {', '.join(left)}")
    return "".join(out)


if __name__ == "__main__":
    sys.stdout.write(page(sys.stdin.read()))
