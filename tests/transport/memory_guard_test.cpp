// SPDX-License-Identifier: MIT
// The guard of the memory cap: its levels, and that one is left only well below where it began.
#include "transport/memory_guard.hpp"

#include <gtest/gtest.h>

namespace weft::transport {
namespace {

constexpr std::uint64_t cap = 1'000'000'000;

TEST(memory_guard, no_cap_is_always_calm) {
  memory_guard g;
  EXPECT_EQ(g.judge(~std::uint64_t{0}, 0), memory_level::calm);
}

TEST(memory_guard, levels_rise_at_their_marks) {
  memory_guard g;
  EXPECT_EQ(g.judge(849'999'999, cap), memory_level::calm);
  EXPECT_EQ(g.judge(850'000'000, cap), memory_level::high);
  EXPECT_EQ(g.judge(949'999'999, cap), memory_level::high);
  EXPECT_EQ(g.judge(950'000'000, cap), memory_level::critical);
  memory_guard at_once;
  EXPECT_EQ(at_once.judge(2 * cap, cap), memory_level::critical);
}

TEST(memory_guard, levels_fall_well_below_them) {
  memory_guard g;
  g.judge(cap, cap);
  EXPECT_EQ(g.judge(900'000'000, cap), memory_level::critical);
  EXPECT_EQ(g.judge(899'999'999, cap), memory_level::high);
  EXPECT_EQ(g.judge(940'000'000, cap), memory_level::high);
  EXPECT_EQ(g.judge(800'000'000, cap), memory_level::high);
  EXPECT_EQ(g.judge(799'999'999, cap), memory_level::calm);
  EXPECT_EQ(g.judge(849'999'999, cap), memory_level::calm);
}

TEST(memory_guard, another_cap_holds_at_once) {
  memory_guard g;
  EXPECT_EQ(g.judge(500'000'000, cap), memory_level::calm);
  EXPECT_EQ(g.judge(500'000'000, cap / 2), memory_level::critical);
  EXPECT_EQ(g.judge(500'000'000, 0), memory_level::calm);
}

}  // namespace
}  // namespace weft::transport
