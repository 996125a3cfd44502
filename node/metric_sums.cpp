// SPDX-License-Identifier: MIT
#include "node/metric_sums.hpp"

namespace weft::node {

std::uint64_t metric_sums::of(std::string_view name) const {
  const auto at = sums_.find(name);
  return at == sums_.end() || at->second < 0 ? 0 : static_cast<std::uint64_t>(at->second);
}

void metric_sums::on_counter(std::string_view name, std::string_view, metrics::labels l,
                             double value) {
  add(name, l, value);
}

void metric_sums::on_gauge(std::string_view name, std::string_view, metrics::labels l,
                           double value) {
  add(name, l, value);
}

void metric_sums::add(std::string_view name, metrics::labels l, double value) {
  std::string key(name);
  sums_[key] += value;
  for (const auto& each : l) sums_[key + "," + std::string(each.value)] += value;
}

}  // namespace weft::node
