// SPDX-License-Identifier: MIT
// Goal: the seeded generator gives the published sequence and unbiased, forkable numbers; SipHash
// matches its reference vectors.
#include "base/hash.hpp"
#include "base/rng.hpp"
#include "tests/support/hex.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <set>

namespace weft {
namespace {

// xoshiro256** with its state from splitmix64 of seed 0, as its authors recommend.
TEST(rng, gives_the_published_sequence) {
  rng random{0};
  EXPECT_EQ(random.next(), 0x99ec5f36cb75f2b4U);
  EXPECT_EQ(random.next(), 0xbf6e1f784956452aU);
  EXPECT_EQ(random(), 0x1a5f849d4933e6e0U);
}

TEST(rng, numbers_below_a_bound_are_uniform) {
  rng random{42};
  constexpr std::uint64_t bound = 7;
  constexpr int draws = 70000;
  std::array<int, bound> counts{};
  for (int i = 0; i < draws; ++i) ++counts[random.below(bound)];
  // chi squared, 6 degrees of freedom: 22.5 is the 99.9 % point, and the seed is fixed.
  double chi = 0;
  for (const int count : counts) chi += (count - 10000.0) * (count - 10000.0) / 10000.0;
  EXPECT_LT(chi, 22.5);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(random.below(1), 0U);
  // A bound just above 2^63 rejects almost half of all draws.
  for (int i = 0; i < 1000; ++i)
    EXPECT_LT(random.below((std::uint64_t{1} << 63) + 1), (std::uint64_t{1} << 63) + 1);
}

TEST(rng, unit_is_in_zero_to_one) {
  rng random{5};
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const double value = random.unit();
    EXPECT_GE(value, 0.0);
    EXPECT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
}

TEST(rng, forks_by_purpose_reproducibly) {
  const auto child = [](std::uint64_t seed, std::uint64_t purpose) {
    rng parent{seed};
    return parent.fork(purpose).next();
  };
  EXPECT_EQ(child(1, 2), child(1, 2));
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (std::uint64_t purpose = 0; purpose < 20; ++purpose) seen.insert(child(seed, purpose));
  EXPECT_EQ(seen.size(), 400U);
}

TEST(rng_death, nothing_is_below_zero) {
  rng random{1};
  EXPECT_DEATH(random.below(0), "below zero");
}

// https://github.com/veorq/SipHash vectors: key 00..0f, input 00 01 02 …
TEST(siphash, matches_the_reference_vectors) {
  const siphash_key key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::array<std::uint8_t, 15> input{};
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::uint8_t>(i);
  const bytes_view bytes{input};
  EXPECT_EQ(siphash_2_4(key, bytes.first(0)), 0x726fdb47dd0e0e31U);
  EXPECT_EQ(siphash_2_4(key, bytes.first(1)), 0x74f839c593dc67fdU);
  EXPECT_EQ(siphash_2_4(key, bytes.first(8)), 0x93f5f5799a932462U);
  EXPECT_EQ(siphash_2_4(key, bytes), 0xa129ca6149be45e5U);
  EXPECT_EQ(siphash_1_3(key, bytes.first(0)), 0xabac0158050fc4dcU);
}

TEST(siphash, depends_on_every_byte_and_on_the_key) {
  std::array<std::uint8_t, 24> input{};
  std::set<std::uint64_t> seen;
  const siphash_key key{1, 2};
  seen.insert(siphash_1_3(key, input));
  for (auto& byte : input) {
    byte = 1;
    seen.insert(siphash_1_3(key, input));
    byte = 0;
  }
  seen.insert(siphash_1_3({2, 2}, input));
  seen.insert(siphash_1_3({1, 3}, input));
  EXPECT_EQ(seen.size(), input.size() + 3);
  EXPECT_EQ(&process_hash_key(), &process_hash_key());
  EXPECT_NE(process_hash_key().low, process_hash_key().high);
}

}  // namespace
}  // namespace weft
