// SPDX-License-Identifier: MIT
#include "dht/known_peers.hpp"

#include "base/rng.hpp"
#include "dht/region_keys.hpp"
#include "dht/size_estimator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

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
multiaddr address_of(std::uint64_t n) {
  return *multiaddr::parse("/ip4/1.2.3.4/udp/" + std::to_string(1000 + n) + "/quic-v1");
}

struct fixture {
  fixture() {
    config.peers_max = 1024;
    config.idle_peers_max = 1024;
    config.request_burst = 10;
    config.requests_per_second = 5;
  }
  dht_config config;
  dht_metrics counters;
  known_peers peers{peer_of(0), config, counters};
  instant now{10s};
};

// Goal: the number of peers is bounded; who is needed stays, the longest unused goes first.
TEST(known_peers, forgets_the_longest_unused) {
  fixture f;
  EXPECT_EQ(f.peers.add(peer_of(0)), no_peer) << "this node itself";
  EXPECT_EQ(f.peers.add(peer_id{}), no_peer);
  const peer_slot pinned = f.peers.add(peer_of(1));
  const peer_slot connected = f.peers.add(peer_of(2));
  const peer_slot entry = f.peers.add(peer_of(3));
  f.peers.pin(pinned);
  f.peers.set_connected(connected, true);
  f.peers.set_in_table(entry, true);
  for (std::uint64_t n = 4; n < 1025; ++n) f.peers.add(peer_of(n));
  EXPECT_EQ(f.peers.size(), 1024u);
  f.peers.add(peer_of(4));  // used again
  for (std::uint64_t n = 2000; n < 2500; ++n) f.peers.add(peer_of(n));
  EXPECT_EQ(f.peers.size(), 1024u);
  EXPECT_EQ(f.peers.find(peer_of(1)), pinned);
  EXPECT_EQ(f.peers.find(peer_of(2)), connected);
  EXPECT_EQ(f.peers.find(peer_of(3)), entry);
  EXPECT_NE(f.peers.find(peer_of(4)), no_peer);
  EXPECT_EQ(f.peers.find(peer_of(5)), no_peer);
  f.peers.unpin(pinned);
  for (std::uint64_t n = 5000; n < 7000; ++n) f.peers.add(peer_of(n));
  EXPECT_EQ(f.peers.find(peer_of(1)), no_peer);

  std::vector<peer_slot> held;
  for (std::uint64_t n = 8000; n < 9024; ++n)
    if (const peer_slot s = f.peers.add(peer_of(n)); s != no_peer) {
      f.peers.pin(s);
      held.push_back(s);
    }
  EXPECT_EQ(held.size(), 1022u);
  EXPECT_EQ(f.peers.add(peer_of(20'000)), no_peer);
  EXPECT_GT(f.counters.rejected[reject_reason::peers_full].value(), 0u);
}

// Goal: a node in a large network does not remember all of it: peers that nobody needs have a
// narrower bound of their own, which does not touch the others.
TEST(known_peers, remembers_few_that_nobody_needs) {
  fixture f;
  f.config.idle_peers_max = 64;
  std::vector<peer_slot> held;
  for (std::uint64_t n = 1; n <= 200; ++n) {
    held.push_back(f.peers.add(peer_of(n)));
    f.peers.set_connected(held.back(), true);
  }
  for (std::uint64_t n = 1000; n < 1500; ++n) f.peers.add(peer_of(n));
  EXPECT_EQ(f.peers.size(), 264u);
  EXPECT_EQ(f.peers.find(peer_of(1435)), no_peer);
  EXPECT_NE(f.peers.find(peer_of(1436)), no_peer);
  for (const peer_slot s : held) f.peers.set_connected(s, false);
  f.peers.add(peer_of(2000));
  EXPECT_EQ(f.peers.size(), 64u);
  EXPECT_EQ(f.peers.find(peer_of(136)), no_peer);
  EXPECT_NE(f.peers.find(peer_of(138)), no_peer);
}

// Goal: a failing peer is left alone for longer and longer, until it answers.
TEST(known_peers, backs_off_from_the_dead) {
  fixture f;
  const peer_slot s = f.peers.add(peer_of(1));
  EXPECT_FALSE(f.peers[s].dead(f.now));
  f.peers.note_failure(s, f.now);
  EXPECT_TRUE(f.peers[s].dead(f.now + 29s));
  EXPECT_FALSE(f.peers[s].dead(f.now + 30s));
  EXPECT_EQ(f.peers.dead(), 1u);
  for (int i = 0; i < 5; ++i) f.peers.note_failure(s, f.now + 1s);
  EXPECT_FALSE(f.peers[s].dead(f.now + 30s)) << "queries of the same time are one failure";
  f.now += 30s;
  f.peers.note_failure(s, f.now);
  EXPECT_TRUE(f.peers[s].dead(f.now + 59s));
  for (int i = 0; i < 100; ++i) f.peers.note_failure(s, f.now += 1h);
  EXPECT_TRUE(f.peers[s].dead(f.now + 59min));
  EXPECT_FALSE(f.peers[s].dead(f.now + 60min));
  f.peers.set_connected(s, true);
  EXPECT_FALSE(f.peers[s].dead(f.now)) << "who is connected is not dead";
  f.peers.note_answer(s, f.now);
  EXPECT_EQ(f.peers.dead(), 0u);
}

// Goal: hearsay never replaces what a peer said itself, nor can the first to speak keep others out.
TEST(known_peers, trust_addresses_by_source) {
  fixture f;
  const peer_slot s = f.peers.add(peer_of(1));
  std::vector<multiaddr> lies;
  for (std::uint64_t n = 0; n < 20; ++n) lies.push_back(address_of(n));
  f.peers.learn_hearsay(s, lies);
  EXPECT_EQ(f.peers[s].addresses.size(), f.config.addresses_kept_max / 2);
  f.peers.learn_hearsay(s, std::vector(lies.rbegin(), lies.rend()));
  EXPECT_EQ(f.peers[s].addresses.size(), f.config.addresses_kept_max);
  const std::vector truth{address_of(100)};
  f.peers.learn_hearsay(s, truth);
  const auto& at = f.peers[s].addresses;
  EXPECT_NE(std::find(at.begin(), at.end(), truth[0]), at.end());
  EXPECT_EQ(at.size(), f.config.addresses_kept_max);
  f.peers.learn_first_hand(s, truth);
  f.peers.learn_hearsay(s, lies);
  EXPECT_EQ(f.peers[s].addresses, truth);
  f.peers.learn_first_hand(s, lies);
  EXPECT_EQ(f.peers[s].addresses.size(), f.config.addresses_kept_max);
}

// Goal: requests are limited by rate and burst.
TEST(known_peers, limit_requests) {
  fixture f;
  const peer_slot s = f.peers.add(peer_of(1));
  int taken = 0;
  while (f.peers.take_request(s, f.now)) ++taken;
  EXPECT_EQ(taken, 10);
  EXPECT_FALSE(f.peers.take_request(s, f.now + 100ms));
  EXPECT_TRUE(f.peers.take_request(s, f.now + 250ms));
  EXPECT_FALSE(f.peers.take_request(s, f.now + 300ms));
}

// Goal: who names peers that never answer is found out; others are not, and it is never forgotten
// whom it was about.
TEST(known_peers, find_out_who_makes_peers_up) {
  fixture f;
  const peer_slot liar = f.peers.add(peer_of(1));
  const peer_slot honest = f.peers.add(peer_of(2));
  f.peers.set_connected(liar, true);
  f.peers.set_connected(honest, true);
  for (std::uint64_t n = 10; n < 30; ++n) {
    const peer_slot s = f.peers.add(peer_of(n));
    f.peers.note_named(s, n % 2 ? liar : honest);
    f.peers.note_named(s, liar);  // only the first one counts
    if (n % 2 == 0) f.peers.note_answer(s, f.now);
    f.peers.note_failure(s, f.now);
  }
  EXPECT_EQ(f.peers[honest].named_good, 10u);
  EXPECT_EQ(f.peers[honest].named_bad, 0u);
  EXPECT_EQ(f.peers[liar].named_bad, 10u);
  EXPECT_FALSE(f.peers[liar].misleading());
  for (std::uint64_t n = 31; n < 35; ++n) {
    const peer_slot s = f.peers.add(peer_of(n));
    f.peers.note_named(s, liar);
    f.peers.note_failure(s, f.now);
  }
  EXPECT_TRUE(f.peers[liar].misleading());
  EXPECT_FALSE(f.peers[honest].misleading());
}

// Goal: the percentiles of the model follow the samples, and old ones fade.
TEST(latency_model, follows_the_samples) {
  latency_model m(300ms);
  EXPECT_EQ(m.late(), duration(300ms));
  EXPECT_EQ(m.median(), duration(100ms));
  for (int i = 1; i <= 100; ++i) m.observe(std::chrono::milliseconds(i));
  EXPECT_GE(m.median(), duration(50ms));
  EXPECT_LE(m.median(), duration(63ms));
  EXPECT_GE(m.late(), duration(95ms));
  EXPECT_LE(m.late(), duration(119ms));
  for (int i = 0; i < 20'000; ++i) m.observe(5ms);
  EXPECT_LE(m.late(), duration(7ms));
  m.observe(-5ms);
  m.observe(std::chrono::hours(5));
  EXPECT_LE(m.late(), duration(7ms));
}

TEST(latency_model, estimates_one_peer) {
  rtt_estimate r;
  EXPECT_FALSE(r.known());
  r.observe(100ms);
  EXPECT_EQ(r.mean(), duration(100ms));
  EXPECT_EQ(r.late(), duration(150ms));
  for (int i = 0; i < 100; ++i) r.observe(50ms);
  EXPECT_LT(r.mean(), duration(51ms));
  EXPECT_LT(r.late(), duration(60ms));
  EXPECT_GE(r.late(), r.mean() + r.mean() / 8);
}

// Goal: the size of a network is estimated within a factor of one and a half from some lookups.
TEST(size_estimator, counts_servers) {
  for (const std::size_t servers : {50u, 1000u, 20'000u}) {
    std::vector<kad_id> all;
    for (std::uint64_t n = 0; n < servers; ++n) all.push_back(kad_id::of(peer_of(n + 1)));
    size_estimator e;
    for (std::uint64_t q = 0; q < 16; ++q) {
      const kad_id target = kad_id::of(as_bytes(std::to_string(q)));
      std::vector<kad_id> distances;
      for (const auto& id : all) distances.push_back(id ^ target);
      std::partial_sort(distances.begin(), distances.begin() + 20, distances.end());
      distances.resize(20);
      EXPECT_TRUE(q != 2 || !e.servers()) << "two lookups are too few";
      e.observe(distances);
    }
    ASSERT_TRUE(e.servers());
    EXPECT_GT(*e.servers(), servers * 2 / 3);
    EXPECT_LT(*e.servers(), servers * 3 / 2);
  }
  size_estimator none;
  for (int i = 0; i < 5; ++i) none.observe(std::vector<kad_id>(4));
  EXPECT_FALSE(none.servers()) << "four points say nothing";
  for (int i = 0; i < 5; ++i) none.observe(std::vector<kad_id>(20));
  EXPECT_TRUE(none.servers()) << "impossible distances are bounded";
}

// Goal: keys lie where they are asked for.
TEST(region_keys, lie_in_their_regions) {
  rng random(7);
  region_keys keys;
  for (std::uint64_t n = 1; n < 300; ++n) {
    const kad_id place = kad_id::of(peer_of(n));
    const auto key = keys.near(place, random);
    EXPECT_GE((kad_id::of(key) ^ place).leading_zeros(), region_keys::region_bits);
    EXPECT_TRUE(peer_id::from_bytes(key)) << "others read it as the id of a peer";
  }
  const kad_id self = kad_id::of(peer_of(0));
  for (unsigned bits = 0; bits <= region_keys::bucket_bits_max; ++bits) {
    const auto key = region_keys::in_bucket(self, bits, random);
    ASSERT_TRUE(key);
    EXPECT_EQ((kad_id::of(*key) ^ self).leading_zeros(), bits);
  }
  EXPECT_FALSE(region_keys::in_bucket(self, region_keys::bucket_bits_max + 1, random));
}

}  // namespace
