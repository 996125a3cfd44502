// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <cstdint>

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

/// A key drawn from the operating system once per process; for hash tables over peer input.
const siphash_key& process_hash_key() noexcept;

}  // namespace weft
