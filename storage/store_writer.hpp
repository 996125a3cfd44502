// SPDX-License-Identifier: MIT
#pragma once

#include "messaging/store_operations.hpp"
#include "storage/database.hpp"
#include "storage/payload_folder.hpp"
#include "storage/store_config.hpp"
#include "storage/store_metrics.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What the store's thread does with operations. Internal to storage/.
namespace weft::storage {

/// The folders of a store.
struct store_paths {
  explicit store_paths(const std::filesystem::path& root)
      : folder(root),
        lock(root / "lock"),
        database(root / "messages.db"),
        outgoing(root / "outgoing"),
        incoming(root / "incoming"),
        received(root / "received") {}

  std::filesystem::path folder;
  std::filesystem::path lock;
  std::filesystem::path database;
  /// Payload files of the outbox, payloads arriving, and payloads of the inbox.
  std::filesystem::path outgoing;
  std::filesystem::path incoming;
  std::filesystem::path received;
};

/// Executes operations inside transactions. Used by one thread at a time.
class store_writer {
 public:
  store_writer(const store_config& config, store_paths paths, store_metrics& metrics);
  /// Opens, checks and migrates the database and removes files nothing refers to.
  result<void> open();
  result<messaging::stored_state> load();
  /// One transaction over all operations; fills their outcomes. All or nothing for what is in the
  /// database.
  void commit(const std::vector<messaging::store_batch*>& group);
  /// Payloads of the last `commit` whose digest is still to be checked, taken out of their batches.
  /// The check reads the whole file; run `check_payload` elsewhere, hand its verdict to
  /// `note_check`, and commit the operation again.
  std::vector<messaging::store_operation> take_unchecked() { return std::exchange(unchecked_, {}); }
  void note_check(const messaging::complete_payload& payload, ec verdict);
  /// Empties the log into the database when it has enough in it, or removals in it wait for the
  /// disk; for moments when nothing waits.
  void rest();
  bool unsynced() const noexcept { return unsynced_since_.has_value(); }
  /// Why the last transaction was lost; ec::none when it was not.
  const error& failure() const noexcept { return failure_; }

 private:
  using key = std::pair<peer_id, messaging::message_id>;
  /// A payload that arrives: its file and which fragments are in it.
  struct piece_state {
    messaging::payload_shape shape;
    byte_buffer received;
    file_handle file;
    std::filesystem::path path;
    bool dirty = false;
  };
  struct totals {
    std::uint64_t outbox_rows = 0;
    std::uint64_t outbox_bytes = 0;
    std::uint64_t inbox_rows = 0;
    std::uint64_t inbox_bytes = 0;
  };

  result<void> prepare();
  result<void> count();
  result<void> remove_orphans();
  result<void> run_group(const std::vector<messaging::store_batch*>& group);
  result<void> finish_group();
  /// Decides whether this transaction waits for the disk.
  result<void> choose_sync(const std::vector<messaging::store_batch*>& group);
  void checkpoint_above(std::uint64_t frames);
  void take_out_unchecked(const std::vector<messaging::store_batch*>& group);
  result<void> run(messaging::store_operation& op);
  /// Each returns a failure only when the transaction is lost; refusals go into `op.outcome`.
  result<void> execute(messaging::append_outbound& a, messaging::store_operation& op);
  result<void> execute(messaging::remove_outbound& a, messaging::store_operation& op);
  result<void> execute(messaging::read_outbound& a, messaging::store_operation& op);
  result<void> execute(messaging::append_inbound& a, messaging::store_operation& op);
  result<void> execute(messaging::write_fragment& a, messaging::store_operation& op);
  result<void> execute(messaging::complete_payload& a, messaging::store_operation& op);
  result<void> execute(messaging::drop_payload& a, messaging::store_operation& op);
  result<void> execute(messaging::mark_shown& a, messaging::store_operation& op);
  result<void> execute(messaging::remember_channel& a, messaging::store_operation& op);

  /// False: (sender, id) was known.
  result<bool> insert_seen(const peer_id& sender, const messaging::message_id& id, wall_time when);
  result<bool> is_seen(const peer_id& sender, const messaging::message_id& id);
  result<piece_state*> need_piece(const messaging::write_fragment& a, bool& refused);
  result<void> delete_piece(const peer_id& sender, const messaging::message_id& id);
  result<std::filesystem::path> settle_file(const messaging::complete_payload& a, ec verdict,
                                            ec& refusal);
  bool inbox_full(std::uint64_t bytes) const noexcept;
  result<void> prune();
  void fail_group(const std::vector<messaging::store_batch*>& group, const error& e);
  void publish() noexcept;
  void settle_metrics(const std::vector<messaging::store_batch*>& group);

  const store_config config_;
  const store_paths paths_;
  store_metrics& metrics_;
  database db_;
  statement begin_, commit_;
  statement insert_outbox_, delete_outbox_, insert_seen_, find_seen_, insert_inbox_, delete_inbox_;
  statement insert_piece_, find_piece_, update_piece_, delete_piece_, insert_channel_;
  std::map<key, piece_state> pieces_;
  std::map<std::string, file_handle> readers_;
  std::vector<std::filesystem::path> doomed_;
  /// Removals that failed with their transaction; repeated in the next one.
  std::vector<messaging::store_operation> repeat_;
  /// Verdicts of `check_payload`, until their operation comes.
  std::map<key, ec> checks_;
  /// Operations of the running group that wait for such a verdict.
  std::vector<const messaging::store_operation*> deferred_;
  std::vector<messaging::store_operation> unchecked_;
  totals totals_;
  error failure_;
  bool waits_for_disk_ = true;
  /// When the oldest commit that did not wait for the disk was made.
  std::optional<std::chrono::steady_clock::time_point> unsynced_since_;
  std::uint64_t seen_since_prune_ = 0;
};

/// The name of an arriving payload's file.
std::string piece_name(const peer_id& sender, const messaging::message_id& id);
/// Reads a payload whose fragments are all there and compares its digest; on disk afterwards when
/// `sync`. ec::none, ec::corrupt, ec::io, ec::denied. For any thread.
ec check_payload(const store_paths& paths, const messaging::complete_payload& payload, bool sync);

/// Reads inbox rows above `after`, at most `limit`; used by the writer and by readers of their own.
result<std::vector<messaging::stored_inbound>> read_inbox(database& db, const store_paths& paths,
                                                          std::uint64_t after, std::size_t limit);

}  // namespace weft::storage
