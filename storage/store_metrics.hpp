// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/catalog.hpp"
#include "metrics/counter.hpp"

#include <array>

namespace weft::storage {

/// Counters of one store; written by its thread.
struct store_metrics {
  static constexpr std::array<double, 10> batch_bounds{1,   4,    16,   64,   256,
                                                       512, 1024, 2048, 4096, 8192};

  metrics::counter commits;
  metrics::counter checkpoints;
  metrics::counter operations;
  metrics::counter duplicates;
  metrics::counter refused;
  metrics::counter queue_full;
  metrics::counter disk_full;
  metrics::counter errors;
  metrics::counter seen_pruned;
  metrics::gauge outbox_rows;
  metrics::gauge outbox_bytes;
  metrics::gauge inbox_rows;
  metrics::gauge inbox_bytes;
  /// Seconds of one transaction, sync included.
  metrics::latency_histogram commit_seconds{metrics::latency_bounds};
  /// Operations in one transaction.
  metrics::histogram<10> batch_operations{batch_bounds};

  void collect(metrics::visitor& v) const;
};

}  // namespace weft::storage
