// SPDX-License-Identifier: MIT
#include "dht/lookup.hpp"

#include "base/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace {

using namespace weft;
using namespace weft::dht;
using namespace std::chrono_literals;

peer_id peer_of(std::uint64_t n) {
  ed25519_public_key key{};
  rng draw(n);
  for (auto& byte : key) byte = static_cast<std::uint8_t>(draw.next());
  return peer_id::from_ed25519(key);
}

const kad_id target = kad_id::of(as_bytes("target"));

struct fixture {
  explicit fixture(lookup_goal goal = lookup_goal::thorough, std::size_t paths = 1,
                   unsigned near_bits = 0) {
    how.goal = goal;
    how.paths = paths;
    how.near_radius = lookup::everywhere >> near_bits;
  }
  lookup make() { return lookup(target, how, config, peers, latency); }
  peer_slot peer(std::uint64_t n, bool connected = true, duration rtt = {}) {
    const peer_slot s = peers.add(peer_of(n));
    peers.set_connected(s, connected);
    if (rtt > duration::zero()) peers[s].rtt.observe(rtt);
    return s;
  }
  /// Asks everybody who may be asked now.
  std::vector<lookup::index> ask_all(lookup& l, instant at) {
    std::vector<lookup::index> asked;
    while (const auto i = l.next()) {
      l.asked(*i, ++queries, at);
      asked.push_back(*i);
    }
    return asked;
  }
  kad_id distance(std::uint64_t n) const { return kad_id::of(peer_of(n)) ^ target; }

  dht_config config;
  dht_metrics counters;
  known_peers peers{peer_of(0), config, counters};
  latency_models latency{latency_model(300ms), latency_model(300ms)};
  lookup::settings how;
  query_id queries = 0;
  instant now{1000s};
  std::vector<peer_slot> late;
};

// Goal: candidates are kept by distance, once each, and the farthest give way when there are too
// many.
TEST(dht_lookup, keeps_candidates_in_order) {
  fixture f;
  f.config.candidates_max = 60;
  auto l = f.make();
  for (std::uint64_t n = 1; n <= 200; ++n) l.add(f.peer(n), lookup::no_candidate);
  EXPECT_FALSE(l.add(f.peers.find(peer_of(l.order().empty() ? 1 : 1)), lookup::no_candidate));
  EXPECT_EQ(l.order().size(), 60u);
  std::vector<kad_id> all;
  for (std::uint64_t n = 1; n <= 200; ++n) all.push_back(f.distance(n));
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < 60; ++i) EXPECT_EQ(l.at(l.order()[i]).distance, all[i]);
}

// Goal: alpha are under way at once; the search is over when the k closest have answered.
TEST(dht_lookup, asks_alpha_until_the_closest_have_answered) {
  fixture f;
  auto l = f.make();
  EXPECT_TRUE(l.converged()) << "nobody to ask";
  for (std::uint64_t n = 1; n <= 100; ++n) l.add(f.peer(n), lookup::no_candidate);
  auto open = f.ask_all(l, f.now);
  EXPECT_EQ(open.size(), f.config.alpha);
  std::set<lookup::index> asked(open.begin(), open.end());
  while (!open.empty()) {
    EXPECT_FALSE(l.converged());
    l.answered(open.back());
    open.pop_back();
    for (const auto i : f.ask_all(l, f.now)) {
      EXPECT_TRUE(asked.insert(i).second) << "nobody is asked twice";
      open.push_back(i);
    }
    EXPECT_LE(l.in_time(), f.config.alpha);
  }
  EXPECT_TRUE(l.converged());
  EXPECT_EQ(asked.size(), f.config.k);
  const auto closest = l.closest_answered(f.config.k);
  for (std::size_t i = 0; i < closest.size(); ++i) EXPECT_EQ(closest[i], l.order()[i]);
}

// Goal: a quick search ends with the beta closest.
TEST(dht_lookup, ends_early_when_that_is_enough) {
  fixture f(lookup_goal::quick);
  auto l = f.make();
  for (std::uint64_t n = 1; n <= 100; ++n) l.add(f.peer(n), lookup::no_candidate);
  EXPECT_EQ(f.ask_all(l, f.now).size(), f.config.alpha);
  for (std::size_t i = 0; i < f.config.beta; ++i) {
    EXPECT_FALSE(l.converged());
    l.answered(l.order()[i]);
  }
  EXPECT_TRUE(l.converged());
  EXPECT_FALSE(l.next()) << "whoever is farther than the alpha closest need not be asked";
}

