// SPDX-License-Identifier: MIT
#include "tests/dht/network.hpp"
#include "tests/support/thin.hpp"

#include <gtest/gtest.h>

#include <algorithm>

// What becomes of records, providers and tables over hours and days, in virtual time.
namespace weft::dht::test {

namespace {

using namespace std::chrono_literals;

/// Upkeep at a pace that lets days pass quickly.
network_options slow_paced() {
  network_options o;
  o.config.refresh_interval = weft::test::thinned(3h, 12h);
  o.config.liveness_interval = weft::test::thinned(2h, 8h);
  o.config.liveness_interval_min = weft::test::thinned(10min, 60min);
  return o;
}

bool holds(network& net, std::size_t n, bytes_view key, std::string_view value = {}) {
  return std::ranges::any_of(net.disk(n).records, [&](const stored_record& r) {
    return std::ranges::equal(r.key, key) && (value.empty() || as_text(r.value.bytes()) == value);
  });
}

std::size_t holders(network& net, bytes_view key, std::string_view value = {}) {
  std::size_t out = 0;
  for (std::size_t n = 0; n < net.size(); ++n) out += net.alive(n) && holds(net, n, key, value);
  return out;
}

// Goal: a record lives as long as its publisher publishes it, and 48 hours longer; so do
// provisions.
TEST(dht_upkeep, publishes_again_and_forgets) {
  // More than the 20 that hold a record, by some that do not.
  const std::size_t count = weft::test::thinned(40, 26);
  const std::size_t reader = count - 2;
  network net(slow_paced());
  net.add_many(count);
  net.run(60s);
  const byte_buffer key = value_key(1);
  ASSERT_TRUE(net.put(0, key, ranked_value(3)).ok());
  ASSERT_TRUE(net.provide(0, value_key(2)).ok());
  net.run(100h);
  EXPECT_TRUE(net.get(reader, key).ok());
  EXPECT_TRUE(net.providers(reader, value_key(2)).ok());
  EXPECT_GE(net.counters(0).republished.value(), 8u) << "four times each";
  EXPECT_LE(net.counters(0).republished.value(), 10u);
  net.kill(0);
  net.run(20h);
  EXPECT_TRUE(net.get(reader, key).ok());
  EXPECT_TRUE(net.providers(reader, value_key(2)).ok());
  net.run(30h);
  EXPECT_EQ(net.get(reader, key).failure.code, ec::not_found);
  EXPECT_EQ(net.providers(reader, value_key(2)).failure.code, ec::not_found);
  EXPECT_EQ(holders(net, key), 0u) << "not on any disk either";
}

// Goal: what is withdrawn is no longer published, and gone when it has aged.
TEST(dht_upkeep, forgets_what_was_withdrawn) {
  network net(slow_paced());
  net.add_many(30);
  net.run(60s);
  ASSERT_TRUE(net.put(0, value_key(1), ranked_value(3)).ok());
  ASSERT_TRUE(net.provide(0, value_key(2)).ok());
  outbox out;
  EXPECT_TRUE(net.core(0).withdraw_value(value_key(1), out));
  EXPECT_TRUE(net.core(0).withdraw_provision(value_key(2), out));
  EXPECT_FALSE(net.core(0).withdraw_value(value_key(1), out));
  EXPECT_FALSE(net.core(0).withdraw_provision(value_key(2), out));
  net.run(49h);
  EXPECT_EQ(net.counters(0).republished.value(), 0u);
  EXPECT_EQ(net.get(20, value_key(1)).failure.code, ec::not_found);
  EXPECT_EQ(net.providers(20, value_key(2)).failure.code, ec::not_found);
}

// Goal: published again, a record also reaches those that have become the closest since.
TEST(dht_upkeep, follows_a_changing_network) {
  network net(slow_paced());
  net.add_many(30);
  net.run(60s);
  const byte_buffer key = value_key(4);
  ASSERT_TRUE(net.put(0, key, ranked_value(3)).ok());
  for (std::size_t n = 1; n < 15; ++n) net.kill(n);
  net.add_many(30);
  net.run(23h);
  const auto truth = net.truth(key);
  std::size_t held = 0;
  for (std::size_t i = 0; i < 20; ++i) held += holds(net, truth[i], key);
  EXPECT_GE(held, 18u);
}

// Goal: a read of several holders returns the newest value, and gives it to those with an older
// one or none.
TEST(dht_upkeep, corrects_what_it_reads) {
  network net({});
  net.add_many(60);
  net.run(60s);
  const byte_buffer key = value_key(7);
  ASSERT_TRUE(net.put(0, key, ranked_value(1)).ok());
  net.run(5s);
  const auto truth = net.truth(key);
  // Some of the holders were away when the newer value came.
  for (std::size_t i = 0; i < 4; ++i) net.kill(truth[i]);
  const std::size_t writer = truth[40];
  ASSERT_TRUE(net.put(writer, key, ranked_value(2)).ok());
  net.run(5s);
  for (std::size_t i = 0; i < 4; ++i) net.restart(truth[i]);
  net.run(120s);
  for (std::size_t i = 0; i < 4; ++i) ASSERT_TRUE(holds(net, truth[i], key, "1:value"));
  const std::size_t reader = truth[50];
  const outcome got = net.get(reader, key, {0, false, {}});
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(as_text(got.value.bytes()), "2:value");
  net.run(2s);
  EXPECT_GE(net.counters(reader).corrections.value(), 4u);
  EXPECT_LE(net.counters(reader).corrections.value(), 5u) << "corrections_max";
  for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(holds(net, truth[i], key, "2:value")) << i;
}

// Goal: with caching the closest peer on the way that lacked a value has it afterwards; without,
// no one but the closest has.
TEST(dht_upkeep, caches_on_the_path) {
  std::size_t none = 0;
  for (const bool cache : {false, true}) {
    network_options o;
    o.seed = 9;
    o.config.full_table_below = 0;
    o.config.bucket_entries = 8;
    o.config.k = 8;
    o.config.cache_on_path = cache;
    network net(o);
    net.add_many(150);
    net.run(60s);
    std::size_t copies = 0;
    std::uint64_t corrections = 0;
    for (std::uint64_t q = 0; q < 30; ++q) {
      const byte_buffer key = value_key(q);
      ASSERT_TRUE(net.put(q, key, ranked_value(1)).ok());
      net.run(2s);
      const std::size_t before = holders(net, key);
      ASSERT_TRUE(net.get(149 - q, key).ok());
      net.run(2s);
      copies += holders(net, key) - before;
      corrections += net.counters(149 - q).corrections.value();
    }
    if (cache) {
      EXPECT_GE(copies, none + 10u);
    } else {
      EXPECT_LE(copies, 5u);
      none = copies;
    }
    EXPECT_GE(corrections, copies);
  }
}

// Goal: a node that was restarted, after a crash too, has its records, provisions and peers: it
// finds the network again though nobody tells it of anybody, serves what it held, and publishes
// what is its own.
TEST(dht_upkeep, comes_back_with_what_it_knew) {
  network net(slow_paced());
  net.add_many(40);
  net.run(10min);
  const byte_buffer key = value_key(3);
  ASSERT_TRUE(net.put(5, key, ranked_value(8)).ok());
  ASSERT_TRUE(net.provide(5, value_key(4)).ok());
  net.run(10min);
  const auto before = net.core(5).status();
  net.kill(5);
  net.run(5min);
  net.restart(5, false);
  const auto after = net.core(5).status();
  EXPECT_EQ(after.records, before.records);
  EXPECT_EQ(after.own_records, 1u);
  EXPECT_EQ(after.provided, 1u);
  EXPECT_EQ(after.providers, before.providers);
  net.run(2min);
  EXPECT_GE(net.core(5).table_size(), 39u);
  EXPECT_TRUE(net.get(5, key).ok());
  EXPECT_TRUE(net.find(20, net.id(5)).ok());
  net.run(23h);
  EXPECT_GE(net.counters(5).republished.value(), 2u);
}

// Goal: a table that heard nothing of an entry asks it; in an idle network all tables stay right.
TEST(dht_upkeep, keeps_tables_alive_in_an_idle_network) {
  network_options o;
  o.unused_timeout = 5min;
  network net(o);
  net.add_many(50);
  net.run(2h);
  for (std::size_t n = 0; n < 50; ++n) EXPECT_EQ(net.core(n).table_size(), 49u);
  for (std::size_t n = 40; n < 50; ++n) net.kill(n);
  net.run(40min);
  for (std::size_t n = 0; n < 40; ++n) EXPECT_EQ(net.core(n).table_size(), 39u) << n;
}

// Goal: every server knows about how many there are.
TEST(dht_upkeep, estimates_the_size_of_the_network) {
  network_options o;
  o.config.full_table_below = 0;
  o.config.bucket_entries = 20;
  const std::size_t count = weft::test::thinned(300, 120);
  network net(o);
  net.add_many(count);
  net.run(10min);
  for (std::size_t n = 0; n < count; n += 10) {
    const auto size = net.core(n).status().network_size;
    ASSERT_TRUE(size);
    EXPECT_GT(*size, count / 2);
    EXPECT_LT(*size, count * 2);
  }
}

}  // namespace
}  // namespace weft::dht::test
