// SPDX-License-Identifier: MIT
// Goal: between Weft peers a message crosses an edge once, small ones along a tree, large ones as
// pushes of which all but one are called off. Method: Weft puppets around one core; whole networks.
#include "tests/gossip/scene.hpp"

#include <gtest/gtest.h>

namespace weft::gossip::test {
namespace {

using namespace std::chrono_literals;
constexpr mesh::traits woven{true, version::v1_2, std::nullopt};
constexpr std::size_t large = 100'000;

/// Announces a message of `large` bytes.
chunk_view announced(std::uint64_t sequence, std::uint64_t tag, bool pushing) {
  const std::string id = scene::id_of_message(sequence);
  const announcement_entry entry{{}, as_bytes(id), large, tag, pushing};
  rpc_writer w;
  w.announce("t", {&entry, 1});
  return w.take();
}

struct woven_scene : scene {
  explicit woven_scene(std::size_t puppets, gossip_config config = {})
      : scene(puppets, std::move(config), woven) {
    for (std::size_t n = 1; n <= puppets; ++n) graft(n);
    for (std::size_t n = 1; n <= puppets; ++n) take(n);
  }
  chunk_view large_message(std::uint64_t sequence) const {
    return message(sequence, std::string(large, 'x'));
  }
};

TEST(pushes, second_push_of_a_message_is_called_off) {
  woven_scene s(3);
  s.tell(1, announced(1, 5, true));
  s.tell(2, announced(1, 9, true));
  EXPECT_TRUE(s.net.cancels(1).empty());
  ASSERT_EQ(s.net.cancels(2).size(), 1u);
  EXPECT_EQ(s.net.cancels(2)[0].tag, 9u);
  s.net.push_raw(1, 0, 5, s.large_message(1));
  s.net.run(5ms);
  ASSERT_EQ(s.net.deliveries(0).size(), 1u);
  EXPECT_EQ(s.net.deliveries(0)[0].data.size(), large);
  EXPECT_EQ(s.dropped(drop_reason::push_unexpected), 0u);
  // Whoever announces it later is told at once that it is not needed.
  s.tell(3, announced(1, 4, true));
  ASSERT_EQ(s.net.cancels(3).size(), 1u);
  EXPECT_EQ(s.net.cancels(3)[0].tag, 4u);
  EXPECT_EQ(s.net.core(0).sizes().wanted, 0u);
}

TEST(pushes, one_that_stalls_is_fetched_elsewhere_and_called_off) {
  woven_scene s(2);
  s.tell(1, announced(1, 5, true));
  s.tell(2, announced(1, 9, false));
  s.net.run(600ms);
  const heard h = s.take(2);
  ASSERT_EQ(h.pulls.size(), 1u);
  EXPECT_EQ(h.pulls[0].announced, 9u);
  s.net.push_raw(2, 0, h.pulls[0].tag, s.large_message(1));
  s.net.run(5ms);
  EXPECT_EQ(s.net.deliveries(0).size(), 1u);
  ASSERT_EQ(s.net.cancels(1).size(), 1u);
  EXPECT_EQ(s.net.cancels(1)[0].tag, 5u);
  EXPECT_GE(s.counters().hedges.value(), 1u);
  EXPECT_EQ(s.dropped(drop_reason::push_unexpected), 0u);
}

TEST(pushes, nobody_asked_for_is_counted_and_read) {
  woven_scene s(1);
  s.net.push_raw(1, 0, 77, s.large_message(1));
  s.net.run(5ms);
  EXPECT_EQ(s.net.deliveries(0).size(), 1u);
  EXPECT_EQ(s.dropped(drop_reason::push_unexpected), 1u);
}

TEST(pushes, own_large_message_is_announced_and_pushed_once_to_each) {
  woven_scene s(3);
  s.net.publish(0, "t", body_of(1, large));
  s.net.run(50ms);
  std::size_t pushed = 0;
  for (const std::size_t n : {1, 2, 3}) {
    const heard h = s.take(n);
    EXPECT_EQ(h.announced.size(), 1u);
    pushed += h.data.size();
  }
  EXPECT_EQ(pushed, 3u);
  EXPECT_EQ(s.counters().pushes_started.value(), 3u);
  EXPECT_EQ(s.counters().pushes_completed.value(), 3u);
}

TEST(pushes, are_pulled_by_announced_tags_only) {
  woven_scene s(1);
  s.net.publish(0, "t", body_of(1, large));
  s.net.run(50ms);
  s.take(1);
  constexpr std::uint64_t answers = std::uint64_t{1} << 63;
  rpc_writer w;
  w.pull({999, answers | 3});  // never announced
  w.pull({1, 3});              // not a tag for answers
  s.tell(1, w);
  EXPECT_EQ(s.dropped(drop_reason::pull_unknown), 2u);
  EXPECT_TRUE(s.take(1).data.empty());
  w.pull({1, answers | 3});
  s.tell(1, w);
  s.net.run(50ms);
  ASSERT_EQ(s.net.received(1).size(), 1u);
  EXPECT_EQ(s.net.received(1)[0].tag, answers | 3);
}

TEST(pushes, called_off_by_the_peer_are_not_counted_as_sent) {
  link_model slow = scene::still();
  slow.uplink = 1'000'000;  // 100 kB take 100 ms
  mesh net(5, {}, slow);
  for (std::size_t i = 0; i < 12; ++i) net.add();
  net.join_at_random(5);
  net.subscribe_all("t");
  net.run(3s);
  for (std::size_t i = 0; i < 12; ++i) {
    net.publish(i, "t", body_of(i, large));
    net.run(2s);
  }
  net.run(5s);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(net.of(i).delivered, 11u) << i;
  EXPECT_EQ(net.fault, "");
  const std::uint64_t started = net.total(&gossip_metrics::pushes_started);
  const std::uint64_t ended = net.total(&gossip_metrics::pushes_completed)
                              + net.total(&gossip_metrics::pushes_called_off)
                              + net.total(&gossip_metrics::pushes_failed);
  EXPECT_EQ(started, ended);
  EXPECT_GT(net.total(&gossip_metrics::pushes_called_off), 0u);
}

// -- lazy edges ---

TEST(lazy, messages_follow_a_tree_and_lazy_edges_only_tell) {
  const auto copies = [](bool weft) {
    mesh net(7);
    for (std::size_t i = 0; i < 60; ++i) net.add({weft, version::v1_2, std::nullopt});
    net.join_at_random(5);
    net.subscribe_all("t");
    net.run(3s);
    for (std::size_t i = 0; i < 100; ++i) {  // the tree takes shape
      net.publish(i % 60, "t", body_of(i, 200));
      net.run(100ms);
    }
    net.take_redundancy();
    const std::size_t first = 100;
    for (std::size_t i = 0; i < 200; ++i) {
      net.publish((i * 7) % 60, "t", body_of(first + i, 200));
      net.run(100ms);
    }
    net.run(5s);
    for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(net.of(i).delivered, 59u) << i;
    EXPECT_EQ(net.fault, "");
    return net.take_redundancy().copies;
  };
  const double woven_copies = copies(true);
  const double plain_copies = copies(false);
  EXPECT_LT(woven_copies, 0.3);
  EXPECT_GT(plain_copies, 2.0);
}

TEST(lazy, a_lost_part_of_the_tree_is_healed_by_asking) {
  mesh net(8);
  for (std::size_t i = 0; i < 40; ++i) net.add();
  net.join_at_random(5);
  net.subscribe_all("t");
  net.run(3s);
  for (std::size_t i = 0; i < 60; ++i) {
    net.publish(i % 10, "t", body_of(i, 200));
    net.run(100ms);
  }
  for (std::size_t n = 30; n < 40; ++n) net.crash(n);
  for (std::size_t i = 60; i < 160; ++i) {
    net.publish(i % 10, "t", body_of(i, 200));
    net.run(100ms);
  }
  net.run(10s);
  for (std::size_t i = 60; i < 160; ++i)
    for (std::size_t n = 0; n < 30; ++n)
      EXPECT_TRUE(net.of(i).hops.contains(n)) << "message " << i << " node " << n;
  EXPECT_GT(net.total(&gossip_metrics::pulls), 0u);
  EXPECT_EQ(net.fault, "");
}

TEST(lazy, a_choked_edge_announces_and_answers) {
  woven_scene s(2);
  rpc_writer w;
  // The first peer brings a wave: it is chosen, and every other edge choked from this end.
  w.beacon({as_bytes(std::string_view("t")), s.net.id(1).bytes(), 1});
  s.tell(1, w);
  s.tell(2, s.message(7));
  EXPECT_EQ(s.take(1).data.size(), 1u);
  s.tell(1, s.message(8));
  EXPECT_EQ(s.take(2).data.size(), 1u) << "the other end has not choked it";
  w.choke("t");
  s.tell(2, w);
  s.tell(1, s.message(1));
  s.net.run(5ms);
  heard h = s.take(2);
  EXPECT_TRUE(h.data.empty());
  EXPECT_EQ(h.announced, std::vector{scene::id_of_message(1)});
  const std::string id = scene::id_of_message(1);
  const bytes_view view = as_bytes(id);
  w.iwant({&view, 1});
  s.tell(2, w);
  EXPECT_EQ(s.take(2).data.size(), 1u);
  w.unchoke("t");
  s.tell(2, w);
  s.tell(1, s.message(2));
  s.net.run(5ms);
  h = s.take(2);
  EXPECT_EQ(h.data.size(), 1u);
  EXPECT_TRUE(h.announced.empty());
}

}  // namespace
}  // namespace weft::gossip::test
