// SPDX-License-Identifier: MIT
#include "metrics/export/exporter.hpp"
#include "node/bench_report.hpp"
#include "node/client.hpp"
#include "routing/table_bench.hpp"
#include "transport/io/clock.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>

namespace weft::node {

namespace {

using clock = std::chrono::steady_clock;
/// Far ends of one process; a thread each.
constexpr std::uint32_t far_ends_per_process = 250;

double seconds_since(clock::time_point begin) {
  return std::chrono::duration<double>(clock::now() - begin).count();
}

duration seconds(double s) {
  return std::chrono::duration_cast<duration>(std::chrono::duration<double>(s));
}

double own_cpu_seconds() {
  const auto usage = metrics::read_process_usage();
  return usage ? usage->cpu_seconds : 0;
}

result<json> status_of(const cluster_node& node) {
  return node_client(node.directory).get("/v1/status");
}

struct hold_figures {
  std::uint64_t least_sessions = 0;
  json last_status;
};

/// Watches the sessions for a while; the least number seen tells whether any was lost.
result<hold_figures> hold_sessions(const cluster_node& hub, std::vector<child_process>& far,
                                   double longest) {
  hold_figures figures{~std::uint64_t{0}, {}};
  progress_bar bar("holding");
  const auto begin = clock::now();
  for (double spent = 0; spent < longest; spent = seconds_since(begin)) {
    bar.update(static_cast<std::uint64_t>(spent * 10), static_cast<std::uint64_t>(longest * 10));
    WEFT_TRY(figures.last_status, status_of(hub));
    figures.least_sessions
        = std::min(figures.least_sessions, figures.last_status.value("sessions", std::uint64_t{0}));
    for (auto& process : far)
      if (!process.running()) return fail(ec::io, "a far end process ended");
    if (interrupted()) return fail(ec::cancelled, "interrupted");
    sleep_unless_interrupted(std::chrono::milliseconds(500));
  }
  return figures;
}

result<std::vector<child_process>> start_far_ends(const cluster& nodes, std::uint32_t count) {
  std::vector<child_process> far;
  for (std::uint32_t made = 0; made < count; made += far_ends_per_process) {
    const auto some = std::min(far_ends_per_process, count - made);
    WEFT_TRY(auto process,
             child_process::start({"bench-far", nodes[0].address, std::to_string(some)},
                                  nodes.root() + "/far" + std::to_string(far.size()) + ".log"));
    far.push_back(std::move(process));
  }
  return far;
}

result<json> run_sessions(const bench_options& o) {
  cluster nodes;
  const auto limit = std::to_string(o.count + 16);
  WEFT_TRY_VOID(nodes.start(
      1, {{"log.level", "warn"}, {"limits.sessions", limit}, {"routing.neighbours", limit}}));
  WEFT_TRY(const auto before, status_of(nodes[0]));
  WEFT_TRY(auto far, start_far_ends(nodes, o.count));
  const auto begin = clock::now();
  const double patience = 30 + o.count / 20.0;
  progress_bar bar("connecting");
  for (std::uint64_t up = 0; up < o.count;) {
    WEFT_TRY(const auto status, status_of(nodes[0]));
    up = status.value("sessions", std::uint64_t{0});
    bar.update(up, o.count, std::to_string(up) + " sessions");
    if (seconds_since(begin) > patience)
      return fail(ec::timeout, "only " + std::to_string(up) + " of " + std::to_string(o.count)
                                   + " sessions came up");
    if (interrupted()) return fail(ec::cancelled, "interrupted");
    sleep_unless_interrupted(std::chrono::milliseconds(50));
  }
  const auto up_seconds = seconds_since(begin);
  bar.clear();
  const auto cpu_before = cpu_seconds_of(nodes[0].directory);
  WEFT_TRY(const auto held, hold_sessions(nodes[0], far, o.seconds));
  const auto& p = held.last_status["process"];
  const auto rss = p.value("rss_bytes", std::uint64_t{0});
  const auto rss_before = before["process"].value("rss_bytes", std::uint64_t{0});
  for (const auto& process : far) process.signal(SIGTERM);
  for (auto& process : far) process.wait_end(std::chrono::seconds(10));
  return json{{"name", "sessions"},
              {"parameters", {{"count", o.count}, {"seconds", o.seconds}}},
              {"sessions_least", held.least_sessions},
              {"sessions_lost", o.count - std::min<std::uint64_t>(o.count, held.least_sessions)},
              {"connected_after_seconds", up_seconds},
              {"rss_bytes", rss},
              {"rss_bytes_before", rss_before},
              {"rss_bytes_per_session", (rss - std::min(rss, rss_before)) / o.count},
              {"open_descriptors", p["open_descriptors"]},
              {"cpu_share", (cpu_seconds_of(nodes[0].directory) - cpu_before) / o.seconds},
              {"environment", bench_environment()}};
}

result<json> run_idle(const bench_options& o) {
  std::vector<double> ready;
  for (std::uint32_t i = 1; i < o.repetitions; ++i) {
    cluster once;
    WEFT_TRY_VOID(once.start(1, {{"log.level", "warn"}}));
    WEFT_TRY(const auto status, status_of(once[0]));
    ready.push_back(status.value("ready_after_seconds", 0.0));
  }
  cluster nodes;
  WEFT_TRY_VOID(nodes.start(1, {{"log.level", "warn"}}));
  // The workers that answered the start-up questions leave after five seconds.
  sleep_unless_interrupted(std::chrono::seconds(6));
  const auto begin = clock::now();
  WEFT_TRY(const auto before, status_of(nodes[0]));
  sleep_unless_interrupted(seconds(o.seconds));
  WEFT_TRY(const auto after, status_of(nodes[0]));
  if (interrupted()) return fail(ec::cancelled, "interrupted");
  const auto spent = seconds_since(begin);
  ready.push_back(after.value("ready_after_seconds", 0.0));
  std::sort(ready.begin(), ready.end());
  const auto cpu
      = after["process"].value("cpu_seconds", 0.0) - before["process"].value("cpu_seconds", 0.0);
  return json{{"name", "idle"},
              {"parameters", {{"seconds", o.seconds}, {"repetitions", o.repetitions}}},
              {"ready_after_seconds", ready[ready.size() / 2]},
              {"ready_after_seconds_max", ready.back()},
              {"cpu_share", cpu / spent},
              {"rss_bytes", after["process"]["rss_bytes"]},
              {"threads", after["process"]["threads"]},
              {"open_descriptors", after["process"]["open_descriptors"]},
              {"environment", bench_environment()}};
}

exit_code print_figures(const common_options& common, const result<json>& figures) {
  if (!figures) return report(figures.error());
  if (common.json) {
    std::fputs(line_of(*figures).c_str(), stdout);
    return exit_code::ok;
  }
  std::printf("%s  %s\n", styled(style::bold, figures->value("name", "")).c_str(),
              (*figures)["parameters"].dump().c_str());
  for (const auto& [key, value] : figures->items()) {
    if (!value.is_number()) continue;
    std::string text = value.dump();
    if (key.find("seconds") != std::string::npos) text = format_seconds(value.get<double>());
    if (key.find("bytes") != std::string::npos) text = format_bytes(value.get<std::uint64_t>());
    if (key == "cpu_share") text = std::to_string(value.get<double>() * 100) + " % of a core";
    std::printf("  %-26s %s\n", key.c_str(), text.c_str());
  }
  std::printf("  %-26s %s\n", "machine", (*figures)["environment"].dump().c_str());
  return exit_code::ok;
}

}  // namespace

exit_code bench_idle(const common_options& common, const bench_options& o) {
  return print_figures(common, run_idle(o));
}

exit_code bench_sessions(const common_options& common, const bench_options& o) {
  return print_figures(common, run_sessions(o));
}

exit_code bench_routing(const common_options& common, const bench_options& o) {
  routing::table_bench_options options;
  options.entries = o.count;
  if (o.samples) options.samples = o.samples;
  options.resident = [] {
    const auto usage = metrics::read_process_usage();
    return usage ? std::size_t{usage->resident_bytes} : 0;
  };
  const auto cpu_before = own_cpu_seconds();
  const auto r = routing::run_table_bench(options, transport::io::now);
  json operations = json::array();
  for (const auto& f : r.operations)
    operations.push_back({{"name", f.name},
                          {"samples", f.samples},
                          {"p50", f.p50},
                          {"p95", f.p95},
                          {"p99", f.p99},
                          {"p999", f.p999},
                          {"max", f.max},
                          {"mean", f.mean}});
  json j{{"name", "routing"},
         {"parameters",
          {{"entries", r.entries}, {"samples", options.samples}, {"routes", options.routes}}},
         {"unit", "nanoseconds"},
         {"operations", std::move(operations)},
         {"bytes_per_entry",
          {{"total", r.bytes_per_entry},
           {"index", r.index_bytes_per_entry},
           {"rows", r.row_bytes_per_entry},
           {"records", r.record_bytes_per_entry},
           {"spare", r.spare_bytes_per_entry},
           {"resident", r.resident_bytes_per_entry},
           {"copied_while_held", r.copy_bytes_per_entry}}},
         {"inserts_per_second", r.inserts_per_second},
         {"throughput", {{"value", r.lookups_per_second}, {"unit", "lookups_per_second"}}},
         {"resources", {{"cpu_seconds", own_cpu_seconds() - cpu_before}}},
         {"environment", bench_environment()}};
  print_bench(common, j);
  if (!common.json) std::printf("bytes/entry %s\n", j["bytes_per_entry"].dump().c_str());
  return exit_code::ok;
}

}  // namespace weft::node
