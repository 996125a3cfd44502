# SPDX-License-Identifier: MIT
"""The rules of grafana/dashboard-linter for Prometheus, under its names, and a few of our own (`weft-…`): each takes a
dashboard and yields what is wrong with it."""
import re

from promql import expand, selectors

CHECKED = ("stat", "table", "timeseries", "gauge", "heatmap")
# Those of Grafana's value formats that a Weft panel may need.
UNITS = {"none", "short", "percent", "percentunit", "bytes", "decbytes", "bits", "pps", "Bps", "binBps", "bps", "s", "ms", "cps", "ops", "reqps",
         "rps", "wps", "iops", "dateTimeAsIso", "dateTimeFromNow", "bool", "bool_yes_no", "bool_on_off"}
COUNTER_FUNCTIONS = ("rate", "irate", "increase")
MANY_SERIES = re.compile(r"_(total|bucket|sum|count)$")
RULES = {}


def rule(name):
    def add(function):
        RULES[name] = function
        return function
    return add


def lint(dashboard):
    """(rule, finding) for everything that is wrong."""
    return [(name, finding) for name, check in RULES.items() for finding in check(dashboard)]


def panels_of(dashboard):
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", [])


def targets_of(dashboard):
    for panel in panels_of(dashboard):
        for target in panel.get("targets", []):
            yield panel, target


def selectors_of(dashboard):
    for panel, target in targets_of(dashboard):
        for selector in selectors(target["expr"]):
            yield panel, target, selector


def variables_of(dashboard):
    return {each["name"]: each for each in dashboard.get("templating", {}).get("list", [])}


@rule("template-datasource-rule")
def _(dashboard):
    found = variables_of(dashboard).get("datasource")
    if not found or found["type"] != "datasource" or found["query"] != "prometheus" or found.get("label") != "Data source":
        yield "no variable `datasource` of type datasource, query prometheus, label `Data source`"


def wrong_variable(dashboard, name, label):
    found = variables_of(dashboard).get(name)
    if not found:
        yield f"no variable `{name}`"
        return
    wanted = {"type": "query", "label": label, "multi": True, "allValue": ".+", "includeAll": True}
    for key, value in wanted.items():
        if found.get(key) != value:
            yield f"variable `{name}`: {key} is {found.get(key)!r}, not {value!r}"
    if found.get("datasource", {}).get("uid") != "${datasource}":
        yield f"variable `{name}` does not use the data source of the variable"


@rule("template-job-rule")
def _(dashboard):
    yield from wrong_variable(dashboard, "job", "Job")


@rule("template-instance-rule")
def _(dashboard):
    yield from wrong_variable(dashboard, "instance", "Instance")


@rule("template-label-promql-rule")
def _(dashboard):
    for each in variables_of(dashboard).values():
        if each["type"] == "query":
            found = re.fullmatch(r"label_values\((.+),\s*(\w+)\)", each["query"]["query"])
            if not found or len(selectors(expand(found.group(1)))) != 1:
                yield f"variable `{each['name']}` is not label_values(selector, label): {each['query']['query']}"


@rule("template-on-time-change-reload-rule")
def _(dashboard):
    for each in variables_of(dashboard).values():
        if each["type"] == "query" and each.get("refresh") != 2:
            yield f"variable `{each['name']}` is not read anew when the time changes"


@rule("panel-datasource-rule")
def _(dashboard):
    for panel in panels_of(dashboard):
        for holder in (panel, *panel.get("targets", [])):
            if holder.get("datasource") != {"type": "prometheus", "uid": "${datasource}"}:
                yield f"{panel['title']}: not the data source of the variable"


@rule("panel-title-description-rule")
def _(dashboard):
    for panel in panels_of(dashboard):
        if not panel.get("title") or not panel.get("description"):
            yield f"panel {panel['id']} ({panel.get('title')}): no title or no description"


