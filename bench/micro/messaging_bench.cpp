// SPDX-License-Identifier: MIT
// Two messaging cores back to back: the cost of one message on both sides together,
// acknowledgements included.
#include "messaging/messaging_core.hpp"

#include <benchmark/benchmark.h>

#include <chrono>

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

struct end_point : next_hop_source {
  explicit end_point(std::uint8_t number)
      : key(crypto::ed25519_private_key::from_seed(
          std::array<std::uint8_t, 32>{number, number, number})),
        core(key, {}, rng{number}, crypto::random_bytes, metrics, *this) {}
  std::optional<peer_id> next_hop(const peer_id& to) const override { return to; }

  crypto::ed25519_private_key key;
  messaging_metrics metrics;
  messaging_core core;
  outbox out;
};

/// Hands one side's frames to the other and ends the round there.
void carry(end_point& from, end_point& to) {
  std::vector<transmit> frames;
  frames.swap(from.out.transmits);
  from.out.clear();
  for (const transmit& t : frames) to.core.on_frame(from.key.id(), t.frame, now(), wall(), to.out);
  to.core.on_batch_end(now(), wall(), to.out);
}

void exchange(benchmark::State& state) {
  end_point a{1};
  end_point b{2};
  const auto size = static_cast<std::size_t>(state.range(0));
  const chunk_view body = chunk_view::copy(byte_buffer(size, 7));
  constexpr int batch = 64;
  const peer_id to = b.key.id();
  const auto round = [&](int messages) {
    for (int i = 0; i < messages; ++i)
      (void)a.core.send(to, body, {message_class::volatile_, 0}, now(), wall(), a.out);
    carry(a, b);
    b.core.on_deadline(now() + std::chrono::milliseconds{1}, wall(), b.out);
    carry(b, a);
  };
  round(1);
  for (auto _ : state) round(batch);
  state.SetItemsProcessed(state.iterations() * batch);
  state.SetBytesProcessed(state.iterations() * batch * state.range(0));
  if (b.metrics.delivered.value() + 1024 < a.metrics.sent.value())
    state.SkipWithError("messages were not delivered");
}
BENCHMARK(exchange)->Arg(200)->Arg(1200)->Arg(16 * 1024)->Arg(48 * 1024);

void open_channel(benchmark::State& state) {
  const chunk_view body = chunk_view::copy(byte_buffer(200, 7));
  end_point b{2};
  for (auto _ : state) {
    state.PauseTiming();
    end_point a{1};
    state.ResumeTiming();
    (void)a.core.send(b.key.id(), body, {message_class::volatile_, 0}, now(), wall(), a.out);
    carry(a, b);
    b.out.clear();
  }
}
BENCHMARK(open_channel);

void forward(benchmark::State& state) {
  end_point a{1};
  end_point middle{3};
  const end_point b{2};
  const auto size = static_cast<std::size_t>(state.range(0));
  (void)a.core.send(b.key.id(), chunk_view::copy(byte_buffer(size, 7)),
                    {message_class::volatile_, 0}, now(), wall(), a.out);
  const chunk_view frame = a.out.transmits.front().frame;
  for (auto _ : state) {
    middle.core.on_frame(a.key.id(), frame, now(), wall(), middle.out);
    middle.out.clear();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(forward)->Arg(200)->Arg(48 * 1024);

}  // namespace
