// SPDX-License-Identifier: MIT
// Goal: timers expire in order of deadline, then of arming, and cancel exactly once. Method: plain
// cases, then random operations beside a sorted reference.
#include "base/timer_wheel.hpp"

#include "base/rng.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace weft {
namespace {

instant at(std::int64_t nanoseconds) { return instant{duration{nanoseconds}}; }

TEST(timer_wheel, expires_in_order_and_only_when_due) {
  timer_wheel timers;
  EXPECT_FALSE(timers.next());
  EXPECT_FALSE(timers.expire(at(100)));
  timers.arm(at(30), 3);
  timers.arm(at(10), 1);
  timers.arm(at(20), 2);
  EXPECT_EQ(timers.next(), at(10));
  EXPECT_FALSE(timers.expire(at(9)));
  EXPECT_EQ(timers.expire(at(20)), 1U);
  EXPECT_EQ(timers.expire(at(20)), 2U);
  EXPECT_FALSE(timers.expire(at(20)));
  EXPECT_EQ(timers.size(), 1U);
  EXPECT_EQ(timers.expire(at(1000)), 3U);
  EXPECT_TRUE(timers.empty());
}

TEST(timer_wheel, equal_deadlines_expire_in_order_of_arming) {
  timer_wheel timers;
  for (std::uint64_t key = 0; key < 100; ++key) timers.arm(at(5), key);
  for (std::uint64_t key = 0; key < 100; ++key) EXPECT_EQ(timers.expire(at(5)), key);
}

TEST(timer_wheel, cancels_once) {
  timer_wheel timers;
  const auto first = timers.arm(at(1), 1);
  const auto second = timers.arm(at(2), 2);
  EXPECT_NE(first, 0U);
  EXPECT_TRUE(timers.cancel(first));
  EXPECT_FALSE(timers.cancel(first));
  EXPECT_EQ(timers.next(), at(2));
  EXPECT_EQ(timers.expire(at(2)), 2U);
  EXPECT_FALSE(timers.cancel(second)) << "expired";
  EXPECT_FALSE(timers.cancel(0));
  EXPECT_FALSE(timers.cancel(~timer_wheel::token{0}));
}

TEST(timer_wheel, a_stale_token_does_not_cancel_the_slots_next_user) {
  timer_wheel timers;
  const auto old = timers.arm(at(1), 1);
  ASSERT_TRUE(timers.cancel(old));
  const auto fresh = timers.arm(at(1), 2);
  EXPECT_NE(old, fresh);
  EXPECT_FALSE(timers.cancel(old));
  EXPECT_EQ(timers.expire(at(1)), 2U);
}

TEST(timer_wheel, agrees_with_a_sorted_reference) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    rng random{seed};
    timer_wheel timers;
    std::map<std::pair<instant, std::uint64_t>, timer_wheel::token> reference;
    std::vector<std::pair<timer_wheel::token, std::pair<instant, std::uint64_t>>> handed_out;
    std::uint64_t armed = 0;
    instant now{};
    for (int step = 0; step < 3000; ++step) {
      const auto choice = random.below(10);
      if (choice < 5) {
        const auto deadline = now + duration{static_cast<std::int64_t>(random.below(50))};
        const auto token = timers.arm(deadline, armed);
        reference[{deadline, armed}] = token;
        handed_out.push_back({token, {deadline, armed}});
        ++armed;
      } else if (choice < 7 && !handed_out.empty()) {
        const auto& [token, place] = handed_out[random.below(handed_out.size())];
        const bool expected = reference.erase(place) == 1;
        ASSERT_EQ(timers.cancel(token), expected) << "seed " << seed << " step " << step;
      } else {
        now += duration{static_cast<std::int64_t>(random.below(8))};
        while (true) {
          std::optional<std::uint64_t> expected;
          if (!reference.empty() && reference.begin()->first.first <= now)
            expected = reference.begin()->first.second;
          ASSERT_EQ(timers.expire(now), expected) << "seed " << seed << " step " << step;
          if (!expected) break;
          reference.erase(reference.begin());
        }
      }
      ASSERT_EQ(timers.size(), reference.size());
      ASSERT_EQ(timers.next(),
                reference.empty() ? std::nullopt : std::optional{reference.begin()->first.first});
    }
  }
}

}  // namespace
}  // namespace weft
