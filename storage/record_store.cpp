// SPDX-License-Identifier: MIT
#include "storage/record_store.hpp"

#include "base/log.hpp"
#include "base/pulse.hpp"
#include "storage/monotonic.hpp"
#include "storage/payload_folder.hpp"
#include "storage/record_writer.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <utility>

namespace weft::storage {

namespace {

/// Pages in the log at which it is moved into the database.
constexpr std::uint64_t checkpoint_frames = 512;
constexpr std::size_t operation_overhead_bytes = 128;

std::size_t bytes_of(const dht::store_operation& op) {
  std::size_t bytes = operation_overhead_bytes;
  if (const auto* r = std::get_if<dht::put_record>(&op))
    bytes += r->record.key.size() + r->record.value.size();
  if (const auto* p = std::get_if<dht::replace_peers>(&op))
    bytes += p->peers.size() * operation_overhead_bytes;
  return bytes;
}

}  // namespace

void record_store_metrics::collect(metrics::visitor& v) const {
  v.count("weft_record_store_commits_total", "Transactions of the DHT's record store.", {},
          commits);
  v.count("weft_record_store_operations_total", "Changes written by the DHT's record store.", {},
          operations);
  v.count("weft_record_store_dropped_total",
          "Changes dropped by the DHT's record store, by reason.", {{"reason", "queue_full"}},
          dropped);
  v.count("weft_record_store_dropped_total",
          "Changes dropped by the DHT's record store, by reason.", {{"reason", "failed"}}, failed);
  v.read("weft_record_store_commit_seconds", "Time of a transaction of the DHT's record store.", {},
         commit_seconds);
}

struct record_store::impl {
  explicit impl(record_store_config c) : config(std::move(c)) {}

  void run();
  void commit(std::vector<dht::store_operation>& group);

  const record_store_config config;
  record_store_metrics counters;
  record_writer writer;
  /// Held while the writer is used.
  std::mutex writing;

  std::mutex mutex;
  std::condition_variable filled;
  std::condition_variable emptied;
  std::vector<dht::store_operation> queue;
  std::size_t queue_bytes = 0;
  /// Groups taken and finished, to know when a flush is over.
  std::uint64_t submitted = 0;
  std::uint64_t finished = 0;
  bool stopping = false;
  pulse working;
  std::thread thread;
};

void record_store::impl::run() {
  ::pthread_setname_np(::pthread_self(), "weft-records");
  std::unique_lock lock(mutex);
  for (;;) {
    filled.wait(lock, [&] { return !queue.empty() || stopping; });
    if (queue.empty()) return;
    auto group = std::exchange(queue, {});
    queue_bytes = 0;
    const auto upto = submitted;
    lock.unlock();
    commit(group);
    lock.lock();
    finished = upto;
    if (finished == submitted)
      working.rest();
    else
      working.beat(monotonic_now());
    emptied.notify_all();
  }
}

void record_store::impl::commit(std::vector<dht::store_operation>& group) {
  const std::lock_guard guard(writing);
  const auto begin = std::chrono::steady_clock::now();
  if (const auto done = writer.commit(group); !done) {
    counters.failed += group.size();
    log::error("store", "records_lost", {{"operations", group.size()}, {"error", done.error()}});
  } else {
    ++counters.commits;
    counters.operations += group.size();
  }
  counters.commit_seconds.observe(
      to_seconds(std::chrono::duration_cast<duration>(std::chrono::steady_clock::now() - begin)));
  // A failure shows at the next commit, whose log has no room then.
  if (writer.log_frames() >= checkpoint_frames) static_cast<void>(writer.checkpoint());
}

record_store::record_store(std::unique_ptr<impl> state) noexcept : impl_(std::move(state)) {}

record_store::~record_store() { stop(); }

result<std::unique_ptr<record_store>> record_store::open(const record_store_config& config) {
  const auto file = config.directory / "records.db";
  auto state = std::make_unique<impl>(config);
  // SQLite would create it readable for others.
  WEFT_TRY_VOID(open_file(file, O_RDWR | O_CREAT).map([](const file_handle&) {}));
  auto opened = state->writer.open(file);
  if (!opened && opened.error().code == ec::corrupt) {
    log::error("store", "records_damaged",
               {{"file", file.string()}, {"kept_as", file.string() + ".damaged"}});
    state = std::make_unique<impl>(config);
    std::error_code failed;
    std::filesystem::rename(file, file.string() + ".damaged", failed);
    if (failed) return fail(ec::io, "cannot set aside " + file.string() + ": " + failed.message());
    for (const auto* part : {"-wal", "-shm"}) std::filesystem::remove(file.string() + part, failed);
    WEFT_TRY_VOID(open_file(file, O_RDWR | O_CREAT).map([](const file_handle&) {}));
    opened = state->writer.open(file);
  }
  WEFT_TRY_VOID(opened);
  state->thread = std::thread([s = state.get()] { s->run(); });
  return std::unique_ptr<record_store>(new record_store(std::move(state)));
}

result<dht::stored_state> record_store::load() {
  flush();
  const std::lock_guard guard(impl_->writing);
  return impl_->writer.load();
}

void record_store::submit(std::vector<dht::store_operation>&& operations) {
  if (operations.empty()) return;
  const std::lock_guard lock(impl_->mutex);
  for (auto& op : operations) {
    const auto bytes = bytes_of(op);
    if (impl_->stopping || impl_->queue.size() >= impl_->config.queue_operations_max
        || impl_->queue_bytes + bytes > impl_->config.queue_bytes_max) {
      ++impl_->counters.dropped;
      continue;
    }
    impl_->queue_bytes += bytes;
    impl_->queue.push_back(std::move(op));
  }
  if (impl_->finished == impl_->submitted++) impl_->working.beat(monotonic_now());
  impl_->filled.notify_one();
}

duration record_store::silence() const noexcept { return impl_->working.silence(monotonic_now()); }

void record_store::flush() {
  std::unique_lock lock(impl_->mutex);
  const auto upto = impl_->submitted;
  impl_->emptied.wait(lock, [&] {
    return impl_->finished >= upto || (impl_->queue.empty() && !impl_->thread.joinable());
  });
}

void record_store::stop() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    impl_->filled.notify_all();
  }
  if (impl_->thread.joinable()) impl_->thread.join();
}

const record_store_metrics& record_store::metrics() const noexcept { return impl_->counters; }

}  // namespace weft::storage
