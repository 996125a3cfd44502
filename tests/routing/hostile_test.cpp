// SPDX-License-Identifier: MIT
// Goal: a neighbour that lies, forges, replays or floods costs little, is counted, and cannot make
// honest nodes loop or forget. Method: a puppet whose frames the test writes, beside honest cores.
#include "routing/route_frame.hpp"
#include "tests/routing/mesh.hpp"

#include <gtest/gtest.h>

namespace weft::routing::test {
namespace {

using namespace std::chrono_literals;

/// A line of honest nodes and a puppet at its end, all up.
struct scene {
  explicit scene(std::size_t honest, routing_config config = quick_config()) : net(9, config) {
    for (std::size_t i = 0; i < honest; ++i) net.add();
    for (std::size_t i = 0; i + 1 < honest; ++i) net.join(i, i + 1);
    puppet = net.add_puppet();
    target = honest - 1;
    net.join(target, puppet);
    net.run(1s);
  }
  announcement signed_by(std::uint64_t who, std::uint64_t sequence, duration lifetime = 60s) {
    const auto key = key_of(who);
    return make_announcement(toy_crypto(key), key, sequence, net.wall(target), lifetime);
  }
  void tell(const std::vector<std::pair<announcement, metric>>& routes, std::uint8_t hops = 1) {
    byte_buffer body;
    begin_update(body, 1, ++number);
    for (const auto& [origin, advertised] : routes) append_route(body, origin, advertised, hops);
    net.send_raw(puppet, target, body);
    net.run(200ms);
  }
  void raw(bytes_view body) {
    net.send_raw(puppet, target, body);
    net.run(20ms);
  }
  std::uint64_t rejected(reject_reason reason) {
    return net.counters(target).rejected[reason].value();
  }
  mesh net;
  std::size_t puppet = 0;
  std::size_t target = 0;
  std::uint64_t number = 0;
};

TEST(hostile, forged_signature_is_counted_and_mutes_in_the_end) {
  scene s(2);
  announcement forged = s.signed_by(500, 0);
  forged.signature[3] ^= 1;
  for (int i = 0; i < 12; ++i) s.tell({{forged, 1}});
  EXPECT_FALSE(s.net.core(s.target).lookup(key_of(500)).has_value());
  EXPECT_EQ(s.rejected(reject_reason::bad_signature), 8u);
  EXPECT_EQ(s.net.counters(s.target).neighbours_muted.value(), 1u);
  EXPECT_GE(s.rejected(reject_reason::not_neighbour), 4u);
  ASSERT_EQ(s.net.penalties(s.target).size(), 8u);
  EXPECT_TRUE(s.net.penalties(s.target).back().muted);
  EXPECT_EQ(s.net.penalties(s.target)[0].reason, ec::bad_signature);
}

TEST(hostile, changed_content_under_a_known_sequence_is_a_conflict) {
  scene s(2);
  announcement mine = s.signed_by(500, 0);
  s.tell({{mine, 10}});
  ASSERT_TRUE(s.net.core(s.target).lookup(key_of(500)).has_value());
  const auto verified = s.net.counters(s.target).verifications.value();
  mine.lifetime_s += 1;
  s.tell({{mine, 5}});
  EXPECT_EQ(s.rejected(reject_reason::conflict), 1u);
  EXPECT_EQ(s.net.counters(s.target).verifications.value(), verified);
}

TEST(hostile, replayed_old_sequence_is_refused) {
  scene s(3);
  const announcement old = s.net.core(0).own_announcement();
  s.net.run(25s);  // a refresh
  ASSERT_GT(s.net.core(0).own_announcement().sequence, old.sequence);
  s.tell({{old, 1}});
  EXPECT_EQ(s.rejected(reject_reason::old_sequence), 1u);
  EXPECT_EQ(s.net.core(2).snapshot()->next_hop(s.net.key(0)), s.net.id(1));
}

TEST(hostile, flood_of_repeats_costs_no_verification) {
  scene s(2);
  const announcement mine = s.signed_by(500, 0);
  s.tell({{mine, 10}});
  const auto before = s.net.counters(s.target).verifications.value();
  for (metric i = 0; i < 250; ++i) s.tell({{mine, 20 + i % 7}});
  // The refreshes of the honest neighbour during this time are the only new signatures.
  EXPECT_LE(s.net.counters(s.target).verifications.value() - before, 10u);
  EXPECT_GE(s.net.counters(s.target).verifications_saved.value(), 250u);
}

TEST(hostile, liar_about_metrics_cannot_make_honest_nodes_loop) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    scene s(6);
    s.net.join(0, 4);
    s.net.join(s.puppet, 1);
    s.net.run(1s);
    rng random(seed);
    for (int i = 0; i < 60; ++i) {
      const announcement known = s.net.core(random.below(6)).own_announcement();
      byte_buffer body;
      begin_update(body, 1, ++s.number);
      if (random.below(4) == 0)
        append_retraction(body, known.destination);
      else
        append_route(body, known, static_cast<metric>(random.below(400)), 1);
      s.net.send_raw(s.puppet, random.below(2) == 0 ? s.target : 1, body);
      s.net.run(duration(static_cast<duration::rep>(random.below(100'000'000))));
      if (random.below(10) == 0) s.net.cut(2, 3);
      if (random.below(10) == 0) s.net.join(2, 3);
    }
    EXPECT_EQ(s.net.loop(), "") << "seed " << seed;
  }
}

