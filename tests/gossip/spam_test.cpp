// SPDX-License-Identifier: MIT
// Goal: whatever peers send, tables stay within their limits, every refusal is counted, those who
// break the rules lose their say, and afterwards everything is as before. Method: puppets that
// flood one core, or a network of cores that goes on speaking.
#include "tests/gossip/scene.hpp"

#include <gtest/gtest.h>

namespace weft::gossip::test {
namespace {

using namespace std::chrono_literals;
constexpr mesh::traits plain{false, version::v1_2, std::nullopt};
constexpr mesh::traits woven{true, version::v1_2, std::nullopt};

/// Ids of messages that nobody ever sends.
struct inventions {
  std::vector<std::string> text;
  std::vector<bytes_view> ids;
  explicit inventions(std::size_t count, std::uint64_t first = 1'000'000) {
    for (std::uint64_t i = 0; i < count; ++i) text.push_back(scene::id_of_message(first + i));
    for (const auto& each : text) ids.push_back(as_bytes(each));
  }
};

/// The limits that hold at any time, whoever sends what.
void expect_bounded(const table_sizes& s, const gossip_config& c) {
  EXPECT_LE(s.peers, c.peers_max);
  EXPECT_LE(s.topics, c.topics_max);
  EXPECT_LE(s.subscriptions, c.subscriptions_max);
  EXPECT_LE(s.seen_bytes, c.seen_bytes_max);
  EXPECT_LE(s.cached_bytes, c.cache_bytes_max);
  EXPECT_LE(s.wanted, c.wanted_max);
  EXPECT_LE(s.promises, c.promises_max);
  EXPECT_LE(s.backoffs, c.topics_max * c.backoffs_per_topic_max);
  EXPECT_LE(s.unwanted, c.peers_max * c.unwanted_per_peer_max);
  EXPECT_LE(s.validations, c.validations_max);
  EXPECT_LE(s.publications, c.publications_max);
  EXPECT_LE(s.retained, c.score.retained_max);
}

TEST(spam, ihave_of_nothing_ends_in_the_graylist_and_leaves_nothing) {
  gossip_config config;
  config.wanted_max = 300;
  config.promises_max = 50;
  scene s(2, config);
  std::uint64_t next = 1;
  bool expelled = false;
  for (int round = 0; round < 300 && !expelled; ++round) {
    const inventions made(100, next += 100);
    rpc_writer w;
    w.ihave("t", made.ids);
    s.tell(1, w);
    s.net.run(40ms);
    expect_bounded(s.net.core(0).sizes(), config);
    expelled = !s.net.expulsions(0).empty();
  }
  EXPECT_TRUE(expelled) << "within 13 s";
  EXPECT_EQ(s.net.expulsions(0)[0].peer, s.net.id(1));
  EXPECT_TRUE(s.net.expulsions(0)[0].disconnect);
  EXPECT_GT(s.dropped(drop_reason::ihave_frames), 0u);
  EXPECT_GT(s.dropped(drop_reason::wanted_full), 0u);
  EXPECT_GT(s.counters().promises_broken.value(), 6u);
  EXPECT_EQ(s.score(2), 0) << "the other one is not blamed";
  s.net.part(0, 1);
  s.net.run(60s);
  EXPECT_EQ(s.net.core(0).sizes().wanted, 0u);
  EXPECT_EQ(s.net.core(0).sizes().promises, 0u);
}

TEST(spam, iwant_gets_its_bytes_per_heartbeat_and_no_more) {
  gossip_config config;
  config.iwant_bytes_max = 100'000;
  config.iwant_retransmissions_max = 255;
  config.history = config.history_gossip = 60;
  scene s(2, config);
  for (std::uint64_t i = 1; i <= 20; ++i) s.tell(1, s.message(i, std::string(10'000, 'x')));
  std::vector<std::string> text;
  std::vector<bytes_view> ids;
  for (std::uint64_t i = 1; i <= 20; ++i) text.push_back(scene::id_of_message(i));
  for (const auto& each : text) ids.push_back(as_bytes(each));
  s.net.run(1s);
  s.take(2);
  std::size_t answered = 0;
  for (int round = 0; round < 200; ++round) {  // ten heartbeats
    rpc_writer w;
    w.iwant(ids);
    s.tell(2, w);
    s.net.run(47ms);
    answered += s.take(2).data.size();
  }
  EXPECT_GE(answered, 9u * 9);
  EXPECT_LE(answered, 11u * 10) << "of 4000 asked for";
  EXPECT_GT(s.dropped(drop_reason::iwant_bytes), 3000u);
}

TEST(spam, graft_in_backoff_ends_in_the_graylist) {
  scene s(3);
  rpc_writer w;
  w.prune("t", 60, {});
  s.tell(1, w);
  std::size_t grafts = 0;
  while (s.net.expulsions(0).empty() && grafts < 100) {
    s.graft(1);
    ++grafts;
    EXPECT_FALSE(s.in_mesh(1));
  }
  EXPECT_LE(grafts, 10u);
  EXPECT_EQ(s.dropped(drop_reason::graft_backoff), grafts);
  EXPECT_LT(s.score(1), -300'000);
  // Nothing it says is read any more.
  s.tell(1, s.message(5));
  EXPECT_TRUE(s.net.deliveries(0).empty());
  EXPECT_EQ(s.dropped(drop_reason::graylisted), 1u);
  // Its counters decay, and with them the verdict.
  s.net.run(10min);
  s.tell(1, s.message(6));
  EXPECT_EQ(s.net.deliveries(0).size(), 1u);
}

TEST(spam, subscriptions_have_their_limits_and_go_with_their_peer) {
  gossip_config config;
  config.topics_max = 100;
  config.topics_per_peer_max = 40;
  config.subscriptions_max = 120;
  scene s(4, config);
  for (std::size_t n = 1; n <= 4; ++n) {
    rpc_writer w;
    for (int i = 0; i < 60; ++i) w.subscribe(true, std::to_string(n) + "/" + std::to_string(i));
    w.subscribe(true, std::string(600, 'x'));
    s.tell(n, w);
    expect_bounded(s.net.core(0).sizes(), config);
  }
  EXPECT_EQ(s.net.core(0).sizes().topics, 100u);
  EXPECT_GT(s.dropped(drop_reason::subscription_limit), 100u);
  EXPECT_EQ(s.dropped(drop_reason::oversized), 4u);
  // There is room for what this node itself wants of known topics.
  s.net.with(0, [&](gossip_core& core, outbox& out) {
    EXPECT_TRUE(core.subscribe("1/0", s.net.now(), out));
    EXPECT_EQ(core.subscribe("new", s.net.now(), out).error().code, ec::limit);
    ASSERT_TRUE(core.unsubscribe("1/0", s.net.now(), out));
  });
  for (std::size_t n = 1; n <= 4; ++n) s.net.part(0, n);
  s.net.run(5min);
  EXPECT_EQ(s.net.core(0).sizes().topics, 1u);
  EXPECT_EQ(s.net.core(0).sizes().subscriptions, 0u);
}

TEST(spam, announcements_of_weft_peers_have_their_limits) {
  gossip_config config;
  config.announcements_max = 200;
  config.wanted_max = 150;
  scene s(1, config, woven);
  s.graft(1);
  for (int i = 0; i < 10; ++i) {
    const inventions made(50, 5000 + 50u * static_cast<unsigned>(i));
    std::vector<announcement_entry> entries;
    for (const bytes_view id : made.ids) entries.push_back({{}, id, 0, 0, false});
    rpc_writer w;
    w.announce("t", entries);
    s.tell(1, w);
    expect_bounded(s.net.core(0).sizes(), config);
  }
  EXPECT_EQ(s.dropped(drop_reason::announcements), 300u);
  EXPECT_EQ(s.dropped(drop_reason::wanted_full), 50u);
  // An announced length beyond any frame, a tag that is not the peer's to choose.
  const inventions odd(2, 9000);
  const std::array<announcement_entry, 2> bad{{{{}, odd.ids[0], std::uint64_t{1} << 40, 3, true},
                                               {{}, odd.ids[1], 70'000, ~std::uint64_t{0}, true}}};
  s.net.run(1s);
  rpc_writer w;
  w.announce("t", bad);
  s.tell(1, w);
  EXPECT_EQ(s.dropped(drop_reason::oversized), 2u);
  s.net.run(5min);
  EXPECT_EQ(s.net.core(0).sizes().wanted, 0u);
}

TEST(spam, waves_are_passed_on_at_their_rate) {
  scene s(2, {}, woven);
  for (const std::size_t n : {1, 2}) s.graft(n);
  s.take(2);
  for (std::uint64_t i = 1; i <= 100; ++i) {
    rpc_writer w;
    w.beacon({as_bytes(std::string_view("t")), s.net.id(1).bytes(), i});
    s.tell(1, w);
  }
  // six at once, and one per 1.5 s
  EXPECT_LE(s.take(2).beacons, 7u);
  EXPECT_GE(s.dropped(drop_reason::waves), 93u);
}

TEST(spam, broken_frames_end_in_the_graylist) {
  scene s(1);
  int sent = 0;
  while (s.net.expulsions(0).empty() && sent < 100) {
    s.tell(1, body_of("\x12\xff broken"));
    ++sent;
  }
  EXPECT_LE(sent, 12);
  EXPECT_EQ(s.dropped(drop_reason::malformed), static_cast<std::uint64_t>(sent));
}

// Ten nodes go on speaking while six attackers, connected to all of them, send everything at
// once.
TEST(spam, honest_nodes_go_on_speaking) {
  gossip_config config;
  config.wanted_max = 500;
  config.backoffs_per_topic_max = 64;
  config.unwanted_per_peer_max = 128;
  config.topics_per_peer_max = 32;
  config.seen_bytes_max = 256 * 1024;
  config.cache_bytes_max = 1024 * 1024;
  mesh net(3, config);
  constexpr std::size_t nodes = 10;
  constexpr std::size_t attackers = 6;
  for (std::size_t i = 0; i < nodes; ++i) net.add();
  net.join_at_random(4);
  for (std::size_t i = 0; i < attackers; ++i) {
    const std::size_t n = net.add_puppet(i % 2 ? woven : plain);
    for (std::size_t to = 0; to < nodes; ++to) net.join(n, to);
  }
  net.subscribe_all("t");
  net.run(2s);
  std::uint64_t number = 1;
  std::vector<std::size_t> published;
  for (int round = 0; round < 100; ++round) {
    published.push_back(net.publish(net.random.below(nodes), "t", body_of(number, 2000)));
    for (std::size_t a = nodes; a < nodes + attackers; ++a) {
      const inventions made(50, number * 1000 + a * 60);
      for (std::size_t to = 0; to < nodes; ++to) {
        rpc_writer w;
        w.subscribe(true, "t");
        w.subscribe(true, "junk" + std::to_string(number) + "/" + std::to_string(a));
        w.ihave("t", made.ids);
        w.iwant(made.ids);
        w.idontwant(made.ids);
        w.graft("t");
        w.prune("t", 1'000'000, {});
        net.send_raw(a, to, w.take());
        net.send_raw(a, to, signed_rpc(net.id(a), number, "t", as_bytes("spam")));
      }
    }
    ++number;
    net.run(100ms);
    for (std::size_t n = 0; n < nodes; ++n) expect_bounded(net.core(n).sizes(), config);
  }
  net.run(5s);
  for (const std::size_t index : published)
    EXPECT_EQ(net.of(index).delivered, nodes - 1) << "message " << index;
  EXPECT_EQ(net.fault, "");
  for (std::size_t n = 0; n < nodes; ++n)
    for (std::size_t a = nodes; a < nodes + attackers; ++a)
      EXPECT_LT(net.core(n).score(net.id(a)), 0);
  for (std::size_t n = 0; n < nodes; ++n)
    for (std::size_t a = nodes; a < nodes + attackers; ++a) net.part(n, a);
  net.run(15min);
  for (std::size_t n = 0; n < nodes; ++n) {
    const table_sizes s = net.core(n).sizes();
    EXPECT_EQ(s.topics, 1u);
    EXPECT_EQ(s.wanted + s.promises + s.unwanted + s.validations + s.cached, 0u);
  }
}

}  // namespace
}  // namespace weft::gossip::test
