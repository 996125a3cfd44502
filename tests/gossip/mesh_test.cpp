// SPDX-License-Identifier: MIT
// Goal: what is published reaches everybody who follows the topic, once, also over peers that know
// nothing of Weft's additions, also through loss of the mesh. Method: small networks in virtual
// time, several seeds.
#include "tests/gossip/mesh.hpp"

#include <gtest/gtest.h>

namespace weft::gossip::test {
namespace {

using namespace std::chrono_literals;

bool in_mesh(mesh& net, std::size_t n, std::size_t other) {
  const auto status = net.core(n).topic("t");
  return status
         && std::ranges::find(status->mesh, net.id(other), &mesh_member::peer)
                != status->mesh.end();
}

TEST(mesh, two_nodes_speak) {
  mesh net(1);
  const auto a = net.add();
  const auto b = net.add();
  net.join(a, b);
  net.subscribe_all("t");
  net.run(2s);
  net.publish(a, "t", body_of("hello"));
  net.run(1s);
  ASSERT_EQ(net.deliveries(b).size(), 1u);
  const delivery& d = net.deliveries(b)[0];
  EXPECT_EQ(as_text(d.data), "hello");
  EXPECT_EQ(*d.topic, "t");
  EXPECT_EQ(d.author, net.id(a));
  EXPECT_EQ(d.via, net.id(a));
  EXPECT_EQ(d.id, net.of(0).id);
  EXPECT_GT(d.sequence, 0u);
  EXPECT_TRUE(net.deliveries(a).empty());
  ASSERT_EQ(net.outcomes(a).size(), 1u);
  EXPECT_EQ(net.outcomes(a)[0].ticket, 1u);
  EXPECT_EQ(net.outcomes(a)[0].queued, 1u);
  EXPECT_EQ(net.outcomes(a)[0].sent, 1u);
  EXPECT_EQ(net.outcomes(a)[0].dropped, 0u);
}

TEST(mesh, message_without_listeners_has_an_outcome_at_once) {
  mesh net(1);
  const auto a = net.add();
  net.publish(a, "t", body_of("hello"));
  ASSERT_EQ(net.outcomes(a).size(), 1u);
  EXPECT_EQ(net.outcomes(a)[0].queued, 0u);
}

TEST(mesh, empty_and_large_bodies_arrive_whole) {
  mesh net(2);
  const auto a = net.add();
  const auto b = net.add();
  net.join(a, b);
  net.subscribe_all("t");
  net.run(2s);
  for (const std::size_t size : {0u, 1u, 1023u, 4095u, 65'535u, 65'536u, 1'000'000u}) {
    byte_buffer body(size, static_cast<std::uint8_t>(size));
    net.deliveries(b).clear();
    net.publish(a, "t", chunk_view::copy(body));
    net.run(1s);
    ASSERT_EQ(net.deliveries(b).size(), 1u) << size;
    EXPECT_EQ(to_buffer(net.deliveries(b)[0].data), body);
  }
  EXPECT_EQ(net.fault, "");
}

/// Everybody gets everything, whether or not some or all are Weft nodes.
void expect_all_delivered(std::uint64_t seed, std::size_t nodes, double weft_share,
                          version speaks) {
  mesh net(seed);
  for (std::size_t i = 0; i < nodes; ++i)
    net.add({net.random.unit() < weft_share, speaks, std::nullopt});
  net.join_at_random(4);
  net.subscribe_all("t");
  net.run(3s);
  for (std::size_t i = 0; i < 20; ++i) {
    net.publish(net.random.below(nodes), "t", body_of(i, i % 4 == 0 ? 2000 : 100));
    net.run(100ms);
  }
  net.run(5s);
  for (std::size_t i = 0; i < 20; ++i)
    EXPECT_EQ(net.of(i).delivered, nodes - 1) << "seed " << seed << " message " << i;
  EXPECT_EQ(net.fault, "") << "seed " << seed;
}

TEST(mesh, delivers_among_weft_nodes) {
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    expect_all_delivered(seed, 40, 1.0, version::v1_2);
}
TEST(mesh, delivers_among_others) {
  expect_all_delivered(1, 40, 0.0, version::v1_2);
  expect_all_delivered(2, 40, 0.0, version::v1_1);
  expect_all_delivered(3, 40, 0.0, version::v1_0);
}
TEST(mesh, delivers_in_a_mixed_network) {
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    expect_all_delivered(seed, 40, 0.5, version::v1_2);
}

TEST(mesh, one_seed_is_one_run) {
  const auto trace = [](std::uint64_t seed) {
    mesh net(seed);
    for (std::size_t i = 0; i < 30; ++i) net.add();
    net.join_at_random(4);
    net.subscribe_all("t");
    for (std::size_t i = 0; i < 20; ++i) {
      net.publish(net.random.below(30), "t", body_of(i, 1500));
      net.run(300ms);
    }
    std::string out;
    for (std::size_t n = 0; n < 30; ++n)
      out += std::to_string(net.counters(n).frames_received.value()) + "/"
             + std::to_string(net.counters(n).bytes_sent.value()) + " ";
    return out;
  };
  EXPECT_EQ(trace(5), trace(5));
  EXPECT_NE(trace(5), trace(6));
}

TEST(mesh, degree_stays_within_its_bounds) {
  gossip_config config;
  mesh net(7, config);
  for (std::size_t i = 0; i < 60; ++i) net.add();
  net.join_at_random(12);
  net.subscribe_all("t");
  net.run(10s);
  for (std::size_t n = 0; n < net.size(); ++n) {
    const auto status = *net.core(n).topic("t");
    EXPECT_GE(status.mesh.size(), config.degree_low) << n;
    EXPECT_LE(status.mesh.size(), config.degree_high) << n;
    const auto outbound = std::ranges::count(status.mesh, true, &mesh_member::outbound);
    EXPECT_GE(outbound, config.degree_out) << n;
    // a mesh is mutual
    for (const mesh_member& member : status.mesh) {
      for (std::size_t other = 0; other < net.size(); ++other) {
        if (net.id(other) != member.peer) continue;
        const auto theirs = *net.core(other).topic("t");
        EXPECT_TRUE(std::ranges::any_of(theirs.mesh,
                                        [&](const mesh_member& m) { return m.peer == net.id(n); }));
      }
    }
  }
}

TEST(mesh, degree_may_be_50) {
  gossip_config config;
  config.degree = config.degree_low = 50;
  config.degree_high = 80;
  mesh net(8, config);
  for (std::size_t i = 0; i < 100; ++i) net.add();
  net.join_at_random(60);
  net.subscribe_all("t");
  net.run(5s);
  for (std::size_t n = 0; n < net.size(); ++n)
    EXPECT_GE(net.core(n).topic("t")->mesh.size(), 50u) << n;
}

/// A line where the middle node is in nobody's mesh: only IHAVE and IWANT can carry.
TEST(mesh, gossip_carries_what_the_mesh_does_not) {
  gossip_config config;
  config.flood_publish = false;
  mesh net(3, config);
  const auto a = net.add({false, version::v1_1, std::nullopt});
  const auto b = net.add_puppet({false, version::v1_1, std::nullopt});
  net.join(a, b);
  // the puppet follows, and refuses every GRAFT
  rpc_writer w;
  w.subscribe(true, "t");
  w.prune("t", 60, {});
  net.subscribe_all("t");
  net.send_raw(b, a, w.take());
  net.run(1500ms);
  w.prune("t", 60, {});
  net.send_raw(b, a, w.take());
  net.run(1s);
  ASSERT_TRUE(net.core(a).topic("t")->mesh.empty());
  net.received(b).clear();
  net.publish(a, "t", body_of("hidden"));
  net.run(1100ms);
  std::vector<byte_buffer> ids;
  rpc_view rpc;
  for (const send& s : net.received(b)) {
    ASSERT_TRUE(decode_rpc(s.body, rpc).has_value());
    EXPECT_TRUE(rpc.messages.empty());
    for (const auto& each : rpc.ihave)
      for (const bytes_view id : rpc.range(each.ids)) ids.push_back(to_buffer(id));
  }
  ASSERT_EQ(ids.size(), 1u);
  EXPECT_EQ(as_text(ids[0]), as_text(net.of(0).id.bytes()));
  net.received(b).clear();
  const bytes_view id = ids[0];
  w.iwant({&id, 1});
  net.send_raw(b, a, w.take());
  net.run(200ms);
  ASSERT_EQ(net.received(b).size(), 1u);
  ASSERT_TRUE(decode_rpc(net.received(b)[0].body, rpc).has_value());
  ASSERT_EQ(rpc.messages.size(), 1u);
  EXPECT_EQ(as_text(*rpc.messages[0].fields.data), "hidden");
}

TEST(mesh, publishes_to_a_topic_it_does_not_follow) {
  gossip_config config;
  config.fanout_ttl = 5s;
  config.flood_publish = false;
  mesh net(4, config);
  for (std::size_t i = 0; i < 12; ++i) net.add();
  net.join_at_random(6);
  for (std::size_t n = 1; n < 12; ++n)
    net.with(n, [&](gossip_core& core, outbox& out) {
      ASSERT_TRUE(core.subscribe("t", net.now(), out).has_value());
    });
  net.run(2s);
  net.publish(0, "t", body_of("from outside"));
  net.run(1s);
  EXPECT_EQ(net.of(0).delivered, 11u);
  EXPECT_FALSE(net.core(0).topic("t")->fanout.empty());
  EXPECT_FALSE(net.core(0).topic("t")->subscribed);
  net.run(6s);
  EXPECT_TRUE(net.core(0).topic("t")->fanout.empty());
  EXPECT_EQ(net.fault, "");
}

TEST(mesh, subscription_ends) {
  mesh net(5);
  for (std::size_t i = 0; i < 8; ++i) net.add();
  net.join_at_random(6);
  net.subscribe_all("t");
  net.run(2s);
  net.with(0, [&](gossip_core& core, outbox& out) {
    EXPECT_EQ(core.subscribe("t", net.now(), out).error().code, ec::exists);
    ASSERT_TRUE(core.unsubscribe("t", net.now(), out).has_value());
    EXPECT_EQ(core.unsubscribe("t", net.now(), out).error().code, ec::not_found);
  });
  net.run(1s);
  net.publish(1, "t", body_of("late"));
  net.run(2s);
  EXPECT_EQ(net.of(0).delivered, 6u);
  for (std::size_t n = 1; n < 8; ++n) EXPECT_FALSE(in_mesh(net, n, 0)) << n;
  // back within the unsubscription's back-off of 10 s, and after it
  net.with(0, [&](gossip_core& core, outbox& out) {
    ASSERT_TRUE(core.subscribe("t", net.now(), out).has_value());
  });
  net.run(1s);
  EXPECT_TRUE(net.core(0).topic("t")->mesh.empty());
  net.run(12s);
  EXPECT_FALSE(net.core(0).topic("t")->mesh.empty());
  for (std::size_t n = 0; n < 8; ++n) EXPECT_EQ(net.dropped(n, drop_reason::graft_backoff), 0u);
  EXPECT_EQ(net.fault, "");
}

TEST(mesh, lost_peers_are_replaced_at_once) {
  mesh net(6);
  for (std::size_t i = 0; i < 30; ++i) net.add();
  net.join_at_random(10);
  net.subscribe_all("t");
  net.run(3s);
  const auto mesh_of_0 = net.core(0).topic("t")->mesh;
  ASSERT_GE(mesh_of_0.size(), 5u);
  for (const mesh_member& member : mesh_of_0)
    for (std::size_t n = 1; n < net.size(); ++n)
      if (net.id(n) == member.peer) net.part(0, n);
  // no heartbeat has passed
  EXPECT_GE(net.core(0).topic("t")->mesh.size(), 5u);
}

}  // namespace
}  // namespace weft::gossip::test
