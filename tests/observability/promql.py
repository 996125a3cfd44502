# SPDX-License-Identifier: MIT
"""As much of PromQL as it takes to know which series an expression asks for: its selectors, their ranges, the function around
each. Whether an expression is valid is for promtool and Prometheus to say."""
import dataclasses
import re

TOKEN = re.compile(r"""
    (?P<space>\s+) | (?P<string>"(?:[^"\\]|\\.)*") | (?P<range>\[[^\]]*\]) | (?P<matchers>\{(?:[^}"]|"(?:[^"\\]|\\.)*")*\})
  | (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*) | (?P<number>\d[\w.]*(?:e[+-]?\d+)?) | (?P<other>==|!=|<=|>=|=~|!~|.)""", re.X | re.S)
MATCHER = re.compile(r'\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*')
# Words before a list of labels, and others that are no metric.
LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = LISTS | {"and", "or", "unless", "bool", "offset", "inf", "nan"}


@dataclasses.dataclass(frozen=True)
class Selector:
    metric: str
    matchers: tuple  # of (label, operator, value)
    range: str  # "" for an instant
    function: str  # the call whose argument it directly is, or ""

    def text(self):
        """The selector alone, as an instant."""
        return self.metric + ("{" + ",".join(f'{label}{operator}"{value}"' for label, operator, value in self.matchers) + "}" if self.matchers else "")

    def matcher(self, label):
        return next(((operator, value) for name, operator, value in self.matchers if name == label), None)


def tokens(expression):
    out, at = [], 0
    while at < len(expression):
        found = TOKEN.match(expression, at)
        if found.lastgroup != "space":
            out.append((found.lastgroup, found.group()))
        at = found.end()
    return out


def parse_matchers(text):
    body = text[1:-1]
    out, at = [], 0
    while body[at:].strip():
        found = MATCHER.match(body, at)
        if not found:
            raise ValueError(f"not a list of matchers: {text}")
        out.append(found.groups())
        at = found.end() + (1 if body[found.end():found.end() + 1] == "," else 0)
    return tuple(out)


def selectors(expression):
    """Every selector, from left to right."""
    words, out, calls, i = tokens(expression), [], [], 0
    while i < len(words):
        kind, text = words[i]
        following = words[i + 1][1] if i + 1 < len(words) else ""
        if kind == "name" and text.lower() in WORDS:
            if text.lower() in LISTS and following == "(":
                while words[i][1] != ")":
                    i += 1
        elif kind == "name" and following.lower() not in ("(", "by", "without"):
            i = read_selector(words, i, calls, out)
        elif text == "(":
            before = words[i - 1] if i else ("", "")
            calls.append(before[1] if before[0] == "name" else "")
        elif text == ")":
            calls.pop()
        i += 1
    return out


def read_selector(words, i, calls, out):
    """Appends the selector that begins at word i; returns the last word it takes."""
    metric, matchers, span = words[i][1], (), ""
    if i + 1 < len(words) and words[i + 1][0] == "matchers":
        matchers, i = parse_matchers(words[i + 1][1]), i + 1
    if i + 1 < len(words) and words[i + 1][0] == "range":
        span, i = words[i + 1][1][1:-1], i + 1
    out.append(Selector(metric, matchers, span, calls[-1] if calls else ""))
    return i


def expand(expression, rate_interval="5m", **variables):
    """With Grafana's variables replaced, by everything unless said otherwise."""
    values = {"__rate_interval": rate_interval, "job": ".+", "instance": ".+", **variables}
    return re.sub(r"\$(\w+)", lambda found: values[found.group(1)], expression)
