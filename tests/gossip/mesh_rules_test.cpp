// SPDX-License-Identifier: MIT
// Goal: GRAFT, PRUNE, back-off, peer exchange and scores follow gossipsub 1.1. Method: puppets
// around one core.
#include "base/envelope.hpp"
#include "tests/gossip/scene.hpp"

#include <gtest/gtest.h>

namespace weft::gossip::test {
namespace {

using namespace std::chrono_literals;
constexpr mesh::traits plain{false, version::v1_2, std::nullopt};

gossip_config quiet_config() {
  gossip_config config;
  config.heartbeat_first = 1h;
  config.flood_publish = false;
  return config;
}

TEST(rules, graft_is_taken_and_messages_flow) {
  scene s(2, quiet_config());
  s.graft(1);
  EXPECT_TRUE(s.in_mesh(1));
  EXPECT_TRUE(s.take(1).prunes.empty());
  s.tell(2, s.message(1));
  EXPECT_EQ(s.take(1).data.size(), 1u);
}

TEST(rules, graft_of_a_foreign_topic_is_not_answered) {
  scene s(1, quiet_config());
  rpc_writer w;
  w.graft("elsewhere");
  s.take(1);
  s.tell(1, w);
  EXPECT_EQ(s.take(1).frames, 0u);
  EXPECT_EQ(s.dropped(drop_reason::graft_topic), 1u);
}

TEST(rules, graft_of_one_who_never_subscribed_counts_as_a_subscription) {
  scene s(1, quiet_config());
  const auto silent = s.add(plain, false);
  s.graft(silent);
  EXPECT_TRUE(s.in_mesh(silent));
  EXPECT_EQ(s.net.core(0).topic("t")->subscribers, 2u);
}

TEST(rules, graft_during_backoff_is_refused_and_blamed) {
  gossip_config config = quiet_config();
  config.score.behaviour_threshold = 0;
  scene s(1, config);
  s.graft(1);
  rpc_writer w;
  w.prune("t", 60, {});
  s.tell(1, w);
  EXPECT_FALSE(s.in_mesh(1));
  s.take(1);
  s.graft(1);
  EXPECT_FALSE(s.in_mesh(1));
  EXPECT_EQ(s.take(1).backoffs, std::vector<std::uint64_t>{60});
  EXPECT_EQ(s.dropped(drop_reason::graft_backoff), 1u);
  EXPECT_EQ(s.score(1), -40'000);  // so soon: twice
}

TEST(rules, backoff_of_a_peer_is_clamped) {
  gossip_config config;
  config.backoff_max = 70s;
  scene s(1, config);
  for (const std::uint64_t seconds :
       {std::uint64_t{1} << 63, ~std::uint64_t{0}, std::uint64_t{71}}) {
    rpc_writer w;
    w.prune("t", seconds, {});
    s.tell(1, w);
    EXPECT_FALSE(s.in_mesh(1));
    s.net.run(69s);
    EXPECT_FALSE(s.in_mesh(1));
    s.net.run(5s);
    EXPECT_TRUE(s.in_mesh(1)) << seconds;
  }
}

TEST(rules, backoff_without_a_number_is_the_usual_one) {
  scene s(1, {}, {false, version::v1_0, std::nullopt});
  s.net.run(200ms);
  ASSERT_TRUE(s.in_mesh(1));
  rpc_writer w;
  w.prune("t", std::nullopt, {});
  s.tell(1, w);
  s.net.run(58s);
  EXPECT_FALSE(s.in_mesh(1));
  s.net.run(5s);
  EXPECT_TRUE(s.in_mesh(1));
  // and a peer of gossipsub 1.0 is told none
  s.take(1);
  s.net.with(0, [&](gossip_core& core, outbox& out) {
    ASSERT_TRUE(core.unsubscribe("t", s.net.now(), out));
  });
  s.net.run(10ms);
  const heard h = s.take(1);
  EXPECT_EQ(h.prunes.size(), 1u);
  EXPECT_TRUE(h.backoffs.empty());
}

TEST(rules, unsubscription_asks_for_a_short_backoff) {
  scene s(1);
  s.net.run(200ms);
  s.take(1);
  s.net.with(0, [&](gossip_core& core, outbox& out) {
    ASSERT_TRUE(core.unsubscribe("t", s.net.now(), out));
  });
  s.net.run(10ms);
  EXPECT_EQ(s.take(1).backoffs, std::vector<std::uint64_t>{10});
}

TEST(rules, backoffs_are_bounded) {
  gossip_config config = quiet_config();
  config.backoffs_per_topic_max = 5;
  scene s(9, config);
  for (std::size_t n = 1; n <= 9; ++n) {
    rpc_writer w;
    w.prune("t", 60 + n, {});
    s.tell(n, w);
  }
  EXPECT_EQ(s.net.core(0).sizes().backoffs, 5u);
  EXPECT_EQ(s.dropped(drop_reason::backoff_limit), 4u);
}

TEST(rules, mesh_entries_of_a_frame_are_bounded) {
  gossip_config config = quiet_config();
  config.mesh_entries_max = 4;
  scene s(1, config);
  rpc_writer w;
  for (int i = 0; i < 7; ++i) w.graft("x" + std::to_string(i));
  for (int i = 0; i < 6; ++i) w.prune("t", 1, {});
  s.tell(1, w);
  EXPECT_EQ(s.dropped(drop_reason::mesh_entries), 5u);
  EXPECT_EQ(s.counters().grafts_received.value(), 4u);
  EXPECT_EQ(s.counters().prunes_received.value(), 4u);
}

TEST(rules, full_mesh_takes_those_it_dialled_only) {
  gossip_config config = quiet_config();
  config.degree_high = 6;
  scene s(0, config);
  std::vector<std::size_t> inbound;
  for (int i = 0; i < 8; ++i) inbound.push_back(s.add_inbound(plain));
  for (const auto n : inbound) s.graft(n);
  EXPECT_EQ(s.net.core(0).topic("t")->mesh.size(), 6u);
  EXPECT_EQ(s.dropped(drop_reason::graft_full), 2u);
  const auto outbound = s.add(plain);
  s.graft(outbound);
  EXPECT_TRUE(s.in_mesh(outbound));
}

TEST(rules, oversized_mesh_is_cut_by_score_and_keeps_outbound_peers) {
  gossip_config config;
  config.heartbeat_first = 1s;
  config.degree_high = 8;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    scene s(0, config, plain, seed);
    std::vector<std::size_t> inbound;
    std::vector<std::size_t> outbound;
    for (int i = 0; i < 8; ++i) inbound.push_back(s.add_inbound(plain));
    for (int i = 0; i < 4; ++i) outbound.push_back(s.add(plain));
    s.net.with(0, [&](gossip_core& core, outbox& out) {
      for (std::size_t i = 0; i < 4; ++i)
        core.set_application_score(s.net.id(inbound[i]), 10, s.net.now(), out);
    });
    for (const auto n : inbound) s.graft(n);
    for (const auto n : outbound) s.graft(n);
    ASSERT_EQ(s.net.core(0).topic("t")->mesh.size(), 12u);
    s.net.run(1s);
    const auto status = *s.net.core(0).topic("t");
    EXPECT_EQ(status.mesh.size(), 6u);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(s.in_mesh(inbound[i])) << seed;
    EXPECT_EQ(std::ranges::count(status.mesh, true, &mesh_member::outbound), 2) << seed;
  }
}

TEST(rules, outbound_quota_is_filled) {
  gossip_config config;
  config.heartbeat_first = 1s;
  scene s(0, config);
  for (int i = 0; i < 6; ++i) s.graft(s.add_inbound(plain));
  for (int i = 0; i < 3; ++i) s.add(plain);
  s.net.run(1100ms);
  const auto status = *s.net.core(0).topic("t");
  EXPECT_EQ(std::ranges::count(status.mesh, true, &mesh_member::outbound), 2);
}

TEST(rules, negative_score_ends_membership_and_is_not_grafted) {
  gossip_config config;
  config.heartbeat_first = 50ms;
  scene s(3, config);
  s.net.run(100ms);
  ASSERT_TRUE(s.in_mesh(1));
  s.net.with(0, [&](gossip_core& core, outbox& out) {
    core.set_application_score(s.net.id(1), -1, s.net.now(), out);
  });
  s.take(1);
  s.net.run(1100ms);
  EXPECT_FALSE(s.in_mesh(1));
  EXPECT_EQ(s.take(1).prunes.size(), 1u);
  s.net.run(70s);
  EXPECT_FALSE(s.in_mesh(1));
  s.graft(1);
  EXPECT_EQ(s.dropped(drop_reason::graft_score), 1u);
}

TEST(rules, poor_mesh_is_joined_by_better_peers) {
  gossip_config config;
  config.opportunistic_graft_ticks = 3;
  config.score.opportunistic_graft_threshold = 5;
  scene s(6, config);
  s.net.run(200ms);
  ASSERT_EQ(s.net.core(0).topic("t")->mesh.size(), 6u);
  const auto better = s.add(plain);
  const auto same = s.add(plain);
  s.net.with(0, [&](gossip_core& core, outbox& out) {
    core.set_application_score(s.net.id(better), 9, s.net.now(), out);
  });
  s.net.run(4s);
  EXPECT_TRUE(s.in_mesh(better));
  EXPECT_FALSE(s.in_mesh(same));
}

// -- scores from outside ---

ip_address address_of(std::uint8_t last) {
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, last};
}

TEST(rules, peers_of_one_address_share_the_blame) {
  gossip_config config = quiet_config();
  config.score.colocation_threshold = 2;
  scene s(0, config);
  std::vector<std::size_t> many;
  for (int i = 0; i < 4; ++i) many.push_back(s.add({false, version::v1_2, address_of(7)}));
  const auto alone = s.add({false, version::v1_2, address_of(8)});
  for (const auto n : many) EXPECT_EQ(s.score(n), -40'000);
  EXPECT_EQ(s.score(alone), 0);
  s.net.part(0, many[0]);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(s.score(many[i]), -10'000);
  // it moves
  neighbour moved;
  moved.peer = s.net.id(many[1]);
  moved.address = address_of(9);
  s.net.with(
      0, [&](gossip_core& core, outbox& out) { core.on_peer_changed(moved, s.net.now(), out); });
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(s.score(many[i]), 0);
}

TEST(rules, loopback_is_exempt_unless_asked_for) {
  for (const bool counts : {false, true}) {
    gossip_config config = quiet_config();
    config.score.colocation_threshold = 2;
    config.score.colocation_counts_loopback = counts;
    scene s(0, config);
    ip_address loopback = address_of(1);
    loopback[12] = 127;
    std::vector<std::size_t> many;
    for (int i = 0; i < 20; ++i) many.push_back(s.add({false, version::v1_2, loopback}));
    EXPECT_EQ(s.score(many[0]) < 0, counts);
  }
}

TEST(rules, coming_back_does_not_clear_a_score) {
  gossip_config config = quiet_config();
  scene s(1, config);
  for (int i = 0; i < 3; ++i) s.tell(1, body_of("\x12\xff nonsense"));
  byte_buffer forged = to_buffer(s.message(1));
  forged.back() ^= 1;
  s.tell(1, chunk_view::copy(forged));
  const auto before = s.score(1);
  ASSERT_LT(before, 0);
  s.net.part(0, 1);
  EXPECT_EQ(s.net.core(0).sizes().retained, 1u);
  s.net.run(2s);
  s.net.join(1, 0);
  EXPECT_LT(s.score(1), 0);
  EXPECT_GT(s.score(1), before);
}

TEST(rules, low_scores_end_gossip_then_publication_then_hearing) {
  gossip_config config;
  config.heartbeat_first = 1h;
  scene s(1, config);
  rpc_writer w;
  w.prune("t", 600, {});  // members of the mesh are only cut off at a heartbeat
  s.tell(1, w);
  s.tell(1, s.message(1));
  const auto set = [&](std::int64_t points) {
    s.net.with(0, [&](gossip_core& core, outbox& out) {
      core.set_application_score(s.net.id(1), points, s.net.now(), out);
    });
    s.take(1);
  };
  const auto published_reaches = [&] {
    s.net.publish(0, "t", body_of("own"));
    s.net.run(5ms);
    return !s.take(1).data.empty();
  };
  const std::string id = scene::id_of_message(1);
  const bytes_view view = as_bytes(id);
  set(-50);
  EXPECT_TRUE(published_reaches());
  w.iwant({&view, 1});
  s.tell(1, w);
  EXPECT_EQ(s.take(1).data.size(), 1u);
  set(-51);
  w.iwant({&view, 1});
  s.tell(1, w);
  w.ihave("t", {&view, 1});
  s.tell(1, w);
  EXPECT_TRUE(s.take(1).data.empty());
  EXPECT_EQ(s.dropped(drop_reason::iwant_score), 1u);
  EXPECT_EQ(s.dropped(drop_reason::ihave_score), 1u);
  EXPECT_TRUE(published_reaches());
  set(-101);
  EXPECT_FALSE(published_reaches());
  s.tell(1, s.message(2));
  EXPECT_EQ(s.net.deliveries(0).size(), 2u);
  set(-301);
  ASSERT_EQ(s.net.expulsions(0).size(), 1u);
  EXPECT_TRUE(s.net.expulsions(0)[0].disconnect);
  s.tell(1, s.message(3));
  EXPECT_EQ(s.net.deliveries(0).size(), 2u);
  EXPECT_EQ(s.dropped(drop_reason::graylisted), 1u);
  set(0);
  s.tell(1, s.message(4));
  EXPECT_EQ(s.net.deliveries(0).size(), 3u);
}

// -- peer exchange ---

struct exchange_scene : scene {
  explicit exchange_scene(std::uint32_t peers)
      : scene(1,
              [&] {
                gossip_config config = quiet_config();
                config.exchange_peers = peers;
                return config;
              }()),
        key(crypto::ed25519_private_key::generate()),
        record(seal_peer_record(key, 1, {*multiaddr::parse("/ip4/10.1.2.3/udp/4001/quic-v1")})) {}
  void recommend(const peer_id& who, bytes_view envelope, int times = 1) {
    const std::vector<exchange_entry> list(static_cast<std::size_t>(times),
                                           {who.bytes(), envelope});
    rpc_writer w;
    w.prune("t", 60, list);
    tell(1, w);
  }
  crypto::ed25519_private_key key;
  byte_buffer record;
};

TEST(rules, recommended_peers_are_taken_with_their_signed_addresses) {
  exchange_scene s(3);
  s.recommend(s.key.id(), s.record);
  ASSERT_EQ(s.net.connects(0).size(), 1u);
  EXPECT_EQ(s.net.connects(0)[0].peer, s.key.id());
  EXPECT_EQ(s.net.connects(0)[0].addresses.size(), 1u);
  // more than taken, known peers
  s.recommend(s.key.id(), s.record, 5);
  EXPECT_EQ(s.dropped(drop_reason::exchange_limit), 2u);
}

TEST(rules, recommendations_that_do_not_verify_are_ignored) {
  exchange_scene s(3);
  byte_buffer forged = s.record;
  forged[forged.size() / 2] ^= 1;
  s.recommend(s.key.id(), forged);
  s.recommend(id_of(77), s.record);  // somebody else's record
  s.recommend(s.key.id(), {});
  rpc_writer w;
  const exchange_entry garbage{as_bytes("not a peer"), s.record};
  w.prune("t", 60, {&garbage, 1});
  s.tell(1, w);
  EXPECT_TRUE(s.net.connects(0).empty());
  EXPECT_EQ(s.dropped(drop_reason::exchange_record), 4u);
}

TEST(rules, recommendations_of_doubtful_peers_or_unasked_ones_are_ignored) {
  exchange_scene off(0);
  off.recommend(off.key.id(), off.record);
  EXPECT_TRUE(off.net.connects(0).empty());
  EXPECT_EQ(off.dropped(drop_reason::exchange_score), 1u);
  exchange_scene s(3);
  s.net.with(0, [&](gossip_core& core, outbox& out) {
    core.set_application_score(s.net.id(1), -1, s.net.now(), out);
  });
  s.recommend(s.key.id(), s.record);
  EXPECT_TRUE(s.net.connects(0).empty());
}

TEST(rules, pruned_peers_are_told_of_others_when_exchange_is_on) {
  for (const std::uint32_t peers : {0u, 2u}) {
    gossip_config config = quiet_config();
    config.exchange_peers = peers;
    scene s(4, config);
    for (const std::size_t n : {2, 3, 4}) {
      neighbour known;
      known.peer = s.net.id(n);
      known.speaks = version::v1_2;
      known.signed_record = byte_buffer(200, static_cast<std::uint8_t>(n));
      s.net.with(0, [&](gossip_core& core, outbox& out) {
        core.on_peer_changed(known, s.net.now(), out);
      });
    }
    s.graft(1);
    s.take(1);
    s.net.with(0, [&](gossip_core& core, outbox& out) {
      ASSERT_TRUE(core.unsubscribe("t", s.net.now(), out));
    });
    s.net.run(5ms);
    EXPECT_EQ(s.take(1).exchanged.size(), peers);
  }
}

}  // namespace
}  // namespace weft::gossip::test
