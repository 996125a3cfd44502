// SPDX-License-Identifier: MIT
#include "node/views.hpp"

#include "base/encoding.hpp"

namespace weft::node {

json texts(const std::vector<multiaddr>& addresses) {
  json list = json::array();
  for (const auto& a : addresses) list.push_back(a.to_string());
  return list;
}

double wall_seconds(wall_time t) { return to_seconds(t.time_since_epoch()); }

void add_content(json& j, bytes_view content) {
  if (is_utf8(as_text(content)))
    j["text"] = as_text(content);
  else
    j["hex"] = to_hex(content);
}

namespace {

std::string_view side_text(transport::direction side) {
  return side == transport::direction::inbound ? "inbound" : "outbound";
}

/// Transports we have are told apart by their address.
std::string_view transport_of(const multiaddr& address) {
  return address.empty() ? "mesh" : address.quic_v1_endpoint() ? "quic-v1" : "other";
}

}  // namespace

json view(const error& e) {
  return {{"code", to_string(e.code)},
          {"text", e.detail.empty() ? std::string(to_string(e.code)) : e.detail}};
}

json view(const actors::sample_summary& s) {
  return {{"samples", s.count}, {"min", s.min},   {"p50", s.p50}, {"p95", s.p95},
          {"p99", s.p99},       {"p999", s.p999}, {"max", s.max}, {"mean", s.mean}};
}

json view(const transport::session_info& s) {
  return {{"peer", s.peer.to_string()},
          {"direction", side_text(s.side)},
          {"remote", s.remote.to_string()},
          {"transport", transport_of(s.remote)},
          {"age_seconds", to_seconds(s.age)},
          {"rtt_seconds", to_seconds(s.smoothed_rtt)},
          {"rtt_min_seconds", to_seconds(s.rtt_min)},
          {"bytes_in", s.bytes_in},
          {"bytes_out", s.bytes_out},
          {"packets_lost", s.packets_lost},
          {"congestion_window_bytes", s.congestion_window},
          {"streams", s.streams},
          {"queued_bytes", s.queued_bytes},
          {"agent", s.agent}};
}

json view(const transport::access_rule& r) {
  json j{{"subject", transport::to_string(r.subject)},
         {"verdict", to_string(r.verdict)},
         {"since", wall_seconds(r.since)}};
  j["until"] = r.until ? json(wall_seconds(*r.until)) : json(nullptr);
  if (!r.reason.empty()) j["reason"] = r.reason;
  return j;
}

json view(const actors::connection& c) {
  return {{"peer", c.peer.to_string()},
          {"remote", c.remote.to_string()},
          {"existed", c.existed},
          {"handshake_seconds", to_seconds(c.handshake)}};
}

json view(const actors::ping_round& r) {
  json j{{"number", r.number}, {"peer", r.peer.to_string()}};
  if (r.round_trip) {
    j["rtt_seconds"] = to_seconds(*r.round_trip);
    j["hops"] = r.hops;
    j["path"] = r.hops <= 1 ? "direct" : "multi-hop";
    j["transport"] = transport_of(r.remote);
    j["remote"] = r.remote.to_string();
  } else {
    j["error"] = view(r.round_trip.error());
  }
  return j;
}

json view(const actors::ping_report& r) {
  json j{{"peer", r.peer.to_string()}, {"sent", r.sent}, {"received", r.received}};
  j["rtt_seconds"] = view(r.seconds);
  return j;
}

json view(const actors::transfer_progress& p) {
  return {{"id", p.id}, {"acked_bytes", p.acked_bytes}, {"total_bytes", p.total_bytes}};
}

json view(const actors::receipt& r) {
  return {{"id", r.id},
          {"to", r.to.to_string()},
          {"hops", r.hops},
          {"latency_seconds", to_seconds(r.latency)},
          {"bytes", r.bytes}};
}

json view(const actors::inbox_message& m) {
  json j{{"id", m.id},
         {"from", m.from.to_string()},
         {"bytes", m.bytes},
         {"durable", m.durable},
         {"hops", m.hops},
         {"sent_at", wall_seconds(m.sent_at)},
         {"received_at", wall_seconds(m.received_at)}};
  if (!m.file.empty())
    j["file"] = m.file;
  else
    add_content(j, m.body);
  return j;
}

json view(const actors::route_view& r) {
  return {{"destination", r.destination.to_string()},
          {"next_hop", r.next_hop.to_string()},
          {"hops", r.hops},
          {"metric", r.metric},
          {"sequence", r.sequence},
          {"age_seconds", to_seconds(r.age)},
          {"selected", r.selected}};
}

json view(const actors::readiness_check& c) {
  return {{"name", c.name}, {"ok", c.ok}, {"detail", c.detail}};
}

json view(const actors::node_status& s) {
  json j{{"peer", s.self.to_string()},
         {"agent", s.agent},
         {"uptime_seconds", to_seconds(s.uptime)},
         {"ready", s.ready},
         {"draining", s.draining},
         {"listening", texts(s.listening)},
         {"sessions", s.sessions},
         {"destinations", s.destinations},
         {"outbox", {{"messages", s.outbox_messages}, {"bytes", s.outbox_bytes}}},
         {"inbox", {{"messages", s.inbox_messages}, {"bytes", s.inbox_bytes}}}};
  json actors = json::array();
  for (const auto& a : s.actors)
    actors.push_back({{"name", a.name},
                      {"alive", a.alive},
                      {"handled", a.handled},
                      {"restarts", a.restarts},
                      {"mailbox_depth", a.mailbox_depth}});
  j["actors"] = std::move(actors);
  json checks = json::array();
  for (const auto& c : s.checks) checks.push_back(view(c));
  j["checks"] = std::move(checks);
  return j;
}

json view(const actors::bench_result& r) {
  json j{{"name", r.name}, {"unit", r.unit}, {"summary", view(r.samples)}};
  if (r.second_way.count) j["second_way"] = view(r.second_way);
  j["throughput"] = {{"value", r.throughput}, {"unit", r.throughput_unit}};
  j["failures"] = r.failures;
  j["cut_short"] = r.cut_short;
  j["hops"] = r.hops;
  j["elapsed_seconds"] = to_seconds(r.elapsed);
  j["cpu_seconds"] = r.cpu_seconds;
  if (r.receivers == 0) return j;
  j["receivers"] = r.receivers;
  j["expected"] = r.expected;
  j["delivered"] = r.delivered;
  if (!r.clock.empty()) {
    j["clock"] = r.clock;
    j["clock_uncertainty_seconds"] = to_seconds(r.clock_uncertainty);
  }
  if (r.bytes_per_second > 0) {
    j["bytes_per_second"] = r.bytes_per_second;
    j["cpu_seconds_per_million"] = r.cpu_seconds_per_million;
  }
  return j;
}

json error_view(const error& e) { return {{"error", view(e)}}; }

error error_from(std::string_view text) {
  const auto j = json::parse(text, nullptr, false);
  if (!j.is_object() || !j.contains("error") || !j["error"].is_object())
    return {ec::malformed, "the node answered: " + std::string(text.substr(0, 200))};
  const auto code = j["error"].value("code", "");
  const auto detail = j["error"].value("text", "");
  for (std::size_t i = 0; i < ec_count; ++i)
    if (to_string(static_cast<ec>(i)) == code) return {static_cast<ec>(i), detail};
  return {ec::malformed, detail};
}

std::string line_of(const json& j) {
  return j.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t size = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
    if (size == 0 || i + size > text.size()) return false;
    for (std::size_t k = 1; k < size; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      // The second byte rules out overlong forms, surrogates and values above U+10FFFF.
      if (k == 1
          && ((first == 0xe0 && next < 0xa0) || (first == 0xed && next > 0x9f)
              || (first == 0xf0 && next < 0x90) || (first == 0xf4 && next > 0x8f)))
        return false;
    }
    i += size;
  }
  return true;
}

result<peer_id> parse_peer(std::string_view text) {
  auto id = peer_id::parse(text);
  if (!id)
    return fail(ec::bad_argument,
                "'" + std::string(text)
                    + "' is not a peer id; expected for example 12D3KooW… (see `weft peers`)");
  return id;
}

}  // namespace weft::node