TEST(hostile, expired_future_and_endless_announcements) {
  scene s(2);
  announcement origin = s.signed_by(500, 0);
  const auto resign = [&](announcement a) {
    a.signature = toy_crypto::make(a.destination, a.signed_text());
    return a;
  };
  announcement late = origin;
  late.issued_s -= 100;
  s.tell({{resign(late), 1}});
  EXPECT_EQ(s.rejected(reject_reason::expired), 1u);
  announcement early = origin;
  early.issued_s += 100;
  s.tell({{resign(early), 1}});
  EXPECT_EQ(s.rejected(reject_reason::clock), 1u);
  announcement endless = origin;
  endless.lifetime_s = 0xffffffff;
  s.tell({{resign(endless), 1}});
  EXPECT_EQ(s.rejected(reject_reason::oversized), 1u);
  s.tell({{origin, 1}}, 200);
  EXPECT_EQ(s.rejected(reject_reason::too_far), 1u);
  EXPECT_FALSE(s.net.core(s.target).lookup(key_of(500)).has_value());
}

TEST(hostile, routes_age_out_with_their_announcement) {
  scene s(2);
  s.tell({{s.signed_by(500, 0, 10s), 1}});
  ASSERT_TRUE(s.net.core(0).snapshot()->next_hop(key_of(500)).has_value());
  s.net.run(30s);
  EXPECT_FALSE(s.net.core(0).snapshot()->next_hop(key_of(500)).has_value());
  EXPECT_FALSE(s.net.core(0).lookup(key_of(500)).has_value());
  EXPECT_GE(s.net.counters(s.target).expirations.value(), 1u);
}

TEST(hostile, table_is_bounded_and_makes_room_for_others) {
  routing_config config = quick_config();
  config.destinations_max = 40;
  scene s(2, config);
  std::vector<std::pair<announcement, metric>> flood;
  for (std::uint64_t i = 0; i < 200; ++i) flood.emplace_back(s.signed_by(1000 + i, 0, 600s), 1);
  s.tell(flood);
  s.net.run(1s);
  EXPECT_EQ(s.net.counters(s.target).destinations.value(), 40);
  EXPECT_GT(s.rejected(reject_reason::table_full), 0u);
  // A newcomer behind the honest neighbour gets a place from the flooder's share.
  const std::size_t newcomer = s.net.add();
  s.net.join(0, newcomer);
  s.net.run(60s);
  EXPECT_TRUE(s.net.core(s.target).snapshot()->next_hop(s.net.key(newcomer)).has_value());
  EXPECT_GE(s.net.counters(s.target).evictions.value(), 1u);
  EXPECT_LE(s.net.counters(s.target).destinations.value(), 40);
}

