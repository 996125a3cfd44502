// SPDX-License-Identifier: MIT
#include "node/bench_report.hpp"
#include "node/scenario_file.hpp"
#include "sim/experiment.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <sys/resource.h>

namespace weft::node {

namespace {

struct timed_report {
  sim::report run;
  double wall_seconds = 0;
  double cpu_seconds = 0;
};

double processor_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

std::uint64_t memory_bytes_peak() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
}

json summary_json(const metrics::sample_summary& s) {
  return {{"samples", s.count}, {"p50", s.p50}, {"p95", s.p95},  {"p99", s.p99},
          {"p999", s.p999},     {"max", s.max}, {"mean", s.mean}};
}

json broadcast_json(const sim::broadcast_figures& b) {
  return {{"messages", b.published},
          {"owed", b.owed},
          {"in_time", b.in_time},
          {"delivery_percent", b.delivery_percent()},
          {"delivery_seconds", summary_json(b.delivery_seconds)},
          {"everywhere_seconds", summary_json(b.everywhere_seconds)},
          {"bound_seconds", summary_json(b.bound_seconds)},
          {"bound_delivery_seconds", summary_json(b.bound_delivery_seconds)},
          {"bound_everywhere_seconds", summary_json(b.bound_everywhere_seconds)},
          {"last_hop", summary_json(b.last_hop)},
          {"redundancy", b.redundancy},
          {"bytes_redundancy", b.bytes_redundancy}};
}

json lookup_json(const sim::lookup_figures& l) {
  return {{"stored", l.stored},
          {"store_failures", l.store_failures},
          {"asked", l.asked},
          {"found", l.found},
          {"wrong", l.wrong},
          {"unanswered", l.unanswered},
          {"success_percent", l.success_percent()},
          {"asked_in_faults", l.asked_in_faults},
          {"success_percent_in_faults", l.success_percent_in_faults()},
          {"seconds", summary_json(l.seconds)},
          {"hops", summary_json(l.hops)},
          {"requests", summary_json(l.requests)}};
}

/// The bench JSON of docs/cli.md, by deliveries or, without a broadcast, by lookups; with what
/// only a simulation knows beside it.
json report_json(const timed_report& t, const std::string& source) {
  const auto& r = t.run;
  json j{{"name", "sim"},
         {"parameters", {{"scenario", source}, {"nodes", r.nodes}, {"seed", r.seed}}},
         {"unit", "seconds"}};
  const auto& samples = r.has_broadcast ? r.broadcast.delivery_seconds : r.lookup.seconds;
  j.update(summary_json(samples));
  char hash[17];
  std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(r.trace_hash));
  j["throughput"] = {{"value", static_cast<double>(r.events) / std::max(t.wall_seconds, 1e-9)},
                     {"unit", "events_per_second"}};
  j["trace"] = hash;
  j["events"] = r.events;
  j["virtual_seconds"] = to_seconds(r.virtual_time);
  j["wall_seconds"] = t.wall_seconds;
  j["network"] = {{"frames", r.network.frames},
                  {"requests", r.network.requests},
                  {"pushes", r.network.pushes},
                  {"bytes", r.network.bytes},
                  {"dials", r.network.dials},
                  {"dials_failed", r.network.dials_failed},
                  {"held", r.network.held},
                  {"packets_lost", r.network.packets_lost},
                  {"sessions_median", r.sessions_median}};
  if (r.has_broadcast) j["broadcast"] = broadcast_json(r.broadcast);
  if (r.has_lookups) j["lookup"] = lookup_json(r.lookup);
  j["failures"] = json::array();
  for (const auto& f : r.failures)
    j["failures"].push_back(
        {{"what", f.what}, {"event", f.event}, {"virtual_seconds", to_seconds(f.at)}});
  j["resources"] = {{"cpu_seconds", t.cpu_seconds}, {"rss_bytes", memory_bytes_peak()}};
  j["environment"] = bench_environment();
  return j;
}

timed_report run_once(const sim::scenario& s, std::uint64_t seed, const sim_options& o,
                      progress_bar& bar) {
  sim::experiment_options options;
  if (o.trace_from) {
    options.trace_from = *o.trace_from;
    options.on_event = [](std::uint64_t number, instant at, const sim::event& e) {
      std::fprintf(stderr, "%s\n", sim::describe(number, at - sim::timeline::origin, e).c_str());
    };
  }
  options.progress = [&](duration done, duration total) {
    char note[32];
    std::snprintf(note, sizeof note, "%.0f s of virtual time", to_seconds(done));
    if (!o.trace_from)
      bar.update(static_cast<std::uint64_t>(done.count()),
                 static_cast<std::uint64_t>(total.count()), note);
    return !interrupted();
  };
  timed_report out;
  const double cpu = processor_seconds();
  const auto begin = std::chrono::steady_clock::now();
  sim::experiment run(s, seed, std::move(options));
  out.run = run.run();
  out.wall_seconds
      = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  out.cpu_seconds = processor_seconds() - cpu;
  return out;
}

void print_report(const common_options& common, const timed_report& t, const std::string& source) {
  if (common.json) {
    std::fputs(line_of(report_json(t, source)).c_str(), stdout);
    return;
  }
  std::fputs(sim::to_text(t.run).c_str(), stdout);
  const double virtual_seconds = to_seconds(t.run.virtual_time);
  std::printf("speed        %.2f M events/s, %.2f s of wall time: %.1f times real time, %s\n",
              static_cast<double>(t.run.events) / t.wall_seconds / 1e6, t.wall_seconds,
              virtual_seconds / t.wall_seconds, format_bytes(memory_bytes_peak()).c_str());
}

exit_code list_scenarios(const common_options& common) {
  std::vector<std::vector<std::string>> rows{{"SCENARIO", "NODES", "ABOUT"}};
  for (const auto& name : scenario_names()) {
    const auto s = load_scenario(name);
    if (!s) return report(s.error());
    if (common.json)
      std::fputs(
          line_of(json{{"name", name}, {"nodes", s->nodes.count}, {"about", s->about}}).c_str(),
          stdout);
    rows.push_back({name, std::to_string(s->nodes.count), s->about});
  }
  if (!common.json) std::fputs(format_table(rows, {1}).c_str(), stdout);
  return exit_code::ok;
}

}  // namespace

exit_code command_sim(const common_options& common, const sim_options& o) {
  if (o.list) return list_scenarios(common);
  auto scenario = load_scenario(o.scenario);
  if (!scenario) return report(scenario.error());
  if (o.nodes != 0) scenario->nodes.count = o.nodes;
  watch_interrupts();
  for (std::uint32_t i = 0; i < o.runs; ++i) {
    progress_bar bar("sim " + o.scenario);
    const auto t = run_once(*scenario, o.seed + i, o, bar);
    bar.clear();
    if (interrupted()) return report({ec::cancelled, "interrupted"});
    if (o.runs == 1 || common.json || !t.run.ok()) print_report(common, t, o.scenario);
    if (!t.run.ok()) {
      std::fputs(printable(sim::failures_text(t.run, o.scenario)).c_str(), stderr);
      return exit_code::failure;
    }
    if (o.runs > 1 && !common.json)
      std::printf("seed %llu  ok  trace %016llx  %llu events\n",
                  static_cast<unsigned long long>(o.seed + i),
                  static_cast<unsigned long long>(t.run.trace_hash),
                  static_cast<unsigned long long>(t.run.events));
  }
  return exit_code::ok;
}

}  // namespace weft::node
