// SPDX-License-Identifier: MIT
// Goal: the inline permutation of 32 bytes can be undone, and its hash value spreads like a random
// function over inputs that differ little and depends on all of its key. Method: one-bit
// differences, counters in every word, and every bit of output.
#include "base/hash.hpp"
#include "base/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <set>
#include <utility>
#include <vector>

namespace weft {
namespace {

using input = std::array<std::uint8_t, 32>;

TEST(key_permutation, each_input_bit_changes_about_half_of_the_output) {
  const key_permutation permute(siphash_key{1, 2});
  input data{};
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(7 * i);
  const std::uint64_t before = permute(data).hash;
  int changed = 0;
  for (std::size_t bit = 0; bit < 256; ++bit) {
    data[bit / 8] = static_cast<std::uint8_t>(data[bit / 8] ^ 1u << bit % 8);
    const int some = std::popcount(before ^ permute(data).hash);
    EXPECT_GE(some, 8) << bit;
    changed += some;
    data[bit / 8] = static_cast<std::uint8_t>(data[bit / 8] ^ 1u << bit % 8);
  }
  EXPECT_NEAR(changed / 256.0, 32.0, 2.0);
}

TEST(key_permutation, spreads_counters_evenly_in_upper_and_lower_bits) {
  const key_permutation permute(siphash_key{3, 4});
  // Two bytes of the input vary: in one word, or in two.
  for (const auto& [first, second] : {std::pair{0, 1}, {0, 9}, {8, 15}, {17, 26}, {24, 31}}) {
    std::vector<int> upper(1024);
    std::vector<int> lower(256);
    std::set<std::uint64_t> seen;
    constexpr std::uint32_t count = 1u << 16;
    for (std::uint32_t i = 0; i < count; ++i) {
      input data{};
      data[static_cast<std::size_t>(first)] = static_cast<std::uint8_t>(i);
      data[static_cast<std::size_t>(second)] = static_cast<std::uint8_t>(i >> 8);
      const std::uint64_t value = permute(data).hash;
      ++upper[value >> 54];
      ++lower[value & 0xff];
      seen.insert(value);
    }
    EXPECT_EQ(seen.size(), count);
    // Means of 64 and 256, standard deviations of 8 and 16: bounds at more than five of them.
    EXPECT_LE(*std::max_element(upper.begin(), upper.end()), 110) << first;
    EXPECT_GE(*std::min_element(upper.begin(), upper.end()), 20) << first;
    EXPECT_LE(*std::max_element(lower.begin(), lower.end()), 346) << first;
    EXPECT_GE(*std::min_element(lower.begin(), lower.end()), 166) << first;
  }
}

TEST(key_permutation, can_be_undone) {
  const key_permutation permute(siphash_key{5, 6});
  rng random(7);
  for (int i = 0; i < 10000; ++i) {
    input data;
    for (auto& byte : data) byte = static_cast<std::uint8_t>(random.below(i % 2 == 0 ? 256 : 2));
    const permuted_key made = permute(data);
    ASSERT_EQ(permute.inverse(made), data);
    permuted_key other = made;
    other.hash ^= std::uint64_t{1} << i % 64;
    ASSERT_NE(permute.inverse(other), data);
  }
}

TEST(key_permutation, depends_on_both_halves_of_the_key) {
  const input data{5};
  std::set<std::uint64_t> seen;
  for (const siphash_key key : {siphash_key{1, 2}, siphash_key{2, 2}, siphash_key{1, 3}})
    seen.insert(key_permutation(key)(data).hash);
  EXPECT_EQ(seen.size(), 3u);
}

}  // namespace
}  // namespace weft
