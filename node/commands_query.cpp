// SPDX-License-Identifier: MIT
#include "node/client.hpp"
#include "node/commands.hpp"

#include <chrono>
#include <cstdio>
#include <thread>

namespace weft::node {

namespace {

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

std::string text_of(const json& j, const char* key) { return j.value(key, std::string{}); }
std::uint64_t count_of(const json& j, const char* key) { return j.value(key, std::uint64_t{0}); }
double real_of(const json& j, const char* key) { return j.value(key, 0.0); }

/// Asks, prints the JSON itself with --json, else what `show` makes of it.
template <class Show>
exit_code query(const common_options& common, const std::string& target, Show show) {
  node_client client(node_directory(common.directory));
  const auto j = client.get(target);
  if (!j) return report(j.error());
  print(common.json ? line_of(*j) : show(*j));
  return exit_code::ok;
}

/// An address without the peer, which stands beside it already.
std::string bare_address(const std::string& address) {
  return address.substr(0, address.find("/p2p/"));
}

std::string checks_text(const json& j) {
  std::string out;
  for (const auto& check : j["checks"]) {
    const bool ok = check.value("ok", false);
    out += "  " + (ok ? styled(style::green, "ok  ") : styled(style::red, "FAIL")) + " "
           + text_of(check, "name");
    if (const auto detail = text_of(check, "detail"); !detail.empty())
      out += ": " + printable(detail);
    out += "\n";
  }
  return out;
}

/// "info, session=debug until restart"
std::string levels_text(const json& log) {
  std::string out;
  for (const auto& each : log["levels"]) {
    const auto component = text_of(each, "component");
    out += (out.empty() ? "" : ", ") + (component == "*" ? "" : component + "=")
           + text_of(each, "level");
    if (each.value("temporary", false)) out += " until restart";
  }
  return out;
}

std::string status_text(const json& j) {
  const auto state = j.value("draining", false) ? styled(style::yellow, "draining")
                     : j.value("ready", false)  ? styled(style::green, "ready")
                                                : styled(style::red, "not ready");
  std::string out = styled(style::bold, text_of(j, "peer")) + "  " + state + "\n";
  const auto row = [&](const std::string& name, const std::string& value) {
    out += "  " + name + std::string(name.size() < 12 ? 12 - name.size() : 1, ' ') + value + "\n";
  };
  if (!text_of(j, "name").empty()) row("name", printable(text_of(j, "name")));
  row("version", text_of(j, "version") + ", profile " + text_of(j, "profile"));
  row("up", format_seconds(real_of(j, "uptime_seconds")) + ", ready after "
                + format_seconds(real_of(j, "ready_after_seconds")));
  for (const auto& address : j["listening"]) row("listens on", address.get<std::string>());
  if (!text_of(j, "http").empty()) row("http", "http://" + text_of(j, "http"));
  row("sessions", std::to_string(count_of(j, "sessions")) + ", nodes known by route "
                      + std::to_string(count_of(j, "destinations")));
  const auto& m = j["messages"];
  row("messages", std::to_string(count_of(m, "delivered")) + " received, "
                      + std::to_string(count_of(m, "acknowledged")) + " sent and acknowledged, "
                      + std::to_string(count_of(m, "forwarded")) + " frames passed on");
  row("waiting", std::to_string(count_of(j["outbox"], "messages")) + " out, "
                     + std::to_string(count_of(j["inbox"], "messages")) + " in");
  if (j.contains("log")) row("log", levels_text(j["log"]));
  if (j.contains("process")) {
    const auto& p = j["process"];
    row("process", format_bytes(count_of(p, "rss_bytes")) + " resident, "
                       + format_seconds(real_of(p, "cpu_seconds")) + " processor time, "
                       + std::to_string(count_of(p, "threads")) + " threads, "
                       + std::to_string(count_of(p, "open_descriptors")) + " descriptors");
  }
  row("directory", printable(text_of(j, "directory")));
  return out + checks_text(j);
}

std::string amount(std::uint64_t value, const std::string& unit) {
  if (unit == "bytes") return format_bytes(value);
  if (unit == "bytes_per_second") return format_bytes(value) + "/s";
  return std::to_string(value);
}

std::string used_limits_text(const json& j) {
  std::vector<std::vector<std::string>> rows{{"LIMIT", "USED", "OF", "", "REFUSED", "KEY"}};
  for (const auto& l : j["limits"]) {
    const auto unit = text_of(l, "unit");
    const auto used = count_of(l, "used");
    const bool capped = l.contains("limit") && !l["limit"].is_null();
    const auto limit = capped ? l["limit"].get<std::uint64_t>() : 0;
    rows.push_back({text_of(l, "name"), amount(used, unit), capped ? amount(limit, unit) : "no cap",
                    limit != 0 ? std::to_string(used * 100 / limit) + " %" : "",
                    std::to_string(count_of(l, "refused")), text_of(l, "key")});
  }
  return format_table(rows, {1, 2, 3, 4});
}

std::string peers_text(const json& j) {
  if (j["sessions"].empty()) return "no sessions; connect with: weft connect ADDRESS\n";
  std::vector<std::vector<std::string>> rows{
      {"PEER", "ADDRESS", "SIDE", "RTT", "AGE", "IN", "OUT", "LOST", "STREAMS", "AGENT"}};
  for (const auto& s : j["sessions"])
    rows.push_back({text_of(s, "peer"), bare_address(text_of(s, "remote")),
                    text_of(s, "direction") == "inbound" ? "in" : "out",
                    format_seconds(real_of(s, "rtt_seconds")),
                    format_seconds(real_of(s, "age_seconds")),
                    format_bytes(count_of(s, "bytes_in")), format_bytes(count_of(s, "bytes_out")),
                    std::to_string(count_of(s, "packets_lost")),
                    std::to_string(count_of(s, "streams")), printable(text_of(s, "agent"))});
  return format_table(rows, {3, 4, 5, 6, 7, 8});
}

std::string routes_text(const json& j) {
  if (j["routes"].empty()) return "no routes; this node knows no other one yet\n";
  std::vector<std::vector<std::string>> rows{
      {"", "DESTINATION", "NEXT HOP", "HOPS", "METRIC", "AGE"}};
  for (const auto& r : j["routes"])
    rows.push_back({r.value("selected", false) ? "*" : "", text_of(r, "destination"),
                    short_peer(text_of(r, "next_hop")), std::to_string(count_of(r, "hops")),
                    std::to_string(count_of(r, "metric")),
                    format_seconds(real_of(r, "age_seconds"))});
  return format_table(rows, {3, 4, 5});
}

}  // namespace

exit_code command_status(const common_options& common) {
  return query(common, "/v1/status", status_text);
}
exit_code command_status_limits(const common_options& common) {
  return query(common, "/v1/limits", used_limits_text);
}
exit_code command_peers(const common_options& common) {
  return query(common, "/v1/peers", peers_text);
}

exit_code command_routes(const common_options& common, const std::string& peer) {
  if (peer.empty()) return query(common, "/v1/routes", routes_text);
  node_client client(node_directory(common.directory));
  const auto j = client.get("/v1/routes?peer=" + url_encoded(peer));
  if (!j) return report(j.error());
  if (common.json) print(line_of(*j));
  if ((*j)["routes"].empty()) {
    if (common.json) return exit_code::not_found;
    return report({ec::not_found, "there is no route to " + peer});
  }
  if (!common.json) print(routes_text(*j));
  return exit_code::ok;
}

exit_code command_health(const common_options& common) {
  node_client client(node_directory(common.directory));
  const auto j = client.get("/v1/health");
  if (!j) return report(j.error());
  const bool ready = j->value("ready", false);
  if (common.json)
    print(line_of(*j));
  else
    print((ready ? styled(style::green, "ready") : styled(style::red, "not ready")) + "\n"
          + checks_text(*j));
  return ready ? exit_code::ok : exit_code::degraded;
}

exit_code command_wait(const common_options& common, double timeout) {
  const auto directory = node_directory(common.directory);
  const auto begin = std::chrono::steady_clock::now();
  const auto spent = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  for (;;) {
    node_client client(directory);
    const auto j = client.get("/v1/health");
    if (j && j->value("ready", false)) {
      if (common.json) print(line_of({{"ready", true}, {"waited_seconds", spent()}}));
      return exit_code::ok;
    }
    if (spent() >= timeout) {
      if (common.json) print(line_of({{"ready", false}, {"waited_seconds", spent()}}));
      return report({ec::timeout, "the node in " + directory + " is not ready after "
                                      + format_seconds(timeout)
                                      + (j ? "" : ": " + j.error().detail)});
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

exit_code command_reload(const common_options& common) {
  node_client client(node_directory(common.directory));
  const auto j = client.post("/v1/reload");
  if (!j) return report(j.error());
  if (common.json) {
    print(line_of(*j));
    return exit_code::ok;
  }
  for (const auto& key : (*j)["applied"]) print("applied        " + key.get<std::string>() + "\n");
  for (const auto& key : (*j)["needs_restart"])
    print("needs restart  " + key.get<std::string>() + "\n");
  if ((*j)["applied"].empty() && (*j)["needs_restart"].empty()) print("nothing changed\n");
  return exit_code::ok;
}

exit_code command_shutdown(const common_options& common) {
  node_client client(node_directory(common.directory));
  const auto j = client.post("/v1/shutdown");
  if (!j) return report(j.error());
  print(common.json ? line_of(*j) : "stopping\n");
  return exit_code::ok;
}

}  // namespace weft::node
