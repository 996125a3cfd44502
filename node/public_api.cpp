// SPDX-License-Identifier: MIT
#include "node/admin_json.hpp"
#include "node/answer.hpp"
#include "node/build_info.hpp"
#include "node/log_view.hpp"
#include "node/overview.hpp"
#include "node/page_files.hpp"

namespace weft::node {

namespace {

constexpr duration status_patience = std::chrono::seconds(2);

int http_status_of(ec code) {
  switch (code) {
    case ec::bad_argument:
    case ec::malformed:
    case ec::oversized:
      return 400;
    case ec::denied:
      return 403;
    case ec::not_found:
      return 404;
    case ec::exists:
    case ec::in_use:
      return 409;
    case ec::limit:
    case ec::queue_full:
      return 429;
    case ec::stopping:
    case ec::not_running:
      return 503;
    case ec::timeout:
    case ec::unreachable:
      return 504;
    default:
      return 500;
  }
}

/// What the actors say, and what this floor adds to it.
std::vector<actors::readiness_check> all_checks(const node_context& node) {
  auto checks = node.runtime.checks();
  if (const auto names = node.names.names(); names.names > 0)
    checks.push_back({"names", names.ok(), names.text()});
  return checks;
}

/// "[+]name ok" or "[-]name failed: why", one line each, then the verdict.
http_response readiness(node_context& node) {
  std::string text;
  const auto line = [&](std::string_view name, bool ok, std::string_view detail) {
    text += std::string(ok ? "[+]" : "[-]") + std::string(name) + (ok ? " ok" : " failed");
    if (!detail.empty()) text += ": " + std::string(detail);
    text += "\n";
  };
  const bool draining = node.draining;
  line("serving", !draining, draining ? "the node is shutting down" : "");
  line("no_actor_lost", !node.failed, node.failed ? "an actor died for good" : "");
  const bool ready = node.ready();
  for (const auto& check : all_checks(node)) line(check.name, check.ok, check.detail);
  text += ready ? "ready\n" : "not ready\n";
  return {ready ? 200 : 503, "text/plain; charset=utf-8", text, {}};
}

json with_node(node_context& node, const metric_sums& all, actors::node_status status) {
  status.checks = all_checks(node);
  auto j = view(status);
  const auto c = node.current();
  j["ready"] = node.ready();
  j["draining"] = node.draining.load();
  j["name"] = c.node.name;
  j["profile"] = c.node.profile;
  j["version"] = version();
  j["directory"] = node.directory;
  j["http"] = node.http_port ? node.http_host + ":" + std::to_string(node.http_port) : "";
  j["messages"] = {{"sent", all.of("weft_messaging_sent_total")},
                   {"acknowledged", all.of("weft_messaging_acknowledged_total")},
                   {"delivered", all.of("weft_messaging_delivered_total")},
                   {"forwarded", all.of("weft_messaging_forwarded_total")}};
  j["log"] = log_state_view();
  j["revision"] = revision();
  j["ready_after_seconds"] = node.ready_seconds.load();
  if (const auto usage = metrics::read_process_usage())
    j["process"] = {{"rss_bytes", usage->resident_bytes},
                    {"cpu_seconds", usage->cpu_seconds},
                    {"threads", usage->threads},
                    {"open_descriptors", usage->open_descriptors}};
  return j;
}

}  // namespace

result<json> status_json(node_context& node, const metric_sums& all) {
  answer<actors::node_status> asked;
  node.runtime.status(asked.callback());
  auto status = asked.wait_for(status_patience);
  if (!status) return fail(ec::timeout, "the node's actors did not answer");
  if (!*status) return fail(std::move(status->error()));
  return with_node(node, all, std::move(**status));
}

json known_status_json(node_context& node, const metric_sums& all) {
  auto j = with_node(node, all, node.runtime.known_status());
  j["sessions"] = j["listening"] = nullptr;
  return j;
}

json checks_json(const node_context& node) {
  json list = json::array();
  for (const auto& check : all_checks(node)) list.push_back(view(check));
  return list;
}

http_response json_answer(const json& body, int status) {
  return {status, "application/json", line_of(body), {}};
}

http_response error_answer(const error& e) {
  return json_answer(error_view(e), http_status_of(e.code));
}

http_routes public_routes(node_context& node) {
  http_routes routes;
  routes["GET /livez"] = [&node](const http_request&) -> http_response {
    const bool alive = !node.failed;
    return {alive ? 200 : 503,
            "text/plain; charset=utf-8",
            alive ? "alive\n" : "an actor died for good\n",
            {}};
  };
  routes["GET /readyz"] = [&node](const http_request&) { return readiness(node); };
  routes["GET /status"] = [&node](const http_request&) {
    const auto status = status_json(node, metric_sums(node.runtime));
    return status ? json_answer(*status) : error_answer(status.error());
  };
  routes["GET /metrics"] = [&node](const http_request& request) -> http_response {
    const auto form = metrics::negotiate(request.accept);
    return {200, std::string(metrics::content_type(form)), node.exporter.scrape(form), {}};
  };
  const auto shown = std::make_shared<overview>(node);
  routes["GET /v1/overview"] = overview_handler(shown);
  add_page_routes(routes, [shown] { return shown->text(); });
  return routes;
}

}  // namespace weft::node
