# SPDX-License-Identifier: MIT
"""From datagrams to streams: who connects, what it costs, what is refused."""
from .panels import Board, by_label, graph, heat, highest, quantiles, rate, series, share, stat, total

NOW = [
    stat("Sessions", "Authenticated sessions of all selected nodes.", "none", (total("weft_peers"), "sessions")),
    stat("Handshakes under way", "Inbound ones that are not yet complete.", "none", (total("weft_handshakes_in_progress"), "inbound")),
    stat("Dials under way", "Outbound handshakes, and dials that the session policy waits for.", "none",
         (total("weft_dials_in_progress"), "handshakes"), (total("weft_session_dials"), "policy")),
    stat("Dials that fail", "Share of the dials that were started lately; see runbook HandshakeFailuresHigh.", "percentunit",
         (share(rate("weft_dial_failures_total"), rate("weft_dial_attempts_total")), "failed"), bad_above=0.5, decimals=1),
    stat("Packets lost", "Share of the sent packets that were declared lost.", "percentunit",
         (share(rate("weft_transport_packets_lost_total"), rate("weft_transport_packets_total", direction="outbound")), "lost"), bad_above=0.05, decimals=2),
    stat("Waiting to be written", "Bytes of frames in send queues.", "bytes", (total("weft_send_queue_bytes"), "queued")),
]

SESSIONS = [
    graph("Sessions", "By transport and by who dialled.", "none", (total("weft_peers", "transport, direction"), "{{transport}} {{direction}}")),
    graph("Opened", "Sessions whose handshake completed.", "ops",
          (rate("weft_connections_opened_total", "transport, direction"), "{{transport}} {{direction}}")),
    graph("Closed", "Why sessions ended.", "ops", by_label(rate, "weft_connections_closed_total", "reason")),
    graph("Passing sessions", "Sessions opened for a passing purpose, such as queries of the DHT.", "none", (total("weft_passing_sessions"), "passing")),
    graph("Ended by policy", "Passing sessions that nobody needed any more, and inbound ones beyond the wanted number.", "ops",
          (rate("weft_idle_sessions_closed_total"), "idle"), (rate("weft_surplus_sessions_closed_total"), "surplus")),
    graph("Came back", "Sessions that came back after a loss, and sessions that moved to another address of the peer.", "ops",
          (rate("weft_session_reconnects_total"), "reconnected"), (rate("weft_path_changes_total"), "moved")),
]

DIALS = [
    graph("Dials", "Started, started by the session policy, joined to one under way.", "ops",
          (rate("weft_dial_attempts_total"), "started"), (rate("weft_session_dials_started_total"), "by policy"),
          (rate("weft_session_dials_joined_total"), "joined")),
    graph("Dials that failed", "By reason.", "ops", by_label(rate, "weft_dial_failures_total", "reason")),
    graph("Requests to connect", "Of users and concerns: all, answered with an error, refused by a limit.", "ops",
          (rate("weft_connect_requests_total"), "asked"), (rate("weft_connect_failures_total"), "failed"), (rate("weft_connect_refusals_total"), "refused")),
    graph("Handshake time", "From the first packet to an authenticated session.", "s", quantiles("weft_handshake_duration_seconds")),
    graph("Peers known", "Peers whose addresses are known, and those forgotten by a full book.", "none", (total("weft_peer_book_peers"), "known")),
    graph("Forgotten and identified", "Peers that the full address book forgot; identify messages taken in.", "ops",
          (rate("weft_peer_book_evicted_peers_total"), "forgotten"), (rate("weft_peers_identified_total"), "identified")),
]

PATH = [
    heat("Round trips", "How often each round trip was measured.", "s", "weft_rtt_seconds"),
    graph("Round trips", "Over all sessions in use.", "s", quantiles("weft_rtt_seconds")),
    graph("Bytes", "In datagrams.", "Bps", by_label(rate, "weft_transport_bytes_total", "direction")),
    graph("Packets", "Datagrams.", "pps", by_label(rate, "weft_transport_packets_total", "direction")),
    graph("Packets dropped", "Datagrams thrown away, by reason.", "pps", by_label(rate, "weft_transport_packets_dropped_total", "reason")),
    graph("Loss and congestion", "Packets declared lost and sent again; datagrams with a congestion mark.", "pps",
          (rate("weft_transport_packets_lost_total"), "lost"), (rate("weft_transport_ecn_marks_total"), "marked")),
    graph("Packets per call", "Datagrams moved by one call to the system: more is cheaper.", "none",
          (share(rate("weft_transport_packets_total", "direction"), rate("weft_transport_socket_calls_total", "direction")), "{{direction}}")),
    graph("Full send buffer", "Times that the socket's send buffer was full.", "ops", (rate("weft_transport_socket_blocked_total"), "blocked")),
    graph("Answers to strangers", "Retries that prove an address, version negotiations, stateless resets: a flood of these is an attack.", "pps",
          (rate("weft_retry_sent_total"), "retry"), (rate("weft_version_negotiation_sent_total"), "version negotiation"),
          (rate("weft_stateless_reset_sent_total"), "stateless reset")),
]

