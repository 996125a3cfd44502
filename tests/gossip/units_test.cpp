// SPDX-License-Identifier: MIT
// Goal: the parts of the core keep their own promises. Method: each against a plain model.
#include "gossip/estimator.hpp"
#include "gossip/fifo_table.hpp"
#include "gossip/gossip_config.hpp"
#include "gossip/peer_score.hpp"
#include "tests/gossip/toy.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>

namespace weft::gossip::test {
namespace {

using namespace std::chrono_literals;

TEST(fifo_table, behaves_as_a_queue_with_a_search) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    rng random(seed);
    fifo_table<std::uint64_t> table;
    std::deque<std::uint64_t> model;
    // few distinct low bits: long runs of collisions
    const std::uint64_t spread = 1 + random.below(64);
    for (int step = 0; step < 4000; ++step) {
      const std::uint64_t hash = random.below(2000) * 64 % (spread * 4096) + random.below(spread);
      const bool held = std::ranges::find(model, hash) != model.end();
      ASSERT_EQ(table.find(hash) != nullptr, held) << "seed " << seed << " step " << step;
      if (held || random.below(3) == 0) {
        if (model.empty()) continue;
        ASSERT_EQ(table.front(), model.front() + 1);
        ASSERT_EQ(table.front_hash(), model.front());
        table.pop_front();
        model.pop_front();
      } else {
        table.push(hash, hash + 1);
        model.push_back(hash);
      }
      ASSERT_EQ(table.size(), model.size());
    }
    for (std::size_t n = 0; n < model.size(); ++n) {
      EXPECT_EQ(table.at(n), model[n] + 1);
      EXPECT_EQ(table.hash_at(n), model[n]);
    }
  }
}

TEST(estimator, follows_mean_and_peaks) {
  estimator e;
  EXPECT_FALSE(e.known());
  e.sample(100ms);
  EXPECT_EQ(e.mean(), 100ms);
  EXPECT_EQ(e.bound(), 300ms);
  for (int i = 0; i < 100; ++i) e.sample(20ms);
  EXPECT_LT(e.bound(), 25ms);
  peak_estimator p;
  p.sample(10ms);
  p.sample(200ms);
  EXPECT_EQ(p.peak(), 200ms);
  p.sample(0ms);
  EXPECT_GT(p.peak(), 190ms);
  for (int i = 0; i < 300; ++i) p.sample(0ms);
  EXPECT_LT(p.peak(), 1ms);
}

// -- scores ---

