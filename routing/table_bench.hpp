// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace weft::routing {

/// Percentiles over the samples of one operation, in nanoseconds per operation.
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
  /// Routes per destination; the choice is always made among ten.
  std::size_t routes = 2;
  std::uint64_t seed = 1;
  /// The process's resident bytes now, for the cross-check of the table's own count; may be empty.
  std::function<std::size_t()> resident;
};

struct table_bench_report {
  /// Every sample is the mean of a block of `block` operations timed together, the median cost of
  /// reading the clock taken off, unless it says otherwise.
  /// - "insert": key, two routes, announcement. "insert_alone": one operation a sample.
  /// - "lookup": `routing_snapshot::next_hop` of random keys out of the whole table, as for the
  ///   frames of a batch: all announced by `expect`, then each looked up. "lookup_absent": of keys
  ///   that the table has not.
  /// - "lookup_unexpected", "lookup_absent_unexpected": without `expect`, each lookup independent
  ///   of the others, so the processor may overlap as many as it can look ahead.
  /// - "lookup_chain": of known keys, the key of each depending on the result of the one before:
  ///   the wait for memory in full.
  /// - "choose_of_10"; "lookup_and_choose_of_10": with the lookup of the ten.
  /// - "publish": a whole publication, alone, after one destination in a thousand changed.
  std::vector<operation_figures> operations;
  static constexpr std::size_t block = 64;
  std::size_t entries = 0;
  /// Bytes per entry of everything the table and one snapshot hold, by `route_table::usage`.
  double index_bytes_per_entry = 0;
  double row_bytes_per_entry = 0;
  double record_bytes_per_entry = 0;
  double spare_bytes_per_entry = 0;
  double bytes_per_entry = 0;
  /// How much the process's resident memory grew by filling and publishing; 0 when not asked for.
  double resident_bytes_per_entry = 0;
  /// Bytes taken for copies while a snapshot is held and 1 in 1000 destinations changes, per entry
  /// of the table.
  double copy_bytes_per_entry = 0;
  double inserts_per_second = 0;
  double lookups_per_second = 0;
};

/// Fills a routing table (row, routes, state and announcement of each destination) and times
/// inserts, lookups through a published snapshot as the data path makes them, choices among ten
/// routes and publications. Single-threaded; `clock` is the caller's monotonic clock.
table_bench_report run_table_bench(const table_bench_options& options,
                                   const std::function<instant()>& clock);

}  // namespace weft::routing