@rule("panel-units-rule")
def _(dashboard):
    for panel in panels_of(dashboard):
        if panel["type"] in CHECKED and panel["fieldConfig"]["defaults"].get("unit") not in UNITS:
            yield f"{panel['title']}: unit {panel['fieldConfig']['defaults'].get('unit')!r}"


@rule("panel-no-targets-rule")
def _(dashboard):
    for panel in panels_of(dashboard):
        if not panel.get("targets"):
            yield f"{panel['title']}: no query"


@rule("target-promql-rule")
def _(dashboard):
    """Balanced, of Prometheus, and about something; promtool parses every expression in a test of its own."""
    for panel, target in targets_of(dashboard):
        if target["expr"].count("(") != target["expr"].count(")") or not selectors(expand(target["expr"])):
            yield f"{panel['title']}: {target['expr']}"


@rule("target-rate-interval-rule")
def _(dashboard):
    for panel, _, selector in selectors_of(dashboard):
        if selector.range and selector.range != "$__rate_interval":
            yield f"{panel['title']}: a fixed range, {selector.range}"


def without_matcher(dashboard, label):
    for panel, _, selector in selectors_of(dashboard):
        if selector.matcher(label) != ("=~", f"${label}"):
            yield f"{panel['title']}: {selector.text()} does not match {label}=~\"${label}\""


@rule("target-job-rule")
def _(dashboard):
    yield from without_matcher(dashboard, "job")


@rule("target-instance-rule")
def _(dashboard):
    yield from without_matcher(dashboard, "instance")


@rule("target-counter-agg-rule")
def _(dashboard):
    for panel, _, selector in selectors_of(dashboard):
        if MANY_SERIES.search(selector.metric) and (selector.function not in COUNTER_FUNCTIONS or not selector.range):
            yield f"{panel['title']}: the counter {selector.metric} is not under rate, irate or increase"


@rule("uneditable-dashboard")
def _(dashboard):
    if dashboard.get("editable") is not False:
        yield "can be edited in Grafana, where a change would be lost"


# --- rules of our own

@rule("weft-unit-of-metric")
def _(dashboard):
    """Seconds are shown as seconds, bytes as bytes."""
    for panel, target, selector in selectors_of(dashboard):
        if "/" in target["expr"] or target["expr"].startswith("count"):
            continue
        name, unit = re.sub(r"_bucket$", "", selector.metric), panel["fieldConfig"]["defaults"]["unit"]
        wanted = None
        if panel["type"] == "heatmap" or "histogram_quantile" in target["expr"]:
            wanted = "s" if name.endswith("_seconds") else "none"
        elif name.endswith("_bytes_total"):
            wanted = "Bps"
        elif name.endswith("_bytes"):
            wanted = "bytes"
        elif name.endswith("_seconds"):
            wanted = "s"
        if wanted and unit != wanted:
            yield f"{panel['title']}: {selector.metric} in {unit}, not in {wanted}"


@rule("weft-layout")
def _(dashboard):
    """Panels are within the width, do not cover each other, and have numbers of their own."""
    taken, ids = {}, set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        if panel["id"] in ids or at["x"] + at["w"] > 24:
            yield f"{panel['title']}: number {panel['id']} twice, or beyond the edge"
        ids.add(panel["id"])
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            if cell in taken:
                yield f"{panel['title']} covers {taken[cell]}"
                break
            taken[cell] = panel["title"]


@rule("weft-links")
def _(dashboard):
    if not any(link["type"] == "dashboards" and set(link["tags"]) <= set(dashboard["tags"]) and link["includeVars"] and link["keepTime"]
               for link in dashboard.get("links", [])):
        yield "no link to the other dashboards that keeps time and variables"


@rule("weft-legend")
def _(dashboard):
    """Lines of one panel can be told apart: no label in a legend that the query does not keep."""
    for panel, target in targets_of(dashboard):
        for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
            if not re.search(rf"by \([^)]*\b{label}\b[^)]*\)", target["expr"]):
                yield f"{panel['title']}: the legend names {label}, which the query drops"