STREAMS = [
    graph("Open streams", "By who opened them.", "none", by_label(total, "weft_streams", "direction")),
    graph("Streams opened", "By who opened them.", "ops", by_label(rate, "weft_streams_opened_total", "direction")),
    graph("Streams refused or reset", "Refused inbound ones by reason; ended by either side with an error.", "ops",
          by_label(rate, "weft_streams_refused_total", "reason"), (rate("weft_streams_reset_total"), "reset")),
    graph("Negotiations that failed", "Of protocols, by reason.", "ops", by_label(rate, "weft_negotiation_failures_total", "reason")),
    graph("Identify", "Exchanges, by outcome.", "ops", by_label(rate, "weft_identify_total", "outcome")),
    graph("Pings", "Rounds by who asked, and own ones without an answer.", "ops",
          by_label(rate, "weft_pings_total", "direction"), (rate("weft_ping_failures_total"), "failed")),
    graph("Requests", "On exchange protocols by who asked, and own ones without an answer.", "ops",
          by_label(rate, "weft_requests_total", "direction"), (rate("weft_request_failures_total"), "failed")),
    graph("Bytes of perf", "Moved by the perf protocol.", "Bps", by_label(rate, "weft_perf_bytes_total", "direction")),
    graph("Pushes under way", "Large payloads on streams of their own, by who sends.", "none", by_label(total, "weft_pushes", "direction")),
    graph("Pushes that ended", "By how.", "ops", by_label(rate, "weft_pushes_in_total", "end", "in: "), by_label(rate, "weft_pushes_out_total", "end", "out: ")),
    graph("Memory of pushes", "Of unfinished pushes of peers.", "bytes", (total("weft_push_bytes"), "bytes")),
]

LIMITS = [
    graph("Use of the bandwidth caps", "Share of each direction's cap that the busiest node used; nothing where there is no cap. See runbook BandwidthCapped.", "percentunit",
          (f"max by (direction) ({series('weft_bandwidth_used_bytes_per_second')} / ({series('weft_bandwidth_limit_bytes_per_second')} > 0)) or "
           f"0 * {highest('weft_bandwidth_used_bytes_per_second', 'direction')}", "{{direction}}")),
    graph("Bandwidth", "Bytes in datagrams over the last second, over all nodes.", "Bps", by_label(total, "weft_bandwidth_used_bytes_per_second", "direction")),
    graph("Cap reached", "Times that a direction's cap was used up.", "ops", by_label(rate, "weft_bandwidth_waits_total", "direction")),
    graph("Access rules", "Rules in force, by verdict.", "none", by_label(total, "weft_access_rules", "verdict")),
    graph("Sessions from one place", "Inbound sessions of the address and of the subnet that has most, at the worst node: see the limits of the same names.", "none",
          (highest("weft_busiest_address_sessions"), "address"), (highest("weft_busiest_subnet_sessions"), "subnet")),
    graph("Limits hit", "Items that a limit kept out, by limit.", "ops", by_label(rate, "weft_limit_rejections_total", "limit")),
]

FRAMES = [
    graph("Frames", "By direction.", "ops", by_label(rate, "weft_frames_total", "direction")),
    graph("Bytes in frames", "By direction.", "Bps", by_label(rate, "weft_frame_bytes_total", "direction")),
    graph("Frames dropped", "Not sent or not delivered, by reason.", "ops", by_label(rate, "weft_frames_dropped_total", "reason")),
    graph("Waiting to be written", "Bytes of frames in send queues.", "bytes", (total("weft_send_queue_bytes"), "queued")),
    graph("Reading stopped", "Times that a concern's credit was used up.", "ops", (rate("weft_backpressure_total"), "stopped")),
    graph("Not claimed", "Frames that came while their actor was restarting.", "ops", by_label(rate, "weft_frames_unclaimed_total", "concern")),
]

BOARD = Board("weft-sessions", "Weft: sessions and transport", "Sessions, dials, packets, streams and frames.",
              [("Now", NOW), ("Sessions", SESSIONS), ("Dials", DIALS), ("Path", PATH), ("Streams", STREAMS), ("Limits", LIMITS), ("Frames", FRAMES)])
