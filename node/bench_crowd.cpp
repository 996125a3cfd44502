// SPDX-License-Identifier: MIT
#include "node/bench_report.hpp"
#include "node/client.hpp"

#include <algorithm>

namespace weft::node {

namespace {

using clock = std::chrono::steady_clock;
/// New sessions have told their topics, and tables have filled, within this.
constexpr duration settle_patience = std::chrono::seconds(20);

json request_of(const bench_options& o) {
  json j{{"kind", o.name}};
  if (o.name == "broadcast") {
    j["samples"] = o.samples ? o.samples : 200U;
    j["body_bytes"] = o.bytes ? o.bytes : 1024U;
    j["rate_per_second"] = o.rate > 0 ? o.rate : 50.0;
    j["limit_seconds"] = 120;
  } else if (o.name == "throughput") {
    j["samples"] = o.samples ? o.samples : o.bytes >= 4096 ? 20'000U : 50'000U;
    j["body_bytes"] = o.bytes ? o.bytes : 200U;
    j["window"]
        = o.window ? o.window : actors::broadcast_window(j["body_bytes"].get<std::size_t>());
    j["limit_seconds"] = 120;
  } else {
    j["samples"] = o.samples ? o.samples : 500U;
    j["window"] = o.window ? o.window : 1U;
  }
  return j;
}

/// A short run that is not reported: it says when everybody takes part.
result<void> settle(const std::string& directory, const json& request) {
  auto trial = request;
  trial["samples"] = 4U;
  const auto end = clock::now() + settle_patience;
  for (;;) {
    const auto run = node_client(directory).post("/v1/bench", trial.dump());
    if (run && run->value("failures", std::uint64_t{0}) == 0) return {};
    if (interrupted()) return fail(ec::cancelled, "interrupted");
    if (clock::now() < end) {
      sleep_unless_interrupted(std::chrono::milliseconds(200));
      continue;
    }
    if (!run) return fail(run.error());
    return fail(ec::timeout, "the trial run before the bench lost "
                                 + std::to_string(run->value("failures", std::uint64_t{0}))
                                 + " of its samples");
  }
}

/// Processor seconds and the largest memory of all nodes.
struct usage {
  double cpu_seconds = 0;
  std::uint64_t rss_bytes_max = 0;
};
usage usage_of(const cluster& nodes) {
  usage u;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto status = node_client(nodes[i].directory).get("/v1/status");
    if (!status || !status->contains("process")) continue;
    const auto& p = (*status)["process"];
    u.cpu_seconds += p.value("cpu_seconds", 0.0);
    u.rss_bytes_max = std::max(u.rss_bytes_max, p.value("rss_bytes", std::uint64_t{0}));
  }
  return u;
}

result<std::vector<json>> run_repeated(const std::string& directory, const json& request,
                                       const bench_options& o) {
  progress_bar bar("bench " + o.name);
  std::vector<json> runs;
  for (std::uint32_t i = 0; i < o.repetitions; ++i) {
    bar.update(i, o.repetitions);
    WEFT_TRY(auto run, node_client(directory).post("/v1/bench", request.dump()));
    runs.push_back(std::move(run));
    if (interrupted()) return fail(ec::cancelled, "interrupted");
  }
  return runs;
}

config_overrides overrides_of(const bench_options& o) {
  config_overrides out{{"log.level", "warn"}, {"bench.answer", "true"}};
  if (o.fanout) out.emplace_back("gossip.degree", std::to_string(o.fanout));
  if (o.unsigned_messages) out.emplace_back("gossip.signatures", "none");
  if (o.name == "lookup") out.emplace_back("dht.dial", "true");
  const auto sessions = std::max<std::uint32_t>(o.nodes * 2, 64);
  out.emplace_back("limits.sessions", std::to_string(sessions));
  return out;
}

result<json> bench_fresh(const bench_options& o) {
  cluster nodes;
  WEFT_TRY(const auto wanted, make_links(o.topology, o.nodes, o.seed, o.degree));
  WEFT_TRY_VOID(nodes.start(o.nodes, overrides_of(o)));
  WEFT_TRY_VOID(nodes.connect(wanted));
  auto request = request_of(o);
  if (o.name != "lookup") request["receivers"] = o.nodes - 1;
  WEFT_TRY_VOID(settle(nodes[0].directory, request));
  const auto before = usage_of(nodes);
  WEFT_TRY(const auto runs, run_repeated(nodes[0].directory, request, o));
  const auto after = usage_of(nodes);
  request.erase("kind");
  request.erase("receivers");
  request["nodes"] = o.nodes;
  request["topology"] = o.topology;
  request["links"] = wanted.size();
  request["signed"] = !o.unsigned_messages;
  if (o.fanout) request["fanout"] = o.fanout;
  return bench_report(o.name, std::move(request), runs, o.name == "throughput",
                      {{"cpu_seconds", after.cpu_seconds - before.cpu_seconds},
                       {"rss_bytes", after.rss_bytes_max}});
}

/// From the node of --dir, over the cluster it is part of.
result<json> bench_running(const common_options& common, const bench_options& o) {
  const auto directory = node_directory(common.directory);
  auto request = request_of(o);
  WEFT_TRY(const auto runs, run_repeated(directory, request, o));
  json resources;
  if (const auto status = node_client(directory).get("/v1/status"))
    resources["rss_bytes"] = (*status)["process"]["rss_bytes"];
  request.erase("kind");
  return bench_report(o.name, std::move(request), runs, o.name == "throughput",
                      std::move(resources));
}

}  // namespace

bool is_crowd_bench(const std::string& name) {
  return name == "broadcast" || name == "throughput" || name == "lookup";
}

exit_code bench_crowd(const common_options& common, const bench_options& o) {
  const auto done = o.here ? bench_running(common, o) : bench_fresh(o);
  if (!done) return report(done.error());
  print_bench(common, *done);
  return exit_code::ok;
}

}  // namespace weft::node
