// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace weft::routing {

/// Percentiles of one operation, nanoseconds per operation, the clock's own cost taken off.
struct operation_figures {
  std::string name;
  std::size_t samples = 0;
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double p999 = 0;
  double max = 0;
  double mean = 0;
};

struct table_bench_options {
  std::size_t entries = 1'000'000;
  /// Lookups, choices and changes timed.
  std::size_t samples = 200'000;
  /// Routes per destination while inserting; the choice is always made among ten.
  std::size_t routes = 2;
  std::uint64_t seed = 1;
};

struct table_bench_report {
  /// Every figure is of single operations, each timed alone on a random key, unless its name says
  /// "batch".
  std::vector<operation_figures> operations;
  std::size_t entries = 0;
  /// Rows, hash bytes, slack and directory, divided by entries: what lookups read and snapshots
  /// share.
  double row_bytes_per_entry = 0;
  /// The core's own state beside each row, its signature apart.
  double state_bytes_per_entry = 0;
  /// The announcements' signatures, slack included.
  double signature_bytes_per_entry = 0;
  /// Rows copied because a held snapshot shared them while 1 in 1000 destinations changed, per
  /// entry of the table.
  double copy_bytes_per_entry = 0;
  double inserts_per_second = 0;
  double lookups_per_second = 0;
};

/// Fills a routing table and times inserts, lookups of random keys through a published snapshot,
/// choices among ten routes, changes and publications. Single-threaded; `clock` is the caller's
/// monotonic clock.
table_bench_report run_table_bench(const table_bench_options& options,
                                   const std::function<instant()>& clock);

}  // namespace weft::routing
