// SPDX-License-Identifier: MIT
// The transport between two reactors of one process over loopback: handshake, ping, bulk and small
// frames.
#include "transport/io/clock.hpp"
#include "transport/io/reactor.hpp"
#include "transport/io/tls_certificate.hpp"
#include "transport/transport_metrics.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

namespace {

using namespace weft;
using namespace weft::transport;
using namespace weft::transport::io;

class events_box final : public event_listener {
 public:
  void on_events(std::vector<event>&& events) override {
    const std::lock_guard lock(mutex_);
    for (auto& e : events) events_.push_back(std::move(e));
    changed_.notify_one();
  }
  /// The next event of type T; others are thrown away.
  template <class T>
  T wait() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return !events_.empty(); });
      event e = std::move(events_.front());
      events_.pop_front();
      if (T* found = std::get_if<T>(&e)) return std::move(*found);
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<event> events_;
};

class counter_box final : public frame_listener {
 public:
  void on_frames(frame_batch_ptr batch) override {
    const std::lock_guard lock(mutex_);
    frames_ += batch->frames.size();
    changed_.notify_one();
  }
  void wait(std::size_t n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return frames_ >= n; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t frames_ = 0;
};

struct bench_node {
  bench_node() {
    send_queue_limits wide;
    wide.classes[1].bytes_max = wide.bytes_max = 256u << 20;
    limits bounds;
    bounds.queue = wide;
    net = std::move(
        *reactor::create({.host_key = key,
                          .protocols = {protocol{{"/bench/1"}, stream_kind::frames, 65'536, 0}},
                          .bounds = bounds,
                          .metrics = metrics,
                          .events = events,
                          .concerns = {&frames}}));
    if (!net->start()) std::abort();
    post(listen_command{*multiaddr::parse("/ip4/127.0.0.1/udp/0/quic-v1")});
    address = events.wait<listening_event>().address;
  }
  ~bench_node() { net->stop(); }
  void post(control_command c) {
    command_batch batch;
    batch.controls.push_back(std::move(c));
    net->post(std::move(batch));
  }
  session_up_event dial(bench_node& other) {
    post(dial_command{1, other.net->id(), {other.address}});
    return events.wait<session_up_event>();
  }
  crypto::ed25519_private_key key = crypto::ed25519_private_key::generate();
  transport_metrics metrics;
  events_box events;
  counter_box frames;
  multiaddr address;
  std::unique_ptr<reactor> net;
};

void quic_handshake(benchmark::State& state) {
  bench_node a;
  bench_node b;
  for (auto _ : state) {
    const auto up = a.dial(b);
    state.SetIterationTime(to_seconds(up.handshake));
    a.post(disconnect_command{b.net->id(), "again"});
    a.events.wait<session_down_event>();
  }
}
BENCHMARK(quic_handshake)->UseManualTime()->Unit(benchmark::kMillisecond);

void quic_ping(benchmark::State& state) {
  bench_node a;
  bench_node b;
  a.dial(b);
  for (auto _ : state) {
    a.post(ping_command{1, b.net->id(), std::chrono::seconds(5)});
    state.SetIterationTime(to_seconds(a.events.wait<ping_event>().round_trip.value()));
  }
}
BENCHMARK(quic_ping)->UseManualTime()->Unit(benchmark::kMicrosecond);

void quic_stream(benchmark::State& state) {
  bench_node a;
  bench_node b;
  a.dial(b);
  constexpr std::uint64_t bytes = 64u << 20;
  for (auto _ : state) {
    a.post(perf_command{1, b.net->id(), bytes, 0});
    state.SetIterationTime(to_seconds(a.events.wait<perf_event>().times.value().upload));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
}
BENCHMARK(quic_stream)->UseManualTime()->Unit(benchmark::kMillisecond);

/// Frames of 200 bytes in command batches of 64, as an actor posts them.
void quic_small_frames(benchmark::State& state) {
  bench_node a;
  bench_node b;
  a.dial(b);
  const chunk_view body = chunk_view::copy(byte_buffer(200, 1));
  std::size_t sent = 0;
  for (auto _ : state) {
    for (int i = 0; i < 64; ++i) {
      command_batch batch;
      for (int j = 0; j < 64; ++j)
        batch.sends.push_back({b.net->id(), 0, priority::interactive, body});
      a.net->post(std::move(batch));
    }
    sent += 64 * 64;
    b.frames.wait(sent);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(sent));
}
BENCHMARK(quic_small_frames)->UseRealTime()->Unit(benchmark::kMillisecond);

void certificate_verify(benchmark::State& state) {
  const auto key = crypto::ed25519_private_key::generate();
  const auto now = wall_now();
  const auto kind = static_cast<certificate_key>(state.range(0));
  const auto certificate = tls_certificate::make(key, now, {.kind = kind});
  const byte_buffer der = certificate->der();
  const std::array<bytes_view, 1> chain{bytes_view(der)};
  for (auto _ : state) benchmark::DoNotOptimize(verify_certificate_chain(chain, now));
}
BENCHMARK(certificate_verify)
    ->ArgName("key")
    ->Arg(static_cast<int>(certificate_key::p256))
    ->Arg(static_cast<int>(certificate_key::ed25519))
    ->Unit(benchmark::kMicrosecond);

}  // namespace
