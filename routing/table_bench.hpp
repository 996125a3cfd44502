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
  /// Lookups and choices timed, each kind.
  std::size_t samples = 200'000;
  /// Routes per destination while inserting; the choice is always made among ten.
  std::size_t routes = 2;
  std::uint64_t seed = 1;
};

struct table_bench_report {
  /// "insert", "lookup", "lookup_absent", "choose_of_10", "lookup_and_choose_of_10": each sample is
  /// the mean of `batch` operations on random keys timed together, so that the clock does not
  /// outweigh them; the processor may overlap neighbouring ones. "insert_alone", "lookup_alone":
  /// one operation a sample, the wait for memory in full and what is left of the clock's jitter.
  /// "publish": a whole publication after one destination in a thousand changed.
  std::vector<operation_figures> operations;
  static constexpr std::size_t batch = 16;
  std::size_t entries = 0;
  /// Rows (key and routes), tags, directory, pages and free room, divided by entries: what lookups
  /// read and snapshots share.
  double row_bytes_per_entry = 0;
  /// The core's own state beside each row: sequence, times, feasibility distance, what was told.
  double state_bytes_per_entry = 0;
  /// The announcements' signatures, kept apart to be passed on; no lookup or choice reads them.
  double signature_bytes_per_entry = 0;
  /// Rows copied because a held snapshot shared them while 1 in 1000 destinations changed, per
  /// entry of the table.
  double copy_bytes_per_entry = 0;
  double inserts_per_second = 0;
  double lookups_per_second = 0;
};

/// Fills a routing table (row, routes, state and signature of each destination) and times inserts,
/// lookups of random keys through a published snapshot, choices among ten routes and publications.
/// Single-threaded; `clock` is the caller's monotonic clock.
table_bench_report run_table_bench(const table_bench_options& options,
                                   const std::function<instant()>& clock);

}  // namespace weft::routing
