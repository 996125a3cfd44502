# SPDX-License-Identifier: MIT
"""The words that dashboards are written in: expressions over the selected nodes, panels, rows, and the board around them.

Every expression selects by the variables `job` and `instance`; every range is Grafana's `$__rate_interval`.
"""
import dataclasses
import json

MATCH = 'job=~"$job", instance=~"$instance"'
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24
QUANTILES = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))


# --- expressions

def series(metric, **matchers):
    """The metric of the selected nodes; a matcher's value may begin with an operator, such as `=~"a|b"`."""
    more = "".join(f", {label}{value}" if value.startswith(("=", "!")) else f', {label}="{value}"' for label, value in matchers.items())
    return f"{metric}{{{MATCH}{more}}}"


def over(how, inner, by=""):
    return f"{how} by ({by}) ({inner})" if by else f"{how}({inner})"


def rate(metric, by="", **matchers):
    """Of a counter, per second, summed."""
    return over("sum", f"rate({series(metric, **matchers)}[$__rate_interval])", by)


def total(metric, by="", **matchers):
    return over("sum", series(metric, **matchers), by)


def highest(metric, by="", **matchers):
    return over("max", series(metric, **matchers), by)


def lowest(metric, by="", **matchers):
    return over("min", series(metric, **matchers), by)


def mean(metric, by="", **matchers):
    return over("avg", series(metric, **matchers), by)


def share(part, whole):
    """A part of a whole, both expressions; 0 while the whole is."""
    return f"{part} / clamp_min({whole}, 1e-9)"


def mean_of(histogram, by="", **matchers):
    """The mean of what a histogram has observed lately."""
    return f"{rate(histogram + '_sum', by, **matchers)} / {rate(histogram + '_count', by, **matchers)}"


# --- targets: (expression, legend)

def by_label(expression_of, metric, label, prefix="", **matchers):
    """One line per value of a label."""
    return (expression_of(metric, label, **matchers), f"{prefix}{{{{{label}}}}}")


def each_node(expression_of, metric, **matchers):
    return by_label(expression_of, metric, "instance", **matchers)


def quantiles(histogram, by="", **matchers):
    """p50, p95 and p99 over all selected nodes, or one set per value of a label."""
    labels = f"le, {by}" if by else "le"
    legend = f" {{{{{by}}}}}" if by else ""
    return [(f"histogram_quantile({q}, {rate(histogram + '_bucket', labels, **matchers)})", f"{name}{legend}") for q, name in QUANTILES]


# --- panels

@dataclasses.dataclass
class Panel:
    kind: str
    title: str
    text: str
    unit: str
    targets: list
    width: int
    height: int
    options: dict
    defaults: dict
    target: dict = dataclasses.field(default_factory=dict)
    more: dict = dataclasses.field(default_factory=dict)


def graph(title, text, unit, *targets, width=8, stacked=False, least=0):
    custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 25 if stacked else 5, "showPoints": "never", "spanNulls": False,
              "stacking": {"mode": "normal" if stacked else "none", "group": "A"}}
    options = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return Panel("timeseries", title, text, unit, flat(targets), width, 7, options, {"min": least, "custom": custom})


def stat(title, text, unit, *targets, bad_above=None, bad_below=None, width=4, decimals=None):
    """One number; red on the wrong side of a bound, else green, and plain without one."""
    steps = [{"color": "text", "value": None}]
    if bad_above is not None:
        steps = [{"color": "green", "value": None}, {"color": "red", "value": bad_above}]
    if bad_below is not None:
        steps = [{"color": "red", "value": None}, {"color": "green", "value": bad_below}]
    options = {"colorMode": "value", "graphMode": "area", "justifyMode": "auto", "orientation": "auto", "textMode": "auto",
               "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    defaults = {"thresholds": {"mode": "absolute", "steps": steps}}
    if decimals is not None:
        defaults["decimals"] = decimals
    return Panel("stat", title, text, unit, flat(targets), width, 4, options, defaults)


def heat(title, text, unit, histogram, width=8, **matchers):
    """How often a histogram's buckets were hit, over time."""
    options = {"calculate": False, "yAxis": {"unit": unit}, "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64},
               "cellGap": 1, "tooltip": {"mode": "single", "yHistogram": True}, "legend": {"show": True}}
    return Panel("heatmap", title, text, unit, [(rate(histogram + "_bucket", "le", **matchers), "{{le}}")], width, 7, options, {},
                 target={"format": "heatmap"})


def facts(title, text, *expressions, hide=(), names=None, width=24):
    """A table of the labels of info metrics, one row per node."""
    hidden = {name: True for name in ("Time", "Value", "__name__", *hide)}
    hidden.update({f"Value #{letter}": True for letter in "ABC"[:len(expressions)]})
    transformations = [{"id": "merge", "options": {}},
                       {"id": "organize", "options": {"excludeByName": hidden, "renameByName": names or {}}}]
    return Panel("table", title, text, "none", [(expression, "") for expression in expressions], width, 7,
                 {"showHeader": True, "cellHeight": "sm"}, {}, target={"format": "table", "instant": True},
                 more={"transformations": transformations})


def flat(targets):
    """Targets and lists of them, as one list."""
    out = []
    for each in targets:
        out += each if isinstance(each, list) else [each]
    return out


# --- boards

@dataclasses.dataclass
class Board:
    uid: str
    title: str
    text: str
    rows: list  # of (title, [Panel])


def render_panel(panel, number, x, y):
    return {
        "id": number, "type": panel.kind, "title": panel.title, "description": panel.text, "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
        "fieldConfig": {"defaults": {"unit": panel.unit, **panel.defaults}, "overrides": []},
        "options": panel.options,
        "targets": [{"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": expression, "legendFormat": legend, **panel.target}
                    for i, (expression, legend) in enumerate(panel.targets)],
        **panel.more,
    }


def render_rows(rows):
    """Panels from left to right, a new line when the next does not fit."""
    out, y = [], 0
    for title, panels in rows:
        out.append({"id": len(out) + 1, "type": "row", "title": title, "collapsed": False, "panels": [],
                    "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}})
        y, x, height = y + 1, 0, 0
        for panel in panels:
            if x + panel.width > WIDTH:
                x, y, height = 0, y + height, 0
            out.append(render_panel(panel, len(out) + 1, x, y))
            x, height = x + panel.width, max(height, panel.height)
        y += height
    return out


def variable(name, label, query):
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE, "definition": query,
            "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1, "multi": True, "includeAll": True, "allValue": ".+",
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]}}


def render(board):
    link = {"title": "Weft dashboards", "type": "dashboards", "tags": ["weft"], "asDropdown": True, "keepTime": True,
            "includeVars": True, "targetBlank": False}
    return {
        "uid": board.uid, "title": board.title, "description": board.text, "tags": ["weft"], "schemaVersion": 39, "version": 1,
        "editable": False, "graphTooltip": 1, "links": [link], "time": {"from": "now-30m", "to": "now"}, "refresh": "10s", "timezone": "",
        "templating": {"list": [
            {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source",
             "current": {"selected": True, "text": "Prometheus", "value": "weft-prometheus"}},
            variable("job", "Job", "label_values(weft_build_info, job)"),
            variable("instance", "Instance", 'label_values(weft_build_info{job=~"$job"}, instance)'),
        ]},
        "panels": render_rows(board.rows),
    }


def text_of(board):
    return json.dumps(render(board), indent=1) + "\n"