// Goal: who is slow makes room for another without being given up; who is late no longer blocks
// the end; its answer still counts.
TEST(dht_lookup, hedges_the_slow) {
  fixture f;
  f.config.k = f.config.alpha = f.config.beta = 2;
  auto l = f.make();
  for (std::uint64_t n = 1; n <= 5; ++n) l.add(f.peer(n, true, 100ms), lookup::no_candidate);
  const auto first = f.ask_all(l, f.now);
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(l.at(first[0]).patience, duration(150ms));
  EXPECT_EQ(l.next_time(), f.now + 150ms);
  l.answered(first[1]);
  EXPECT_EQ(f.ask_all(l, f.now).size(), 0u) << "the k closest are answered or under way";
  EXPECT_EQ(l.on_time(f.now + 149ms, f.late), 0u);
  EXPECT_EQ(l.on_time(f.now + 150ms, f.late), 1u);
  const auto more = f.ask_all(l, f.now + 150ms);
  ASSERT_EQ(more.size(), 1u);
  l.answered(more[0]);
  EXPECT_FALSE(l.converged()) << "the slow one still has some time";
  EXPECT_EQ(l.next_time(), f.now + 225ms);
  EXPECT_TRUE(f.late.empty());
  EXPECT_EQ(l.on_time(f.now + 225ms, f.late), 0u);
  EXPECT_EQ(f.late, std::vector<peer_slot>{l.at(first[0]).slot});
  EXPECT_TRUE(l.converged());
  EXPECT_EQ(l.outstanding(), 1u);
  l.answered(first[0]);
  EXPECT_EQ(l.outstanding(), 0u);
  EXPECT_EQ(l.closest_answered(1), std::vector<lookup::index>{l.order()[0]});
}

// Goal: while nobody has answered, those that are late are waited for.
TEST(dht_lookup, does_not_end_without_any_answer_that_may_come) {
  fixture f;
  auto l = f.make();
  for (std::uint64_t n = 1; n <= 2; ++n) l.add(f.peer(n, true, 10ms), lookup::no_candidate);
  const auto asked = f.ask_all(l, f.now);
  ASSERT_EQ(asked.size(), 2u);
  l.on_time(f.now + 5s, f.late);
  l.on_time(f.now + 5s, f.late);
  EXPECT_EQ(f.late.size(), 2u);
  EXPECT_FALSE(l.converged());
  l.failed(asked[0]);
  EXPECT_FALSE(l.converged());
  l.answered(asked[1]);
  EXPECT_TRUE(l.converged());
}

// Goal: known round-trip times decide the patience, twice for a session still to be opened; nothing
// known: what others took.
TEST(dht_lookup, knows_whom_to_wait_for_how_long) {
  fixture f;
  const auto patience = [&](bool connected, duration rtt) {
    const peer_slot s
        = f.peer(1000 + static_cast<std::uint64_t>(rtt.count()) + connected, connected, rtt);
    return lookup::patience(f.peers[s], f.config, f.latency);
  };
  EXPECT_EQ(patience(true, 100ms), duration(150ms));
  EXPECT_EQ(patience(false, 100ms), duration(320ms));
  EXPECT_EQ(patience(true, 1ms), f.config.hedge_min);
  EXPECT_EQ(patience(true, 5s), f.config.hedge_max);
  EXPECT_EQ(patience(true, {}), duration(300ms));
  for (int i = 0; i < 100; ++i) f.latency.connected.observe(40ms);
  for (int i = 0; i < 100; ++i) f.latency.dialled.observe(90ms);
  EXPECT_LT(patience(true, {}), duration(60ms));
  EXPECT_GT(patience(false, {}), duration(85ms));
}

// Goal: a search for holders asks the quickest of those near enough, a few at a time; a search for
// the closest asks the closest.
TEST(dht_lookup, chooses_by_round_trip_time) {
  fixture f(lookup_goal::holders);
  auto l = f.make();
  for (std::uint64_t n = 1; n <= 20; ++n)
    l.add(f.peer(n, true, std::chrono::milliseconds(10 * n)), lookup::no_candidate);
  auto asked = f.ask_all(l, f.now);
  ASSERT_EQ(asked.size(), f.config.alpha_holders);
  for (std::size_t i = 0; i < asked.size(); ++i)
    EXPECT_EQ(l.at(asked[i]).slot, f.peers.find(peer_of(i + 1)));

  fixture g;
  auto closest = g.make();
  for (std::uint64_t n = 1; n <= 20; ++n)
    closest.add(g.peer(n, true, std::chrono::milliseconds(10 * n)), lookup::no_candidate);
  asked = g.ask_all(closest, g.now);
  for (std::size_t i = 0; i < asked.size(); ++i) EXPECT_EQ(asked[i], closest.order()[i]);
}

