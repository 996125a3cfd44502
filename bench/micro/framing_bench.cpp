// SPDX-License-Identifier: MIT
// Frames and queues: time and allocations per frame on the paths that every message takes.
#include "base/chunk.hpp"
#include "bench/micro/allocations.hpp"
#include "transport/frame_splitter.hpp"
#include "transport/multistream.hpp"
#include "transport/send_queue.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace {

using namespace weft;
using namespace weft::transport;

/// Reports frames per second and allocations per frame.
void report(benchmark::State& state, std::uint64_t frames, std::uint64_t allocations) {
  state.SetItemsProcessed(static_cast<std::int64_t>(frames));
  state.counters["allocations/frame"]
      = static_cast<double>(allocations) / static_cast<double>(frames);
}

/// A run of frames as it lies in stream data.
byte_buffer run_of(std::size_t body_bytes, std::size_t frames) {
  byte_buffer run;
  const byte_buffer body(body_bytes, 7);
  for (std::size_t i = 0; i < frames; ++i) wire_writer(run).length_prefixed(body);
  return run;
}

/// Stream data of one packet (about 1200 bytes), frames cut where the packet ends.
void split_packets(benchmark::State& state) {
  const auto body_bytes = static_cast<std::size_t>(state.range(0));
  const byte_buffer run = run_of(body_bytes, 1024);
  frame_splitter splitter(1 << 20);
  receive_slab slab;
  std::vector<chunk_view> frames;
  const auto pass = [&] {
    std::uint64_t count = 0;
    for (std::size_t at = 0; at < run.size(); at += 1200) {
      const std::size_t size = std::min<std::size_t>(1200, run.size() - at);
      benchmark::DoNotOptimize(splitter.on_bytes(bytes_view(run).subspan(at, size), slab, frames));
      count += frames.size();
      frames.clear();
    }
    return count;
  };
  pass();
  std::uint64_t count = 0;
  const std::uint64_t before = bench::allocations();
  for (auto _ : state) count += pass();
  report(state, count, bench::allocations() - before);
}
BENCHMARK(split_packets)->Arg(64)->Arg(200)->Arg(1000)->Arg(16 * 1024);

void write_frames(benchmark::State& state) {
  const chunk_view body
      = chunk_view::copy(byte_buffer(static_cast<std::size_t>(state.range(0)), 7));
  frame_writer writer;
  std::vector<chunk_view> pieces;
  std::uint64_t count = 0;
  for (int i = 0; i < 64; ++i) writer.write(body, pieces);
  pieces.clear();
  const std::uint64_t before = bench::allocations();
  for (auto _ : state) {
    for (int i = 0; i < 64; ++i) writer.write(body, pieces);
    benchmark::DoNotOptimize(pieces.data());
    pieces.clear();
    count += 64;
  }
  report(state, count, bench::allocations() - before);
}
BENCHMARK(write_frames)->Arg(64)->Arg(200)->Arg(1000)->Arg(16 * 1024);

void queue_push_pop(benchmark::State& state) {
  const chunk_view body = chunk_view::copy(byte_buffer(200, 7));
  transport_metrics metrics;
  send_queue queue({}, metrics);
  const instant now = instant{} + std::chrono::seconds(1);
  const auto batch = static_cast<int>(state.range(0));
  const auto round = [&] {
    for (int i = 0; i < batch; ++i)
      queue.push(static_cast<protocol_index>(i & 1), priority::interactive, body, now);
    while (auto f = queue.pop(now)) benchmark::DoNotOptimize(f->body.data());
  };
  round();
  std::uint64_t count = 0;
  const std::uint64_t before = bench::allocations();
  for (auto _ : state) {
    round();
    count += static_cast<std::uint64_t>(batch);
  }
  report(state, count, bench::allocations() - before);
}
BENCHMARK(queue_push_pop)->Arg(1)->Arg(32)->Arg(1024);

void negotiate_stream(benchmark::State& state) {
  protocol_list list;
  static_cast<void>(list.add("/weft/msg/1.0.0", 1));
  const std::vector<std::string> names{"/weft/msg/1.0.0"};
  byte_buffer there;
  byte_buffer back;
  for (auto _ : state) {
    there.clear();
    back.clear();
    multistream_initiator opener(names);
    multistream_responder answerer(list);
    opener.start(there);
    answerer.on_bytes(there, back);
    benchmark::DoNotOptimize(opener.on_bytes(back, there).state);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(negotiate_stream);

}  // namespace
