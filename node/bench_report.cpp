// SPDX-License-Identifier: MIT
#include "node/bench_report.hpp"

#include "node/build_info.hpp"
#include "node/client.hpp"
#include "node/files.hpp"

#include <algorithm>
#include <cstdio>
#include <sys/utsname.h>
#include <thread>

namespace weft::node {

namespace {

std::string processor_name() {
  const auto text = read_file("/proc/cpuinfo", 4 * 1024 * 1024);
  if (!text) return "unknown";
  const auto at = text->find("model name");
  const auto colon = at == std::string::npos ? at : text->find(": ", at);
  if (colon == std::string::npos) return "unknown";
  return text->substr(colon + 2, text->find('\n', colon) - colon - 2);
}

double real_of(const json& j, const char* key) { return j.value(key, 0.0); }

std::string amount(double value, const std::string& unit) {
  if (unit == "seconds") return format_seconds(value);
  if (unit == "bits_per_second") return format_bits_per_second(value);
  if (unit == "nanoseconds") return format_seconds(value * 1e-9);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.0f %s", value, unit.c_str());
  return buffer;
}

std::vector<std::string> summary_row(const std::string& name, const json& s,
                                     const std::string& unit) {
  std::vector<std::string> row{name, std::to_string(s.value("samples", std::uint64_t{0}))};
  for (const auto* key : {"p50", "p95", "p99", "p999", "max", "mean"})
    row.push_back(amount(real_of(s, key), unit));
  return row;
}

void print_crowd(const json& report) {
  if (!report.contains("receivers")) return;
  std::printf("receivers   %s, %s of %s deliveries", report["receivers"].dump().c_str(),
              report["delivered"].dump().c_str(), report["expected"].dump().c_str());
  if (report.contains("clock"))
    std::printf("; clocks %s, within %s", report.value("clock", "").c_str(),
                format_seconds(real_of(report, "clock_uncertainty_seconds")).c_str());
  std::printf("\n");
  if (report.contains("bytes_per_second"))
    std::printf(
        "slowest     %s/s; %.1f CPU seconds of all nodes per million deliveries\n",
        format_bytes(static_cast<std::uint64_t>(real_of(report, "bytes_per_second"))).c_str(),
        real_of(report, "cpu_seconds_per_million"));
}

}  // namespace

json bench_environment() {
  utsname system{};
  ::uname(&system);
  return {{"cpu", processor_name()},
          {"cores", std::thread::hardware_concurrency()},
          {"kernel", std::string(system.sysname) + " " + system.release},
          {"version", version()}};
}

json bench_report(const std::string& name, json parameters, const std::vector<json>& runs,
                  bool by_throughput, json resources) {
  std::vector<std::size_t> order(runs.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto figure = [&](std::size_t i) {
    return by_throughput ? real_of(runs[i]["throughput"], "value")
                         : real_of(runs[i]["summary"], "p50");
  };
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return figure(a) < figure(b); });
  const auto& median = runs[order[order.size() / 2]];
  parameters["repetitions"] = runs.size();
  json j{{"name", name}, {"parameters", std::move(parameters)}, {"unit", median["unit"]}};
  for (const auto& [key, value] : median["summary"].items()) j[key] = value;
  if (median.contains("second_way"))
    j[name == "broadcast" ? "everywhere" : "download"] = median["second_way"];
  j["throughput"] = median["throughput"];
  j["failures"] = 0;
  json each = json::array();
  std::uint64_t failures = 0;
  std::uint64_t samples = 0;
  std::uint64_t cut_short = 0;
  for (const auto& run : runs) {
    if (run.value("cut_short", false)) ++cut_short;
    samples += run["summary"].value("samples", std::uint64_t{0});
    json r{{"p50", run["summary"]["p50"]},
           {"p99", run["summary"]["p99"]},
           {"throughput", run["throughput"]["value"]}};
    if (run.contains("second_way")) r["download_p50"] = run["second_way"]["p50"];
    each.push_back(std::move(r));
    failures += run.value("failures", std::uint64_t{0});
  }
  j["failures"] = failures;
  if (cut_short > 0) j["runs_cut_short"] = cut_short;
  if (median.value("hops", 0U)) j["hops"] = median["hops"];
  for (const auto* key :
       {"receivers", "expected", "delivered", "clock", "clock_uncertainty_seconds",
        "bytes_per_second", "cpu_seconds_per_million"})
    if (median.contains(key)) j[key] = median[key];
  j["runs"] = std::move(each);
  if (!median.contains("second_way") && samples != 0)
    for (const auto* key : {"cpu_seconds", "far_cpu_seconds"})
      if (resources.contains(key))
        resources[std::string(key) + "_per_sample"]
            = real_of(resources, key) / static_cast<double>(samples);
  j["resources"] = std::move(resources);
  j["environment"] = bench_environment();
  return j;
}

