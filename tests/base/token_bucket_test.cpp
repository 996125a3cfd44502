// SPDX-License-Identifier: MIT
// A token bucket over virtual time: the mean rate, the reserve, and debts.
#include "base/token_bucket.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

using namespace std::chrono_literals;

constexpr instant start{1000s};

TEST(token_bucket, gives_the_rate_and_no_more) {
  token_bucket b(0, start);
  int taken = 0;
  for (instant now = start; now < start + 10s; now += 7ms) {
    b.refill(100, 5, now);
    while (b.take(1)) ++taken;
  }
  EXPECT_NEAR(taken, 1000, 1);
}

TEST(token_bucket, keeps_at_most_its_reserve) {
  token_bucket b(3, start);
  EXPECT_TRUE(b.take(3));
  EXPECT_FALSE(b.take(1));
  b.refill(100, 5, start + 1h);
  EXPECT_EQ(b.tokens(), 5);
  EXPECT_FALSE(b.take(5.5));
  EXPECT_TRUE(b.take(5));
}

TEST(token_bucket, pays_its_debt_first) {
  token_bucket b(0, start);
  b.overdraw(150);
  b.refill(100, 10, start + 1s);
  EXPECT_EQ(b.tokens(), -50);
  EXPECT_FALSE(b.take(1));
  b.refill(100, 10, start + 2s);
  EXPECT_TRUE(b.take(10));
  EXPECT_FALSE(b.take(1));
}

TEST(token_bucket, a_lower_reserve_takes_what_is_over_it) {
  token_bucket b(50, start);
  b.refill(100, 10, start);
  EXPECT_EQ(b.tokens(), 10);
}

}  // namespace
}  // namespace weft
