// SPDX-License-Identifier: MIT
// Goal: the last lines of the log are kept in memory, within bounds, whatever is logged.
#include "base/log_ring.hpp"

#include <gtest/gtest.h>

#include <future>

namespace weft::log {
namespace {

recent_line line(std::string members) { return {0, {}, level::info, "test", std::move(members)}; }

TEST(log_ring, keeps_the_latest_lines) {
  line_ring ring(3, 10'000);
  for (const auto* text : {"a", "b", "c", "d"}) ring.push(line(text));
  const auto all = ring.after(0, 100);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all.front().members, "b");
  EXPECT_EQ(all.front().number, 2U);
  EXPECT_EQ(all.back().members, "d");
  EXPECT_EQ(ring.latest(), 4U);
}

TEST(log_ring, gives_the_latest_of_those_after_a_number) {
  line_ring ring(10, 10'000);
  for (const auto* text : {"a", "b", "c", "d"}) ring.push(line(text));
  const auto two = ring.after(1, 2);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].members, "c");
  EXPECT_EQ(two[1].members, "d");
  const auto next = ring.next(1, 2);
  ASSERT_EQ(next.size(), 2U);
  EXPECT_EQ(next[0].members, "b");
  EXPECT_EQ(next[1].members, "c");
  EXPECT_TRUE(ring.after(4, 10).empty());
  EXPECT_TRUE(ring.next(4, 10).empty());
  EXPECT_TRUE(ring.after(99, 10).empty());
}

TEST(log_ring, is_bounded_in_bytes) {
  line_ring ring(1000, 2000);
  for (int i = 0; i < 100; ++i) ring.push(line(std::string(500, 'x')));
  EXPECT_LE(ring.after(0, 1000).size(), 3U);
  EXPECT_GE(ring.after(0, 1000).size(), 1U);
  // One that does not fit at all is counted and changes nothing else.
  ring.push(line(std::string(5000, 'y')));
  EXPECT_EQ(ring.latest(), 101U);
  EXPECT_EQ(ring.after(0, 1000).back().number, 100U);
}

TEST(log_ring, wakes_who_waits_for_a_line) {
  line_ring ring(10, 10'000);
  EXPECT_FALSE(ring.wait_after(0, duration::zero()));
  auto waiting = std::async(std::launch::async,
                            [&] { return ring.wait_after(0, std::chrono::seconds(30)); });
  ring.push(line("a"));
  EXPECT_TRUE(waiting.get());
}

TEST(log_ring, takes_every_line_that_is_written) {
  const auto before = recent().latest();
  write(level::warn, "ring_test", "happened", {{"what", "a \"b\"\n"}, {"count", 3}});
  const auto lines = recent().after(before, 10);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].component, "ring_test");
  EXPECT_EQ(lines[0].severity, level::warn);
  EXPECT_GT(lines[0].time.time_since_epoch().count(), 0);
  EXPECT_NE(lines[0].members.find(R"("event":"happened")"), std::string::npos);
  EXPECT_NE(lines[0].members.find(R"("what":"a \"b\"\u000a","count":3)"), std::string::npos)
      << lines[0].members;
}

}  // namespace
}  // namespace weft::log
