// SPDX-License-Identifier: MIT
// Durable messages through two cores and two real stores, commits included.
#include "messaging/messaging_core.hpp"
#include "storage/message_store.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <condition_variable>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <stdlib.h>

namespace {

using namespace weft;
using namespace weft::messaging;

instant now() {
  return instant{
      std::chrono::duration_cast<duration>(std::chrono::steady_clock::now().time_since_epoch())};
}
wall_time wall() {
  return wall_time{
      std::chrono::duration_cast<duration>(std::chrono::system_clock::now().time_since_epoch())};
}

std::filesystem::path temporary() {
  std::string name = (std::filesystem::temp_directory_path() / "weft-bench-XXXXXX").string();
  return ::mkdtemp(name.data()) ? name : std::string{};
}

struct signal {
  std::mutex mutex;
  std::condition_variable changed;
};

/// A core and its store; results wait until the bench's thread takes them.
struct durable_node : next_hop_source {
  durable_node(std::uint8_t number, signal& s)
      : key(crypto::ed25519_private_key::from_seed(
          std::array<std::uint8_t, 32>{number, number, number})),
        folder(temporary()),
        ready(s),
        core(key, {}, rng{number}, crypto::random_bytes, metrics, *this) {
    storage::store_config config;
    config.directory = folder / "store";
    store = std::move(*storage::message_store::open(config));
    store->start([this](store_batch&& b) {
      const std::lock_guard held{ready.mutex};
      results.push_back(std::move(b));
      ready.changed.notify_one();
    });
  }
  ~durable_node() override {
    store.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  std::optional<peer_id> next_hop(const peer_id& to) const override { return to; }
  /// Frames for the other side; store operations go to the store.
  std::vector<transmit> drain() {
    std::vector<transmit> frames;
    frames.swap(out.transmits);
    for (const delivery& d : out.deliveries)
      if (d.inbox_row) out.store.operations.emplace_back(mark_shown{d.inbox_row});
    for (const receipt& r : out.receipts) done += r.status == receipt_status::delivered ? 1 : 0;
    if (!out.store.empty() && !store->submit(out.store))
      core.on_stored(std::move(out.store), now(), wall(), out);
    out.clear();
    return frames;
  }
  void take_results() {
    std::vector<store_batch> taken;
    {
      const std::lock_guard held{ready.mutex};
      taken.swap(results);
    }
    for (store_batch& b : taken) core.on_stored(std::move(b), now(), wall(), out);
    core.on_batch_end(now(), wall(), out);
    if (const auto at = core.next_deadline(); at && *at <= now())
      core.on_deadline(now(), wall(), out);
  }

  crypto::ed25519_private_key key;
  std::filesystem::path folder;
  signal& ready;
  messaging_metrics metrics;
  messaging_core core;
  outbox out;
  std::vector<store_batch> results;
  std::size_t done = 0;
  std::unique_ptr<storage::message_store> store;
};

/// Of all threads of the process.
double cpu_seconds() {
  std::timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

void durable_messages(benchmark::State& state) {
  signal ready;
  durable_node a{1, ready};
  durable_node b{2, ready};
  const auto window = static_cast<std::size_t>(state.range(0));
  const chunk_view body = chunk_view::copy(byte_buffer(200, 7));
  const std::size_t messages = window == 1 ? 200 : 20'000;
  const double cpu_before = cpu_seconds();
  for (auto _ : state) {
    a.done = 0;
    std::size_t sent = 0;
    while (a.done < messages) {
      while (sent < messages && sent - a.done < window
             && a.core.send(b.key.id(), body, {}, now(), wall(), a.out))
        ++sent;
      for (const transmit& t : a.drain())
        b.core.on_frame(a.key.id(), t.frame, now(), wall(), b.out);
      b.take_results();
      for (const transmit& t : b.drain())
        a.core.on_frame(b.key.id(), t.frame, now(), wall(), a.out);
      a.take_results();
      if (a.out.empty() && b.out.empty() && (sent == messages || sent - a.done >= window)) {
        std::unique_lock held{ready.mutex};
        ready.changed.wait_for(held, std::chrono::microseconds{200},
                               [&] { return !a.results.empty() || !b.results.empty(); });
      }
    }
  }
  const auto total = static_cast<double>(state.iterations()) * static_cast<double>(messages);
  state.SetItemsProcessed(static_cast<std::int64_t>(total));
  const auto commits = static_cast<double>(a.store->metrics().commits.value()
                                           + b.store->metrics().commits.value());
  state.counters["messages_per_commit"] = total * 2 / commits;
  state.counters["cpu_us_per_message"] = (cpu_seconds() - cpu_before) * 1e6 / total;
}
BENCHMARK(durable_messages)
    ->Arg(1)
    ->Arg(256)
    ->Arg(4096)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
