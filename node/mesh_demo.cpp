// SPDX-License-Identifier: MIT
#include "node/mesh_demo.hpp"

#include "node/client.hpp"
#include "node/terminal.hpp"

#include <algorithm>
#include <utility>

namespace weft::node {

namespace {

/// Sends one message through the mesh and says how it went.
result<json> send_across(const cluster_node& from, const cluster_node& to,
                         const std::string& text) {
  result<json> receipt = fail(ec::closed, "no acknowledgement");
  const auto done = node_client(from.directory)
                        .stream("POST", "/v1/send?timeout=10&to=" + to.id.to_string(), text,
                                [&](const json& line) {
                                  if (line.contains("receipt")) receipt = line["receipt"];
                                  return true;
                                });
  if (!done) return fail(done.error());
  return receipt;
}

/// What the recipient shows, each message once.
void drain_inbox(const cluster_node& node) {
  node_client client(node.directory);
  const auto j = client.get("/v1/inbox?limit=100");
  if (!j) return;
  json refs = json::array();
  for (const auto& m : (*j)["messages"])
    refs.push_back({{"from", m.value("from", "")}, {"id", m.value("id", "")}});
  if (!refs.empty()) client.post("/v1/shown", refs.dump());
}

std::string seconds_of(const json& j, const char* key) { return format_seconds(j.value(key, 0.0)); }

/// "node 1 -> node 5", and how the step ended.
std::string line(const std::string& what, const result<json>& answer, const std::string& figures) {
  if (answer) return what + "  " + figures;
  return what + "  " + styled(style::red, "failed") + "  " + answer.error().detail;
}

json told(json j, const result<json>& answer, const char* key) {
  if (answer)
    j[key] = *answer;
  else
    j["error"] = view(answer.error());
  return j;
}

}  // namespace

mesh_demo::step mesh_demo::next() {
  const auto number = ++steps_;
  // Mostly messages; every sixth step a broadcast, and the one after it a value.
  if (number % 6 == 3) return broadcast();
  if (number % 6 == 4) return value(number);
  return message(number);
}

mesh_demo::step mesh_demo::message(std::uint64_t number) {
  const auto last = nodes_.size() - 1;
  const auto& from = nodes_[number % 2 ? 0 : last];
  const auto& to = nodes_[number % 2 ? last : 0];
  const auto text = "hello " + std::to_string(number) + " from node " + from.settings.node.name;
  const auto receipt = send_across(from, to, text);
  std::string figures;
  if (receipt) {
    drain_inbox(to);
    const auto hops = receipt->value("hops", 0U);
    figures = styled(style::green, "acknowledged") + "  " + std::to_string(hops)
              + (hops == 1 ? " hop  " : " hops  ") + seconds_of(*receipt, "latency_seconds");
  }
  json j{{"from", from.settings.node.name}, {"to", to.settings.node.name}, {"text", text}};
  return {line("node " + from.settings.node.name + " -> node " + to.settings.node.name + "  '"
                   + text + "'",
               receipt, figures),
          {{"message", told(std::move(j), receipt, "receipt")}}};
}

mesh_demo::step mesh_demo::broadcast() {
  const auto& from = nodes_[0];
  const json request{{"kind", "broadcast"},     {"samples", 5},
                     {"body_bytes", 256},       {"receivers", nodes_.size() - 1},
                     {"rate_per_second", 20.0}, {"limit_seconds", 10}};
  const auto run = node_client(from.directory).post("/v1/bench", request.dump());
  std::string figures;
  if (run) {
    const bool whole = run->value("delivered", 0U) == run->value("expected", 0U);
    figures
        = styled(whole ? style::green : style::yellow,
                 (*run)["delivered"].dump() + " of " + (*run)["expected"].dump() + " deliveries")
          + "  p50 " + seconds_of((*run)["summary"], "p50");
    if (run->contains("second_way"))
      figures += ", everywhere in " + seconds_of((*run)["second_way"], "p50");
  }
  return {line("node " + from.settings.node.name + " broadcasts 5 messages", run, figures),
          {{"broadcast", told({{"from", from.settings.node.name}}, run, "run")}}};
}

mesh_demo::step mesh_demo::value(std::uint64_t number) {
  const auto& from = nodes_[0];
  // Test nodes keep the shape of their mesh: the DHT asks connected peers only.
  const auto& to = nodes_[std::min<std::size_t>(2, nodes_.size() - 1)];
  const auto text = "value " + std::to_string(number);
  json j{
      {"stored_at", from.settings.node.name}, {"found_at", to.settings.node.name}, {"value", text}};
  auto answer = node_client(from.directory).post("/v1/dht/put?name=demo", text);
  std::string figures;
  if (answer) {
    j["stored"] = *answer;
    const auto key = answer->value("key", "");
    answer = node_client(to.directory).get("/v1/dht/get?key=" + url_encoded(key));
    if (answer) {
      const bool same = answer->value("text", "") == text;
      figures = styled(same ? style::green : style::red, same ? "found" : "found another value")
                + "  stored in " + seconds_of(j["stored"], "elapsed_seconds") + ", found in "
                + seconds_of(*answer, "elapsed_seconds");
    }
  }
  return {line("node " + from.settings.node.name + " stores '" + text + "', node "
                   + to.settings.node.name + " looks it up",
               answer, figures),
          {{"value", told(std::move(j), answer, "found")}}};
}

}  // namespace weft::node
