// SPDX-License-Identifier: MIT
#include "storage/message_store.hpp"

#include "base/encoding.hpp"
#include "base/pulse.hpp"
#include "storage/database.hpp"
#include "storage/monotonic.hpp"
#include "storage/payload_folder.hpp"
#include "storage/store_writer.hpp"

#include <array>
#include <condition_variable>
#include <deque>
#include <fcntl.h>
#include <iterator>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <thread>

namespace weft::storage {

using namespace messaging;

namespace {

std::size_t bytes_of(const store_batch& batch) {
  std::size_t bytes = 0;
  for (const store_operation& op : batch.operations) {
    if (const auto* out = std::get_if<append_outbound>(&op.action))
      bytes += out->body.size();
    else if (const auto* in = std::get_if<append_inbound>(&op.action))
      bytes += in->body.size();
    else if (const auto* piece = std::get_if<write_fragment>(&op.action))
      bytes += piece->data.size();
    else if (const auto* read = std::get_if<read_outbound>(&op.action))
      bytes += read->size;
  }
  return bytes;
}

std::string random_name() {
  std::array<std::uint8_t, 16> bytes{};
  crypto::random_bytes(bytes);
  return to_hex(bytes);
}

}  // namespace

struct message_store::impl {
  explicit impl(const store_config& c)
      : config(c), paths(c.directory), writer(c, paths, counters) {}

  void run();
  /// Takes whole batches up to the limit of a transaction, at least one.
  std::vector<store_batch> take();
  /// Waits for work; false: there is none left and the store stops.
  bool wait_for_work(std::unique_lock<std::mutex>& held);
  /// The thread that reads whole payloads, so that commits do not wait for it.
  void run_checks();
  template <class Fill>
  result<payload_file> import(Fill fill);

  const store_config config;
  const store_paths paths;
  store_metrics counters;
  file_handle lock;
  store_writer writer;
  completion done;

  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable idle;
  std::deque<store_batch> queue;
  std::size_t queued_operations = 0;
  std::size_t queued_bytes = 0;
  std::uint64_t submitted = 0;
  std::uint64_t finished = 0;
  bool stopping = false;
  pulse working;
  std::thread thread;

  /// Payloads to read through, and those read with the verdict.
  std::condition_variable unchecked_wake;
  std::deque<store_operation> unchecked;
  std::vector<std::pair<store_operation, ec>> checked;
  std::size_t checking = 0;
  bool checks_end = false;
  std::thread checker;

