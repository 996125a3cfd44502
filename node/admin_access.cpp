// SPDX-License-Identifier: MIT
#include "node/admin_access.hpp"

#include "base/log.hpp"
#include "node/admin_json.hpp"
#include "node/admin_streams.hpp"
#include "transport/io/clock.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace weft::node {

namespace {

using transport::access_rule;
using transport::access_verdict;

/// Ten years.
constexpr double span_max = 10 * 365.25 * 86'400;

http_response set_rule(node_context& node, const http_request& request, access_verdict verdict) {
  auto subject = transport::parse_access_subject(request.get("subject"));
  if (!subject) return error_answer(subject.error());
  if (const auto* peer = std::get_if<peer_id>(&*subject); peer && *peer == node.runtime.self())
    return error_answer({ec::bad_argument, "this is the node itself"});
  access_rule rule{std::move(*subject)};
  rule.verdict = verdict;
  rule.since = transport::io::wall_now();
  rule.reason = std::string(request.get("reason"));
  if (!is_utf8(rule.reason)) return error_answer({ec::bad_argument, "the reason is not UTF-8"});
  if (request.has("for")) {
    const auto span = number_of(request, "for", 0.001, span_max);
    if (!span) return error_answer(span.error());
    rule.until
        = rule.since + std::chrono::duration_cast<duration>(std::chrono::duration<double>(*span));
  }
  const json shown = view(rule);
  const auto done = node.access.set(std::move(rule));
  if (!done) return error_answer(done.error());
  log::info("node", "access_rule_set",
            {{"verdict", to_string(verdict)}, {"subject", shown["subject"].get<std::string>()}});
  return json_answer({{"rule", shown}});
}

}  // namespace

http_response get_access(node_context& node, const http_request&) {
  const auto rules = node.access.rules();
  const wall_time now = transport::io::wall_now();
  json list = json::array();
  for (const auto& rule : rules->list())
    if (rule.holds(now)) list.push_back(view(rule));
  return json_answer(
      {{"admit", rules->refuse_strangers ? "listed" : "all"}, {"rules", std::move(list)}});
}

http_response post_access_ban(node_context& node, const http_request& request) {
  return set_rule(node, request, access_verdict::ban);
}

http_response post_access_allow(node_context& node, const http_request& request) {
  return set_rule(node, request, access_verdict::allow);
}

http_response post_access_forget(node_context& node, const http_request& request) {
  const auto subject = transport::parse_access_subject(request.get("subject"));
  if (!subject) return error_answer(subject.error());
  if (const auto done = node.access.forget(*subject); !done) return error_answer(done.error());
  const auto text = transport::to_string(*subject);
  log::info("node", "access_rule_forgotten", {{"subject", text}});
  return json_answer({{"subject", text}, {"forgotten", true}});
}

}  // namespace weft::node
