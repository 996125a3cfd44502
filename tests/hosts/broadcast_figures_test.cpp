// SPDX-License-Identifier: MIT
// The figures of a broadcast bench from hand-made deliveries.
#include "hosts/broadcast_figures.hpp"

#include <gtest/gtest.h>

namespace weft::hosts {
namespace {

using namespace std::chrono_literals;

TEST(broadcast_figures, counts_what_arrived_and_what_did_not) {
  broadcast_figures f(2, 3);
  f.published(0, 0ms);
  f.published(1, 100ms);
  for (std::uint32_t r = 0; r < 3; ++r) f.delivered(0, r, 10ms * (r + 1));
  f.delivered(1, 0, 105ms);
  f.delivered(1, 0, 106ms);
  EXPECT_FALSE(f.complete());
  const auto s = f.summarize();
  EXPECT_EQ(s.published, 2u);
  EXPECT_EQ(s.expected, 6u);
  EXPECT_EQ(s.delivered, 4u);
  EXPECT_EQ(s.repeated, 1u);
  EXPECT_EQ(s.everywhere_seconds.count, 1u);
  EXPECT_DOUBLE_EQ(s.everywhere_seconds.p50, 0.030);
  EXPECT_DOUBLE_EQ(s.delivery_seconds.min, 0.005);
  EXPECT_DOUBLE_EQ(s.delivery_seconds.max, 0.030);
  f.delivered(1, 1, 120ms);
  f.delivered(1, 2, 120ms);
  EXPECT_TRUE(f.complete());
}

TEST(broadcast_figures, ignores_numbers_out_of_range) {
  broadcast_figures f(1, 1);
  f.published(1, 0ms);
  f.delivered(0, 1, 1ms);
  f.delivered(1, 0, 1ms);
  const auto s = f.summarize();
  EXPECT_EQ(s.published, 0u);
  EXPECT_EQ(s.delivered, 0u);
}

}  // namespace
}  // namespace weft::hosts