  std::mutex reader_mutex;
  std::optional<database> reader;
};

message_store::message_store(std::unique_ptr<impl> state) noexcept : impl_(std::move(state)) {}

result<std::unique_ptr<message_store>> message_store::open(const store_config& config) {
  WEFT_TRY_VOID(config.validate());
  WEFT_TRY_VOID(make_private_folder(config.directory));
  auto state = std::make_unique<impl>(config);
  WEFT_TRY(state->lock, lock_file(state->paths.lock));
  WEFT_TRY_VOID(state->writer.open());
  return std::unique_ptr<message_store>{new message_store{std::move(state)}};
}

message_store::~message_store() { stop(); }

result<stored_state> message_store::load() { return impl_->writer.load(); }

void message_store::start(completion done) {
  impl_->done = std::move(done);
  impl_->checker = std::thread{[this] { impl_->run_checks(); }};
  impl_->thread = std::thread{[this] { impl_->run(); }};
}

std::vector<store_batch> message_store::impl::take() {
  std::vector<store_batch> taken;
  for (auto& [op, verdict] : checked) {
    writer.note_check(std::get<complete_payload>(op.action), verdict);
    taken.emplace_back().operations.push_back(std::move(op));
  }
  checked.clear();
  std::size_t operations = 0;
  while (!queue.empty()) {
    const std::size_t next = queue.front().operations.size();
    if (!taken.empty() && operations + next > config.commit_operations_max) break;
    operations += next;
    queued_bytes -= bytes_of(queue.front());
    taken.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  queued_operations -= operations;
  return taken;
}

bool message_store::impl::wait_for_work(std::unique_lock<std::mutex>& held) {
  const auto ready = [&] { return stopping || !queue.empty() || !checked.empty(); };
  while (!ready()) {
    held.unlock();
    writer.rest();
    held.lock();
    if (ready()) break;
    if (!writer.unsynced())
      wake.wait(held, ready);
    else
      wake.wait_for(held, config.removal_sync_delay, ready);
  }
  return !queue.empty() || !checked.empty();
}

void message_store::impl::run() {
  ::pthread_setname_np(::pthread_self(), "weft-store");
  std::unique_lock held{mutex};
  while (wait_for_work(held)) {
    const std::size_t waiting = queue.size();
    const std::size_t checks = checked.size();
    std::vector<store_batch> taken = take();
    const std::size_t submissions = waiting - queue.size();
    held.unlock();
    std::vector<store_batch*> group;
    group.reserve(taken.size());
    for (store_batch& batch : taken) group.push_back(&batch);
    writer.commit(group);
    std::vector<store_operation> to_check = writer.take_unchecked();
    for (store_batch& batch : taken)
      if (!batch.empty()) done(std::move(batch));
    held.lock();
    checking = checking - checks + to_check.size();
    std::move(to_check.begin(), to_check.end(), std::back_inserter(unchecked));
    if (!to_check.empty()) unchecked_wake.notify_one();
    finished += submissions;
    if (finished == submitted)
      working.rest();
    else
      working.beat(monotonic_now());
    idle.notify_all();
  }
  checks_end = true;
  held.unlock();
  unchecked_wake.notify_one();
  checker.join();
  // The pieces stay; the next process asks for the check again.
  for (auto& [op, verdict] : checked) unchecked.push_back(std::move(op));
  store_batch rest;
  for (store_operation& op : unchecked) {
    op.outcome = ec::stopping;
    rest.operations.push_back(std::move(op));
  }
  if (!rest.empty()) done(std::move(rest));
}

void message_store::impl::run_checks() {
  ::pthread_setname_np(::pthread_self(), "weft-checks");
  std::unique_lock held{mutex};
  for (;;) {
    unchecked_wake.wait(held, [&] { return checks_end || !unchecked.empty(); });
    if (checks_end) return;
    store_operation op = std::move(unchecked.front());
    unchecked.pop_front();
    held.unlock();
    const ec verdict = check_payload(paths, std::get<complete_payload>(op.action), config.sync);
    held.lock();
    checked.emplace_back(std::move(op), verdict);
    wake.notify_one();
  }
}

bool message_store::submit(store_batch& batch) {
  if (batch.empty()) return true;
  impl& s = *impl_;
  const std::size_t bytes = bytes_of(batch);
  std::unique_lock held{s.mutex};
  const bool full = s.queued_operations + batch.operations.size() > s.config.queue_operations_max
                    || s.queued_bytes + bytes > s.config.queue_bytes_max;
  if (s.stopping || full) {
    const ec why = s.stopping ? ec::stopping : ec::queue_full;
    for (store_operation& op : batch.operations) op.outcome = why;
    s.counters.queue_full += batch.operations.size();
    return false;
  }
  s.queued_operations += batch.operations.size();
  s.queued_bytes += bytes;
  if (s.finished == s.submitted++) s.working.beat(monotonic_now());
  s.queue.push_back(std::move(batch));
  batch.operations.clear();
  held.unlock();
  s.wake.notify_one();
  return true;
}

duration message_store::silence() const noexcept { return impl_->working.silence(monotonic_now()); }

void message_store::flush() {
  std::unique_lock held{impl_->mutex};
  if (!impl_->thread.joinable()) return;
  const std::uint64_t goal = impl_->submitted;
  impl_->idle.wait(held, [&] { return impl_->finished >= goal && impl_->checking == 0; });
}

void message_store::stop() {
  {
    const std::lock_guard held{impl_->mutex};
    impl_->stopping = true;
  }
  impl_->wake.notify_one();
  if (impl_->thread.joinable()) impl_->thread.join();
}

template <class Fill>
result<payload_file> message_store::impl::import(Fill fill) {
  payload_file made;
  made.name = random_name();
  const auto path = paths.outgoing / made.name;
  WEFT_TRY(const file_handle target, open_file(path, O_RDWR | O_CREAT | O_EXCL));
  auto written = [&]() -> result<void> {
    WEFT_TRY(made.size, fill(target, path));
    if (config.sync) WEFT_TRY_VOID(sync_file(target, path));
    WEFT_TRY(made.digest, digest_file(target, made.size, path));
    if (config.sync) WEFT_TRY_VOID(sync_folder(paths.outgoing));
    return {};
  }();
  if (!written) {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    return fail(std::move(written.error()));
  }
  return made;
}

result<payload_file> message_store::import_file(const std::filesystem::path& source) {
  WEFT_TRY(const file_handle from, open_file(source, O_RDONLY));
  WEFT_TRY(const std::uint64_t size, file_size(from, source));
  if (size > impl_->config.payload_bytes_max)
    return fail(ec::oversized, source.string() + " is above payload_bytes_max");
  return impl_->import([&](const file_handle& to, const auto&) -> result<std::uint64_t> {
    WEFT_TRY_VOID(copy_file(from, size, to, source));
    return size;
  });
}

result<payload_file> message_store::import_bytes(bytes_view payload) {
  if (payload.size() > impl_->config.payload_bytes_max)
    return fail(ec::oversized, "the payload is above payload_bytes_max");
  return impl_->import([&](const file_handle& to, const auto& path) -> result<std::uint64_t> {
    WEFT_TRY_VOID(write_at(to, 0, payload, path));
    return std::uint64_t{payload.size()};
  });
}

void message_store::discard(const payload_file& file) {
  if (file.name.empty() || file.name.find('/') != std::string::npos) return;
  std::error_code ignored;
  std::filesystem::remove(impl_->paths.outgoing / file.name, ignored);
}

result<std::vector<stored_inbound>> message_store::inbox(std::uint64_t after_row,
                                                         std::size_t limit) {
  const std::lock_guard held{impl_->reader_mutex};
  if (!impl_->reader) {
    WEFT_TRY(impl_->reader, database::open(impl_->paths.database, database::mode::read_only, true));
  }
  return read_inbox(*impl_->reader, impl_->paths, after_row, limit);
}

const store_metrics& message_store::metrics() const noexcept { return impl_->counters; }

const std::filesystem::path& message_store::directory() const noexcept {
  return impl_->paths.folder;
}

}  // namespace weft::storage
