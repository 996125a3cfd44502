// SPDX-License-Identifier: MIT
#include "base/hash.hpp"

#include "base/crypto.hpp"

#include <bit>
#include <cstddef>
#include <cstring>

namespace weft {

namespace {

std::uint64_t load_little_endian(const std::uint8_t* from, std::size_t count) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    if (count == 8) {
      std::uint64_t value;
      std::memcpy(&value, from, 8);
      return value;
    }
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value |= static_cast<std::uint64_t>(from[i]) << (8 * i);
  return value;
}

struct sip_state {
  std::uint64_t v0, v1, v2, v3;

  explicit sip_state(const siphash_key& key) noexcept
      : v0(key.low ^ 0x736f6d6570736575),
        v1(key.high ^ 0x646f72616e646f6d),
        v2(key.low ^ 0x6c7967656e657261),
        v3(key.high ^ 0x7465646279746573) {}

  void round() noexcept {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
};

template <int CompressionRounds, int FinalRounds>
std::uint64_t siphash(const siphash_key& key, bytes_view data) noexcept {
  sip_state state{key};
  const auto absorb = [&state](std::uint64_t word) {
    state.v3 ^= word;
    for (int i = 0; i < CompressionRounds; ++i) state.round();
    state.v0 ^= word;
  };
  std::size_t offset = 0;
  for (; data.size() - offset >= 8; offset += 8)
    absorb(load_little_endian(data.data() + offset, 8));
  absorb(load_little_endian(data.data() + offset, data.size() - offset)
         | static_cast<std::uint64_t>(data.size()) << 56);
  state.v2 ^= 0xff;
  for (int i = 0; i < FinalRounds; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace

std::uint64_t siphash_2_4(const siphash_key& key, bytes_view data) noexcept {
  return siphash<2, 4>(key, data);
}

std::uint64_t siphash_1_3(const siphash_key& key, bytes_view data) noexcept {
  return siphash<1, 3>(key, data);
}

key_permutation::key_permutation(const siphash_key& key) noexcept : secret_{} {
  for (std::size_t i = 0; i < secret_.size(); ++i) {
    const auto number = static_cast<std::uint8_t>(i);
    secret_[i] = siphash_2_4(key, {&number, 1});
  }
}

const siphash_key& process_hash_key() noexcept {
  static const siphash_key key = [] {
    std::array<std::uint8_t, 16> secret{};
    crypto::random_bytes(secret);
    return siphash_key{load_little_endian(secret.data(), 8),
                       load_little_endian(secret.data() + 8, 8)};
  }();
  return key;
}

}  // namespace weft
