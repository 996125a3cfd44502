// SPDX-License-Identifier: MIT
// Caps of upload and download: the arithmetic over virtual time, then real sockets. How near to the
// cap the traffic comes is a bench's business; here it must never be above.
#include "transport/io/bandwidth.hpp"

#include "tests/transport_io/test_node.hpp"
#include "transport/io/clock.hpp"

#include <gtest/gtest.h>

#include <map>

namespace weft::transport::io::test {
namespace {

using namespace std::chrono_literals;

constexpr instant start{1000s};

TEST(bandwidth, no_cap_never_waits) {
  const live_limits bounds;
  bandwidth b(bounds, start);
  b.sent(std::size_t{1} << 40);
  b.received(std::size_t{1} << 40);
  EXPECT_TRUE(b.may_send(start));
  EXPECT_TRUE(b.may_receive(start));
  EXPECT_EQ(b.turn_bytes(), SIZE_MAX);
  EXPECT_EQ(b.receive_buffer_bytes(7'500'000), 7'500'000u);
}

TEST(bandwidth, sixty_seconds_at_the_cap) {
  for (const std::uint64_t rate : {65'536u, 1'000'000u, 400'000'000u}) {
    live_limits bounds;
    bounds.upload_bytes_per_second = bounds.download_bytes_per_second = rate;
    bandwidth b(bounds, start);
    instant now = start;
    std::uint64_t up = 0;
    std::uint64_t down = 0;
    while (now < start + 60s) {
      while (b.may_send(now)) {
        b.sent(1'452);
        up += 1'452;
      }
      while (b.may_receive(now)) {
        b.received(65'000);
        down += 65'000;
      }
      const instant next = std::min(b.send_again(now), b.receive_again(now));
      ASSERT_GE(next, now + 1ms);
      now = next;
    }
    const double wanted = static_cast<double>(rate) * 60;
    EXPECT_NEAR(static_cast<double>(up), wanted, wanted * 0.02) << rate;
    EXPECT_NEAR(static_cast<double>(down), wanted, wanted * 0.02) << rate;
  }
}

TEST(bandwidth, a_new_rate_holds_at_once) {
  live_limits bounds;
  bounds.upload_bytes_per_second = 100'000;
  bandwidth b(bounds, start);
  b.sent(1'000'000);
  EXPECT_FALSE(b.may_send(start + 1s));
  EXPECT_EQ(b.send_again(start + 1s), start + 10s);
  bounds.upload_bytes_per_second = 0;
  EXPECT_TRUE(b.may_send(start + 1s));
  b.sent(std::size_t{1} << 30);
  bounds.upload_bytes_per_second = 100'000;
  EXPECT_FALSE(b.may_send(start + 1s));
  EXPECT_TRUE(b.may_send(start + 1s + 1ms)) << "what went without a cap is no debt";
}

// However many want to write, each gets its turn, and nobody two before another has one.
TEST(bandwidth, turns_go_round) {
  live_limits bounds;
  bounds.upload_bytes_per_second = 100'000;
  bandwidth b(bounds, start);
  constexpr session_id sessions = 7;
  for (session_id s = 1; s <= sessions; ++s) b.wait(s, false);
  std::map<session_id, std::uint64_t> written;
  instant now = start;
  while (now < start + 60s) {
    for (const session_id s : b.take_waiting()) {
      std::size_t turn = 0;
      while (turn < b.turn_bytes() && b.may_send(now)) {
        b.sent(1'200);
        turn += 1'200;
      }
      written[s] += turn;
      b.wait(s, turn != 0);
    }
    EXPECT_TRUE(b.anyone_waits());
    now = b.send_again(now);
  }
  const double fair = 100'000.0 * 60 / sessions;
  for (session_id s = 1; s <= sessions; ++s)
    EXPECT_NEAR(static_cast<double>(written[s]), fair, fair * 0.1) << s;
}

/// Bytes that a reactor moved while `work` ran must fit the cap, one reserve and what was under way
/// included.
void expect_within(double rate, std::uint64_t bytes, duration span) {
  EXPECT_LE(static_cast<double>(bytes), rate * (to_seconds(span) + 0.02) + 70'000);
}

TEST(reactor_bandwidth, upload_is_held_to_its_cap) {
  constexpr std::uint64_t rate = 1'000'000;
  test_node a({.change = [](reactor_options& o) { o.bounds.upload_bytes_per_second = rate; }});
  test_node b;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  const auto before = a.metrics.bytes.out.value();
  const instant begin = now();
  const auto done = a.perf(b.id(), 1'500'000, 0);
  ASSERT_TRUE(done) << to_string(done.error());
  expect_within(rate, a.metrics.bytes.out.value() - before, now() - begin);
  EXPECT_GT(a.metrics.bandwidth_waits.out.value(), 0u);
  EXPECT_EQ(a.metrics.bandwidth_limit.out.value(), 1'000'000);
}

TEST(reactor_bandwidth, download_is_held_to_its_cap) {
  constexpr std::uint64_t rate = 1'000'000;
  test_node a({.change = [](reactor_options& o) { o.bounds.download_bytes_per_second = rate; }});
  test_node b;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  const auto before = a.metrics.bytes.in.value();
  const instant begin = now();
  const auto done = a.perf(b.id(), 0, 1'500'000);
  ASSERT_TRUE(done) << to_string(done.error());
  expect_within(rate, a.metrics.bytes.in.value() - before, now() - begin);
  EXPECT_GT(a.metrics.bandwidth_waits.in.value(), 0u);
}

// Several sessions share the cap, and a small question is answered while others move bulk.
TEST(reactor_bandwidth, nobody_starves_under_the_cap) {
  test_node hub({.change = [](reactor_options& o) {
    o.bounds.upload_bytes_per_second = o.bounds.download_bytes_per_second = 2'000'000;
  }});
  test_node bulk;
  test_node small;
  ASSERT_TRUE(bulk.dial(hub)) << to_string(bulk.dial_error);
  ASSERT_TRUE(small.dial(hub)) << to_string(small.dial_error);
  hub.post(perf_command{1, bulk.id(), 2'000'000, 0});
  for (int i = 0; i < 10; ++i) {
    const auto trip = small.ping(hub.id());
    EXPECT_TRUE(trip) << to_string(trip.error());
  }
  EXPECT_TRUE(hub.events.wait<perf_event>([](const auto& e) { return e.times.has_value(); }));
}

TEST(reactor_bandwidth, caps_change_while_sessions_are_up) {
  test_node a;
  test_node b;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  live_limits bounds;
  bounds.upload_bytes_per_second = 500'000;
  a.post(limits_command{bounds});
  const auto before = a.metrics.bytes.out.value();
  const instant begin = now();
  ASSERT_TRUE(a.perf(b.id(), 600'000, 0));
  expect_within(500'000, a.metrics.bytes.out.value() - before, now() - begin);
  a.post(limits_command{live_limits{}});
  ASSERT_TRUE(a.perf(b.id(), 8'000'000, 0));
  EXPECT_EQ(a.metrics.bandwidth_limit.out.value(), 0);
}

}  // namespace
}  // namespace weft::transport::io::test