TEST(hostile, share_of_one_neighbour_is_bounded) {
  routing_config config = quick_config();
  config.routes_per_neighbour_max = 10;
  scene s(2, config);
  std::vector<std::pair<announcement, metric>> flood;
  for (std::uint64_t i = 0; i < 30; ++i) flood.emplace_back(s.signed_by(1000 + i, 0), 1);
  s.tell(flood);
  EXPECT_EQ(s.rejected(reject_reason::neighbour_full), 20u);
}

TEST(hostile, verification_budget_defers_and_bounds_the_backlog) {
  routing_config config = quick_config();
  config.inbox_frames_max = 4;
  config.verifications_per_step = 4;
  config.verifications_per_neighbour_step = 2;
  scene s(2, config);
  for (std::uint64_t f = 0; f < 10; ++f) {
    byte_buffer body;
    begin_update(body, 1, ++s.number);
    for (std::uint64_t i = 0; i < 20; ++i)
      append_route(body, s.signed_by(2000 + f * 20 + i, 0), 1, 1);
    s.net.send_raw(s.puppet, s.target, body);
  }
  s.net.run(5ms);
  EXPECT_GT(s.net.counters(s.target).verifications_deferred.value(), 0u);
  EXPECT_EQ(s.rejected(reject_reason::inbox_full), 6u);
  EXPECT_LE(s.net.counters(s.target).verifications.value(), 10u);
  s.net.run(2s);
  EXPECT_TRUE(s.net.core(s.target).lookup(key_of(2000 + 79)).has_value());
  EXPECT_EQ(s.net.differences(), "");
}

TEST(hostile, request_flood_is_limited_and_renews_at_most_once_a_second) {
  scene s(2);
  const auto renewals = s.net.counters(s.target).renewals.value();
  const std::vector<request_entry> many(200, {s.net.key(s.target), ~std::uint64_t{0}, 60});
  for (int i = 0; i < 10; ++i) s.raw(encode_requests(1, many));
  s.net.run(2s);
  EXPECT_GT(s.rejected(reject_reason::request_rate), 1500u);
  EXPECT_LE(s.net.counters(s.target).renewals.value() - renewals, 4u);
}

TEST(hostile, malformed_frames_are_counted_and_mute) {
  scene s(2);
  rng random(3);
  for (int i = 0; i < 20; ++i) {
    byte_buffer noise(1 + random.below(300));
    for (auto& byte : noise) byte = static_cast<std::uint8_t>(random.below(256));
    noise[0] = 200;
    s.raw(noise);
  }
  EXPECT_EQ(s.rejected(reject_reason::malformed) + s.rejected(reject_reason::oversized), 8u);
  s.net.run(1s);
  EXPECT_EQ(s.net.differences(), "");
}

TEST(hostile, silent_reader_gets_no_more_than_a_window) {
  routing_config config = quick_config();
  config.window_frames = 2;
  scene s(2, config);
  s.net.received(s.puppet).clear();
  // The puppet acknowledges nothing; refreshes and repeated tables go on for a minute.
  s.net.run(60s);
  EXPECT_GT(s.net.counters(s.target).resyncs.value(), 2u);
  EXPECT_LT(s.net.received(s.puppet).size(), 40u);
  EXPECT_EQ(s.net.differences(), "");
}

TEST(hostile, frames_of_an_earlier_run_are_ignored) {
  scene s(2);
  byte_buffer body;
  begin_update(body, 50, 1);
  append_route(body, s.signed_by(500, 0), 1, 1);
  s.raw(body);
  begin_update(body, 49, 2);
  append_route(body, s.signed_by(501, 0), 1, 1);
  s.raw(body);
  begin_update(body, 50, 1);
  append_retraction(body, key_of(500));
  s.raw(body);
  s.net.run(1s);
  EXPECT_TRUE(s.net.core(s.target).lookup(key_of(500)).has_value());
  EXPECT_FALSE(s.net.core(s.target).lookup(key_of(501)).has_value());
  EXPECT_GE(s.rejected(reject_reason::stale_frame), 2u);
}

