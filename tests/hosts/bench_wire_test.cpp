// SPDX-License-Identifier: MIT
// What bench actors say to each other: every letter comes back as it was, broken ones are refused,
// and a far clock is estimated from the best of several exchanges.
#include "hosts/bench_wire.hpp"

#include <gtest/gtest.h>

namespace weft::hosts {
namespace {

using namespace std::chrono_literals;

wall_time at(duration d) { return wall_time(1'700'000'000s) + d; }

byte_buffer encoded(const bench_letter& letter) {
  byte_buffer out;
  encode(letter, out);
  return out;
}

TEST(bench_wire, letters_come_back) {
  const clock_name clock{1, 2, 3};
  const auto answer
      = decode_bench_letter(encoded(clock_answer{7, at(1ns), at(2ns), at(3ns), clock}));
  ASSERT_TRUE(answer);
  const auto& a = std::get<clock_answer>(*answer);
  EXPECT_EQ(a.run, 7u);
  EXPECT_EQ(a.arrived, at(2ns));
  EXPECT_EQ(a.clock, clock);
  const auto report = decode_bench_letter(encoded(bench_report{9, {{1, at(5ms)}, {2, at(-5ms)}}}));
  ASSERT_TRUE(report);
  EXPECT_EQ(std::get<bench_report>(*report).records[1].arrived, at(-5ms));
  const auto tally = decode_bench_letter(encoded(bench_tally{1, 2, 3, at(0ns), at(1s), 20ms}));
  ASSERT_TRUE(tally);
  EXPECT_EQ(std::get<bench_tally>(*tally).processor, 20ms);
  EXPECT_TRUE(decode_bench_letter(encoded(clock_question{1, at(0ns)})));
  EXPECT_TRUE(decode_bench_letter(encoded(bench_presence{1, clock})));
}

TEST(bench_wire, broken_letters_are_refused) {
  const auto whole = encoded(bench_report{9, {{1, at(5ms)}}});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode_bench_letter(bytes_view(whole).first(size))) << size;
  auto longer = whole;
  longer.push_back(0);
  EXPECT_EQ(decode_bench_letter(longer).error(), ec::malformed);
  auto other = whole;
  other[0] = 2;
  EXPECT_EQ(decode_bench_letter(other).error(), ec::unsupported);
  auto many = whole;
  many[10] = 0xff;
  EXPECT_EQ(decode_bench_letter(many).error(), ec::oversized);
}

TEST(bench_wire, probes_have_the_size_under_test) {
  const auto self = peer_id::from_ed25519({7});
  const bench_probe probe{bench_probe::kind::counted, 5, 6, at(0ns), self};
  EXPECT_EQ(probe.encode(1000).size(), 1000u);
  const auto small = probe.encode(0);
  EXPECT_EQ(small.size(), bench_probe::header_bytes);
  const auto back = bench_probe::decode(small);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->sequence, 6u);
  EXPECT_EQ(back->author, self);
  EXPECT_EQ(back->what, bench_probe::kind::counted);
  auto unknown = small;
  unknown[1] = 9;
  EXPECT_EQ(bench_probe::decode(unknown).error(), ec::malformed);
}

TEST(clock_estimate, keeps_the_shortest_exchange) {
  clock_estimate far;
  EXPECT_FALSE(far.known());
  // The far clock is one second ahead; each way takes 2 ms, then 10 ms and 30 ms.
  far.add({1, at(0ms), at(1002ms), at(1003ms), {}}, at(5ms));
  far.add({1, at(10ms), at(1020ms), at(1020ms), {}}, at(50ms));
  EXPECT_EQ(far.offset(), 1s);
  EXPECT_EQ(far.uncertainty(), 2ms);
  // An answer from before its question is no measurement.
  far.add({1, at(100ms), at(0ms), at(5000ms), {}}, at(101ms));
  EXPECT_EQ(far.offset(), 1s);
  far.set_shared();
  EXPECT_EQ(far.offset(), 0s);
}

TEST(clock_estimate, extreme_times_do_no_harm) {
  clock_estimate far;
  far.add({1, wall_time::min(), wall_time::max(), wall_time::min(), {}}, wall_time::max());
  far.add({1, wall_time::max(), wall_time::min(), wall_time::max(), {}}, wall_time::min());
  EXPECT_FALSE(far.known());
}

}  // namespace
}  // namespace weft::hosts
