// SPDX-License-Identifier: MIT
#include "base/block_table.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace weft {
namespace {

TEST(block_table, an_empty_one_holds_nothing) {
  const block_table<int, 4> t;
  EXPECT_EQ(t.size(), 0U);
}

// Goal: values keep their place and their address while the table grows.
TEST(block_table, values_stay_where_they_are) {
  block_table<std::size_t, 4> t;
  std::vector<std::size_t*> where;
  for (std::size_t n = 0; n < 1000; ++n) {
    ASSERT_EQ(t.add(), n);
    EXPECT_EQ(t[n], 0U) << "a new one is blank";
    t[n] = n * 3;
    where.push_back(&t[n]);
  }
  ASSERT_EQ(t.size(), 1000U);
  for (std::size_t n = 0; n < 1000; ++n) {
    EXPECT_EQ(t[n], n * 3);
    EXPECT_EQ(&t[n], where[n]);
  }
}

}  // namespace
}  // namespace weft
