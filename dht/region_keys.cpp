// SPDX-License-Identifier: MIT
#include "dht/region_keys.hpp"

#include "base/multihash.hpp"

#include <algorithm>
#include <array>

namespace weft::dht {

namespace {

byte_buffer random_key(rng& random) {
  std::array<std::uint8_t, 32> digest{};
  for (std::size_t i = 0; i < digest.size(); i += 8) {
    const std::uint64_t word = random.next();
    for (std::size_t b = 0; b < 8; ++b) digest[i + b] = static_cast<std::uint8_t>(word >> (8 * b));
  }
  byte_buffer key;
  write_multihash(key, multicodec::sha2_256, digest);
  return key;
}

}  // namespace

bytes_view region_keys::near(const kad_id& place, rng& random) {
  constexpr std::size_t regions = std::size_t{1} << region_bits;
  constexpr unsigned shift = 64 - region_bits;
  if (regions_.empty()) {
    regions_.resize(regions);
    // About regions * ln(regions) tries; the bound only keeps a broken generator from hanging.
    std::size_t missing = regions;
    for (std::size_t tries = 0; missing > 0 && tries < regions * 64; ++tries) {
      byte_buffer key = random_key(random);
      byte_buffer& at = regions_[kad_id::of(key).word[0] >> shift];
      if (!at.empty()) continue;
      at = std::move(key);
      --missing;
    }
    for (auto& key : regions_)
      if (key.empty()) key = random_key(random);
  }
  return regions_[place.word[0] >> shift];
}

std::optional<byte_buffer> region_keys::in_bucket(const kad_id& self, unsigned common_bits,
                                                  rng& random) {
  if (common_bits > bucket_bits_max) return std::nullopt;
  const std::size_t tries_max = std::size_t{32} << common_bits;
  for (std::size_t tries = 0; tries < tries_max; ++tries) {
    byte_buffer key = random_key(random);
    if ((kad_id::of(key) ^ self).leading_zeros() == common_bits) return key;
  }
  return std::nullopt;
}

}  // namespace weft::dht
