// SPDX-License-Identifier: MIT
#include "node/client.hpp"
#include "node/cluster.hpp"
#include "node/commands.hpp"
#include "node/mesh_demo.hpp"

#include <algorithm>
#include <cstdio>
#include <deque>

namespace weft::node {

namespace {

using clock = std::chrono::steady_clock;

/// One line of the live table.
struct node_sample {
  json status;
  double rtt_seconds = 0;
  std::size_t sessions = 0;
  bool answered = false;
};

node_sample sample_of(const cluster_node& node) {
  node_sample sample;
  node_client client(node.directory);
  const auto status = client.get("/v1/status");
  const auto peers = client.get("/v1/peers");
  if (!status || !peers) return sample;
  sample.status = *status;
  sample.answered = true;
  std::vector<double> times;
  for (const auto& s : (*peers)["sessions"]) times.push_back(s.value("rtt_seconds", 0.0));
  sample.sessions = times.size();
  std::sort(times.begin(), times.end());
  if (!times.empty()) sample.rtt_seconds = times[times.size() / 2];
  return sample;
}

json sample_json(const cluster_node& node, const node_sample& s) {
  json j{{"name", node.settings.node.name}, {"peer", node.id.to_string()},
         {"address", node.address},         {"directory", node.directory},
         {"pid", node.process.pid()},       {"answered", s.answered}};
  if (!s.answered) return j;
  j["http"] = s.status.value("http", "");
  j["ready"] = s.status.value("ready", false);
  j["ready_after_seconds"] = s.status.value("ready_after_seconds", 0.0);
  j["sessions"] = s.sessions;
  j["destinations"] = s.status.value("destinations", std::uint64_t{0});
  j["rtt_seconds"] = s.rtt_seconds;
  j["messages"] = s.status["messages"];
  j["rss_bytes"] = s.status["process"].value("rss_bytes", std::uint64_t{0});
  return j;
}

class mesh_view {
 public:
  mesh_view(cluster& nodes, const common_options& common)
      : nodes_(nodes), json_(common.json), live_(!common.json && stdout_is_terminal()) {}

  void note(std::string line) {
    if (json_) return;
    if (!live_) {
      std::printf("%s\n", line.c_str());
      std::fflush(stdout);
      return;
    }
    notes_.push_back(std::move(line));
    if (notes_.size() > notes_shown) notes_.pop_front();
  }
  void show() {
    std::vector<node_sample> samples;
    for (const auto& node : nodes_.nodes()) samples.push_back(sample_of(node));
    if (json_)
      print_json(samples);
    else if (live_)
      redraw(table(samples));
    else
      std::fputs(table(samples).c_str(), stdout);
    std::fflush(stdout);
  }
  bool live() const { return live_; }

 private:
  static constexpr std::size_t notes_shown = 8;

  std::string table(const std::vector<node_sample>& samples) const {
    std::vector<std::vector<std::string>> rows{
        {"NODE", "PEER", "ADDRESS", "SESSIONS", "RTT", "SENT", "RECEIVED", "PASSED ON", "MEMORY"}};
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const auto& node = nodes_[i];
      const auto& s = samples[i];
      const auto endpoint = multiaddr::parse(node.address)->quic_v1_endpoint();
      std::vector<std::string> row{node.settings.node.name, short_peer(node.id.to_string()),
                                   endpoint ? endpoint->to_string() : node.address};
      if (s.answered) {
        const auto& m = s.status["messages"];
        const auto count
            = [&](const char* key) { return std::to_string(m.value(key, std::uint64_t{0})); };
        row.insert(row.end(),
                   {std::to_string(s.sessions), s.sessions ? format_seconds(s.rtt_seconds) : "-",
                    count("acknowledged"), count("delivered"), count("forwarded"),
                    format_bytes(s.status["process"].value("rss_bytes", std::uint64_t{0}))});
      } else {
        row.push_back(styled(style::red, "no answer"));
      }
      rows.push_back(std::move(row));
    }
    return format_table(rows, {3, 4, 5, 6, 7, 8});
  }
  void print_json(const std::vector<node_sample>& samples) const {
    json list = json::array();
    for (std::size_t i = 0; i < samples.size(); ++i)
      list.push_back(sample_json(nodes_[i], samples[i]));
    std::fputs(line_of({{"nodes", std::move(list)}}).c_str(), stdout);
  }
  void redraw(const std::string& text) {
    std::string frame = "\033[H\033[2J" + text + "\n";
    for (const auto& line : notes_) frame += line + "\n";
    frame += styled(style::dim, "each node is a process; ask one with: weft status --dir "
                                    + nodes_[0].directory + "   Ctrl-C stops all")
             + "\n";
    std::fputs(frame.c_str(), stdout);
  }