// Goal: far from the target the way counts as well as the time: a quick peer a hop farther is
// worth asking first only when it is quicker by more than a hop.
TEST(dht_lookup, weighs_hops_against_time) {
  fixture f(lookup_goal::holders, 1, 12);
  auto l = f.make();
  std::uint64_t near = 1;
  while (f.distance(near).leading_zeros() < 9) ++near;
  std::uint64_t far = 1;
  while (f.distance(far).leading_zeros() != 1) ++far;
  l.add(f.peer(near, true, 250ms), lookup::no_candidate);
  l.add(f.peer(far, true, 10ms), lookup::no_candidate);
  // a usual answer takes 100 ms: 3 hops + 10 ms against 1 hop + 250 ms
  EXPECT_EQ(l.at(*l.next()).slot, f.peers.find(peer_of(far)));
  f.peers[f.peers.find(peer_of(near))].rtt = {};
  f.peers[f.peers.find(peer_of(near))].rtt.observe(200ms);
  EXPECT_EQ(l.at(*l.next()).slot, f.peers.find(peer_of(near)));
}

// Goal: paths have no candidate in common, each asks its own, and all must end.
TEST(dht_lookup, keeps_paths_disjoint) {
  fixture f(lookup_goal::quick, 3);
  auto l = f.make();
  for (std::uint64_t n = 1; n <= 30; ++n) l.add(f.peer(n), lookup::no_candidate);
  std::array<std::size_t, 3> seeds{};
  for (const auto i : l.order()) ++seeds[l.at(i).path];
  EXPECT_EQ(seeds, (std::array<std::size_t, 3>{10, 10, 10}));
  const auto asked = f.ask_all(l, f.now);
  EXPECT_EQ(asked.size(), 12u) << "alpha / paths each, rounded up";
  const auto source = asked[0];
  EXPECT_TRUE(l.add(f.peer(100), source));
  EXPECT_EQ(l.at(l.find(f.peers.find(peer_of(100)))).path, l.at(source).path);
  EXPECT_EQ(l.at(l.find(f.peers.find(peer_of(100)))).hop, 2u);
  const auto other = *std::find_if(asked.begin(), asked.end(),
                                   [&](auto i) { return l.at(i).path != l.at(source).path; });
  EXPECT_FALSE(l.add(f.peers.find(peer_of(100)), other)) << "it belongs to the first path";
  EXPECT_EQ(l.at(l.find(f.peers.find(peer_of(100)))).path, l.at(source).path);
  for (const auto i : asked)
    if (l.at(i).path != 0) l.answered(i);
  for (const auto i : f.ask_all(l, f.now)) l.answered(i);
  EXPECT_FALSE(l.converged()) << "path 0 has not ended";
}

// Goal: a source none of whose peers answers is no longer followed; named by somebody believable,
// the same peers are.
TEST(dht_lookup, stops_believing_inventions) {
  fixture f;
  auto l = f.make();
  l.add(f.peer(1), lookup::no_candidate);
  l.add(f.peer(2), lookup::no_candidate);
  const auto seeds = f.ask_all(l, f.now);
  l.answered(seeds[0]);
  std::vector<peer_slot> invented;
  for (std::uint64_t n = 100; invented.size() < 12; ++n)
    if (f.distance(n).leading_zeros() > 1) invented.push_back(f.peer(n));
  for (const auto s : invented) l.add(s, seeds[0]);
  const auto asked = f.ask_all(l, f.now);
  for (std::size_t i = 0; i < 4; ++i) l.failed(asked[i]);
  EXPECT_FALSE(l.next()) << "the rest of its peers is not asked";
  l.answered(seeds[1]);
  const auto fresh = std::find_if(invented.begin(), invented.end(), [&](peer_slot s) {
    return l.at(l.find(s)).now == lookup::state::fresh;
  });
  ASSERT_NE(fresh, invented.end());
  l.add(*fresh, seeds[1]);
  const auto next = l.next();
  ASSERT_TRUE(next);
  EXPECT_EQ(l.at(*next).slot, *fresh);
}

// Goal: a candidate that is held is not asked; one that failed can be given another chance.
TEST(dht_lookup, holds_and_renews) {
  fixture f;
  auto l = f.make();
  l.add(f.peer(1), lookup::no_candidate);
  const auto i = l.order()[0];
  l.hold(i);
  EXPECT_FALSE(l.next());
  EXPECT_FALSE(l.converged());
  l.hold(lookup::no_candidate);
  EXPECT_EQ(l.next(), i);
  l.asked(i, 1, f.now);
  l.on_time(f.now + 300ms, f.late);
  l.renew(i);
  EXPECT_EQ(l.outstanding(), 0u);
  EXPECT_EQ(l.next(), i);
  EXPECT_EQ(l.at(i).renewed, 1);
  l.asked(i, 2, f.now);
  l.failed(i);
  EXPECT_TRUE(l.converged());
  EXPECT_EQ(l.in_time(), 0u);
}

}  // namespace
