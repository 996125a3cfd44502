# SPDX-License-Identifier: MIT
"""Reads the rule files of deploy/prometheus/rules: as much of YAML as they use."""
import dataclasses
import re

from prometheus import RULES


@dataclasses.dataclass
class Rule:
    name: str
    alert: bool
    expr: str
    wait: str  # `for:`, or ""
    severity: str
    annotations: dict


def field(block, name):
    found = re.search(rf"^ +(?:- )?{name}: (?:\|\n((?: {{10,}}.*\n?)+)|(.*))$", block, re.M)
    if not found:
        return ""
    return " ".join(found.group(1).split()) if found.group(1) else found.group(2).strip()


def read(text):
    out = []
    for block in re.split(r"^ {6}- (?=alert: |record: )", text, flags=re.M)[1:]:
        kind, name = re.match(r"(alert|record): (\S+)", block).groups()
        annotations = dict(re.findall(r'^ {10}(\w+): "?(.*?)"?$', block.partition("annotations:\n")[2], re.M))
        severity = re.search(r"severity: (\w+)", block)
        out.append(Rule(name, kind == "alert", field(block, "expr"), field(block, "for"), severity.group(1) if severity else "", annotations))
    return out


def all_rules():
    return [rule for path in sorted(RULES.glob("*.yml")) for rule in read(path.read_text())]
