// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace weft::storage {

/// Where the store lives and what it may hold.
struct store_config {
  /// Created with mode 0700 when missing.
  std::filesystem::path directory;
  /// A commit is on disk before it is reported (PRAGMA synchronous=FULL). Off: a power cut may lose
  /// the last commits, a killed process does not.
  bool sync = true;
  /// Transactions that only take rows away, or remember channels, share the sync of a later one
  /// for this long: a power cut within this time brings those messages again.
  duration removal_sync_delay = std::chrono::milliseconds{50};
  /// Rows and bytes (bodies and payload files) of each box; more is refused with ec::limit.
  std::uint64_t outbox_rows_max = 100'000;
  std::uint64_t outbox_bytes_max = 8ull << 30;
  std::uint64_t inbox_rows_max = 100'000;
  std::uint64_t inbox_bytes_max = 8ull << 30;
  /// Message ids kept to recognise duplicates: how long, and how many.
  duration seen_retention = std::chrono::hours{24 * 15};
  std::uint64_t seen_rows_max = 2'000'000;
  /// Largest database file; 0: as the disk allows. Above it: ec::disk_full.
  std::uint64_t database_bytes_max = 0;
  /// Size the write-ahead log is given at the start; 0: none. It is emptied into the database when
  /// it is half full, or an eighth and nothing waits.
  std::uint64_t log_bytes = 8u << 20;
  /// Operations and bytes waiting for the writer.
  std::size_t queue_operations_max = 128 * 1024;
  std::size_t queue_bytes_max = 128u << 20;
  /// Operations in one transaction.
  std::size_t commit_operations_max = 8192;
  /// Largest file `import_file` takes.
  std::uint64_t payload_bytes_max = 4ull << 30;

  /// ec::bad_config with the field's name.
  result<void> validate() const;
};

}  // namespace weft::storage
