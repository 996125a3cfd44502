// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

namespace weft::metrics {

/// Order statistics of a set of samples, in the samples' unit. All zero when there are none.
struct sample_summary {
  std::size_t count = 0;
  double min = 0;
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double p999 = 0;
  double max = 0;
  double mean = 0;
};

/// Percentiles by the nearest-rank method: the smallest sample with at least that share of all
/// samples at or below it.
sample_summary summarize(std::vector<double> samples);

}  // namespace weft::metrics
