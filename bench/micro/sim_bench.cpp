// SPDX-License-Identifier: MIT
// The simulator without the product's cores: event heap, network model, trace and the routing of
// commands, under nodes that only flood. What `weft sim` spends beyond this, the cores spend.
#include "sim/network.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace weft;
using namespace weft::sim;

constexpr std::size_t body_bytes = 200;
constexpr duration publish_interval = std::chrono::milliseconds(20);

/// Tells each message it has not seen yet to all peers but the one it came from.
class flooder final : public endpoint {
 public:
  void join(network& net, node_index self, std::size_t messages) {
    port_ = &net.port_of(self);
    seen_.resize(messages);
  }
  void publish(std::uint64_t number) {
    byte_buffer body(body_bytes, 7);
    std::memcpy(body.data(), &number, sizeof(number));
    take(number, chunk_view::copy(body), {});
  }
  std::uint64_t delivered() const noexcept { return delivered_; }

  void on_events(std::vector<transport::event>& events) override {
    for (const auto& e : events)
      if (const auto* up = std::get_if<transport::session_up_event>(&e)) peers_.push_back(up->peer);
  }
  void on_frames(std::uint8_t, const transport::frame_batch& batch) override {
    for (const auto& f : batch.frames) {
      std::uint64_t number = 0;
      std::memcpy(&number, f.body.data(), sizeof(number));
      take(number, f.body, f.peer);
    }
  }
  void expect() const noexcept override {
    __builtin_prefetch(peers_.data());
    __builtin_prefetch(&seen_);
  }

 private:
  void take(std::uint64_t number, const chunk_view& body, const peer_id& from) {
    if (seen_[number]) return;
    seen_[number] = true;
    ++delivered_;
    for (const auto& peer : peers_)
      if (peer != from)
        commands_.sends.push_back({peer, 0, transport::priority::interactive, body, 0});
    port_->post(std::move(commands_));
  }

  transport::port* port_ = nullptr;
  std::vector<peer_id> peers_;
  std::vector<bool> seen_;
  std::uint64_t delivered_ = 0;
  transport::command_batch commands_;
};

/// Nodes all over the world, each of which dials three others.
class flood {
 public:
  static constexpr std::size_t dials = 3;

  flood(std::size_t nodes, std::size_t messages)
      : net_(time_, {}, {{{"/flood/1"}, transport::stream_kind::frames, 1 << 16, 0}}, rng(1)),
        nodes_(nodes) {
    rng random(2);
    for (node_index n = 0; n < nodes; ++n) {
      membership who;
      ed25519_public_key key{};
      for (auto& b : key) b = static_cast<std::uint8_t>(random.next());
      who.id = peer_id::from_ed25519(key);
      who.where = draw_site(terrain::world, random);
      who.address.address = {10, static_cast<std::uint8_t>(n >> 16),
                             static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)};
      who.address.port = 4001;
      nodes_[n] = std::make_unique<flooder>();
      net_.start(net_.add(std::move(who), *nodes_[n]));
      nodes_[n]->join(net_, n, messages);
    }
    for (node_index n = 0; n < nodes; ++n)
      for (std::size_t i = 0; i < dials; ++i)
        dial(n, static_cast<node_index>((n + 1 + random.below(nodes - 1)) % nodes));
    run(std::chrono::seconds(10));
  }

  /// Events that it took until everybody had `messages` messages.
  std::uint64_t publish(std::size_t messages) {
    const std::uint64_t before = time_.trace().events();
    rng random(3);
    for (std::size_t m = 0; m < messages; ++m) {
      nodes_[random.below(nodes_.size())]->publish(m);
      run(publish_interval);
    }
    run(std::chrono::seconds(10));
    return time_.trace().events() - before;
  }
  std::uint64_t delivered() const {
    std::uint64_t sum = 0;
    for (const auto& n : nodes_) sum += n->delivered();
    return sum;
  }

 private:
  void dial(node_index from, node_index to) {
    transport::command_batch batch;
    batch.controls.emplace_back(transport::dial_command{1, net_.id_of(to), {net_.address_of(to)}});
    net_.port_of(from).post(std::move(batch));
  }
  void run(duration span) {
    const instant until = time_.now() + span;
    event e;
    while (time_.next(until, e)) {
      net_.expect(time_.queue());
      net_.handle(e);
    }
  }

  timeline time_;
  network net_;
  std::vector<std::unique_ptr<flooder>> nodes_;
};

void sim_flood(benchmark::State& state) {
  const auto nodes = static_cast<std::size_t>(state.range(0));
  const auto messages = static_cast<std::size_t>(state.range(1));
  std::uint64_t events = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto world = std::make_unique<flood>(nodes, messages);
    state.ResumeTiming();
    events += world->publish(messages);
    state.PauseTiming();
    if (world->delivered() != nodes * messages) state.SkipWithError("not everybody got everything");
    world.reset();
    state.ResumeTiming();
  }
  state.counters["events"]
      = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kAvgIterations);
  state.counters["events_per_s"]
      = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
}
BENCHMARK(sim_flood)->Args({1000, 1000})->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
