#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the dashboard of a Weft mesh as Grafana's JSON; dashboards/mesh.json is its output, and a test compares the two.

    deploy/grafana/make_dashboard.py > deploy/grafana/dashboards/mesh.json
"""
import json

MATCH = 'job="$job", instance=~"$instance"'


def rate(metric, by="", more=""):
    inner = f"rate({metric}{{{MATCH}{', ' + more if more else ''}}}[$__rate_interval])"
    return f"sum by ({by}) ({inner})" if by else f"sum({inner})"


def gauge(metric, by="", more="", how="sum"):
    inner = f"{metric}{{{MATCH}{', ' + more if more else ''}}}"
    return f"{how} by ({by}) ({inner})" if by else f"{how}({inner})"


def quantiles(metric):
    inner = f"sum by (le) (rate({metric}_bucket{{{MATCH}}}[$__rate_interval]))"
    return [(f"histogram_quantile({q}, {inner})", f"p{round(q * 100)}") for q in (0.5, 0.95, 0.99)]


# Rows of panels: title, what it tells, unit, [(expression, legend)].
ROWS = {
    "Mesh": [
        ("Nodes ready", "Nodes that are ready, of those that answer.", "none",
         [(gauge("weft_ready"), "ready"), (gauge("up"), "answering")]),
        ("Sessions per node", "A node without sessions is cut off.", "none",
         [(gauge("weft_connected_peers", "instance"), "{{instance}}")]),
        ("Bootstrap peers", "Configured and connected; names of them that are known.", "none",
         [(gauge("weft_bootstrap_peers", "state"), "{{state}}"), (gauge("weft_names", "state"), "names {{state}}")]),
        ("Versions", "More than one during an upgrade only.", "none", [(gauge("weft_build_info", "version", how="count"), "{{version}}")]),
    ],
    "Transport": [
        ("Bytes", "What went over the sockets.", "Bps", [(rate("weft_transport_bytes_total", "direction"), "{{direction}}")]),
        ("Round trips", "Smoothed round trips of sessions.", "s", quantiles("weft_rtt_seconds")),
        ("Handshakes", "Time of a handshake.", "s", quantiles("weft_handshake_duration_seconds")),
        ("Connections closed", "Why sessions ended.", "cps", [(rate("weft_connections_closed_total", "reason"), "{{reason}}")]),
        ("Packets dropped", "Datagrams that were not taken, by reason.", "pps",
         [(rate("weft_transport_packets_dropped_total", "reason"), "{{reason}}")]),
        ("Limits hit", "Requests of peers that a limit refused.", "ops", [(rate("weft_limit_rejections_total", "limit"), "{{limit}}")]),
    ],
    "Messages and routes": [
        ("Messages", "Private messages through their life.", "ops",
         [(rate("weft_messaging_sent_total"), "sent"), (rate("weft_messaging_acknowledged_total"), "acknowledged"),
          (rate("weft_messaging_delivered_total"), "delivered"), (rate("weft_messaging_forwarded_total"), "passed on")]),
        ("Message latency", "From sending to the acknowledgement.", "s", quantiles("weft_messaging_latency_seconds")),
        ("Messages failed or dropped", "By reason.", "ops",
         [(rate("weft_messaging_failed_total", "reason"), "failed: {{reason}}"),
          (rate("weft_messaging_dropped_total", "reason"), "dropped: {{reason}}")]),
        ("Reachable nodes", "Destinations with a route.", "none", [(gauge("weft_routing_reachable", "instance"), "{{instance}}")]),
        ("Routing updates", "By what became of them.", "ops",
         [(rate("weft_routing_updates_total"), "updates"), (rate("weft_routing_rejected_total"), "rejected"),
          (rate("weft_routing_loops_prevented_total"), "loops prevented")]),
        ("Store commits", "Time of a commit to the disk.", "s", quantiles("weft_store_commit_seconds")),
    ],
    "Resources": [
        ("Memory", "Resident memory of a node.", "bytes", [(gauge("process_resident_memory_bytes", "instance"), "{{instance}}")]),
        ("Processor", "Seconds of processor time per second.", "none", [(rate("process_cpu_seconds_total", "instance"), "{{instance}}")]),
        ("Open files", "Descriptors in use.", "none", [(gauge("process_open_fds", "instance"), "{{instance}}")]),
        ("Deepest mailbox", "Messages waiting for an actor.", "none", [(gauge("weft_actor_mailbox_depth", "actor", how="max"), "{{actor}}")]),
        ("Restarts of actors", "Should stay at zero.", "ops", [(rate("weft_actor_restarts_total", "actor"), "{{actor}}")]),
        ("Log lines", "By level.", "ops", [(rate("weft_log_messages_total", "level"), "{{level}}")]),
    ],
}


def variable(name, query, **more):
    source = {"type": "prometheus", "uid": "${datasource}"}
    return {"name": name, "type": "query", "datasource": source, "query": {"query": query, "refId": name}, "refresh": 2, **more}


def dashboard():
    panels, y, number = [], 0, 0
    source = {"type": "prometheus", "uid": "${datasource}"}
    for row, members in ROWS.items():
        number += 1
        panels.append({"id": number, "type": "row", "title": row, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})
        y += 1
        for at, (title, text, unit, expressions) in enumerate(members):
            number += 1
            panels.append({
                "id": number, "type": "timeseries", "title": title, "description": text, "datasource": source,
                "gridPos": {"x": at % 3 * 8, "y": y + at // 3 * 7, "w": 8, "h": 7},
                "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
                "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
                "targets": [{"refId": chr(ord("A") + i), "datasource": source, "expr": expression, "legendFormat": legend}
                            for i, (expression, legend) in enumerate(expressions)],
            })
        y += (len(members) + 2) // 3 * 7
    return {
        "uid": "weft-mesh", "title": "Weft mesh", "tags": ["weft"], "schemaVersion": 39, "version": 1, "editable": False,
        "time": {"from": "now-30m", "to": "now"}, "refresh": "10s", "timezone": "",
        "templating": {"list": [
            {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"},
            variable("job", "label_values(weft_build_info, job)", label="Job"),
            variable("instance", 'label_values(weft_build_info{job="$job"}, instance)', label="Node", multi=True, includeAll=True),
        ]},
        "panels": panels,
    }


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=1))
