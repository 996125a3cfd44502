// SPDX-License-Identifier: MIT
#include "dht/kad_id.hpp"

#include <gtest/gtest.h>

namespace {

using namespace weft;
using namespace weft::dht;

// Goal: a place is the SHA-256 of the bytes, most significant word first (FIPS 180-4, "abc").
TEST(kad_id, is_the_sha256_of_the_key) {
  const kad_id abc = kad_id::of(as_bytes("abc"));
  EXPECT_EQ(abc.word[0], 0xba7816bf8f01cfeau);
  EXPECT_EQ(abc.word[3], 0xb410ff61f20015adu);
}

// Goal: the distance is a metric: zero to itself, symmetric, and within the triangle.
TEST(kad_id, measures_distances) {
  const kad_id a = kad_id::of(as_bytes("a"));
  const kad_id b = kad_id::of(as_bytes("b"));
  const kad_id c = kad_id::of(as_bytes("c"));
  EXPECT_EQ((a ^ a), kad_id{});
  EXPECT_EQ((a ^ b), (b ^ a));
  EXPECT_EQ((a ^ b) ^ (b ^ c), (a ^ c));
  EXPECT_EQ((a ^ a).leading_zeros(), 256u);
  EXPECT_EQ((kad_id{{0, 1, 0, 0}}.leading_zeros()), 127u);
  EXPECT_EQ((kad_id{{0, 0, 0, 1}}.leading_zeros()), 255u);
  EXPECT_LT((kad_id{{0, ~0ull, ~0ull, ~0ull}}), (kad_id{{1, 0, 0, 0}}));
}

}  // namespace
