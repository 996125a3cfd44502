// SPDX-License-Identifier: MIT
#include "node/admin_access.hpp"
#include "node/admin_json.hpp"
#include "node/admin_streams.hpp"
#include "node/admin_telling.hpp"
#include "node/answer.hpp"
#include "node/limits_view.hpp"
#include "node/log_view.hpp"
#include "node/overview.hpp"

namespace weft::node {

namespace {

http_response get_id(node_context& node, const http_request&) {
  return json_answer({{"peer", node.runtime.self().to_string()}, {"directory", node.directory}});
}

http_response get_status(node_context& node, const http_request&) {
  const auto status = status_json(node, metric_sums(node.runtime));
  return status ? json_answer(*status) : error_answer(status.error());
}

http_response get_health(node_context& node, const http_request&) {
  return json_answer(
      {{"ready", node.ready()}, {"draining", node.draining.load()}, {"checks", checks_json(node)}});
}

http_response get_limits(node_context& node, const http_request&) {
  return json_answer({{"limits", limits_view(node, metric_sums(node.runtime))}});
}

http_response get_peers(node_context& node, const http_request&) {
  answer<actors::peer_list> asked;
  node.runtime.peers(asked.callback());
  const auto list = asked.wait();
  if (!list) return error_answer(list.error());
  json sessions = json::array();
  for (const auto& s : list->sessions) sessions.push_back(view(s));
  return json_answer({{"sessions", std::move(sessions)}});
}

http_response get_routes(node_context& node, const http_request& request) {
  std::optional<peer_id> destination;
  if (request.has("peer")) {
    const auto peer = parse_peer(request.get("peer"));
    if (!peer) return error_answer(peer.error());
    destination = *peer;
  }
  answer<std::vector<actors::route_view>> asked;
  node.runtime.routes(destination, asked.callback());
  const auto list = asked.wait();
  if (!list) return error_answer(list.error());
  json routes = json::array();
  for (const auto& r : *list) routes.push_back(view(r));
  return json_answer({{"routes", std::move(routes)}});
}

http_response get_inbox(node_context& node, const http_request& request) {
  actors::inbox_query query;
  if (request.has("limit")) {
    const auto limit = number_of(request, "limit", 1, 10'000);
    if (!limit) return error_answer(limit.error());
    query.limit = static_cast<std::size_t>(*limit);
  }
  answer<std::vector<actors::inbox_message>> asked;
  node.runtime.inbox(query, asked.callback());
  const auto list = asked.wait();
  if (!list) return error_answer(list.error());
  json messages = json::array();
  for (const auto& m : *list) messages.push_back(view(m));
  return json_answer({{"messages", std::move(messages)}});
}

http_response post_shown(node_context& node, const http_request& request) {
  const auto j = json::parse(request.body, nullptr, false);
  if (!j.is_array())
    return error_answer({ec::bad_argument, "expected a list of {\"from\", \"id\"}"});
  std::vector<actors::message_ref> refs;
  for (const auto& each : j) {
    const auto from = peer_id::parse(each.is_object() ? each.value("from", "") : "");
    if (!from) return error_answer({ec::bad_argument, "expected a list of {\"from\", \"id\"}"});
    refs.push_back({*from, each.value("id", "")});
  }
  answer<std::size_t> asked;
  node.runtime.mark_shown(std::move(refs), asked.callback());
  const auto marked = asked.wait();
  return marked ? json_answer({{"marked", *marked}}) : error_answer(marked.error());
}

http_response post_connect(node_context& node, const http_request& request) {
  const auto to = resolve_target(request.get("to"));
  if (!to) return error_answer(to.error());
  answer<actors::connection> asked;
  node.runtime.connect(*to, asked.callback());
  const auto made = asked.wait();
  return made ? json_answer(view(*made)) : error_answer(made.error());
}

http_response post_disconnect(node_context& node, const http_request& request) {
  const auto peer = parse_peer(request.get("peer"));
  if (!peer) return error_answer(peer.error());
  answer<void> asked;
  node.runtime.disconnect(*peer, asked.callback());
  const auto done = asked.wait();
  return done ? json_answer({{"peer", peer->to_string()}, {"disconnected", true}})
              : error_answer(done.error());
}

http_response get_config(node_context& node, const http_request&) {
  const auto c = node.current();
  json keys;
  for (const auto& key : config_keys())
    keys[std::string(key.name)] = {{"value", format_value(key, c)}, {"reloadable", key.reloadable}};
  return json_answer({{"config", std::move(keys)}});
}

http_response post_reload(node_context& node, const http_request&) {
  const auto report = node.reload();
  if (!report.problem.empty()) return error_answer({ec::bad_config, report.problem});
  return json_answer({{"applied", report.applied}, {"needs_restart", report.needs_restart}});
}

http_response post_shutdown(node_context& node, const http_request&) {
  node.shutdown();
  return json_answer({{"stopping", true}});
}

}  // namespace

http_routes admin_routes(node_context& node) {
  http_routes routes;
  const auto add
      = [&](std::string name, http_response (*handler)(node_context&, const http_request&)) {
          routes[std::move(name)]
              = [&node, handler](const http_request& request) { return handler(node, request); };
        };
  add("GET /v1/id", get_id);
  add("GET /v1/status", get_status);
  add("GET /v1/health", get_health);
  add("GET /v1/limits", get_limits);
  add("GET /v1/peers", get_peers);
  add("GET /v1/routes", get_routes);
  add("GET /v1/inbox", get_inbox);
  add("GET /v1/follow", stream_follow);
  add("GET /v1/config", get_config);
  add("POST /v1/shown", post_shown);
  add("POST /v1/connect", post_connect);
  add("POST /v1/disconnect", post_disconnect);
  add("POST /v1/ping", stream_ping);
  add("POST /v1/send", stream_send);
  add("POST /v1/bench", post_bench);
  add("POST /v1/publish", post_publish);
  add("GET /v1/subscribe", stream_subscribe);
  add("GET /v1/topics", get_topics);
  add("POST /v1/dht/put", post_dht_put);
  add("GET /v1/dht/get", get_dht_value);
  add("POST /v1/dht/provide", post_dht_provide);
  add("GET /v1/dht/providers", get_dht_providers);
  add("GET /v1/dht/peer", get_dht_peer);
  add("GET /v1/access", get_access);
  add("POST /v1/access/ban", post_access_ban);
  add("POST /v1/access/allow", post_access_allow);
  add("POST /v1/access/forget", post_access_forget);
  add("GET /v1/dht/status", get_dht_status);
  add("GET /v1/logs", get_logs);
  add("GET /v1/logs/follow", stream_logs);
  add("GET /v1/logs/levels", get_log_levels);
  add("POST /v1/logs/level", post_log_level);
  add("POST /v1/reload", post_reload);
  add("POST /v1/shutdown", post_shutdown);
  routes["GET /v1/overview"] = overview_handler(std::make_shared<overview>(node));
  json names = json::array();
  for (const auto& [name, handler] : routes) names.push_back(name);
  routes["GET /"] = [text = line_of({{"endpoints", names}})](const http_request&) -> http_response {
    return {200, "application/json", text, {}};
  };
  return routes;
}

}  // namespace weft::node
