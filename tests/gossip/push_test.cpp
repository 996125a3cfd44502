// SPDX-License-Identifier: MIT
// Goal: large messages published faster than they travel wait for their turn, in order and within
// a limit, and their publisher is told what became of each. Method: two nodes in virtual time.
#include "tests/gossip/mesh.hpp"

#include <gtest/gtest.h>

namespace weft::gossip::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t large = 96 * 1024;

struct pair_of_nodes {
  explicit pair_of_nodes(std::uint64_t seed, const gossip_config& config = {})
      : net(seed, config), from(net.add()), to(net.add()) {
    net.join(from, to);
    net.subscribe_all("t");
    net.run(2s);
  }
  void publish(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) net.publish(from, "t", body_of(i, large));
  }
  mesh net;
  std::size_t from;
  std::size_t to;
};

TEST(push, many_at_once_wait_for_their_turn) {
  pair_of_nodes p(1);
  p.publish(300);
  EXPECT_EQ(p.net.counters(p.from).pushes_started.value(), lazy_config{}.pushes_per_peer_max);
  p.net.run(3s);
  EXPECT_EQ(p.net.deliveries(p.to).size(), 300u);
  ASSERT_EQ(p.net.outcomes(p.from).size(), 300u);
  for (const published& o : p.net.outcomes(p.from)) EXPECT_EQ(o.sent, 1u);
  EXPECT_EQ(p.net.counters(p.to).pulls.value(), 0u);
  EXPECT_EQ(p.net.counters(p.from).pushes_completed.value(), 300u);
  EXPECT_EQ(p.net.fault, "");
}

TEST(push, messages_beyond_the_queue_are_announced_and_fetched) {
  gossip_config config;
  config.lazy.pushes_waiting_max = 4;
  pair_of_nodes p(2, config);
  p.publish(40);
  EXPECT_EQ(p.net.outcomes(p.from).size(), 40u - 4 - config.lazy.pushes_per_peer_max);
  EXPECT_EQ(p.net.outcomes(p.from).front().announced, 1u);
  p.net.run(10s);
  EXPECT_EQ(p.net.deliveries(p.to).size(), 40u);
  EXPECT_GT(p.net.counters(p.to).pulls.value(), 0u);
  EXPECT_EQ(p.net.fault, "");
}

TEST(push, what_left_the_cache_is_told_as_dropped) {
  gossip_config config;
  config.cache_bytes_max = 20 * large;
  pair_of_nodes p(3, config);
  p.publish(100);
  p.net.run(5s);
  std::size_t sent = 0;
  std::size_t dropped = 0;
  for (const published& o : p.net.outcomes(p.from)) {
    sent += o.sent;
    dropped += o.dropped;
  }
  EXPECT_EQ(sent + dropped, 100u);
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(p.net.counters(p.from).pushes_expired.value(), dropped);
  EXPECT_EQ(p.net.deliveries(p.to).size(), sent);
}

TEST(push, peer_that_leaves_ends_what_waits) {
  pair_of_nodes p(4);
  p.publish(50);
  p.net.part(p.from, p.to);
  p.net.run(1s);
  ASSERT_EQ(p.net.outcomes(p.from).size(), 50u);
  for (const published& o : p.net.outcomes(p.from)) EXPECT_EQ(o.sent + o.dropped, 1u);
}

TEST(push, own_message_that_found_no_room_is_offered_later) {
  mesh net(5);
  const auto a = net.add();
  const auto b = net.add_puppet({});
  net.join(a, b);
  rpc_writer w;
  w.subscribe(true, "t");
  net.subscribe_all("t");
  net.send_raw(b, a, w.take());
  net.run(2s);
  net.received(b).clear();
  net.publish(a, "t", body_of("small"));
  net.run(50ms);
  const auto whole
      = std::ranges::find_if(net.received(b), [](const send& s) { return s.tag != 0; });
  ASSERT_NE(whole, net.received(b).end());
  const std::uint64_t tag = whole->tag;
  net.received(b).clear();
  net.with(a, [&](gossip_core& core, outbox& out) {
    core.on_fate(net.id(b), tag, fate::dropped, net.now(), out);
  });
  net.run(50ms);
  std::vector<std::string> announced;
  rpc_view rpc;
  for (const send& s : net.received(b)) {
    ASSERT_TRUE(decode_rpc(s.body, rpc).has_value());
    for (const auto& each : rpc.announcements) announced.emplace_back(as_text(each.id));
  }
  EXPECT_EQ(announced, std::vector<std::string>{std::string(as_text(net.of(0).id.bytes()))});
}

}  // namespace
}  // namespace weft::gossip::test
