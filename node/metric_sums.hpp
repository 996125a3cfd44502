// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/catalog.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace weft::node {

/// Sums over the counters and gauges of a source, taken once: by name, and by name and value of one
/// label ("weft_peers,inbound").
class metric_sums final : private metrics::visitor {
 public:
  explicit metric_sums(const metrics::source& from) { from.collect(*this); }

  /// 0 for one that is not there.
  std::uint64_t of(std::string_view name) const;

 private:
  void on_counter(std::string_view name, std::string_view help, metrics::labels l,
                  double value) override;
  void on_gauge(std::string_view name, std::string_view help, metrics::labels l,
                double value) override;
  void on_histogram(std::string_view, std::string_view, metrics::labels, std::span<const double>,
                    std::span<const metrics::counter>, double) override {}
  void add(std::string_view name, metrics::labels l, double value);

  std::map<std::string, double, std::less<>> sums_;
};

}  // namespace weft::node