  cluster& nodes_;
  bool json_;
  bool live_;
  std::deque<std::string> notes_;
};

result<void> bring_up(cluster& nodes, const mesh_options& o, mesh_view& view) {
  WEFT_TRY(const auto wanted, make_links(o.topology, o.nodes, o.seed, o.degree));
  const auto begin = clock::now();
  WEFT_TRY_VOID(nodes.start(o.nodes));
  WEFT_TRY_VOID(nodes.connect(wanted));
  if (o.demo && o.nodes > 1) {
    WEFT_TRY_VOID(nodes.wait_route(0, o.nodes - 1, cluster::ready_patience));
    WEFT_TRY_VOID(nodes.wait_route(o.nodes - 1, 0, cluster::ready_patience));
  }
  view.note(std::to_string(o.nodes) + " nodes, " + std::to_string(wanted.size()) + " sessions ("
            + o.topology + ") up in "
            + format_seconds(std::chrono::duration<double>(clock::now() - begin).count()));
  return {};
}

}  // namespace

exit_code command_mesh_up(const common_options& common, const mesh_options& o) {
  watch_interrupts();
  cluster nodes(o.directory.empty() ? common.directory : o.directory);
  mesh_view view(nodes, common);
  if (!common.json) std::fprintf(stderr, "starting %u nodes …\n", o.nodes);
  if (const auto up = bring_up(nodes, o, view); !up) {
    if (interrupted()) return exit_code::ok;
    return report(up.error());
  }
  const auto begin = clock::now();
  const auto interval
      = view.live() ? std::chrono::milliseconds(1000) : std::chrono::milliseconds(10'000);
  auto next_table = begin;
  auto next_demo = begin;
  mesh_demo demo(nodes);
  std::uint64_t shown = 0;
  view.show();
  while (!interrupted()) {
    const auto now = clock::now();
    if (o.duration > 0 && now - begin >= std::chrono::duration<double>(o.duration)) break;
    if (o.demo && o.nodes > 1 && now >= next_demo) {
      const auto step = demo.next();
      if (common.json) {
        std::fputs(line_of(step.answer).c_str(), stdout);
        std::fflush(stdout);
      }
      view.note(step.text);
      // A few at once to look at, then a steady trickle.
      next_demo = now + (++shown < 6 ? std::chrono::milliseconds(0) : interval);
    }
    if (now >= next_table && (shown == 0 || shown >= 6)) {
      view.show();
      next_table = now + interval;
    }
    for (auto& node : nodes.nodes())
      if (!node.process.running())
        return report({ec::io, "node " + node.settings.node.name + " ended with exit code "
                                   + std::to_string(node.process.exit_status()) + "; its log is "
                                   + node.directory + "/log"});
    sleep_unless_interrupted(std::chrono::milliseconds(50));
  }
  if (!common.json)
    std::fprintf(stderr, "%sstopping %u nodes …\n", view.live() ? "\n" : "", o.nodes);
  nodes.stop();
  return exit_code::ok;
}

}  // namespace weft::node
