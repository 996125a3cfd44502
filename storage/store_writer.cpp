// SPDX-License-Identifier: MIT
#include "storage/store_writer.hpp"

#include "base/encoding.hpp"

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <limits>

namespace weft::storage {

using namespace messaging;

namespace {

constexpr std::size_t readers_max = 16;
constexpr std::size_t pieces_max = 256;
constexpr std::size_t repeat_max = 64 * 1024;
constexpr std::uint64_t prune_every = 4096;

/// A page and its frame's header.
constexpr std::uint64_t frame_bytes = 4096 + 24;
/// The log is emptied when it holds this part of its size, and this part when nothing waits.
constexpr std::uint64_t busy_part = 2;
constexpr std::uint64_t idle_part = 8;

std::int64_t number(wall_time t) noexcept { return t.time_since_epoch().count(); }

/// Whether losing the operation in a power cut only brings a message again.
bool may_wait(const store_operation& op) noexcept {
  return std::holds_alternative<remove_outbound>(op.action)
         || std::holds_alternative<mark_shown>(op.action)
         || std::holds_alternative<remember_channel>(op.action)
         || std::holds_alternative<read_outbound>(op.action);
}

}  // namespace

// -- operations ---

result<void> store_writer::execute(append_outbound& a, store_operation& op) {
  const std::uint64_t bytes = a.file.size > 0 ? a.file.size : a.body.size();
  if (totals_.outbox_rows >= config_.outbox_rows_max
      || totals_.outbox_bytes + bytes > config_.outbox_bytes_max) {
    op.outcome = ec::limit;
    return {};
  }
  WEFT_TRY_VOID(insert_outbox_.bind(1, bytes_view{a.id.bytes})
                    .bind(2, a.to.bytes())
                    .bind(3, std::int64_t{a.hop_limit})
                    .bind(4, number(a.created))
                    .bind(5, a.body.bytes())
                    .bind(6, std::string_view{a.file.name})
                    .bind(7, static_cast<std::int64_t>(bytes))
                    .bind(8, bytes_view{a.file.digest})
                    .run());
  if (db_.changes() == 0) {
    op.outcome = ec::exists;
    return {};
  }
  totals_.outbox_rows += 1;
  totals_.outbox_bytes += bytes;
  return {};
}

result<void> store_writer::execute(remove_outbound& a, store_operation& op) {
  delete_outbox_.bind(1, bytes_view{a.id.bytes});
  WEFT_TRY(const bool found, delete_outbox_.step());
  if (found) {
    totals_.outbox_rows -= 1;
    totals_.outbox_bytes -= static_cast<std::uint64_t>(delete_outbox_.number(0));
    if (const auto name = delete_outbox_.text(1); !name.empty())
      doomed_.push_back(paths_.outgoing / name);
  } else {
    op.outcome = ec::not_found;
  }
  return delete_outbox_.run();
}

result<void> store_writer::execute(read_outbound& a, store_operation& op) {
  auto at = readers_.find(a.name);
  if (at == readers_.end()) {
    auto file = open_file(paths_.outgoing / a.name, O_RDONLY);
    if (!file) {
      op.outcome = file.error().code;
      return {};
    }
    if (readers_.size() >= readers_max) readers_.erase(readers_.begin());
    at = readers_.emplace(a.name, std::move(*file)).first;
  }
  auto data = read_at(at->second, a.offset, a.size, paths_.outgoing / a.name);
  if (data)
    op.data = std::move(*data);
  else
    op.outcome = data.error().code;
  return {};
}

result<bool> store_writer::insert_seen(const peer_id& sender, const message_id& id,
                                       wall_time when) {
  WEFT_TRY_VOID(insert_seen_.bind(1, sender.bytes())
                    .bind(2, bytes_view{id.bytes})
                    .bind(3, number(when))
                    .run());
  const bool fresh = db_.changes() > 0;
  if (fresh) ++seen_since_prune_;
  return fresh;
}

result<bool> store_writer::is_seen(const peer_id& sender, const message_id& id) {
  find_seen_.bind(1, sender.bytes()).bind(2, bytes_view{id.bytes});
  WEFT_TRY(const bool found, find_seen_.step());
  find_seen_.reset();
  return found;
}

bool store_writer::inbox_full(std::uint64_t bytes) const noexcept {
  return totals_.inbox_rows >= config_.inbox_rows_max
         || totals_.inbox_bytes + bytes > config_.inbox_bytes_max;
}

result<void> store_writer::execute(append_inbound& a, store_operation& op) {
  if (inbox_full(a.body.size())) {
    WEFT_TRY(op.duplicate, is_seen(a.sender, a.id));
    if (!op.duplicate) op.outcome = ec::limit;
    return {};
  }
  WEFT_TRY(const bool fresh, insert_seen(a.sender, a.id, a.received));
  op.duplicate = !fresh;
  if (!fresh) return {};
  WEFT_TRY_VOID(insert_inbox_.bind(1, a.sender.bytes())
                    .bind(2, bytes_view{a.id.bytes})
                    .bind(3, number(a.created))
                    .bind(4, number(a.received))
                    .bind(5, std::int64_t{a.hops})
                    .bind(6, a.body.bytes())
                    .bind(7, std::string_view{})
                    .bind(8, static_cast<std::int64_t>(a.body.size()))
                    .run());
  op.row = static_cast<std::uint64_t>(db_.last_row());
  totals_.inbox_rows += 1;
  totals_.inbox_bytes += a.body.size();
  return {};
}

result<void> store_writer::execute(mark_shown& a, store_operation& op) {
  delete_inbox_.bind(1, static_cast<std::int64_t>(a.row));
  WEFT_TRY(const bool found, delete_inbox_.step());
  if (found) {
    totals_.inbox_rows -= 1;
    totals_.inbox_bytes -= static_cast<std::uint64_t>(delete_inbox_.number(0));
    if (const auto name = delete_inbox_.text(1); !name.empty() && a.remove_file)
      doomed_.push_back(paths_.received / name);
  } else {
    op.outcome = ec::not_found;
  }
  return delete_inbox_.run();
}

result<void> store_writer::execute(remember_channel& a, store_operation&) {
  return insert_channel_.bind(1, bytes_view{a.channel}).bind(2, number(a.expires)).run();
}

// -- groups ---

result<void> store_writer::run(store_operation& op) {
  op.outcome = ec::none;
  op.duplicate = false;
  op.row = 0;
  return std::visit([&](auto& action) { return execute(action, op); }, op.action);
}

result<void> store_writer::choose_sync(const std::vector<store_batch*>& group) {
  if (!config_.sync) return {};
  const auto now = std::chrono::steady_clock::now();
  bool wait = unsynced_since_ && now - *unsynced_since_ >= config_.removal_sync_delay;
  for (const store_batch* batch : group) {
    if (wait) break;
    wait = !std::all_of(batch->operations.begin(), batch->operations.end(), may_wait);
  }
  if (wait == waits_for_disk_) return {};
  WEFT_TRY_VOID(db_.wait_for_disk(wait));
  waits_for_disk_ = wait;
  return {};
}

result<void> store_writer::run_group(const std::vector<store_batch*>& group) {
  WEFT_TRY_VOID(choose_sync(group));
  WEFT_TRY_VOID(begin_.run());
  for (store_operation& op : repeat_) WEFT_TRY_VOID(run(op));
  for (store_batch* batch : group)
    for (store_operation& op : batch->operations) WEFT_TRY_VOID(run(op));
  return finish_group();
}

result<void> store_writer::finish_group() {
  for (auto& [id, piece] : pieces_) {
    if (!piece.dirty) continue;
    // The bits may only say what is on disk.
    if (config_.sync) WEFT_TRY_VOID(sync_file(piece.file, piece.path));
    WEFT_TRY_VOID(update_piece_.bind(1, bytes_view{piece.received})
                      .bind(2, id.first.bytes())
                      .bind(3, bytes_view{id.second.bytes})
                      .run());
    piece.dirty = false;
  }
  if (seen_since_prune_ >= prune_every) WEFT_TRY_VOID(prune());
  WEFT_TRY_VOID(commit_.run());
  repeat_.clear();
  if (waits_for_disk_)
    unsynced_since_.reset();
  else if (!unsynced_since_)
    unsynced_since_ = std::chrono::steady_clock::now();
  return {};
}

// -- log ---

void store_writer::checkpoint_above(std::uint64_t frames) {
  if (db_.log_frames() == 0 || db_.log_frames() < frames) return;
  if (const auto done = db_.checkpoint(); !done) {
    // The log keeps everything; the next commit tells the user when there is no room for it.
    ++metrics_.errors;
    return;
  }
  ++metrics_.checkpoints;
  unsynced_since_.reset();
}

void store_writer::rest() {
  const auto now = std::chrono::steady_clock::now();
  const bool overdue = unsynced_since_ && now - *unsynced_since_ >= config_.removal_sync_delay;
  checkpoint_above(overdue ? 0 : config_.log_bytes / frame_bytes / idle_part + 1);
}

result<void> store_writer::prune() {
  seen_since_prune_ = 0;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto cutoff = std::chrono::duration_cast<duration>(now) - config_.seen_retention;
  const std::string by_age
      = "DELETE FROM seen WHERE number < coalesce((SELECT number FROM seen WHERE received >= "
        + std::to_string(cutoff.count()) + " ORDER BY number LIMIT 1), 0)";
  WEFT_TRY_VOID(db_.execute(by_age.c_str()));
  metrics_.seen_pruned += static_cast<std::uint64_t>(db_.changes());
  const std::string by_count = "DELETE FROM seen WHERE number <= (SELECT max(number) FROM seen) - "
                               + std::to_string(config_.seen_rows_max);
  WEFT_TRY_VOID(db_.execute(by_count.c_str()));
  metrics_.seen_pruned += static_cast<std::uint64_t>(db_.changes());
  const std::string channels = "DELETE FROM channels WHERE expires < "
                               + std::to_string(std::chrono::duration_cast<duration>(now).count());
  return db_.execute(channels.c_str());
}

void store_writer::fail_group(const std::vector<store_batch*>& group, const error& e) {
  (void)db_.execute("ROLLBACK");
  // The files may hold more than the rows say, which is harmless; the rows are the truth.
  pieces_.clear();
  deferred_.clear();
  doomed_.clear();
  ++metrics_.errors;
  for (store_batch* batch : group) {
    for (store_operation& op : batch->operations) {
      const bool removal = std::holds_alternative<remove_outbound>(op.action)
                           || std::holds_alternative<mark_shown>(op.action);
      if (removal && repeat_.size() < repeat_max) repeat_.push_back(op);
      if (std::holds_alternative<read_outbound>(op.action) && op.outcome == ec::none
          && !op.data.empty())
        continue;
      op.outcome = e.code;
      op.duplicate = false;
      op.row = 0;
    }
  }
}

void store_writer::publish() noexcept {
  metrics_.outbox_rows.set(static_cast<std::int64_t>(totals_.outbox_rows));
  metrics_.outbox_bytes.set(static_cast<std::int64_t>(totals_.outbox_bytes));
  metrics_.inbox_rows.set(static_cast<std::int64_t>(totals_.inbox_rows));
  metrics_.inbox_bytes.set(static_cast<std::int64_t>(totals_.inbox_bytes));
}

void store_writer::settle_metrics(const std::vector<store_batch*>& group) {
  std::size_t count = 0;
  for (const store_batch* batch : group) {
    count += batch->operations.size();
    for (const store_operation& op : batch->operations) {
      if (op.duplicate) ++metrics_.duplicates;
      if (op.outcome == ec::limit) ++metrics_.refused;
      if (op.outcome == ec::disk_full) ++metrics_.disk_full;
    }
  }
  metrics_.operations += count;
  metrics_.batch_operations.observe(static_cast<double>(count));
}

void store_writer::commit(const std::vector<store_batch*>& group) {
  const auto start = std::chrono::steady_clock::now();
  const totals before = totals_;
  auto done = run_group(group);
  if (!done) {
    totals_ = before;
    fail_group(group, done.error());
    failure_ = std::move(done.error());
  } else {
    ++metrics_.commits;
    failure_ = {};
    for (const auto& file : doomed_) {
      readers_.erase(file.filename().string());
      std::error_code ignored;
      std::filesystem::remove(file, ignored);
    }
    doomed_.clear();
    take_out_unchecked(group);
    checkpoint_above(config_.log_bytes / frame_bytes / busy_part + 1);
  }
  if (pieces_.size() > pieces_max) pieces_.clear();
  settle_metrics(group);
  publish();
  metrics_.commit_seconds.observe(
      to_seconds(std::chrono::duration_cast<duration>(std::chrono::steady_clock::now() - start)));
}

}  // namespace weft::storage
