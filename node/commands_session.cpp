// SPDX-License-Identifier: MIT
#include "node/client.hpp"
#include "node/commands.hpp"

#include <algorithm>
#include <cstdio>

namespace weft::node {

namespace {

std::string path_text(const json& round) {
  const auto hops = round.value("hops", 0U);
  if (hops <= 1) return "direct";
  return "multi-hop " + std::to_string(hops);
}

void print_round(const json& round) {
  if (round.contains("error")) {
    std::printf("%u: no answer (%s)\n", round.value("number", 0U),
                round["error"].value("text", "").c_str());
  } else {
    std::printf("%u: %s  %s  %s  %s\n", round.value("number", 0U),
                format_seconds(round.value("rtt_seconds", 0.0)).c_str(), path_text(round).c_str(),
                round.value("transport", "").c_str(), round.value("remote", "").c_str());
  }
  std::fflush(stdout);
}

void print_summary(const json& summary) {
  const auto sent = summary.value("sent", 0U);
  const auto received = summary.value("received", 0U);
  std::printf("%s\n  %u sent, %u answered", styled(style::bold, summary.value("peer", "")).c_str(),
              sent, received);
  if (sent > received) std::printf(", %.1f %% lost", 100.0 * (sent - received) / sent);
  if (received) {
    const auto& rtt = summary["rtt_seconds"];
    std::printf("; rtt min %s  median %s  mean %s  max %s",
                format_seconds(rtt.value("min", 0.0)).c_str(),
                format_seconds(rtt.value("p50", 0.0)).c_str(),
                format_seconds(rtt.value("mean", 0.0)).c_str(),
                format_seconds(rtt.value("max", 0.0)).c_str());
  }
  std::printf("\n");
}

}  // namespace

exit_code command_connect(const common_options& common, const std::string& address) {
  node_client client(node_directory(common.directory));
  const auto j = client.post("/v1/connect?to=" + url_encoded(address));
  if (!j) return report(j.error());
  if (common.json)
    std::fputs(line_of(*j).c_str(), stdout);
  else if (j->value("existed", false))
    std::printf("%s  already connected\n", j->value("peer", "").c_str());
  else
    std::printf("%s  connected at %s in %s\n", j->value("peer", "").c_str(),
                j->value("remote", "").c_str(),
                format_seconds(j->value("handshake_seconds", 0.0)).c_str());
  return exit_code::ok;
}

exit_code command_disconnect(const common_options& common, const std::string& peer) {
  node_client client(node_directory(common.directory));
  const auto j = client.post("/v1/disconnect?peer=" + url_encoded(peer));
  if (!j) return report(j.error());
  if (common.json)
    std::fputs(line_of(*j).c_str(), stdout);
  else
    std::printf("%s  disconnected\n", peer.c_str());
  return exit_code::ok;
}

exit_code command_ping(const common_options& common, const ping_options& o) {
  node_client client(node_directory(common.directory));
  std::uint32_t received = 0;
  std::uint32_t most_hops = 0;
  const auto target = "/v1/ping?to=" + url_encoded(o.to) + "&count=" + std::to_string(o.count)
                      + "&interval=" + std::to_string(o.interval)
                      + "&timeout=" + std::to_string(o.timeout);
  const auto done = client.stream("POST", target, {}, [&](const json& line) {
    if (line.contains("summary")) received = line["summary"].value("received", 0U);
    if (line.contains("round")) most_hops = std::max(most_hops, line["round"].value("hops", 0U));
    if (common.json) {
      std::fputs(line_of(line).c_str(), stdout);
      std::fflush(stdout);
    } else if (line.contains("round")) {
      print_round(line["round"]);
    } else if (line.contains("summary")) {
      print_summary(line["summary"]);
    }
    return true;
  });
  if (!done) return report(done.error());
  return received ? exit_code::ok : exit_code::unreachable;
}

}  // namespace weft::node
