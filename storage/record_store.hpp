// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "dht/store_operations.hpp"
#include "metrics/catalog.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace weft::storage {

struct record_store_config {
  /// Exists; its owner holds the lock of the folder (`message_store`).
  std::filesystem::path directory;
  /// Operations and bytes waiting for the writer; more are dropped and counted.
  std::size_t queue_operations_max = 64 * 1024;
  std::size_t queue_bytes_max = 64u << 20;
};

struct record_store_metrics {
  metrics::counter commits;
  metrics::counter operations;
  /// Dropped because the queue was full.
  metrics::counter dropped;
  /// Lost with their transaction: disk full and the like.
  metrics::counter failed;
  metrics::latency_histogram commit_seconds{metrics::latency_bounds};

  void collect(metrics::visitor& v) const;
};

/// Records, providers and known peers of a DHT on disk (SQLite, WAL). One writer thread puts
/// everything that waits into one transaction. Opens clean after `kill -9` at any point; a power
/// cut may lose the last seconds, which their owners publish again.
class record_store {
 public:
  /// Opens or creates `records.db`, checks it and moves its schema to the current version. A
  /// damaged file is set aside under another name and begun anew: all of it can be had from the
  /// network. ec::denied, ec::disk_full, ec::io, ec::unsupported (written by a newer version).
  static result<std::unique_ptr<record_store>> open(const record_store_config& config);
  /// Commits what is queued, then stops the thread.
  ~record_store();
  record_store(const record_store&) = delete;
  record_store& operator=(const record_store&) = delete;

  /// What is on disk, with everything submitted before. Rows that do not parse are left out.
  result<dht::stored_state> load();
  /// Queues operations, to be carried out in order. Thread-safe, never blocks.
  void submit(std::vector<dht::store_operation>&& operations);
  /// Waits until everything submitted before this call is committed, or lost.
  void flush();
  /// Commits what is queued and stops; later operations are dropped. Idempotent.
  void stop();

  /// How long the oldest work has waited without any having been finished; zero with none.
  /// Thread-safe.
  duration silence() const noexcept;
  const record_store_metrics& metrics() const noexcept;

 private:
  struct impl;
  explicit record_store(std::unique_ptr<impl> state) noexcept;
  std::unique_ptr<impl> impl_;
};

}  // namespace weft::storage
