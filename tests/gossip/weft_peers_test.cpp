// SPDX-License-Identifier: MIT
#include "gossip/gossip_core.hpp"
#include "tests/gossip/toy.hpp"

#include <gtest/gtest.h>

namespace weft::gossip::test {
namespace {

constexpr std::uint64_t asked = std::uint64_t{1} << 63;

/// A core with one neighbour that follows "t".
struct pair_fixture {
  explicit pair_fixture(bool follows) {
    core.start(wall_time{std::chrono::hours(1)}, now, out);
    if (follows) {
      EXPECT_TRUE(core.subscribe("t", now, out));
    }
    other.peer = id_of(1);
    other.speaks = version::v1_2;
    other.weft = true;
    core.on_peer_up(other, now, out);
    says.subscribe(true, "t");
    hear();
  }
  void hear() { core.on_frame(id_of(1), says.take(), now, out); }

  toy_crypto crypto{id_of(0)};
  gossip_metrics counters;
  gossip_core core{id_of(0), crypto, {}, rng(1), counters};
  instant now{std::chrono::seconds(10)};
  outbox out;
  neighbour other;
  rpc_writer says;
};

// Goal: a pull gets what was announced with a number, and nothing for a number that was guessed.
TEST(weft_peers, pull_gets_only_what_is_pushed) {
  pair_fixture f(false);
  ASSERT_TRUE(f.core.publish(1, "t", body_of("small"), f.now, f.out));
  for (std::uint64_t guess = 0; guess < 4; ++guess) f.says.pull({guess, asked | guess});
  f.hear();
  EXPECT_TRUE(f.out.pushes.empty());
  EXPECT_EQ(f.counters.dropped[drop_reason::pull_unknown].value(), 4u);
  const std::size_t large = f.core.config().lazy.push_bytes_min;
  ASSERT_TRUE(f.core.publish(2, "t", body_of(1, large), f.now, f.out));
  ASSERT_EQ(f.out.pushes.size(), 1u);
  f.says.pull({f.out.pushes[0].tag, asked | 9});
  f.hear();
  ASSERT_EQ(f.out.pushes.size(), 2u);
  EXPECT_EQ(f.out.pushes[1].tag, asked | 9);
}

// Goal: a peer that comes back as another program is told nothing of what was meant for the first.
TEST(weft_peers, another_program_in_its_place) {
  for (const bool still_weft : {true, false}) {
    pair_fixture f(true);
    ASSERT_TRUE(f.core.publish(1, "t", body_of("small"), f.now, f.out));
    ASSERT_EQ(f.out.outcomes.size(), 1u);
    ASSERT_EQ(f.out.outcomes[0].announced, 1u);
    f.other.weft = still_weft;
    f.core.on_peer_up(f.other, f.now, f.out);
    f.out.clear();
    f.core.on_deadline(f.now + std::chrono::milliseconds(10), f.out);
    std::size_t announced = 0;
    for (const send& each : f.out.sends) {
      rpc_view rpc;
      ASSERT_TRUE(decode_rpc(each.body, rpc));
      announced += rpc.announcements.size();
    }
    EXPECT_EQ(announced, still_weft ? 1u : 0u);
  }
}

}  // namespace
}  // namespace weft::gossip::test
