// SPDX-License-Identifier: MIT
#include "node/config_checks.hpp"
#include "node/memory_budget.hpp"

#include <algorithm>
#include <array>

namespace weft::node {

namespace {

template <auto Section, auto Member>
config_slot slot_of(config& c) {
  return &(c.*Section.*Member);
}

using c_ = config;
using tl = transport::limits;
using rc = routing::routing_config;
using mc = messaging::messaging_config;
using sc = storage::store_config;
using gc = gossip::gossip_config;
using dc = dht::dht_config;

config_slot slot_of_queue(config& c) { return &c.limits.queue.bytes_max; }

constexpr double mib = 1024.0 * 1024.0;

const std::array keys{
    config_key{"node.name", slot_of<&c_::node, &c_::node_section::name>,
               "A name for people, shown in status and metrics. Never sent to other nodes."},
    config_key{"node.profile", slot_of<&c_::node, &c_::node_section::profile>,
               "The profile this file was made from; shown in status."},
    config_key{"identity.key_file", slot_of<&c_::identity, &c_::identity_section::key_file>,
               "File of the Ed25519 key, mode 0600; relative to the node's directory.", 0, 0, false,
               check_not_empty_key},
    config_key{"identity.passphrase_file",
               slot_of<&c_::identity, &c_::identity_section::passphrase_file>,
               "File that holds the key's passphrase, mode 0600. Empty: the variable "
               "WEFT_PASSPHRASE, else the terminal."},
    config_key{"network.listen", slot_of<&c_::network, &c_::network_section::listen>,
               "Addresses to listen on and to dial from: one for IPv4, one for IPv6. Port 0 takes "
               "a free one.",
               0, 0, false, check_listen},
    config_key{
        "network.bootstrap", slot_of<&c_::network, &c_::network_section::bootstrap>,
        "Peers to keep a session with, each ending in /p2p/PEER. Lost ones are dialled again. "
        "A name (/dns4/HOST/…) is looked up while the node runs.",
        0, 0, true, check_bootstrap},
    config_key{"network.resolve_interval",
               slot_of<&c_::network, &c_::network_section::resolve_interval>,
               "Seconds between two look-ups of the names in network.bootstrap; after a failed one "
               "the next comes sooner.",
               1, 86400, true},
    config_key{"network.peers_target", slot_of<&c_::network, &c_::network_section::peers_target>,
               "With more peers than this, sessions opened for a passing purpose are ended once "
               "nobody needs them.",
               0, 1'000'000},
    config_key{"network.idle_close", slot_of<&c_::network, &c_::network_section::idle_close>,
               "Seconds for which nobody must have needed such a session.", 1, 3600},
    config_key{"network.key_files", slot_of<&c_::network, &c_::network_section::key_files>,
               "Files with the keys of a private network, mode 0600, relative to the node's "
               "directory: only nodes that know one of them can have a session, in either "
               "direction. Two while a key is replaced. Empty: an open network.",
               0, 0, false, check_key_files},
    config_key{"network.admit", slot_of<&c_::network, &c_::network_section::admit>,
               "all: every peer that is not banned may have a session; listed: only those allowed "
               "with `weft allow`.",
               0, 0, true, check_admit},
    config_key{"discovery.mdns", slot_of<&c_::discovery, &c_::discovery_section::mdns>,
               "Find peers in the local network by multicast DNS, open sessions to them, and tell "
               "everybody there of this node."},
    config_key{"limits.sessions", slot_of<&c_::limits, &tl::sessions_max>,
               "Sessions held at once; later ones are refused.", 1, 1'000'000, true},
    config_key{"limits.sessions_per_address", slot_of<&c_::limits, &tl::sessions_per_address_max>,
               "Inbound sessions from one IP address.", 1, 1'000'000, true},
    config_key{"limits.sessions_per_subnet", slot_of<&c_::limits, &tl::sessions_per_subnet_max>,
               "Inbound sessions from one IPv4 /24 or IPv6 /56.", 1, 1'000'000, true},
    config_key{"limits.loopback_exempt", slot_of<&c_::limits, &tl::loopback_exempt>,
               "The two limits above do not apply to loopback addresses, where many local nodes "
               "share one.",
               0, 0, true},
    config_key{"limits.handshakes", slot_of<&c_::limits, &tl::handshakes_max>,
               "Inbound handshakes in progress; more are dropped.", 1, 100'000, true},
    config_key{"limits.handshakes_per_address",
               slot_of<&c_::limits, &tl::handshakes_per_address_max>,
               "The same, from one IP address.", 1, 100'000, true},
    config_key{"limits.retry_above", slot_of<&c_::limits, &tl::retry_above>,
               "Handshakes in progress above which new clients prove their address first (QUIC "
               "Retry); 0: always.",
               0, 100'000, true},
    config_key{"limits.upload_bytes_per_second", slot_of<&c_::limits, &tl::upload_bytes_per_second>,
               "Bytes in datagrams sent per second, all sessions together; the rest waits in the "
               "peers' queues. 0: no cap, else at least 65536.",
               0, 1024 * 1024 * mib, true},
    config_key{"limits.download_bytes_per_second",
               slot_of<&c_::limits, &tl::download_bytes_per_second>,
               "Bytes in datagrams received per second; senders are slowed down by congestion "
               "marks and loss. 0: no cap, else at least 65536.",
               0, 1024 * 1024 * mib, true},
    config_key{"limits.memory_bytes", slot_of<&c_::limits, &tl::memory_bytes>,
               "Memory the process may hold. Near it new sessions, pushes and bulk frames are "
               "refused and peers are slowed down; at it the heaviest sessions end. Queues and "
               "caches get their shares of it at the start. 0: no cap, else at least 67108864.",
               0, 1024 * 1024 * mib, true},
    config_key{"limits.stateless_answers_per_second",
               slot_of<&c_::limits, &tl::stateless_answers_per_second>,
               "Answers per second to packets of no session (Retry, refusal, reset); more are "
               "dropped.",
               1, 1'000'000, true},
    config_key{"limits.dials", slot_of<&c_::limits, &tl::dials_max>, "Outbound dials in progress.",
               1, 65536, true},
    config_key{"limits.handshake_timeout", slot_of<&c_::limits, &tl::handshake_timeout>,
               "Seconds a handshake may take.", 0.1, 60, true},
    config_key{"limits.idle_timeout", slot_of<&c_::limits, &tl::idle_timeout>,
               "Seconds of silence after which a session ends.", 1, 600},
    config_key{"limits.keep_alive", slot_of<&c_::limits, &tl::keep_alive>,
               "Seconds of silence after which a session is probed; 0: never.", 0, 600},
    config_key{"limits.streams_per_session", slot_of<&c_::limits, &tl::streams_per_session_max>,
               "Streams one peer may have open at once.", 8, 65536},
    config_key{"limits.stream_opens_per_second", slot_of<&c_::limits, &tl::stream_opens_per_second>,
               "Mean rate of streams one peer may open; above it credit for new ones is delayed.",
               1, 1'000'000},
    config_key{"limits.stream_window", slot_of<&c_::limits, &tl::stream_window_max>,
               "Largest flow-control window of a stream.", 65536, 1024 * mib},
    config_key{"limits.session_window", slot_of<&c_::limits, &tl::session_window_max>,
               "Largest flow-control window of a session.", 65536, 1024 * mib},
    config_key{"limits.peer_queue_bytes", slot_of_queue,
               "Outbound bytes queued for one peer; beyond it the lowest class is dropped first.",
               65536, 1024 * mib},
    config_key{"limits.open_files", slot_of<&c_::process, &c_::process_section::open_files>,
               "Descriptors the process may open; raised as far as the system allows.", 64,
               1'048'576},
    config_key{"limits.drain_timeout", slot_of<&c_::process, &c_::process_section::drain>,
               "Seconds that queued work may take after SIGTERM.", 0, 10, true},
    config_key{"routing.destinations", slot_of<&c_::routing, &rc::destinations_max>,
               "Nodes the routing table holds; the least useful ones are left out.", 16,
               16'000'000},
    config_key{"routing.candidates", slot_of<&c_::routing, &rc::candidates_max>,
               "Routes kept for one node.", 1, 64},
    config_key{"routing.neighbours", slot_of<&c_::routing, &rc::neighbours_max>,
               "Neighbours that routes are exchanged with.", 1, 65000},
    config_key{"routing.refresh_interval", slot_of<&c_::routing, &rc::refresh_interval>,
               "Seconds between two announcements of this node.", 1, 3600},
    config_key{"messages.fragment_bytes", slot_of<&c_::messages, &mc::fragment_bytes>,
               "Larger payloads are cut into pieces of this size.", 1024, 60 * 1024},
    config_key{"messages.hop_limit", slot_of<&c_::messages, &mc::default_hop_limit>,
               "Hops a message of ours may take.", 1, 32},
    config_key{"messages.volatile_bytes", slot_of<&c_::messages, &mc::volatile_payload_bytes_max>,
               "Largest volatile message; it is held in memory on both sides.", 1024, 1024 * mib},
    config_key{"messages.durable_bytes", slot_of<&c_::messages, &mc::durable_payload_bytes_max>,
               "Largest durable message; it is a file on both sides.", 1024, 1024 * 1024 * mib},
    config_key{"messages.durable_lifetime", slot_of<&c_::messages, &mc::durable_lifetime>,
               "Seconds after which an undelivered durable message is given up.", 60, 31'536'000},
    config_key{"messages.ack_timeout", slot_of<&c_::process, &c_::process_section::ack_timeout>,
               "Seconds `weft send` waits for the acknowledgement unless told otherwise.", 0.1,
               604'800, true},
    config_key{"messages.forward", slot_of<&c_::messages, &mc::forward>,
               "Pass on messages of other nodes; else they are refused."},
    config_key{"gossip.topics", slot_of<&c_::topics, &c_::topics_section::topics>,
               "Topics to be subscribed to whether or not anybody follows them: this node then "
               "passes their messages on.",
               0, 0, false, check_topics},
    config_key{"gossip.signatures", slot_of<&c_::topics, &c_::topics_section::signatures>,
               "strict: every message is signed by its author; none: no message may be. The same "
               "in the whole network.",
               0, 0, false, check_signatures},
    config_key{"gossip.degree", slot_of<&c_::gossip, &gc::degree>,
               "Mesh peers of a topic, which messages are pushed to; bounds follow from it.", 1,
               50},
    config_key{"gossip.frame_bytes", slot_of<&c_::gossip, &gc::frame_bytes_max>,
               "Longest message sent or accepted, with its envelope.", 1024, 64 * mib},
    config_key{"gossip.flood_publish", slot_of<&c_::gossip, &gc::flood_publish>,
               "Send own messages to every subscribed peer, not only to the mesh."},
    config_key{"gossip.heartbeat", slot_of<&c_::gossip, &gc::heartbeat>,
               "Seconds between two rounds of mesh upkeep.", 0.1, 60},
    config_key{"gossip.cache_bytes", slot_of<&c_::gossip, &gc::cache_bytes_max>,
               "Messages kept for peers that missed them.", 65536, 4096 * mib},
    config_key{"dht.server", slot_of<&c_::dht, &dc::server>,
               "Answer queries and hold records of others; off: only ask."},
    config_key{"dht.dial", slot_of<&c_::topics, &c_::topics_section::dht_dials>,
               "Open sessions to peers the DHT wants to ask; off: only connected peers are asked, "
               "and the mesh keeps the shape it was given."},
    config_key{"dht.protocol", slot_of<&c_::dht, &dc::protocol_name>,
               "Name of the DHT's protocol; networks with different names do not mix.", 0, 0, false,
               check_protocol_name},
    config_key{"dht.full_table_below", slot_of<&c_::dht, &dc::full_table_below>,
               "Networks with fewer servers are kept whole in the table, so that a lookup is one "
               "hop.",
               0, 65536},
    config_key{"dht.sessions_kept", slot_of<&c_::dht, &dc::sessions_kept>,
               "Sessions the DHT holds on to after a query; the latest used first.", 0, 65536},
    config_key{"dht.session_idle", slot_of<&c_::dht, &dc::session_idle>, "Seconds it does so.", 10,
               86400},
    config_key{"dht.records", slot_of<&c_::dht, &dc::records_max>,
               "Records held for others and for this node.", 16, 100'000'000},
    config_key{"dht.record_bytes", slot_of<&c_::dht, &dc::record_bytes_total_max>,
               "Bytes of those records.", mib, 1024 * 1024 * mib},
    config_key{"dht.providers", slot_of<&c_::dht, &dc::providers_max>, "Provider entries held.", 16,
               100'000'000},
    config_key{"bench.answer", slot_of<&c_::bench, &c_::bench_section::answer>,
               "Take part in benches of other nodes: report when their probes arrived."},
    config_key{"bench.every", slot_of<&c_::bench, &c_::bench_section::every>,
               "Seconds between benches that the node runs by itself; the results are metrics "
               "(weft_bench_…). 0: none.",
               0, 86'400},
    config_key{"bench.kinds", slot_of<&c_::bench, &c_::bench_section::kinds>,
               "Which ones, in turn: broadcast, lookup, throughput.", 0, 0, false, check_benches},
    config_key{"bench.samples", slot_of<&c_::bench, &c_::bench_section::samples>,
               "Broadcasts or lookups of such a run.", 1, 10'000},
    config_key{"bench.throughput_samples",
               slot_of<&c_::bench, &c_::bench_section::throughput_samples>,
               "Messages of such a throughput run.", 2, 1'000'000},
    config_key{"bench.bytes", slot_of<&c_::bench, &c_::bench_section::bytes>,
               "Size of its messages.", 64, 65'536},
    config_key{"storage.sync", slot_of<&c_::storage, &sc::sync>,
               "Wait for the disk at each commit. Off: a power cut may lose the last messages, a "
               "killed process does not."},
    config_key{"storage.inbox_messages", slot_of<&c_::storage, &sc::inbox_rows_max>,
               "Received messages kept; more are refused.", 16, 100'000'000},
    config_key{"storage.inbox_bytes", slot_of<&c_::storage, &sc::inbox_bytes_max>,
               "Bytes of received messages kept.", mib, 1024 * 1024 * mib},
    config_key{"storage.outbox_messages", slot_of<&c_::storage, &sc::outbox_rows_max>,
               "Unacknowledged messages kept; more are refused.", 16, 100'000'000},
    config_key{"storage.outbox_bytes", slot_of<&c_::storage, &sc::outbox_bytes_max>,
               "Bytes of unacknowledged messages kept.", mib, 1024 * 1024 * mib},
    config_key{
        "storage.log_bytes", slot_of<&c_::storage, &sc::log_bytes>,
        "Size the write-ahead log is given at the start and keeps, so that a commit need not "
        "wait for the file system; 0: it grows as needed.",
        0, 1024 * mib},
    config_key{"storage.removal_sync_delay", slot_of<&c_::storage, &sc::removal_sync_delay>,
               "Seconds that removals may wait for a later commit's sync; a power cut within them "
               "brings those messages again.",
               0, 10},
    config_key{"admin.socket", slot_of<&c_::admin, &c_::admin_section::socket>,
               "Unix socket of the admin API; relative to the node's directory.", 0, 0, false,
               check_not_empty_socket},
    config_key{"http.enabled", slot_of<&c_::http, &c_::http_section::enabled>,
               "Serve /livez, /readyz, /status, /metrics and the status page."},
    config_key{"http.listen", slot_of<&c_::http, &c_::http_section::listen>,
               "Address of that listener. Keep it on loopback: it has no access control. Port 0 "
               "takes a free one.",
               0, 0, false, check_http_listen},
    config_key{"http.page", slot_of<&c_::http, &c_::http_section::page>,
               "Whom the status page is served to: off, loopback (this machine alone) or any. It "
               "shows peers and log lines.",
               0, 0, false, check_http_page},
    config_key{"http.hosts", slot_of<&c_::http, &c_::http_section::hosts>,
               "Host names under which browsers may ask for the page, beside localhost and "
               "addresses; others are refused (DNS rebinding).",
               0, 0, false, check_http_hosts},
    config_key{"log.level", slot_of<&c_::log, &c_::log_section::level>,
               "trace, debug, info, warn, error or off.", 0, 0, true, check_level},
    config_key{"log.format", slot_of<&c_::log, &c_::log_section::format>,
               "text or json (one object a line).", 0, 0, true, check_format},
    config_key{"log.file", slot_of<&c_::log, &c_::log_section::file>,
               "Empty: standard error. Opened again at every reload.", 0, 0, true},
    config_key{"log.components", slot_of<&c_::log, &c_::log_section::components>,
               "Levels of single components, for example [\"session=debug\"].", 0, 0, true,
               check_components},
};

constexpr std::array<std::string_view, 4> profiles{"server", "lowpower", "private", "test"};

}  // namespace

std::span<const config_key> config_keys() { return keys; }

std::span<const std::string_view> profile_names() { return profiles; }

void settle_dependent_limits(config& c) {
  fit_to_memory(c);
  auto& l = c.limits;
  for (auto& klass : l.queue.classes)
    klass.bytes_max = std::min(klass.bytes_max, l.queue.bytes_max);
  l.stream_window_initial = std::min(l.stream_window_initial, l.stream_window_max);
  l.session_window_initial = std::min(l.session_window_initial, l.session_window_max);
  // The bounds of a mesh keep their usual distance from its wanted size.
  auto& g = c.gossip;
  const gossip::gossip_config usual;
  if (g.degree != usual.degree) {
    g.degree_low = std::max<std::uint32_t>(1, g.degree * usual.degree_low / usual.degree);
    g.degree_high = g.degree * usual.degree_high / usual.degree;
    g.degree_score = g.degree * usual.degree_score / usual.degree;
    g.degree_out = g.degree * usual.degree_out / usual.degree;
  }
  g.signatures = c.topics.signatures == "none" ? gossip::signature_policy::strict_no_sign
                                               : gossip::signature_policy::strict_sign;
  if (g.signatures == gossip::signature_policy::strict_no_sign)
    g.ids = gossip::message_id_kind::data_sha256;
  l.negotiating_streams_max = std::min(l.negotiating_streams_max, l.streams_per_session_max);
}

result<void> validate_sections(const config& c) {
  WEFT_TRY_VOID(c.limits.validate());
  WEFT_TRY_VOID(c.routing.validate());
  WEFT_TRY_VOID(c.messages.validate());
  WEFT_TRY_VOID(c.gossip.validate());
  WEFT_TRY_VOID(c.dht.validate());
  auto store = c.storage;
  store.directory = "store";
  return store.validate();
}

result<config> profile_config(std::string_view profile) {
  config c;
  c.node.profile = profile;
  if (profile == "server") return c;
  if (profile == "lowpower") {
    c.limits.sessions_max = 64;
    c.limits.handshakes_max = 32;
    c.limits.stream_window_max = 1u << 20;
    c.limits.session_window_max = 2u << 20;
    c.limits.queue.bytes_max = 2u << 20;
    c.process.open_files = 1024;
    c.routing.destinations_max = 4096;
    c.messages.volatile_payload_bytes_max = 1u << 20;
    c.messages.durable_payload_bytes_max = 64u << 20;
    c.storage.inbox_bytes_max = 256u << 20;
    c.storage.outbox_bytes_max = 256u << 20;
    settle_dependent_limits(c);
    return c;
  }
  if (profile == "private") {
    c.limits.retry_above = 0;
    c.messages.forward = false;
    c.http.enabled = false;
    c.log.level = "warn";
    return c;
  }
  if (profile == "test") {
    c.network.listen = {"/ip4/127.0.0.1/udp/0/quic-v1"};
    c.http.listen = "127.0.0.1:0";
    c.bench.answer = true;
    c.topics.dht_dials = false;
    return c;
  }
  std::string text = "no profile '" + std::string(profile) + "'; there are";
  for (auto name : profiles) text += " " + std::string(name);
  return fail(ec::not_found, text);
}

}  // namespace weft::node
