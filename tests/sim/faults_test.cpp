// SPDX-License-Identifier: MIT
// Partitions, clogs and determinism of the simulated network.
#include "tests/sim/puppets.hpp"

#include <gtest/gtest.h>

namespace weft::sim::test {
namespace {

using transport::close_reason;
using transport::session_down_event;

void split(puppet_show& show, node_index alone, bool both_ways = true) {
  show.net.put_on_side(alone, 1);
  show.net.block(0, 1, true);
  if (both_ways) show.net.block(1, 0, true);
  show.net.reconsider();
}

TEST(partition, holds_frames_and_lets_them_through_when_it_heals_in_time) {
  puppet_show show(2);
  show.connect(0, 1);
  split(show, 1);
  for (std::uint8_t i = 0; i < 10; ++i) show.say(0, 1, bytes_of(100, i), i + 1U);
  show.run(10s);
  EXPECT_TRUE(show[1].frames.empty());
  EXPECT_EQ(show.net.totals().held, 10U);
  show.net.heal();
  show.run(10s);
  ASSERT_EQ(show[1].frames.size(), 10U);
  for (std::uint8_t i = 0; i < 10; ++i) EXPECT_EQ(show[1].frames[i].body.data()[0], i);
  EXPECT_TRUE(show[0].of<session_down_event>().empty());
  EXPECT_TRUE(show[1].of<session_down_event>().empty());
}

TEST(partition, ends_sessions_after_the_idle_timeout) {
  puppet_show show(2);
  show.connect(0, 1);
  const instant before = show.time.now();
  split(show, 1);
  show.run(40s);
  for (node_index n = 0; n < 2; ++n) {
    const auto down = show[n].of<session_down_event>();
    ASSERT_EQ(down.size(), 1U);
    EXPECT_EQ(down[0].second.reason, close_reason::idle);
    EXPECT_GE(down[0].first - before, 25s);
    EXPECT_LE(down[0].first - before, 30s);
  }
  // Nobody gets through, and after the healing a dial does.
  show.dial(0, 1, 1);
  show.run(6s);
  EXPECT_FALSE(show.net.connected(0, 1));
  show.net.heal();
  show.dial(0, 1, 2);
  show.run(1s);
  EXPECT_TRUE(show.net.connected(0, 1));
}

TEST(partition, of_one_direction_is_noticed_by_the_deaf_side_first) {
  puppet_show show(2);
  show.connect(0, 1);
  const instant before = show.time.now();
  split(show, 1, false);
  show.say(1, 0, bytes_of(10));
  show.say(0, 1, bytes_of(10));
  show.run(1s);
  EXPECT_EQ(show[0].frames.size(), 1U);
  EXPECT_TRUE(show[1].frames.empty());
  show.run(70s);
  const auto deaf = show[1].of<session_down_event>();
  const auto heard = show[0].of<session_down_event>();
  ASSERT_EQ(deaf.size(), 1U);
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_LE(deaf[0].first - before, 31s);
  EXPECT_GE(heard[0].first - deaf[0].first, 25s);
}

TEST(partition, does_not_disturb_those_on_one_side) {
  puppet_show show(3);
  show.connect(0, 1);
  show.connect(0, 2);
  split(show, 2);
  show.run(40s);
  EXPECT_TRUE(show.net.connected(0, 1));
  EXPECT_FALSE(show.net.connected(0, 2));
}

TEST(clog, of_a_node_holds_both_directions_and_queues_stay_bounded) {
  network_config config = calm();
  config.bounds.queue.classes[1].bytes_max = 300'000;
  puppet_show show(3, config);
  show.connect(0, 1);
  show.connect(1, 2);
  show.connect(0, 2);
  show.net.clog(1, true);
  show.net.reconsider();
  for (std::uint64_t tag = 1; tag <= 1000; ++tag) {
    show.say(0, 1, bytes_of(1000), tag);
    show.say(1, 2, bytes_of(1000), tag);
    show.say(0, 2, bytes_of(1000), tag + 5000);
    show.run(1ms);
    ASSERT_EQ(show.net.first_violation(), "");
  }
  EXPECT_TRUE(show[1].frames.empty());
  EXPECT_EQ(show[2].frames.size(), 1000U);
  show.net.clog(1, false);
  show.net.reconsider();
  show.run(30s);
  const auto sent = [&](node_index n, bool to_clogged) {
    std::size_t count = 0;
    for (const auto& [at, f] : show[n].fates)
      count += f.fate == transport::frame_fate::sent && (f.tag < 5000) == to_clogged ? 1 : 0;
    return count;
  };
  EXPECT_EQ(show[1].frames.size(), sent(0, true));
  EXPECT_LT(sent(0, true), 500U);
  EXPECT_EQ(show[0].fates.size(), 2000U) << "each is told once";
}

TEST(clog, of_a_link_holds_one_direction) {
  puppet_show show(2);
  show.connect(0, 1);
  show.net.clog_link(0, 1, true);
  show.net.reconsider();
  show.say(0, 1, bytes_of(10));
  show.say(1, 0, bytes_of(10));
  show.run(3s);
  EXPECT_TRUE(show[1].frames.empty());
  EXPECT_EQ(show[0].frames.size(), 1U);
  show.net.clog_link(0, 1, false);
  show.net.reconsider();
  show.run(5s);
  EXPECT_EQ(show[1].frames.size(), 1U);
}

/// Traffic, dials, crashes and partitions drawn from `seed`.
std::uint64_t ramble(std::uint64_t seed, std::uint64_t network_seed = 1) {
  network_config config;
  config.loss_per_million = 20'000;
  puppet_show show(8, config, network_seed);
  for (node_index n = 0; n < 8; ++n) show.make_answer(n, bytes_of(50));
  rng random(seed);
  for (int step = 0; step < 400; ++step) {
    const auto a = static_cast<node_index>(random.below(8));
    const auto b = static_cast<node_index>(random.below(8));
    switch (random.below(10)) {
      case 0:
        show.net.crash(a);
        show.net.start(a);
        break;
      case 1:
        split(show, a, random.below(2) == 0);
        break;
      case 2:
        show.net.heal();
        break;
      case 3:
        show.request(a, b, static_cast<transport::request_id>(step));
        break;
      case 4:
        show.post(a, transport::push_command{show.id(b), large, 1, bytes_of(200'000), 5s});
        break;
      case 5:
        show.net.slow(a, duration(random.below(2) * 3'000'000));
        break;
      case 6:
        show.post(a, transport::disconnect_command{show.id(b), {}});
        break;
      default:
        if (show.net.connected(a, b))
          show.say(a, b, bytes_of(random.below(50'000)), 1);
        else
          show.dial(a, b, static_cast<transport::request_id>(step));
    }
    show.run(duration(random.below(300'000'000)));
    EXPECT_EQ(show.net.first_violation(), "") << "seed " << seed << " step " << step;
  }
  show.net.heal();
  show.run(120s);
  return show.time.trace().hash();
}

TEST(determinism, one_seed_one_trace) {
  const std::uint64_t first = ramble(1);
  EXPECT_EQ(first, ramble(1));
  EXPECT_NE(first, ramble(2));
  EXPECT_NE(first, ramble(1, 2)) << "the network's own randomness counts too";
}

TEST(determinism, random_faults_break_no_invariant) {
  for (std::uint64_t seed = 10; seed < 40; ++seed) ramble(seed);
}

}  // namespace
}  // namespace weft::sim::test