TEST(score, is_the_sum_of_its_parts) {
  score_config config;
  config.invalid_weight = -10;
  config.behaviour_weight = -5;
  config.behaviour_threshold = 2;
  config.colocation_weight = -1;
  config.colocation_threshold = 3;
  config.application_weight = 2;
  score_counters c;
  EXPECT_EQ(score_of(c, 1, config), 0);
  c.add_invalid();
  EXPECT_EQ(score_of(c, 1, config), -10'000);
  c.add_invalid();
  c.add_invalid();
  EXPECT_EQ(score_of(c, 1, config), -90'000);
  c.invalid = 0;
  c.add_behaviour(2);
  EXPECT_EQ(score_of(c, 1, config), 0);  // at the threshold
  c.add_behaviour(3);
  EXPECT_EQ(score_of(c, 1, config), -45'000);
  c.behaviour = 0;
  EXPECT_EQ(score_of(c, 3, config), 0);
  EXPECT_EQ(score_of(c, 7, config), -16'000);
  c.application = 7;
  EXPECT_EQ(score_of(c, 7, config), -2'000);
  config.enabled = false;
  EXPECT_EQ(score_of(c, 7, config), 0);
}

TEST(score, does_not_overflow) {
  score_config config;
  config.invalid_weight = config.behaviour_weight = config.colocation_weight = -1'000'000;
  config.application_weight = 1'000'000;
  score_counters c;
  for (int i = 0; i < 5000; ++i) {
    c.add_invalid();
    c.add_behaviour(2);
  }
  c.application = -1'000'000'000;
  EXPECT_LT(score_of(c, 65'000, config), -1'000'000'000'000'000);
}

TEST(score, decays_to_nothing) {
  score_config config;
  config.decay_permille = 900;
  score_counters c;
  c.add_invalid();
  c.add_behaviour();
  c.decay(config);
  EXPECT_EQ(c.invalid, 900);
  for (int i = 0; i < 60; ++i) c.decay(config);
  EXPECT_TRUE(c.blank());
}

TEST(score, loopback_is_told_from_other_addresses) {
  ip_address a{};
  a[10] = a[11] = 0xff;
  a[12] = 127;
  a[15] = 5;
  EXPECT_TRUE(is_loopback(a));
  a[12] = 126;
  EXPECT_FALSE(is_loopback(a));
  ip_address b{};
  b[15] = 1;
  EXPECT_TRUE(is_loopback(b));
  b[0] = 0x20;
  EXPECT_FALSE(is_loopback(b));
}

TEST(score, departed_peers_are_remembered_for_a_time_and_in_a_number) {
  score_config config;
  config.retention = 100s;
  config.retained_max = 3;
  retained_scores kept(config);
  instant now{10s};
  score_counters bad;
  for (int i = 0; i < 10; ++i) bad.add_invalid();
  kept.keep(id_of(1), score_counters{}, now);
  EXPECT_EQ(kept.size(), 0u);  // nothing to remember
  kept.keep(id_of(1), bad, now);
  const auto back = kept.take(id_of(1), now + 10s);
  ASSERT_TRUE(back.has_value());
  EXPECT_LT(back->invalid, bad.invalid);
  EXPECT_GT(back->invalid, bad.invalid / 2);
  EXPECT_FALSE(kept.take(id_of(1), now + 10s).has_value());

  for (std::uint64_t n = 1; n <= 5; ++n) kept.keep(id_of(n), bad, now + 1s * n);
  EXPECT_EQ(kept.size(), 3u);
  EXPECT_FALSE(kept.take(id_of(1), now + 10s).has_value());
  EXPECT_TRUE(kept.take(id_of(5), now + 10s).has_value());
  EXPECT_FALSE(kept.take(id_of(4), now + 200s).has_value());
  kept.keep(id_of(3), bad, now + 150s);
  kept.expire(now + 260s);
  EXPECT_EQ(kept.size(), 0u);
}

// -- configuration ---

TEST(config, default_is_valid) { EXPECT_TRUE(gossip_config().validate().has_value()); }

TEST(config, each_bad_value_is_named) {
  const auto refused
      = [](const std::function<void(gossip_config&)>& change, std::string_view name) {
          gossip_config c;
          change(c);
          const auto valid = c.validate();
          ASSERT_FALSE(valid.has_value()) << name;
          EXPECT_EQ(valid.error().code, ec::bad_config);
          EXPECT_NE(valid.error().detail.find(name), std::string::npos) << valid.error().detail;
        };
  using c = gossip_config;
  refused([](c& x) { x.signatures = signature_policy::strict_no_sign; }, "ids");
  refused([](c& x) { x.ids = message_id_kind::custom; }, "custom_message_id");
  refused([](c& x) { x.degree = 51; }, "degree");
  refused([](c& x) { x.degree_low = 7; }, "degree_low");
  refused([](c& x) { x.degree_high = 101; }, "degree_high");
  refused([](c& x) { x.degree_score = 7; }, "degree_score");
  refused([](c& x) { x.degree_out = 5; }, "degree_out");
  refused([](c& x) { x.gossip_percent = 101; }, "gossip_percent");
  refused([](c& x) { x.exchange_peers = 65; }, "exchange_peers");
  refused([](c& x) { x.heartbeat = 1ms; }, "heartbeat");
  refused([](c& x) { x.prune_backoff = 11min; }, "backoff_max");
  refused([](c& x) { x.frame_bytes_max = 100; }, "frame_bytes_max");
  refused([](c& x) { x.control_bytes_max = 100; }, "control_bytes_max");
  refused([](c& x) { x.topic_bytes_max = 0; }, "topic_bytes_max");
  refused([](c& x) { x.seen_bytes_max = 0; }, "seen_bytes_max");
  refused([](c& x) { x.history_gossip = 6; }, "history_gossip");
  refused([](c& x) { x.cache_bytes_max = 0; }, "cache_bytes_max");
  refused([](c& x) { x.idontwant_heartbeats = 0; }, "idontwant_heartbeats");
  refused([](c& x) { x.iwant_followup = 0s; }, "iwant_followup");
  refused([](c& x) { x.peers_max = 0; }, "peers_max");
  refused([](c& x) { x.topics_max = 0; }, "topics_max");
  refused([](c& x) { x.iwant_retransmissions_max = 0; }, "iwant_retransmissions_max");
  refused([](c& x) { x.wanted_max = 0; }, "tables");
  refused([](c& x) { x.score.invalid_weight = 1; }, "weights");
  refused([](c& x) { x.score.publish_threshold = -1; }, "thresholds");
  refused([](c& x) { x.score.accept_exchange_threshold = -1; }, "accept_exchange_threshold");
  refused([](c& x) { x.score.decay_permille = 1000; }, "decay_permille");
  refused([](c& x) { x.lazy.heal_after = 0; }, "heal_after");
  refused([](c& x) { x.lazy.announce_delay = 1s; }, "announce_delay");
  refused([](c& x) { x.lazy.grace_max = 1ms; }, "grace_max");
  refused([](c& x) { x.lazy.push_bytes_min = 1; }, "push_bytes_min");
}

}  // namespace
}  // namespace weft::gossip::test
