// SPDX-License-Identifier: MIT
// What base's codecs and small structures cost: varints, ids, addresses, records, keyed hashes,
// timers, random numbers.
#include "base/envelope.hpp"
#include "base/hash.hpp"
#include "base/multiaddr.hpp"
#include "base/rng.hpp"
#include "base/timer_wheel.hpp"
#include "base/wire.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>

namespace weft {
namespace {

constexpr const char* address_text
    = "/ip4/192.0.2.7/udp/4001/quic-v1/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

void uvarint_decode(benchmark::State& state) {
  std::array<std::uint8_t, 10> bytes{};
  const auto size = write_uvarint(bytes.data(), (std::uint64_t{1} << (7 * state.range(0) - 1)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(bytes.data());
    benchmark::DoNotOptimize(peek_uvarint({bytes.data(), size}));
  }
}
BENCHMARK(uvarint_decode)->ArgName("bytes")->Arg(1)->Arg(2)->Arg(9);

void wire_read_header(benchmark::State& state) {
  byte_buffer frame;
  const std::array<std::uint8_t, 40> id{};
  wire_writer{frame}.u8(1).u64(77).uvarint(300).length_prefixed(id).u32(5);
  for (auto _ : state) {
    wire_reader in{frame};
    benchmark::DoNotOptimize(in.u8());
    benchmark::DoNotOptimize(in.u64());
    benchmark::DoNotOptimize(in.uvarint());
    benchmark::DoNotOptimize(in.length_prefixed(64));
    benchmark::DoNotOptimize(in.u32());
  }
}
BENCHMARK(wire_read_header);

void peer_id_to_text(benchmark::State& state) {
  const auto id = multiaddr::parse(address_text)->peer().value();
  for (auto _ : state) benchmark::DoNotOptimize(id.to_string());
}
BENCHMARK(peer_id_to_text);

void peer_id_from_text(benchmark::State& state) {
  const auto text = multiaddr::parse(address_text)->peer()->to_string();
  for (auto _ : state) benchmark::DoNotOptimize(peer_id::parse(text));
}
BENCHMARK(peer_id_from_text);

void peer_id_hashing(benchmark::State& state) {
  const auto id = multiaddr::parse(address_text)->peer().value();
  for (auto _ : state) benchmark::DoNotOptimize(peer_id_hash{}(id));
}
BENCHMARK(peer_id_hashing);

void multiaddr_from_text(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(multiaddr::parse(address_text));
}
BENCHMARK(multiaddr_from_text);

void multiaddr_from_bytes(benchmark::State& state) {
  const auto address = multiaddr::parse(address_text).value();
  for (auto _ : state) benchmark::DoNotOptimize(multiaddr::from_bytes(address.bytes()));
}
BENCHMARK(multiaddr_from_bytes);

void multiaddr_to_text(benchmark::State& state) {
  const auto address = multiaddr::parse(address_text).value();
  for (auto _ : state) benchmark::DoNotOptimize(address.to_string());
}
BENCHMARK(multiaddr_to_text);

void peer_record_open(benchmark::State& state) {
  const auto envelope = seal_peer_record(crypto::ed25519_private_key::generate(), 7,
                                         {multiaddr::parse(address_text).value()});
  for (auto _ : state) benchmark::DoNotOptimize(open_peer_record(envelope));
}
BENCHMARK(peer_record_open);

void timer_rearm(benchmark::State& state) {
  timer_wheel timers;
  rng random{1};
  std::vector<timer_wheel::token> tokens;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    tokens.push_back(timers.arm(instant{duration{random.below(1000000)}}, 0));
  for (auto _ : state) {
    auto& token = tokens[random.below(tokens.size())];
    benchmark::DoNotOptimize(timers.cancel(token));
    token = timers.arm(instant{duration{random.below(1000000)}}, 0);
  }
}
BENCHMARK(timer_rearm)->ArgName("timers")->Arg(100)->Arg(10000);

void rng_below(benchmark::State& state) {
  rng random{1};
  for (auto _ : state) benchmark::DoNotOptimize(random.below(1000));
}
BENCHMARK(rng_below);

}  // namespace
}  // namespace weft
