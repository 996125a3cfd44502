// SPDX-License-Identifier: MIT
#include "dht/message.hpp"
#include "tests/dht/network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

// How fast, how far and how surely a network of DHT cores finds things, in virtual time.
namespace weft::dht::test {

namespace {

using namespace std::chrono_literals;

/// Buckets as in a network too large for any node to know it whole.
network_options bucketed(std::uint64_t seed = 1) {
  network_options o;
  o.seed = seed;
  o.config.full_table_below = 0;
  o.config.bucket_entries = 8;
  o.config.k = 8;
  o.config.candidates_max = 128;
  return o;
}

duration median_of(std::vector<duration> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

std::set<peer_id> ids_of(const outcome& o) {
  std::set<peer_id> out;
  for (const auto& p : o.peers) out.insert(p.peer);
  return out;
}

// Goal: the closest peers found are the closest there are, from any node, with buckets.
TEST(dht_search, finds_the_closest_there_are) {
  network net(bucketed());
  net.add_many(200);
  net.run(60s);
  for (std::uint64_t q = 0; q < 40; ++q) {
    const byte_buffer key = value_key(q);
    const std::size_t asker = q * 5 % 200;
    const outcome found = net.closest(asker, key);
    ASSERT_TRUE(found.ok()) << found.failure.detail;
    auto truth = net.truth(key);
    std::erase(truth, asker);
    ASSERT_EQ(found.peers.size(), 8u);
    for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(net.number_of(found.peers[i].peer), truth[i]);
    EXPECT_GE(found.hops, 1u);
    EXPECT_LE(found.hops, 5u);
  }
}

// Goal: while every server fits the table, whatever is looked for is one hop away.
TEST(dht_search, takes_one_hop_in_a_small_network) {
  network net({});
  net.add_many(120);
  net.run(60s);
  for (std::size_t n = 0; n < net.size(); ++n) {
    EXPECT_EQ(net.core(n).table_size(), 119u);
    EXPECT_TRUE(net.core(n).status().full_table);
  }
  const byte_buffer key = value_key(1);
  ASSERT_TRUE(net.put(3, key, ranked_value(1)).ok());
  for (std::size_t n = 10; n < 120; n += 10) {
    const outcome got = net.get(n, key);
    ASSERT_TRUE(got.ok());
    EXPECT_LE(got.hops, 1u);
    EXPECT_LE(got.elapsed, duration(60ms)) << "a dial, a request and its answer: 40 ms";
    const outcome peer = net.find(n, net.id((n + 37) % 120));
    ASSERT_TRUE(peer.ok());
    EXPECT_EQ(peer.hops, 0u) << "it is in the table";
    const outcome around = net.closest(n, key);
    EXPECT_EQ(around.hops, 1u);
    EXPECT_EQ(around.requests, 20u) << "exactly the k closest were asked";
  }
}

// Goal: values and providers put anywhere are found from everywhere; what nobody put is not.
TEST(dht_search, finds_what_was_stored) {
  network net(bucketed(2));
  net.add_many(150);
  net.run(60s);
  for (std::uint64_t q = 0; q < 20; ++q) {
    const byte_buffer key = value_key(q);
    const outcome put = net.put(q, key, ranked_value(q + 1));
    ASSERT_TRUE(put.ok());
    EXPECT_GE(put.confirmations, 8u);
    EXPECT_EQ(put.peers.size(), put.confirmations);
    ASSERT_TRUE(net.provide(q + 20, key).ok());
    net.run(1s);
    const outcome got = net.get(149 - q, key);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(as_text(got.value.bytes()), std::to_string(q + 1) + ":value");
    const outcome who = net.providers(120 - q, key);
    ASSERT_TRUE(who.ok());
    ASSERT_EQ(who.peers.size(), 1u);
    EXPECT_EQ(who.peers[0].peer, net.id(q + 20));
    EXPECT_EQ(who.peers[0].addresses, std::vector{net.address(q + 20)});
  }
  EXPECT_EQ(net.get(1, value_key(999)).failure.code, ec::not_found);
  EXPECT_EQ(net.providers(1, value_key(999)).failure.code, ec::not_found);
  EXPECT_EQ(net.get(1, to_buffer(as_bytes("/other/1"))).failure.code, ec::unsupported);
}

// Goal: a peer is found with an address it answers at, wherever in the network it is.
TEST(dht_search, finds_peers_and_verifies_them) {
  network net(bucketed(3));
  net.add_many(150);
  net.run(60s);
  for (std::size_t n = 0; n < 40; ++n) {
    const outcome found = net.find(n, net.id(149 - n));
    ASSERT_TRUE(found.ok()) << n;
    EXPECT_TRUE(found.verified);
    EXPECT_EQ(found.peers[0].addresses, std::vector{net.address(149 - n)});
  }
  ed25519_public_key nobody{};
  nobody[0] = 77;
  EXPECT_EQ(net.find(0, peer_id::from_ed25519(nobody)).failure.code, ec::not_found);
}

// Goal: a client asks and stores like any other, answers nobody, and is in nobody's table; a
// server that becomes one leaves them.
TEST(dht_search, keeps_clients_out_of_tables) {
  network net({});
  net.add_many(30);
  const std::size_t client = net.add(false);
  net.run(60s);
  ASSERT_TRUE(net.put(client, value_key(1), ranked_value(4)).ok());
  EXPECT_TRUE(net.get(5, value_key(1)).ok());
  ASSERT_TRUE(net.provide(client, value_key(2)).ok());
  EXPECT_EQ(net.providers(7, value_key(2)).peers[0].peer, net.id(client));
  for (std::size_t n = 0; n < 30; ++n)
    for (const auto& e : net.core(n).table(net.now())) EXPECT_NE(e.info.peer, net.id(client));
  EXPECT_FALSE(ids_of(net.closest(3, net.id(client).bytes())).contains(net.id(client)));
  EXPECT_FALSE(net.core(client).status().server);
  const auto refused
      = [&] { return net.counters(client).rejected[reject_reason::client_mode].value(); };
  const std::uint64_t before = refused();
  outbox out;
  net.core(client).on_request(1, net.id(0),
                              message_writer(message_type::get_value, value_key(1)).finish(),
                              net.wall(), net.now(), out);
  ASSERT_EQ(out.answers.size(), 1u);
  EXPECT_FALSE(out.answers[0].body);
  EXPECT_EQ(refused(), before + 1);
  // Whoever is connected to a client says where it is.
  EXPECT_TRUE(net.find(9, net.id(client)).ok());
}

// Goal: peers that never answer cost the time by which others usually have, not their timeout.
TEST(dht_search, hedges_at_the_usual_time_of_answers) {
  network_options o;
  o.world = true;
  network net(o);
  net.add_many(100);
  for (int i = 0; i < 25; ++i) net.add(true, lie::silence);
  net.run(120s);
  std::vector<duration> took;
  std::uint64_t hedged = 0;
  for (std::uint64_t q = 0; q < 40; ++q) {
    const std::size_t asker = q * 2;
    const outcome found = net.closest(asker, value_key(q));
    ASSERT_TRUE(found.ok());
    took.push_back(found.elapsed);
    hedged += net.counters(asker).queries_hedged.value();
    EXPECT_LT(found.elapsed, duration(3s)) << "a silent peer takes 10 s to time out";
  }
  EXPECT_LT(median_of(took), duration(1s));
  EXPECT_GT(hedged, 0u);
}

// Goal: after a third of the network died at once, searches still succeed, and soon nobody asks the
// dead any more; who has come back is taken in again.
TEST(dht_search, survives_and_forgets_the_dead) {
  network net(bucketed(4));
  net.add_many(150);
  net.run(60s);
  for (std::uint64_t q = 0; q < 20; ++q)
    ASSERT_TRUE(net.put(q, value_key(q), ranked_value(9)).ok());
  for (std::size_t n = 100; n < 150; ++n) net.kill(n);
  std::vector<duration> took;
  for (std::uint64_t q = 0; q < 20; ++q) {
    const outcome got = net.get(99 - q, value_key(q));
    EXPECT_TRUE(got.ok()) << q;
    took.push_back(got.elapsed);
  }
  EXPECT_LT(median_of(took), duration(1s));
  net.run(20min);
  for (std::size_t n = 0; n < 100; ++n)
    for (const auto& e : net.core(n).table(net.now()))
      EXPECT_TRUE(net.alive(net.number_of(e.info.peer))) << "node " << n << " keeps a dead entry";
  const std::uint64_t before = net.counters(1).queries_ended[query_end::unreachable].value();
  for (std::uint64_t q = 50; q < 60; ++q) EXPECT_TRUE(net.closest(1, value_key(q)).ok());
  EXPECT_LE(net.counters(1).queries_ended[query_end::unreachable].value() - before, 3u);
  for (std::size_t n = 100; n < 150; ++n) net.restart(n);
  net.run(10min);
  const outcome again = net.closest(1, value_key(3));
  auto truth = net.truth(value_key(3));
  std::erase(truth, 1u);
  ASSERT_EQ(again.peers.size(), 8u);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(net.number_of(again.peers[i].peer), truth[i]);
}

// Goal: a search that only wants to know where its target is asks fewer than one for all k; the
// first valid value ends a read; a read of all asks the k closest.
TEST(dht_search, stops_early) {
  network net({});
  net.add_many(120);
  net.run(60s);
  const byte_buffer key = value_key(5);
  ASSERT_TRUE(net.put(0, key, ranked_value(2)).ok());
  net.run(5s);
  std::uint32_t quick = 0;
  std::uint32_t thorough = 0;
  std::uint32_t first = 0;
  for (std::size_t n = 1; n < 60; ++n) {
    quick += net.closest(n, key, {true, {}}).requests;
    thorough += net.closest(n, key).requests;
    const outcome got = net.get(n, key);
    EXPECT_TRUE(got.ok());
    first += got.requests;
    EXPECT_LE(got.requests, dht_config{}.alpha_holders)
        << "alpha_holders at once, and the first answer is enough";
  }
  EXPECT_LE(quick, thorough * 6 / 10);
  EXPECT_LT(first, quick);
  const outcome all = net.get(70, key, {0, false, {}});
  EXPECT_GE(all.requests, 20u);
  EXPECT_GE(all.confirmations, 18u);
}

// Goal: stores begin before the search is over: a provision in a network of some size is confirmed
// in about the time of one search, where a search and then a store would take as long again.
TEST(dht_search, stores_at_sure_holders_at_once) {
  network_options o;
  o.world = true;
  network net(o);
  net.add_many(200);
  net.run(120s);
  std::vector<duration> search;
  std::vector<duration> provide;
  std::size_t early = 0;
  for (std::uint64_t q = 0; q < 30; ++q) {
    const std::size_t asker = q * 6 + 1;
    search.push_back(net.closest(asker, value_key(1000 + q)).elapsed);
    const outcome done = net.provide(asker, value_key(q));
    ASSERT_TRUE(done.ok());
    EXPECT_GE(done.confirmations, 15u);
    provide.push_back(done.elapsed);
    for (const auto& step : done.trace) early += step.hop == 0 && step.asked == duration::zero();
    net.run(3s);
    // Those that hold it in the end are the closest.
    const auto truth = net.truth(value_key(q));
    std::size_t holding = 0;
    for (std::size_t i = 0; i < 20; ++i)
      holding += std::ranges::any_of(net.disk(truth[i]).providers, [&](const auto& p) {
        return std::ranges::equal(p.key, value_key(q));
      });
    EXPECT_GE(holding, 17u);
  }
  EXPECT_GT(early, 30u * 10) << "ten stores each left together with the first queries";
  EXPECT_LT(median_of(provide), median_of(search) * 3 / 2);
}

// Goal: the same seed is the same run, event for event; another one is not.
TEST(dht_search, is_deterministic) {
  const auto run = [](std::uint64_t seed) {
    network_options o = bucketed(seed);
    o.world = true;
    o.loss = 0.02;
    network net(o);
    net.add_many(60);
    net.run(30s);
    net.put(3, value_key(1), ranked_value(1));
    net.kill(7);
    net.get(9, value_key(1));
    net.run(60s);
    return std::pair(net.trace_hash(), net.events());
  };
  EXPECT_EQ(run(5), run(5));
  EXPECT_NE(run(5), run(6));
}

// Goal: of messages lost on the way nothing is seen but some time.
TEST(dht_search, bears_loss) {
  network_options o;
  o.loss = 0.2;
  network net(o);
  net.add_many(80);
  net.run(60s);
  for (std::uint64_t q = 0; q < 20; ++q) {
    ASSERT_TRUE(net.put(q, value_key(q), ranked_value(1)).ok());
    ASSERT_TRUE(net.get(79 - q, value_key(q)).ok());
  }
}

// Goal: peers that do not take a value stay what they were: they are asked again, and for others.
TEST(dht_search, does_not_give_up_peers_that_refuse_a_value) {
  network_options options;
  options.seed = 21;
  options.config.records_per_sender_max = 2;
  network net(options);
  net.add_many(8);
  net.run(2min);
  for (std::uint64_t n = 0; n < 6; ++n) {
    const outcome o = net.put(0, value_key(n), ranked_value(1));
    EXPECT_EQ(o.ok(), n < 2) << n;
    EXPECT_GE(o.requests, 7u) << "all are asked again";
  }
  EXPECT_EQ(net.core(0).status().entries, 7u);
  EXPECT_EQ(net.core(0).status().dead_peers, 0u);
  EXPECT_TRUE(net.put(1, value_key(100), ranked_value(1)).ok());
  EXPECT_TRUE(net.get(0, value_key(100)).ok());
}

}  // namespace
}  // namespace weft::dht::test
