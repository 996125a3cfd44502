// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"

#include <array>
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

/// A keyed hash of exactly 32 bytes such as a public key, in line and in about twenty instructions,
/// for tables where each lookup pays for it: NH over 64-bit words (Black et al., UMAC, 1999), whose
/// 128-bit sums collide with probability 2^-64 for any two inputs chosen without the key, folded
/// by one more keyed multiplication. Not a PRF: for hash values that nobody outside ever sees.
class key_hash {
 public:
  /// Expands the key with SipHash-2-4.
  explicit key_hash(const siphash_key& key) noexcept;

  std::uint64_t operator()(const std::array<std::uint8_t, 32>& data) const noexcept {
    std::array<std::uint64_t, 4> word;
    std::memcpy(word.data(), data.data(), sizeof(word));
    __extension__ using wide = unsigned __int128;
    const wide sum = static_cast<wide>(word[0] + key_[0]) * (word[1] + key_[1])
                     + static_cast<wide>(word[2] + key_[2]) * (word[3] + key_[3]);
    const wide folded = static_cast<wide>(static_cast<std::uint64_t>(sum) ^ key_[4])
                        * (static_cast<std::uint64_t>(sum >> 64) ^ key_[5]);
    return static_cast<std::uint64_t>(folded) ^ static_cast<std::uint64_t>(folded >> 64);
  }

 private:
  std::array<std::uint64_t, 6> key_;
};

/// A key drawn from the operating system once per process; for hash tables over peer input.
const siphash_key& process_hash_key() noexcept;

}  // namespace weft
