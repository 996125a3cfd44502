// SPDX-License-Identifier: MIT
// Goal: levels set while the node runs count over the configured ones, outlive a reload, and can be
// dropped; names are bounded.
#include "base/log_levels.hpp"

#include <gtest/gtest.h>

namespace weft::log {
namespace {

TEST(log_levels, component_of_its_own_counts_before_all) {
  level_table t;
  t.configure(level::warn);
  t.set("session", level::debug);
  EXPECT_TRUE(t.enabled(level::debug, "session"));
  EXPECT_FALSE(t.enabled(level::info, "node"));
  EXPECT_TRUE(t.enabled(level::warn, "node"));
  EXPECT_FALSE(t.enabled(level::off, "node"));
}

TEST(log_levels, temporary_ones_count_first) {
  level_table t;
  t.configure(level::info);
  t.set("session", level::error);
  ASSERT_TRUE(t.set_temporary("*", level::warn));
  EXPECT_TRUE(t.enabled(level::warn, "session"));
  EXPECT_FALSE(t.enabled(level::info, "node"));
  ASSERT_TRUE(t.set_temporary("session", level::trace));
  EXPECT_TRUE(t.enabled(level::trace, "session"));
  EXPECT_FALSE(t.enabled(level::trace, "node"));
}

TEST(log_levels, temporary_ones_outlive_a_reload_until_dropped) {
  level_table t;
  t.configure(level::info);
  t.set("store", level::debug);
  ASSERT_TRUE(t.set_temporary("session", level::debug));
  t.configure(level::warn);
  EXPECT_TRUE(t.enabled(level::debug, "session"));
  EXPECT_FALSE(t.enabled(level::debug, "store")) << "the configuration no longer names it";
  t.clear_temporary("session");
  EXPECT_FALSE(t.enabled(level::info, "session"));
  ASSERT_TRUE(t.set_temporary("a", level::debug));
  ASSERT_TRUE(t.set_temporary("*", level::debug));
  t.clear_temporary("*");
  EXPECT_FALSE(t.enabled(level::info, "a"));
  t.clear_temporary("never set");
}

TEST(log_levels, are_listed_as_they_are_in_force) {
  level_table t;
  t.configure(level::info);
  t.set("a", level::debug);
  t.set("b", level::error);
  ASSERT_TRUE(t.set_temporary("b", level::trace));
  const auto all = t.all();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].component, "*");
  EXPECT_EQ(all[1].component, "a");
  EXPECT_FALSE(all[1].temporary);
  EXPECT_EQ(all[2].component, "b");
  EXPECT_EQ(all[2].threshold, level::trace);
  EXPECT_TRUE(all[2].temporary);
}

TEST(log_levels, names_are_bounded) {
  level_table t;
  for (const auto* wrong : {"", "Session", "a b", "a=b", "\x1b[0m"})
    EXPECT_EQ(t.set_temporary(wrong, level::debug).error().code, ec::bad_argument) << wrong;
  EXPECT_EQ(t.set_temporary(std::string(33, 'a'), level::debug).error().code, ec::bad_argument);
  for (std::size_t i = 0; i < level_table::components_max; ++i)
    ASSERT_TRUE(t.set_temporary("c" + std::to_string(i), level::debug));
  EXPECT_EQ(t.set_temporary("another", level::debug).error().code, ec::limit);
  EXPECT_TRUE(t.set_temporary("c0", level::warn)) << "one that is there may be changed";
  EXPECT_TRUE(t.set_temporary("*", level::warn));
}

}  // namespace
}  // namespace weft::log
