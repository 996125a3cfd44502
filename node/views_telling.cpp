// SPDX-License-Identifier: MIT
#include "node/views.hpp"

namespace weft::node {

namespace {

json view(const actors::find_trace& t) {
  return {{"elapsed_seconds", to_seconds(t.elapsed)}, {"hops", t.hops}, {"requests", t.requests}};
}

json ids(const std::vector<peer_id>& peers) {
  json list = json::array();
  for (const auto& p : peers) list.push_back(p.to_string());
  return list;
}

}  // namespace

json view(const actors::topic_message& m) {
  json j{{"topic", m.topic},         {"id", m.id},
         {"via", m.via.to_string()}, {"sequence", m.sequence},
         {"bytes", m.body.size()},   {"received_at", wall_seconds(m.received_at)}};
  if (m.author) j["author"] = m.author->to_string();
  add_content(j, m.body);
  return j;
}

json view(const actors::publish_outcome& o) {
  return {{"id", o.id},
          {"queued", o.queued},
          {"sent", o.sent},
          {"dropped", o.dropped},
          {"announced", o.announced}};
}

json view(const actors::topic_view& t) {
  return {{"topic", t.topic},
          {"subscribed", t.subscribed},
          {"mesh", ids(t.mesh)},
          {"subscribers", t.subscribers}};
}

json view(const actors::stored_value& s) {
  json j{{"copies", s.copies}};
  j.update(view(s.trace));
  return j;
}

json view(const actors::found_value& f) {
  json j{{"confirmed", f.confirmed}, {"bytes", f.value.size()}};
  add_content(j, f.value);
  j.update(view(f.trace));
  return j;
}

json view(const actors::found_peers& f) {
  json peers = json::array();
  for (const auto& p : f.peers)
    peers.push_back({{"peer", p.peer.to_string()}, {"addresses", texts(p.addresses)}});
  json j{{"peers", std::move(peers)}};
  j.update(view(f.trace));
  return j;
}

json view(const dht::dht_status& s) {
  json buckets = json::array();
  for (const auto& b : s.buckets)
    buckets.push_back(
        {{"common_bits", b.common_bits}, {"peers", b.entries}, {"replacements", b.replacements}});
  json j{{"server", s.server},           {"table_peers", s.entries},
         {"known_peers", s.known_peers}, {"records", s.records},
         {"own_records", s.own_records}, {"providers", s.providers},
         {"operations", s.operations},   {"queries", s.queries},
         {"network_size", nullptr},      {"buckets", std::move(buckets)}};
  if (s.network_size) j["network_size"] = *s.network_size;
  return j;
}

}  // namespace weft::node