TEST(hostile, beginning_anew_too_often_is_heard_later) {
  routing_config config = quick_config();
  config.restart_burst = 3;
  config.restart_interval = 10s;
  scene s(2, config);
  byte_buffer body;
  for (std::uint64_t run = 1; run <= 20; ++run) {
    begin_update(body, run, 1);
    append_route(body, s.signed_by(500, 0), 1, 1);
    s.raw(body);
  }
  // The first is not a new run, and three are taken at once.
  EXPECT_EQ(s.net.counters(s.target).neighbour_restarts.value(), 3u);
  EXPECT_EQ(s.rejected(reject_reason::restart_rate), 16u);
  EXPECT_TRUE(s.net.penalties(s.target).empty());
  s.net.run(11s);
  begin_update(body, 20, 2);
  append_route(body, s.signed_by(501, 0), 1, 1);
  s.raw(body);
  s.net.run(1s);
  EXPECT_EQ(s.net.counters(s.target).neighbour_restarts.value(), 4u);
  const auto& core = s.net.core(s.target);
  ASSERT_TRUE(core.lookup(key_of(501)).has_value());
  EXPECT_FALSE(core.lookup(key_of(501))->usable.empty());
  // What the run before said went with it.
  ASSERT_TRUE(core.lookup(key_of(500)).has_value());
  EXPECT_TRUE(core.lookup(key_of(500))->usable.empty());
}

TEST(hostile, neighbours_beyond_the_limit_are_refused) {
  routing_config config = quick_config();
  config.neighbours_max = 2;
  mesh net(1, config);
  for (int i = 0; i < 4; ++i) net.add();
  for (std::size_t i = 1; i < 4; ++i) net.join(0, i);
  net.run(1s);
  EXPECT_EQ(net.counters(0).neighbours.value(), 2);
  EXPECT_EQ(net.counters(0).neighbours_refused.value(), 1u);
}

TEST(identity, real_signatures_verify_and_sequences_grow) {
  const auto key = crypto::ed25519_private_key::generate();
  const ed25519_announcement_crypto real(key);
  const wall_time wall{std::chrono::hours(400000)};
  announcement made = make_announcement(key, 0, wall, 60s);
  EXPECT_TRUE(real.verify(made.destination, made.signed_text(), made.signature).has_value());
  EXPECT_EQ(made.sequence, 400000ull * 3600 * 1000);
  EXPECT_EQ(make_announcement(real, key.public_key(), made.sequence, wall, 60s).sequence,
            made.sequence + 1);
  made.sequence += 1;
  EXPECT_EQ(real.verify(made.destination, made.signed_text(), made.signature).error(),
            ec::bad_signature);
}

TEST(config, refuses_what_cannot_work) {
  EXPECT_TRUE(routing_config{}.validate().has_value());
  const auto bad = [](auto change) {
    routing_config config;
    change(config);
    return config.validate().has_value();
  };
  EXPECT_FALSE(bad([](auto& c) { c.candidates_max = 11; }));
  EXPECT_FALSE(bad([](auto& c) { c.hop_penalty = 0; }));
  EXPECT_FALSE(bad([](auto& c) { c.lifetime = c.refresh_interval; }));
  EXPECT_FALSE(bad([](auto& c) { c.frame_bytes_max = 100'000; }));
  EXPECT_FALSE(bad([](auto& c) { c.window_frames = 0; }));
  EXPECT_FALSE(bad([](auto& c) { c.destinations_max = 16'000'001; }));
  EXPECT_FALSE(bad([](auto& c) { c.hold_down = std::chrono::hours(5); }));
  EXPECT_FALSE(bad([](auto& c) { c.sweep_interval = std::chrono::hours(2); }));
  EXPECT_FALSE(bad([](auto& c) { c.restart_burst = 0; }));
}

}  // namespace
}  // namespace weft::routing::test
