// SPDX-License-Identifier: MIT
// Scenarios, plans of faults, the disk, and the stand-ins for signatures.
#include "sim/disk.hpp"
#include "sim/fake_crypto.hpp"
#include "sim/fault_plan.hpp"
#include "sim/population.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace weft::sim::test {
namespace {

using namespace std::chrono_literals;

TEST(scenario, is_valid_by_default_and_names_what_is_not) {
  EXPECT_TRUE(scenario{}.validate());
  scenario s;
  s.nodes.count = 1;
  EXPECT_NE(s.validate().error().detail.find("nodes.count"), std::string::npos);
  s = {};
  s.network.terrain = "moon";
  EXPECT_NE(s.validate().error().detail.find("'world' or 'lan'"), std::string::npos);
  s = {};
  s.broadcast.during_faults = 3;
  EXPECT_NE(s.validate().error().detail.find("phases.faults"), std::string::npos);
}

TEST(scenario, has_every_key_once_and_with_a_text) {
  std::set<std::string_view> names;
  scenario s;
  for (const auto& key : scenario_keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_FALSE(key.help.empty()) << key.name;
    std::visit([](auto* value) { ASSERT_NE(value, nullptr); }, key.slot(s));
  }
}

scenario stormy() {
  scenario s;
  s.nodes.count = 20;
  s.phases.warm_up = 10s;
  s.phases.faults = 60s;
  s.phases.settle = 20s;
  s.faults.crash_percent = 30;
  s.faults.churn_percent = 50;
  s.faults.restarts = 10;
  s.faults.partition = "any";
  s.faults.partition_for = 5s;
  s.faults.swizzle_percent = 50;
  s.faults.clogged_links = 10;
  s.faults.slow_percent = 20;
  return s;
}

TEST(fault_plan, is_ordered_within_its_phase_and_ends_with_the_healing) {
  const scenario s = stormy();
  const phase_times phases(s);
  const auto plan = plan_faults(s, phases, rng(4));
  ASSERT_FALSE(plan.empty());
  EXPECT_TRUE(std::is_sorted(plan.begin(), plan.end(),
                             [](const fault& a, const fault& b) { return a.at < b.at; }));
  std::map<fault_kind, int> counts;
  for (const auto& f : plan) {
    ++counts[f.kind];
    if (f.kind != fault_kind::start && f.kind != fault_kind::free_link) {
      EXPECT_GE(f.at, phases.faults);
      EXPECT_LE(f.at, phases.heal);
    }
    if (f.kind != fault_kind::partition && f.kind != fault_kind::reunite
        && f.kind != fault_kind::heal) {
      EXPECT_LT(f.node, 30U);
    }
  }
  EXPECT_EQ(counts[fault_kind::heal], 1);
  EXPECT_EQ(counts[fault_kind::crash], 6 + 10);
  EXPECT_EQ(counts[fault_kind::leave], 10);
  EXPECT_EQ(counts[fault_kind::start], 20 + 10 + 10);
  EXPECT_EQ(counts[fault_kind::partition], 6);
  EXPECT_EQ(counts[fault_kind::reunite], 6);
  EXPECT_EQ(counts[fault_kind::clog_node], counts[fault_kind::free_node]);
  EXPECT_EQ(counts[fault_kind::clog_link], counts[fault_kind::free_link]);
  EXPECT_EQ(counts[fault_kind::slow], 4);
}

TEST(fault_plan, follows_its_seed) {
  const scenario s = stormy();
  const phase_times phases(s);
  const auto order = [&](std::uint64_t seed) {
    std::vector<std::pair<duration, node_index>> out;
    for (const auto& f : plan_faults(s, phases, rng(seed))) out.emplace_back(f.at, f.node);
    return out;
  };
  EXPECT_EQ(order(1), order(1));
  EXPECT_NE(order(1), order(2));
}

TEST(settings, drawn_at_random_are_valid_and_differ) {
  const scenario s;
  const node_settings base = settings_for(s);
  rng random(9);
  std::set<duration> heartbeats;
  for (int i = 0; i < 200; ++i) {
    const node_settings drawn = randomised(base, random);
    EXPECT_TRUE(drawn.gossip.validate());
    EXPECT_TRUE(drawn.dht.validate());
    EXPECT_TRUE(drawn.sessions.validate());
    // What a network agrees on stays.
    EXPECT_EQ(drawn.gossip.ids, base.gossip.ids);
    EXPECT_EQ(drawn.dht.protocol_name, base.dht.protocol_name);
    heartbeats.insert(drawn.gossip.heartbeat);
    EXPECT_TRUE(randomised(network_for(s), random).validate());
  }
  EXPECT_GT(heartbeats.size(), 1U);
}

TEST(network_config, refuses_what_makes_no_sense) {
  const auto refused = [](auto change) {
    network_config c;
    change(c);
    return !c.validate();
  };
  EXPECT_TRUE(network_config{}.validate());
  EXPECT_TRUE(refused([](auto& c) { c.loss_per_million = 600'000; }));
  EXPECT_TRUE(refused([](auto& c) { c.jitter_per_million = 2'000'000; }));
  EXPECT_TRUE(refused([](auto& c) { c.segment_bytes = 100; }));
  EXPECT_TRUE(refused([](auto& c) { c.window_initial_bytes = 100; }));
  EXPECT_TRUE(refused([](auto& c) { c.receive_window_bytes = 100; }));
  EXPECT_TRUE(refused([](auto& c) { c.negotiation_round_trips = 9; }));
}

dht::store_operation put(const byte_buffer& key) {
  dht::put_record o;
  o.record.key = key;
  return o;
}

TEST(disk, keeps_what_was_committed_and_loses_what_was_not) {
  disk d;
  const instant t0 = timeline::origin;
  d.write({put({1})}, t0);
  d.write({put({2})}, t0 + 100ms);
  d.crash(t0 + 100ms + disk::commit_delay / 2);
  ASSERT_EQ(d.read().records.size(), 1U);
  EXPECT_EQ(d.read().records[0].key, byte_buffer{1});
  d.write({dht::remove_record{{1}}, put({3})}, t0 + 1s);
  d.crash(t0 + 2s);
  ASSERT_EQ(d.read().records.size(), 1U);
  EXPECT_EQ(d.read().records[0].key, byte_buffer{3});
  d.erase();
  EXPECT_TRUE(d.read().records.empty());
}

TEST(disk, keeps_providers_and_peers) {
  disk d;
  dht::put_provider p;
  p.entry.key = {5};
  dht::replace_peers peers;
  peers.peers.resize(3);
  d.write({p, peers}, timeline::origin);
  d.crash(timeline::origin + 1s);
  EXPECT_EQ(d.read().providers.size(), 1U);
  EXPECT_EQ(d.read().peers.size(), 3U);
  d.write({dht::remove_provider{{5}, {}}}, timeline::origin + 2s);
  d.crash(timeline::origin + 3s);
  EXPECT_TRUE(d.read().providers.empty());
}

TEST(fake_crypto, binds_signatures_to_author_and_text) {
  ed25519_public_key key{};
  key[0] = 1;
  const peer_id author = peer_id::from_ed25519(key);
  key[0] = 2;
  const peer_id other = peer_id::from_ed25519(key);
  const fake_gossip_crypto crypto(author);
  const auto signature = crypto.sign(as_bytes("text"));
  EXPECT_TRUE(crypto.verify(author, {}, as_bytes("text"), signature));
  EXPECT_EQ(crypto.verify(other, {}, as_bytes("text"), signature).error().code, ec::bad_signature);
  EXPECT_FALSE(crypto.verify(author, {}, as_bytes("texT"), signature));
  EXPECT_FALSE(crypto.verify(author, {}, as_bytes("text"), bytes_view(signature).first(63)));
}

TEST(fake_crypto, binds_values_to_their_key) {
  const auto key = fake_key(7);
  const auto value = fake_value(key, 3, 100);
  EXPECT_EQ(fake_sequence(key, value), 3U);
  EXPECT_FALSE(fake_sequence(fake_key(8), value));
  EXPECT_FALSE(fake_sequence(key, value.bytes().first(99)));
  EXPECT_FALSE(fake_sequence(key, value.bytes().first(3)));
  const auto validators = fake_validators();
  EXPECT_TRUE(validators->validate(key, value, {}));
  EXPECT_FALSE(validators->validate(fake_key(8), value, {}));
  EXPECT_GT(*validators->validate(key, fake_value(key, 4, 50), {}),
            *validators->validate(key, value, {}));
}

}  // namespace
}  // namespace weft::sim::test
