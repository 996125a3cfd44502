// SPDX-License-Identifier: MIT
#include "metrics/export/exporter.hpp"

#include "metrics/export/openmetrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <limits>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace weft::metrics {

namespace {

/// Gathers metrics into families; a family reported by several sources, or in several places of
/// one, becomes a single one.
class family_collector final : public visitor {
 public:
  void on_counter(std::string_view name, std::string_view help, labels l, double value) override {
    auto& metric = place(name, help, prometheus::MetricType::Counter, l);
    metric.counter.value = value;
  }
  void on_gauge(std::string_view name, std::string_view help, labels l, double value) override {
    auto& metric = place(name, help, prometheus::MetricType::Gauge, l);
    metric.gauge.value = value;
  }
  void on_histogram(std::string_view name, std::string_view help, labels l,
                    std::span<const double> bounds, std::span<const counter> buckets,
                    double sum) override {
    auto& h = place(name, help, prometheus::MetricType::Histogram, l).histogram;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      seen += buckets[i].value();
      const auto bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
      h.bucket.push_back({seen, bound});
    }
    h.sample_count = seen;
    h.sample_sum = sum;
  }
  const std::vector<prometheus::MetricFamily>& families() const { return families_; }

 private:
  prometheus::ClientMetric& place(std::string_view name, std::string_view help,
                                  prometheus::MetricType type, labels l) {
    auto [at, fresh] = index_.try_emplace(std::string(name), families_.size());
    if (fresh) families_.push_back({std::string(name), std::string(help), type, {}});
    auto& metric = families_[at->second].metric.emplace_back();
    for (const auto& each : l)
      metric.label.push_back({std::string(each.name), std::string(each.value)});
    return metric;
  }
  std::vector<prometheus::MetricFamily> families_;
  std::unordered_map<std::string, std::size_t> index_;
};

void write(std::string& out, exposition form, const family_collector& collector) {
  if (form == exposition::text) {
    out += prometheus::TextSerializer().Serialize(collector.families());
    return;
  }
  for (const auto& family : collector.families()) write_openmetrics(out, family);
}

}  // namespace

struct exporter::impl {
  std::mutex mutex;
  std::vector<const source*> sources;
  counter scrapes;
};

exporter::exporter() : impl_(std::make_unique<impl>()) {}
exporter::~exporter() = default;

void exporter::add(const source& s) {
  const std::lock_guard lock(impl_->mutex);
  impl_->sources.push_back(&s);
}

std::string exporter::scrape(exposition form) {
  const std::lock_guard lock(impl_->mutex);
  const auto begin = std::chrono::steady_clock::now();
  family_collector collector;
  for (const auto* each : impl_->sources) each->collect(collector);
  ++impl_->scrapes;
  collector.count("weft_scrapes_total", "Scrapes answered by this node.", {}, impl_->scrapes);
  std::string out;
  write(out, form, collector);
  // By itself, since it also tells of the writing of all the others.
  family_collector last;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  last.on_gauge("weft_scrape_duration_seconds", "Time it took to collect and write this scrape.",
                {}, took.count());
  write(out, form, last);
  if (form == exposition::openmetrics) out += "# EOF\n";
  return out;
}

void info_source::collect(visitor& v) const {
  v.on_gauge(
      "weft_build_info", "Version and commit of this node and the compiler that built it.",
      {{"version", facts_.version}, {"revision", facts_.revision}, {"compiler", facts_.compiler}},
      1);
  v.on_gauge(
      "weft_node_info", "Configured name and profile of this node and the end of its peer id.",
      {{"name", facts_.name}, {"profile", facts_.profile}, {"id_short", facts_.id_short}}, 1);
}

}  // namespace weft::metrics