void print_bench(const common_options& common, const json& report) {
  if (common.json) {
    std::fputs(line_of(report).c_str(), stdout);
    return;
  }
  const auto unit = report.value("unit", "");
  std::printf("%s  %s\n", styled(style::bold, report.value("name", "")).c_str(),
              report["parameters"].dump().c_str());
  std::vector<std::vector<std::string>> rows{
      {"", "SAMPLES", "P50", "P95", "P99", "P99.9", "MAX", "MEAN"}};
  if (report.contains("operations"))
    for (const auto& operation : report["operations"])
      rows.push_back(summary_row(operation.value("name", ""), operation, unit));
  else
    rows.push_back(summary_row(report.contains("download") ? "upload" : "", report, unit));
  for (const auto* part : {"download", "everywhere"})
    if (report.contains(part)) rows.push_back(summary_row(part, report[part], unit));
  std::fputs(format_table(rows, {1, 2, 3, 4, 5, 6, 7}).c_str(), stdout);
  if (report.contains("throughput") && real_of(report["throughput"], "value") > 0)
    std::printf("throughput  %s\n", amount(real_of(report["throughput"], "value"),
                                           report["throughput"].value("unit", ""))
                                        .c_str());
  print_crowd(report);
  if (report.contains("runs") && report["runs"].size() > 1)
    std::printf("runs        %s\n", report["runs"].dump().c_str());
  if (report.value("failures", std::uint64_t{0}))
    std::printf("failures    %s\n", report["failures"].dump().c_str());
  if (report.contains("runs_cut_short"))
    std::printf("cut short   %s runs, by their limit of time\n",
                report["runs_cut_short"].dump().c_str());
  if (report.contains("resources")) {
    const auto& r = report["resources"];
    if (r.contains("cpu_seconds_per_sample")) {
      std::string text = format_seconds(real_of(r, "cpu_seconds_per_sample"));
      if (r.contains("far_cpu_seconds_per_sample"))
        text += " near, " + format_seconds(real_of(r, "far_cpu_seconds_per_sample")) + " far";
      std::printf("processor   %s per sample\n", text.c_str());
    }
    std::printf("resources   %s\n", r.dump().c_str());
  }
  std::printf("machine     %s\n", report["environment"].dump().c_str());
}

double cpu_seconds_of(const std::string& directory) {
  const auto j = node_client(directory).get("/v1/status");
  return j && j->contains("process") ? real_of((*j)["process"], "cpu_seconds") : 0;
}

json bench_resources(const cluster_node& near, const cluster_node& far, double near_cpu_seconds,
                     double far_cpu_before) {
  json j{{"cpu_seconds", near_cpu_seconds}};
  const auto rss = [](const cluster_node& node) {
    const auto s = node_client(node.directory).get("/v1/status");
    return s && s->contains("process") ? (*s)["process"].value("rss_bytes", std::uint64_t{0}) : 0;
  };
  j["rss_bytes"] = rss(near);
  j["far_cpu_seconds"] = cpu_seconds_of(far.directory) - far_cpu_before;
  j["far_rss_bytes"] = rss(far);
  return j;
}

}  // namespace weft::node
