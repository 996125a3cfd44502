// SPDX-License-Identifier: MIT
#include "metrics/sample_summary.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace weft::metrics {

sample_summary summarize(std::vector<double> samples) {
  if (samples.empty()) return {};
  std::sort(samples.begin(), samples.end());
  const auto count = samples.size();
  const auto rank = [&](double share) {
    const auto nearest = static_cast<std::size_t>(std::ceil(share * static_cast<double>(count)));
    return samples[std::clamp<std::size_t>(nearest, 1, count) - 1];
  };
  sample_summary out;
  out.count = count;
  out.min = samples.front();
  out.p50 = rank(0.50);
  out.p95 = rank(0.95);
  out.p99 = rank(0.99);
  out.p999 = rank(0.999);
  out.max = samples.back();
  out.mean = std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(count);
  return out;
}

}  // namespace weft::metrics
