// SPDX-License-Identifier: MIT
// A pulse: silence counts from the last beat, and not at rest.
#include "base/pulse.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

using namespace std::chrono_literals;

constexpr instant start{100s};

TEST(pulse, silence_counts_from_the_last_beat) {
  pulse p;
  EXPECT_EQ(p.silence(start), 0s) << "nothing was asked of it yet";
  p.beat(start);
  EXPECT_EQ(p.silence(start + 3s), 3s);
  p.beat(start + 3s);
  EXPECT_EQ(p.silence(start + 4s), 1s);
  EXPECT_EQ(p.silence(start), 0s) << "a reader whose time is a little older";
}

TEST(pulse, rest_is_no_silence) {
  pulse p;
  p.beat(start);
  p.rest();
  EXPECT_EQ(p.silence(start + 1h), 0s);
  p.beat(start + 2h);
  EXPECT_EQ(p.silence(start + 2h + 5s), 5s);
}

}  // namespace
}  // namespace weft
