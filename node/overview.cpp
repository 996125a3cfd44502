// SPDX-License-Identifier: MIT
#include "node/overview.hpp"

#include "base/log_ring.hpp"
#include "node/admin_json.hpp"
#include "node/answer.hpp"
#include "node/limits_view.hpp"
#include "node/log_view.hpp"
#include "transport/io/clock.hpp"

#include <algorithm>
#include <array>

namespace weft::node {

namespace {

using clock = std::chrono::steady_clock;

/// For all questions together.
constexpr std::chrono::seconds patience{2};

/// At most `bytes_max` bytes, cut before a character.
std::string bounded(std::string_view text, std::size_t bytes_max = overview::text_bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  auto end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

/// The counters that the page draws.
json flow_of(const metric_sums& all) {
  struct entry {
    std::string_view key;
    std::string_view metric;
  };
  static constexpr std::array<entry, 14> entries{{
      {"messages_sent", "weft_messaging_sent_total"},
      {"messages_acknowledged", "weft_messaging_acknowledged_total"},
      {"messages_delivered", "weft_messaging_delivered_total"},
      {"messages_forwarded", "weft_messaging_forwarded_total"},
      {"messages_dropped", "weft_messaging_dropped_total"},
      {"broadcasts_published", "weft_gossip_published_total"},
      {"broadcasts_delivered", "weft_gossip_delivered_total"},
      {"broadcasts_forwarded", "weft_gossip_copies_total,forwarded"},
      {"broadcasts_dropped", "weft_gossip_dropped_total"},
      {"bytes_in", "weft_transport_bytes_total,inbound"},
      {"bytes_out", "weft_transport_bytes_total,outbound"},
      {"packets_in", "weft_transport_packets_total,inbound"},
      {"packets_out", "weft_transport_packets_total,outbound"},
      {"packets_dropped", "weft_transport_packets_dropped_total"},
  }};
  json j;
  for (const auto& e : entries) j[std::string(e.key)] = all.of(e.metric);
  return j;
}

json session_entry(const transport::session_info& s) {
  auto j = view(s);
  j["remote"] = bounded(j["remote"].get<std::string>());
  j["agent"] = bounded(s.agent);
  return j;
}

json sessions_of(actors::peer_list list) {
  auto& all = list.sessions;
  // Those that are there for longest: the page does not jump when many come and go.
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.age > b.age; });
  json shown = json::array();
  for (const auto& s : all) {
    if (shown.size() == overview::sessions_max) break;
    shown.push_back(session_entry(s));
  }
  return {{"total", all.size()}, {"shown", std::move(shown)}};
}

json routes_of(const std::vector<actors::route_view>& list, std::size_t total) {
  json shown = json::array();
  for (const auto& r : list) shown.push_back(view(r));
  return {{"total", std::max(total, list.size())}, {"shown", std::move(shown)}};
}

json topics_of(const std::vector<actors::topic_view>& list) {
  json shown = json::array();
  for (const auto& t : list) {
    if (shown.size() == overview::topics_max) break;
    shown.push_back({{"topic", bounded(t.topic)},
                     {"subscribed", t.subscribed},
                     {"mesh", t.mesh.size()},
                     {"subscribers", t.subscribers}});
  }
  return {{"total", list.size()}, {"shown", std::move(shown)}};
}

/// Without the fields that say where the node's files lie.
json log_entry(const log::recent_line& line) {
  auto j = view(line);
  j.erase("directory");
  for (auto& [key, value] : j.items())
    if (value.is_string()) value = bounded(value.get_ref<const std::string&>(), 256);
  return j;
}

json log_of() {
  json shown = json::array();
  for (const auto& line : log::recent().after(0, overview::log_lines_max))
    shown.push_back(log_entry(line));
  return {{"total", log::recent().latest()}, {"shown", std::move(shown)}};
}

/// What was answered before the deadline; null where nothing was.
template <class T>
std::optional<T> by(clock::time_point deadline, answer<T>& asked) {
  const auto left = std::max(deadline - clock::now(), clock::duration::zero());
  auto came = asked.wait_for(left);
  if (!came || !*came) return std::nullopt;
  return std::move(**came);
}

json collect(node_context& node) {
  auto deadline = clock::now() + patience;
  answer<actors::peer_list> peers;
  answer<std::vector<actors::route_view>> routes;
  answer<std::vector<actors::topic_view>> topics;
  answer<dht::dht_status> dht;
  const metric_sums all(node.runtime);
  json j;
  // Questions to actors that hang would only pile up.
  if (node.runtime.actors_run()) {
    node.runtime.peers(peers.callback());
    node.runtime.routes(std::nullopt, routes.callback(), overview::routes_max);
    node.runtime.topics(topics.callback());
    node.runtime.dht_state(dht.callback());
    if (auto status = status_json(node, all)) j = std::move(*status);
  } else {
    deadline = clock::now();
  }
  if (j.is_null()) j = known_status_json(node, all);
  j.erase("directory");
  j.erase("messages");
  const auto dht_now = by(deadline, dht);
  j["time"] = wall_seconds(transport::io::wall_now());
  j["counters"] = flow_of(all);
  j["limits"] = limits_view(node, all);
  j["session_count"] = j["sessions"];
  const auto none = json(nullptr);
  auto list = by(deadline, peers);
  j["sessions"] = list ? sessions_of(std::move(*list)) : none;
  const auto ways = by(deadline, routes);
  j["routes"] = ways ? routes_of(*ways, j.value("destinations", std::size_t{0})) : none;
  const auto told = by(deadline, topics);
  j["topics"] = told ? topics_of(*told) : none;
  j["dht"] = dht_now ? view(*dht_now) : none;
  j["log_levels"] = j["log"]["levels"];
  j["log"] = log_of();
  return j;
}

}  // namespace

http_handler overview_handler(std::shared_ptr<overview> shown) {
  return [shown = std::move(shown)](const http_request&) -> http_response {
    return {200, "application/json", shown->text(), {}};
  };
}

std::string overview::text() {
  const std::lock_guard lock(mutex_);
  if (clock::now() - made_ > age_max) {
    last_ = line_of(collect(node_));
    made_ = clock::now();
  }
  return last_;
}

}  // namespace weft::node
