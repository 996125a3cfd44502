// SPDX-License-Identifier: MIT
#pragma once

#include "node/cluster.hpp"
#include "node/commands.hpp"
#include "node/views.hpp"

#include <string>
#include <vector>

/// Shared by the `weft bench` commands: the JSON of docs/cli.md and its table for people.
namespace weft::node {

/// Processor, cores, kernel and version of this machine and program.
json bench_environment();

/// The report of docs/cli.md: the median run's figures at the top, every run under "runs". `runs`
/// are answers of the admin API's bench endpoint; the median is taken by throughput or by p50.
json bench_report(const std::string& name, json parameters, const std::vector<json>& runs,
                  bool by_throughput, json resources);

/// Prints the report as JSON or as a table.
void print_bench(const common_options& common, const json& report);

/// Memory and processor time of two nodes around a bench.
json bench_resources(const cluster_node& near, const cluster_node& far, double near_cpu_seconds,
                     double far_cpu_before);
/// Processor seconds a node has used.
double cpu_seconds_of(const std::string& directory);

/// `weft bench idle` and `weft bench sessions`
exit_code bench_idle(const common_options& common, const bench_options& o);
exit_code bench_sessions(const common_options& common, const bench_options& o);
/// `weft bench routing`: no network, the table alone.
exit_code bench_routing(const common_options& common, const bench_options& o);

/// broadcast, throughput and lookup: many nodes take part.
bool is_crowd_bench(const std::string& name);
exit_code bench_crowd(const common_options& common, const bench_options& o);

/// The far ends of `weft bench sessions`: many transports in one process, each with a session to
/// the same node. Prints one line when all are up, stays until its input ends or SIGTERM.
exit_code command_bench_far(const std::string& address, std::uint32_t count);

}  // namespace weft::node
