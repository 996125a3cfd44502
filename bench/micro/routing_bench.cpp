// SPDX-License-Identifier: MIT
#include "routing/route_table.hpp"
#include "routing/routing_snapshot.hpp"
#include "routing/table_bench.hpp"

#include <benchmark/benchmark.h>

#include <chrono>

namespace {

using namespace weft;
using namespace weft::routing;

instant monotonic_now() {
  return instant(
      std::chrono::duration_cast<duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

/// The whole program-style run: percentiles of single operations and bytes per entry as counters.
void routing_table(benchmark::State& state) {
  table_bench_options options;
  options.entries = static_cast<std::size_t>(state.range(0));
  table_bench_report report;
  for (auto _ : state) report = run_table_bench(options, monotonic_now);
  for (const auto& each : report.operations) {
    state.counters[each.name + "_p50_ns"] = each.p50;
    state.counters[each.name + "_p99_ns"] = each.p99;
  }
  state.counters["inserts_per_s"] = report.inserts_per_second;
  state.counters["lookups_per_s"] = report.lookups_per_second;
  state.counters["bytes"] = report.bytes_per_entry;
  state.counters["index_bytes"] = report.index_bytes_per_entry;
  state.counters["row_bytes"] = report.row_bytes_per_entry;
  state.counters["record_bytes"] = report.record_bytes_per_entry;
  state.counters["spare_bytes"] = report.spare_bytes_per_entry;
  state.counters["copy_bytes"] = report.copy_bytes_per_entry;
}
BENCHMARK(routing_table)
    ->Arg(1'000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

void routing_choose_of_10(benchmark::State& state) {
  std::array<candidate, 10> candidates;
  for (std::size_t i = 0; i < candidates.size(); ++i)
    candidates[i] = {static_cast<std::uint16_t>(i), 3, static_cast<metric>(200 + 20 * i)};
  std::uint64_t random = 88172645463325252u;
  for (auto _ : state) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    benchmark::DoNotOptimize(choose(candidates, random));
  }
}
BENCHMARK(routing_choose_of_10);

}  // namespace
