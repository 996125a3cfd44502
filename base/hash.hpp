// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace weft {

/// A SipHash key: two 64-bit halves, secret where an attacker chooses the input.
struct siphash_key {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

/// SipHash-2-4 (Aumasson, Bernstein 2012): a short keyed hash, safe against chosen collisions.
std::uint64_t siphash_2_4(const siphash_key& key, bytes_view data) noexcept;
/// SipHash-1-3: the same construction with fewer rounds, for hash tables whose outputs nobody sees.
std::uint64_t siphash_1_3(const siphash_key& key, bytes_view data) noexcept;

/// A key as `key_permutation` gives it: the hash value and what, with it, makes up the key.
struct permuted_key {
  std::uint64_t hash = 0;
  std::array<std::uint64_t, 3> rest{};
  friend bool operator==(const permuted_key&, const permuted_key&) = default;
};

/// A keyed permutation of 32 bytes such as a public key, in line and in about thirty instructions,
/// for hash tables: eight bytes of its output serve as hash value, and a table that keeps the
/// output instead of the key keeps no bit twice (quotienting: Knuth, TAOCP volume 3, section 6.4,
/// exercise 13). Two Feistel rounds: the first mixes word 0 into word 1 by a keyed product, the
/// second adds to word 0 the NH sum of the others (Black et al., UMAC, 1999) folded by one more
/// keyed product, so that hash values of any two inputs chosen without the key agree in n bits with
/// probability of about 2^-n. Not a PRF: for values that nobody outside ever sees.
class key_permutation {
 public:
  using key_bytes = std::array<std::uint8_t, 32>;

  /// Expands the key with SipHash-2-4.
  explicit key_permutation(const siphash_key& key) noexcept;

  permuted_key operator()(const key_bytes& key) const noexcept {
    const std::uint64_t first = word(key, 0);
    const std::array<std::uint64_t, 3> rest{word(key, 1) ^ mix(first), word(key, 2), word(key, 3)};
    return {first ^ sum(rest), rest};
  }
  key_bytes inverse(const permuted_key& from) const noexcept {
    const std::uint64_t first = from.hash ^ sum(from.rest);
    const std::array<std::uint64_t, 4> words{first, from.rest[0] ^ mix(first), from.rest[1],
                                             from.rest[2]};
    key_bytes key;
    std::memcpy(key.data(), words.data(), sizeof(words));
    return key;
  }

 private:
  __extension__ using wide = unsigned __int128;

  static std::uint64_t word(const key_bytes& key, std::size_t i) noexcept {
    std::uint64_t value;
    std::memcpy(&value, key.data() + 8 * i, sizeof(value));
    return value;
  }
  static std::uint64_t fold(wide product) noexcept {
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  std::uint64_t mix(std::uint64_t word) const noexcept {
    return fold(static_cast<wide>(word ^ secret_[0]) * secret_[1]);
  }
  std::uint64_t sum(const std::array<std::uint64_t, 3>& rest) const noexcept {
    const wide nh = static_cast<wide>(rest[0] + secret_[2]) * (rest[1] + secret_[3])
                    + static_cast<wide>(rest[2] + secret_[4]) * secret_[5];
    return fold(static_cast<wide>(static_cast<std::uint64_t>(nh) ^ secret_[6])
                * (static_cast<std::uint64_t>(nh >> 64) ^ secret_[7]));
  }

  std::array<std::uint64_t, 8> secret_;
};

/// A key drawn from the operating system once per process; for hash tables over peer input.
const siphash_key& process_hash_key() noexcept;

}  // namespace weft
