// SPDX-License-Identifier: MIT
#include "node/bench_report.hpp"
#include "node/client.hpp"

#include <algorithm>
#include <cstdio>

namespace weft::node {

namespace {

/// The request of the admin API that one run needs, without its destination.
json bench_request_of(const bench_options& o) {
  json j{{"kind", o.name}};
  if (o.name == "handshake") {
    j["samples"] = o.samples ? o.samples : 300U;
  } else if (o.name == "ping") {
    j["samples"] = o.samples ? o.samples : 5000U;
  } else if (o.name == "stream") {
    const auto bytes = o.bytes ? o.bytes : std::uint64_t{256} << 20;
    j["samples"] = o.samples ? o.samples : 4U;
    j["upload_bytes"] = bytes;
    j["download_bytes"] = bytes;
  } else {
    j["body_bytes"] = o.bytes ? o.bytes : 200U;
    j["durable"] = o.durable;
    j["window"] = o.window ? o.window : o.rate > 0 ? 4096U : o.durable ? 4096U : 1024U;
    const auto paced = static_cast<std::uint32_t>(std::max(1.0, o.rate * o.seconds));
    j["samples"] = o.samples       ? o.samples
                   : o.window == 1 ? 1000U
                   : o.rate > 0    ? paced
                   : o.durable     ? 50'000U
                                   : 200'000U;
    if (o.rate > 0) j["rate_per_second"] = o.rate;
  }
  return j;
}

/// Latency counts where each message waits for its own answer, throughput where many are under way.
bool judged_by_throughput(const bench_options& o) {
  return o.name == "stream" || (o.name == "message" && o.window != 1 && o.rate <= 0);
}

json parameters_of(const json& request, const bench_options& o) {
  json p = request;
  p.erase("kind");
  p["hops"] = o.hops;
  return p;
}

result<json> run_repeated(const std::string& directory, json request, const bench_options& o,
                          std::vector<json>& runs) {
  progress_bar bar("bench " + o.name);
  double cpu = 0;
  for (std::uint32_t i = 0; i < o.repetitions; ++i) {
    bar.update(i, o.repetitions);
    auto run = node_client(directory).post("/v1/bench", request.dump());
    if (!run) return fail(run.error());
    if ((*run)["summary"].value("samples", std::uint64_t{0}) == 0)
      return fail(ec::io, "the bench has no samples; "
                              + std::to_string(run->value("failures", std::uint64_t{0}))
                              + " failures");
    cpu += run->value("cpu_seconds", 0.0);
    runs.push_back(std::move(*run));
    if (interrupted()) return fail(ec::cancelled, "interrupted");
  }
  return json(cpu);
}

/// Against the node of --dir: nothing is started.
result<json> bench_running(const common_options& common, const bench_options& o) {
  const auto directory = node_directory(common.directory);
  auto request = bench_request_of(o);
  request["to"] = o.to;
  std::vector<json> runs;
  WEFT_TRY(const auto cpu, run_repeated(directory, request, o, runs));
  const auto status = node_client(directory).get("/v1/status");
  json resources{{"cpu_seconds", cpu}};
  if (status) resources["rss_bytes"] = (*status)["process"]["rss_bytes"];
  auto parameters = parameters_of(request, o);
  return bench_report(o.name, std::move(parameters), runs, judged_by_throughput(o),
                      std::move(resources));
}

/// A line of fresh node processes, measured from its first node to its last.
result<json> bench_cluster(const bench_options& o) {
  cluster nodes;
  const bool alone = o.name == "handshake" || o.name == "stream";
  const std::size_t count = (alone ? 1 : o.hops) + 1;
  WEFT_TRY_VOID(nodes.start(count, {{"log.level", "warn"}}));
  const auto& near = nodes[0];
  const auto& far = nodes[count - 1];
  auto request = bench_request_of(o);
  if (count == 2) {
    request["to"] = far.address;
  } else {
    WEFT_TRY(const auto wanted, make_links("line", count, 0));
    WEFT_TRY_VOID(nodes.connect(wanted));
    WEFT_TRY_VOID(nodes.wait_route(0, count - 1, cluster::ready_patience));
    WEFT_TRY_VOID(nodes.wait_route(count - 1, 0, cluster::ready_patience));
    request["to"] = far.id.to_string();
  }
  const auto far_cpu = cpu_seconds_of(far.directory);
  std::vector<json> runs;
  WEFT_TRY(const auto cpu, run_repeated(near.directory, request, o, runs));
  auto resources = bench_resources(near, far, cpu.get<double>(), far_cpu);
  request.erase("to");
  return bench_report(o.name, parameters_of(request, o), runs, judged_by_throughput(o),
                      std::move(resources));
}

}  // namespace

exit_code command_bench(const common_options& common, const bench_options& o) {
  watch_interrupts();
  if (is_crowd_bench(o.name)) return bench_crowd(common, o);
  if (o.name == "routing") return bench_routing(common, o);
  if (o.name == "idle") return bench_idle(common, o);
  if (o.name == "sessions") return bench_sessions(common, o);
  const auto report_or = o.to.empty() ? bench_cluster(o) : bench_running(common, o);
  if (!report_or) return report(report_or.error());
  print_bench(common, *report_or);
  return exit_code::ok;
}

}  // namespace weft::node
