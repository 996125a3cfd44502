// SPDX-License-Identifier: MIT
#include "base/place_list.hpp"

#include "base/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace weft {
namespace {

TEST(place_list, an_empty_one_holds_nothing) {
  const place_list list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.first(), place_list::none);
  EXPECT_FALSE(list.contains(0));
}

// Goal: the order is that of appending, whatever leaves in between.
TEST(place_list, keeps_the_order_of_appending) {
  place_list list;
  std::vector<place_list::place> expected;
  rng random(4);
  for (int step = 0; step < 20'000; ++step) {
    const auto p = static_cast<place_list::place>(random.below(40));
    const auto at = std::find(expected.begin(), expected.end(), p);
    ASSERT_EQ(list.contains(p), at != expected.end());
    if (at != expected.end()) {
      list.remove(p);
      expected.erase(at);
    } else {
      list.append(p);
      expected.push_back(p);
    }
    ASSERT_EQ(list.size(), expected.size());
    ASSERT_EQ(list.first(), expected.empty() ? place_list::none : expected.front());
  }
  while (!expected.empty()) {
    ASSERT_EQ(list.first(), expected.front());
    list.remove(expected.front());
    expected.erase(expected.begin());
  }
  EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace weft
