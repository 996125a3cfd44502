// SPDX-License-Identifier: MIT
// Goal: many cores together find every destination, repair after faults, and never form a loop, at
// any moment, over any of the routes they offer their readers. Method: virtual time, seeded faults,
// a loop search after each event.
#include "tests/routing/mesh.hpp"

#include <gtest/gtest.h>

namespace weft::routing::test {
namespace {

using namespace std::chrono_literals;

void expect_converged(const mesh& net, std::uint64_t seed) {
  EXPECT_EQ(net.loop(), "") << "seed " << seed;
  EXPECT_EQ(net.differences(), "") << "seed " << seed;
}

TEST(convergence, line_of_five_in_under_a_second) {
  mesh net(1);
  for (int i = 0; i < 5; ++i) net.add();
  for (std::size_t i = 0; i + 1 < 5; ++i) net.join(i, i + 1);
  net.run(1s);
  expect_converged(net, 1);
  const auto selected = net.core(0).snapshot()->selected(net.key(4));
  ASSERT_TRUE(selected.has_value());
  EXPECT_EQ(selected->hops, 4);
  EXPECT_EQ(net.core(0).snapshot()->neighbour(selected->neighbour).peer, net.id(1));
}

TEST(convergence, ring_repairs_around_a_cut) {
  mesh net(2);
  for (int i = 0; i < 8; ++i) net.add();
  for (std::size_t i = 0; i < 8; ++i) net.join(i, (i + 1) % 8);
  net.run(3s);
  expect_converged(net, 2);
  net.cut(0, 1);
  net.run(10s);
  expect_converged(net, 2);
  EXPECT_EQ(net.core(0).snapshot()->selected(net.key(1))->hops, 7);
}

TEST(convergence, grid_finds_short_paths) {
  mesh net(3);
  constexpr std::size_t side = 5;
  for (std::size_t i = 0; i < side * side; ++i) net.add();
  for (std::size_t y = 0; y < side; ++y)
    for (std::size_t x = 0; x < side; ++x) {
      const auto delay = [&] { return 1ms * static_cast<int>(1 + net.random.below(20)); };
      if (x + 1 < side) net.join(y * side + x, y * side + x + 1, delay());
      if (y + 1 < side) net.join(y * side + x, (y + 1) * side + x, delay());
    }
  net.run(30s);
  expect_converged(net, 3);
  for (std::size_t from = 0; from < net.size(); ++from)
    for (std::size_t to = 0; to < net.size(); ++to) {
      if (from == to) continue;
      // Each node may stay with a route an eighth longer than its best.
      EXPECT_LE(*net.follow(from, to), *net.shortest(from, to) * 5 / 4) << from << " to " << to;
    }
}

TEST(convergence, vanished_destination_is_retracted_without_counting_to_infinity) {
  mesh net(4);
  for (int i = 0; i < 6; ++i) net.add();
  // A triangle of routers with the destination behind one of them: the classic case.
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = i + 1; j < 5; ++j) net.join(i, j);
  net.join(0, 5);
  net.run(3s);
  expect_converged(net, 4);
  net.notice_max = 10ms;
  const std::size_t before = net.frames();
  net.crash(5);
  net.run(5s);
  expect_converged(net, 4);
  EXPECT_LT(net.frames() - before, 400u);
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_FALSE(net.core(i).snapshot()->next_hop(net.key(5)).has_value());
}

TEST(convergence, starved_node_gets_a_new_sequence_number) {
  // Node 1 reaches 0 directly; its only other way is longer, hence infeasible until 0 signs anew.
  mesh net(5);
  for (int i = 0; i < 4; ++i) net.add();
  net.join(0, 1, 1ms);
  net.join(1, 2, 1ms);
  net.join(2, 3, 1ms);
  net.join(3, 0, 50ms);
  net.run(5s);
  expect_converged(net, 5);
  net.notice_max = 1ms;
  const auto before = net.counters(0).renewals.value();
  net.cut(0, 1);
  net.run(3s);  // far less than the refresh interval
  expect_converged(net, 5);
  std::uint64_t asked = 0;
  for (std::size_t i = 1; i < 4; ++i) asked += net.counters(i).requests_sent.value();
  EXPECT_GE(asked, 1u);
  EXPECT_GE(net.counters(0).requests_received.value(), 1u);
  EXPECT_GT(net.counters(0).renewals.value(), before);
}

TEST(convergence, restarted_node_is_believed_again_at_once) {
  mesh net(6);
  for (int i = 0; i < 4; ++i) net.add();
  for (std::size_t i = 0; i + 1 < 4; ++i) net.join(i, i + 1);
  net.run(3s);
  const auto old = net.core(3).own_announcement().sequence;
  net.crash(3);
  net.run(500ms);
  net.restart(3);
  net.join(2, 3);
  net.run(4s);
  expect_converged(net, 6);
  EXPECT_GT(net.core(3).own_announcement().sequence, old);
}

/// Cuts, joins, crashes and restarts at random times, frame faults on top; then quiet, and
/// everything must be right.
void storm(std::uint64_t seed, link_faults faults, std::size_t nodes) {
  mesh net(seed);
  for (std::size_t i = 0; i < nodes; ++i) net.add();
  const auto delay = [&] { return 1ms * static_cast<int>(1 + net.random.below(30)); };
  for (std::size_t i = 1; i < nodes; ++i) net.join(i, net.random.below(i), delay());
  for (std::size_t i = 0; i < nodes; ++i) {
    const std::size_t a = net.random.below(nodes);
    const std::size_t b = net.random.below(nodes);
    if (a != b && !net.linked(a, b)) net.join(a, b, delay());
  }
  net.faults = faults;
  for (int round = 0; round < 60; ++round) {
    net.run(duration(static_cast<duration::rep>(net.random.below(500'000'000))));
    const std::size_t a = net.random.below(nodes);
    const std::size_t b = net.random.below(nodes);
    switch (net.random.below(5)) {
      case 0:
        if (net.alive(a)) net.crash(a);
        break;
      case 1:
        if (!net.alive(a)) net.restart(a);
        break;
      default:
        if (a == b || !net.alive(a) || !net.alive(b)) break;
        net.linked(a, b) ? net.cut(a, b) : net.join(a, b, delay());
    }
  }
  net.faults = {};
  // One refresh, the recovery of lost frames, and the lifetime of what nobody could retract.
  net.run(90s);
  expect_converged(net, seed);
  EXPECT_GT(net.checks(), 20u);
}

TEST(convergence, storms_of_cuts_and_crashes) {
  for (std::uint64_t seed = 100; seed < 400; ++seed) {
    storm(seed, {}, 4 + seed % 9);
    if (HasFailure()) return;
  }
}

TEST(convergence, storms_with_lost_doubled_and_late_frames) {
  for (std::uint64_t seed = 1000; seed < 1300; ++seed) {
    storm(seed, {0.15, 0.1, 0.2}, 4 + seed % 9);
    if (HasFailure()) return;
  }
}

TEST(convergence, partitions_heal) {
  for (std::uint64_t seed = 40; seed < 60; ++seed) {
    mesh net(seed);
    for (int i = 0; i < 10; ++i) net.add();
    for (std::size_t i = 0; i < 10; ++i)
      for (std::size_t j = i + 1; j < 10; ++j)
        if (j == i + 1 || net.random.below(3) == 0) net.join(i, j);
    net.run(3s);
    expect_converged(net, seed);
    for (std::size_t i = 0; i < 5; ++i)
      for (std::size_t j = 5; j < 10; ++j)
        if (net.linked(i, j)) net.cut(i, j);
    net.run(10s);
    expect_converged(net, seed);
    net.join(2, 7);
    net.run(10s);
    expect_converged(net, seed);
  }
}

TEST(convergence, same_seed_same_run) {
  const auto frames = [](std::uint64_t seed) {
    mesh net(seed);
    for (int i = 0; i < 6; ++i) net.add();
    for (std::size_t i = 0; i < 6; ++i) net.join(i, (i + 1) % 6);
    net.faults = {0.1, 0.1, 0.1};
    net.run(60s);
    return std::pair{net.frames(), net.counters(3).updates_received.value()};
  };
  EXPECT_EQ(frames(7), frames(7));
  EXPECT_NE(frames(7), frames(8));
}

// Goal: links whose cost changes while an update is about to be sent break neither the order of
// routes nor the absence of loops. Method: sessions come and go at odd moments, and each new one is
// measured at once, far from the round trip that was assumed.
TEST(convergence, link_costs_that_jump_before_a_flush_do_no_harm) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    mesh net(seed);
    constexpr std::size_t nodes = 5;
    for (std::size_t n = 0; n < nodes; ++n) net.add();
    for (int step = 0; step < 400; ++step) {
      const auto a = net.random.below(nodes);
      const auto b = net.random.below(nodes);
      if (a != b) {
        if (!net.linked(a, b))
          net.join(a, b);
        else if (net.random.below(4) == 0)
          net.cut(a, b);
      }
      net.run(std::chrono::milliseconds(net.random.below(12)));
      for (std::size_t from = 0; from < nodes; ++from)
        for (std::size_t to = 0; to < nodes; ++to)
          if (from != to && net.random.below(4) == 0)
            net.core(from).on_neighbour_rtt(
                net.id(to), std::chrono::microseconds(50 + net.random.below(20'000)), net.now());
    }
    EXPECT_EQ(net.loop(), "") << "seed " << seed;
    net.run(std::chrono::seconds(30));
    EXPECT_EQ(net.differences(), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace weft::routing::test
