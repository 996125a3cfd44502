// SPDX-License-Identifier: MIT
// What cryptography costs: AEAD by size, signatures, key agreement, HPKE set-up, hashes.
#include "base/crypto.hpp"
#include "base/hpke.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>

namespace weft {
namespace {

constexpr crypto::aead_kind kinds[]
    = {crypto::aead_kind::aes_128_gcm, crypto::aead_kind::chacha20_poly1305};

crypto::aead make_aead(crypto::aead_kind kind) {
  return {kind, byte_buffer(crypto::aead_key_bytes(kind), 7)};
}

void aead_arguments(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"kind", "bytes"});
  for (const auto kind : kinds)
    for (const int size : {64, 200, 1200, 16384}) bench->Args({static_cast<int>(kind), size});
}

void aead_seal(benchmark::State& state) {
  auto cipher = make_aead(static_cast<crypto::aead_kind>(state.range(0)));
  const auto size = static_cast<std::size_t>(state.range(1));
  const byte_buffer plain(size, 0x5a), associated(32, 1);
  byte_buffer out(size + crypto::aead_tag_bytes);
  std::array<std::uint8_t, crypto::aead_nonce_bytes> nonce{};
  for (auto _ : state) {
    ++nonce[0];
    benchmark::DoNotOptimize(cipher.seal(nonce, associated, plain, out));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(1));
}
BENCHMARK(aead_seal)->Apply(aead_arguments);

void aead_open(benchmark::State& state) {
  auto cipher = make_aead(static_cast<crypto::aead_kind>(state.range(0)));
  const auto size = static_cast<std::size_t>(state.range(1));
  const byte_buffer associated(32, 1);
  byte_buffer sealed(size + crypto::aead_tag_bytes), out(sealed.size());
  const std::array<std::uint8_t, crypto::aead_nonce_bytes> nonce{};
  cipher.seal(nonce, associated, byte_buffer(size, 0x5a), sealed);
  for (auto _ : state) {
    if (!cipher.open(nonce, associated, sealed, out)) state.SkipWithError("did not open");
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(1));
}
BENCHMARK(aead_open)->Apply(aead_arguments);

void aead_open_forged(benchmark::State& state) {
  auto cipher = make_aead(crypto::aead_kind::aes_128_gcm);
  const byte_buffer sealed(216);
  byte_buffer out(sealed.size());
  const std::array<std::uint8_t, crypto::aead_nonce_bytes> nonce{};
  for (auto _ : state) {
    if (cipher.open(nonce, {}, sealed, out)) state.SkipWithError("a forgery opened");
  }
}
BENCHMARK(aead_open_forged);

void ed25519_sign(benchmark::State& state) {
  const auto key = crypto::ed25519_private_key::generate();
  const byte_buffer message(200, 1);
  for (auto _ : state) benchmark::DoNotOptimize(key.sign(message));
}
BENCHMARK(ed25519_sign);

void ed25519_verify(benchmark::State& state) {
  const auto key = crypto::ed25519_private_key::generate();
  const byte_buffer message(200, 1);
  const auto signature = key.sign(message);
  for (auto _ : state) {
    if (!crypto::ed25519_verify(key.public_key(), message, signature))
      state.SkipWithError("did not verify");
  }
}
BENCHMARK(ed25519_verify);

void x25519_agree(benchmark::State& state) {
  const auto peer = crypto::x25519_public({5, 6, 7});
  for (auto _ : state) benchmark::DoNotOptimize(crypto::x25519({1, 2, 3}, peer));
}
BENCHMARK(x25519_agree);

void x25519_from_ed25519(benchmark::State& state) {
  const auto key = crypto::ed25519_private_key::generate();
  for (auto _ : state) benchmark::DoNotOptimize(crypto::x25519_from_ed25519(key.public_key()));
}
BENCHMARK(x25519_from_ed25519);

void hpke_setup(benchmark::State& state) {
  const auto recipient = crypto::x25519_public({5, 6, 7});
  crypto::x25519_key ephemeral;
  crypto::random_bytes(ephemeral);
  for (auto _ : state) {
    benchmark::DoNotOptimize(hpke::setup_sender(static_cast<crypto::aead_kind>(state.range(0)),
                                                recipient, {}, ephemeral));
  }
}
BENCHMARK(hpke_setup)->ArgName("kind")->Arg(1)->Arg(3);

void sha256(benchmark::State& state) {
  const byte_buffer data(static_cast<std::size_t>(state.range(0)), 1);
  for (auto _ : state) benchmark::DoNotOptimize(crypto::sha256(data));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(sha256)->ArgName("bytes")->Arg(64)->Arg(16384);

void hmac_sha256(benchmark::State& state) {
  const byte_buffer key(32, 2), data(64, 1);
  for (auto _ : state) benchmark::DoNotOptimize(crypto::hmac_sha256(key, data));
}
BENCHMARK(hmac_sha256);

}  // namespace
}  // namespace weft
