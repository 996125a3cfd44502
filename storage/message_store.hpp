// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "messaging/store_operations.hpp"
#include "metrics/catalog.hpp"
#include "storage/store_config.hpp"
#include "storage/store_metrics.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace weft::storage {

/// The outbox, the inbox and the payload files of one node, on disk. One writer thread takes
/// batches of operations, puts everything that waits into one SQLite transaction (group commit) and
/// returns each batch after the commit. Survives `kill -9` at any point, and a power cut as
/// `store_config::sync` says: a batch whose completion was called with ec::none is on disk.
/// `complete_payload` operations come back in a batch of their own, once a second thread has read
/// the payload through; ec::stopping when there was no time for it.
class message_store {
 public:
  /// Called on the store's thread with the batch as it was submitted, outcomes filled in. Must not
  /// block.
  using completion = std::function<void(messaging::store_batch&&)>;

  /// Opens or creates the store in `config.directory`, locks the folder, checks the database and
  /// moves its schema to the current version. ec::in_use (another process has it), ec::denied
  /// (permissions), ec::corrupt, ec::disk_full, ec::io, ec::unsupported (written by a newer
  /// version).
  static result<std::unique_ptr<message_store>> open(const store_config& config);
  /// Commits what is queued, then stops the thread.
  ~message_store();
  message_store(const message_store&) = delete;
  message_store& operator=(const message_store&) = delete;

  /// Everything a new process needs. Call before `start`. ec::corrupt, ec::io.
  result<messaging::stored_state> load();
  /// Starts the writer thread; `done` receives every batch.
  void start(completion done);

  /// How long the oldest work has waited without any having been finished; zero with none.
  /// Thread-safe.
  duration silence() const noexcept;
  /// Queues a batch; thread-safe, never blocks. When the queue is full the batch stays with the
  /// caller, every outcome set to ec::queue_full, and false is returned: hand it to
  /// `messaging_core::on_stored` as it is.
  bool submit(messaging::store_batch& batch);
  /// Waits until everything submitted before this call is committed and its completion has
  /// returned.
  void flush();
  /// Commits what is queued and stops; later batches are refused with ec::stopping. Idempotent.
  void stop();

  // -- payload files; thread-safe, run on the caller's thread ---

  /// Copies a file into the store, synced to disk, for `messaging_core::send_file`. ec::not_found,
  /// ec::denied, ec::oversized, ec::disk_full, ec::io.
  result<messaging::payload_file> import_file(const std::filesystem::path& source);
  /// The same for bytes in memory.
  result<messaging::payload_file> import_bytes(bytes_view payload);
  /// Removes an imported file that was never sent.
  void discard(const messaging::payload_file& file);

  /// Up to `limit` unshown messages with a row above `after_row`, in order of arrival, over a
  /// connection of its own.
  result<std::vector<messaging::stored_inbound>> inbox(std::uint64_t after_row, std::size_t limit);

  const store_metrics& metrics() const noexcept;
  const std::filesystem::path& directory() const noexcept;

 private:
  struct impl;
  explicit message_store(std::unique_ptr<impl> state) noexcept;
  std::unique_ptr<impl> impl_;
};

}  // namespace weft::storage
