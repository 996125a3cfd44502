// SPDX-License-Identifier: MIT
#pragma once

#include "actors/bench_types.hpp"
#include "metrics/catalog.hpp"
#include "metrics/counter.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::actors {

enum class bench_end : std::uint8_t {
  /// Every sample came.
  complete,
  /// Some failed, did not come in time, or were not taken before the limit.
  partial,
  /// No result, or not a single sample.
  failed,
  /// Its time came while another bench ran.
  skipped,
  count_
};
/// Of a bench with a result.
bench_end how_it_ended(const bench_result& r) noexcept;
std::string_view to_string(bench_end end) noexcept;

/// What the benches that this node ran have found. One bench runs at a time, and whoever ends it
/// writes.
class bench_metrics final : public metrics::source {
 public:
  /// `at` is the wall clock's time.
  void on_result(bench_kind kind, const result<bench_result>& r, wall_time at);
  void on_skipped(bench_kind kind) noexcept;
  void collect(metrics::visitor& v) const override;

 private:
  struct of_kind {
    metrics::latency_histogram seconds{metrics::latency_bounds};
    metrics::counters_by<bench_end> runs;
    metrics::counter samples_lost;
    metrics::gauge last_run_seconds;
  };

  std::array<of_kind, bench_kinds> kinds_;
  metrics::gauge messages_per_second_;
  metrics::gauge bytes_per_second_;
  metrics::gauge upload_bytes_per_second_;
  metrics::gauge download_bytes_per_second_;
  metrics::gauge receivers_;
};

}  // namespace weft::actors
