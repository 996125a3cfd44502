// SPDX-License-Identifier: MIT
#include "dht/provider_table.hpp"
#include "dht/record_table.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace weft;
using namespace weft::dht;
using namespace std::chrono_literals;

peer_id peer_of(std::uint8_t n) {
  ed25519_public_key key{};
  key[0] = n;
  return peer_id::from_ed25519(key);
}

constexpr wall_time today{std::chrono::hours(24 * 20'000)};
const kad_id self = kad_id::of(as_bytes("self"));

byte_buffer key_of(std::uint64_t n) { return to_buffer(as_bytes("key " + std::to_string(n))); }

stored_record record_of(std::uint64_t key, std::string_view value, std::uint8_t sender = 1) {
  stored_record r;
  r.key = key_of(key);
  r.value = chunk_view::copy(as_bytes(value));
  r.sender = peer_of(sender);
  r.received = today;
  r.expires = today + 48h;
  return r;
}

struct record_fixture {
  record_fixture() {
    config.records_max = 20;
    config.records_per_sender_max = 8;
    config.own_records_max = 3;
    config.record_bytes_max = 1000;
    config.record_bytes_total_max = 4000;
  }
  ec put(stored_record r, std::uint64_t rank = 1) {
    return table.put(std::move(r), merit{rank, wall_time::max()}, store);
  }
  dht_config config;
  dht_metrics counters;
  record_table table{self, config, counters};
  std::vector<store_operation> store;
};

// Goal: the better value stays, whoever comes last; every change is written.
TEST(record_table, keeps_the_better_value) {
  record_fixture f;
  EXPECT_EQ(f.put(record_of(1, "b"), 2), ec::none);
  EXPECT_EQ(f.store.size(), 1u);
  EXPECT_EQ(f.put(record_of(1, "a"), 1), ec::stale);
  EXPECT_EQ(f.put(record_of(1, "c"), 2), ec::stale) << "as good, but there already";
  EXPECT_EQ(f.counters.rejected[reject_reason::old_value].value(), 2u);
  EXPECT_EQ(f.store.size(), 1u);
  EXPECT_EQ(f.put(record_of(1, "b", 2), 2), ec::none) << "refreshed";
  EXPECT_EQ(f.put(record_of(1, "d"), 3), ec::none);
  EXPECT_EQ(f.store.size(), 3u);
  ASSERT_TRUE(f.table.find(key_of(1), today));
  EXPECT_EQ(as_text(f.table.find(key_of(1), today)->record.value.bytes()), "d");
  EXPECT_FALSE(f.table.find(key_of(1), today + 48h)) << "expired";
  EXPECT_EQ(f.table.size(), 1u);
  EXPECT_TRUE(f.table.remove(key_of(1), f.store));
  EXPECT_FALSE(f.table.remove(key_of(1), f.store));
  EXPECT_EQ(f.table.bytes(), 0u);
}

// Goal: the limits of one sender, of all, and of bytes hold; a full table prefers what is near.
TEST(record_table, keeps_its_limits) {
  record_fixture f;
  std::size_t taken = 0;
  for (std::uint64_t n = 0; n < 50; ++n) taken += f.put(record_of(n, "v")) == ec::none;
  EXPECT_EQ(taken, 8u);
  EXPECT_EQ(f.counters.rejected[reject_reason::sender_records_full].value(), 42u);
  for (std::uint64_t n = 100; n < 400; ++n)
    (void)f.put(record_of(n, "v", static_cast<std::uint8_t>(n)));
  EXPECT_EQ(f.table.size(), 20u);
  EXPECT_GT(f.counters.rejected[reject_reason::records_full].value(), 0u);
  std::vector<kad_id> all;
  for (std::uint64_t n = 0; n < 400; ++n)
    if (n < 8 || n >= 100) all.push_back(kad_id::of(key_of(n)) ^ self);
  std::sort(all.begin(), all.end());
  std::size_t nearest = 0;
  for (std::uint64_t n = 0; n < 400; ++n)
    if (f.table.find(key_of(n), today) && (kad_id::of(key_of(n)) ^ self) <= all[19]) ++nearest;
  EXPECT_EQ(nearest, 20u) << "exactly the nearest are left";

  record_fixture g;
  for (std::uint64_t n = 0; n < 10; ++n)
    (void)g.put(record_of(n, std::string(900, 'v'), static_cast<std::uint8_t>(n)));
  EXPECT_LE(g.table.bytes(), 4000u);
  EXPECT_EQ(g.table.size(), 4u);
}

// Goal: own records are apart: never pushed out, not owned by others, limited, and ordinary once
// withdrawn.
TEST(record_table, keeps_own_records) {
  record_fixture f;
  const auto own = [](std::uint64_t n, std::string_view value) {
    auto r = record_of(n, value, 9);
    r.own = true;
    return r;
  };
  for (std::uint64_t n = 0; n < 3; ++n) EXPECT_EQ(f.put(own(n, "o")), ec::none);
  EXPECT_EQ(f.put(own(3, "o")), ec::limit);
  EXPECT_EQ(f.counters.rejected[reject_reason::own_records_full].value(), 1u);
  EXPECT_EQ(f.put(record_of(0, "o", 1)), ec::none);
  EXPECT_TRUE(f.table.find(key_of(0), today)->record.own);
  EXPECT_EQ(f.put(record_of(0, "newer", 1), 5), ec::none);
  EXPECT_TRUE(f.table.find(key_of(0), today)->record.own);
  for (std::uint64_t n = 100; n < 300; ++n)
    (void)f.put(record_of(n, "v", static_cast<std::uint8_t>(n)));
  for (std::uint64_t n = 0; n < 3; ++n) EXPECT_TRUE(f.table.find(key_of(n), today)) << n;
  EXPECT_EQ(f.table.own(), 3u);
  EXPECT_TRUE(f.table.disown(key_of(0), f.store));
  EXPECT_FALSE(f.table.disown(key_of(0), f.store));
  EXPECT_FALSE(f.table.disown(key_of(999), f.store));
  EXPECT_EQ(f.table.own(), 2u);
}

// Goal: neither taking over what others brought nor giving up an own record gets around a limit.
TEST(record_table, own_records_do_not_get_around_limits) {
  record_fixture f;
  const auto own = [](std::uint64_t n) {
    auto r = record_of(n, "o", 9);
    r.own = true;
    return r;
  };
  for (std::uint64_t n = 0; n < 5; ++n) EXPECT_EQ(f.put(record_of(n, "v")), ec::none);
  for (std::uint64_t n = 0; n < 3; ++n) EXPECT_EQ(f.put(own(n), 2), ec::none);
  EXPECT_EQ(f.put(own(3), 2), ec::limit);
  EXPECT_EQ(f.put(own(0), 3), ec::none) << "replaced in its place";
  EXPECT_EQ(f.table.own(), 3u);
  for (std::uint64_t n = 0; n < 3; ++n) EXPECT_TRUE(f.table.disown(key_of(n), f.store));
  for (std::uint64_t n = 100; n < 200; ++n) {
    EXPECT_EQ(f.put(own(n)), ec::none);
    EXPECT_TRUE(f.table.disown(key_of(n), f.store));
  }
  EXPECT_EQ(f.table.size(), 20u);
  EXPECT_EQ(f.counters.rejected[reject_reason::records_full].value(), 85u);
  ASSERT_TRUE(std::holds_alternative<remove_record>(f.store.back())) << "gone from the store, too";
}

// Goal: what has expired goes, whether anybody asks for it or not.
TEST(record_table, sweeps_what_has_expired) {
  record_fixture f;
  for (std::uint64_t n = 0; n < 8; ++n) {
    auto r = record_of(n, "v");
    r.expires = today + (n % 2 ? 1h : 3h);
    (void)f.put(std::move(r));
  }
  f.store.clear();
  f.table.sweep(today + 2h, f.store);
  EXPECT_EQ(f.table.size(), 4u);
  EXPECT_EQ(f.store.size(), 4u);
  EXPECT_EQ(f.counters.records_expired.value(), 4u);
  f.table.sweep(today + 4h, f.store);
  EXPECT_EQ(f.table.size(), 0u);
}

struct provider_fixture {
  provider_fixture() {
    config.providers_max = 100;
    config.providers_per_key_max = 10;
    config.providers_per_sender_max = 20;
  }
  ec put(std::uint64_t key, std::uint8_t who, wall_time at = today) {
    return table.put(
        {key_of(key), peer_of(who), {*multiaddr::parse("/ip4/1.2.3.4/udp/1/quic-v1")}, at}, store);
  }
  dht_config config;
  dht_metrics counters;
  provider_table table{self, config, counters};
  std::vector<store_operation> store;
};

// Goal: providers come newest first, for as long as they and their addresses live.
TEST(provider_table, ages_providers) {
  provider_fixture f;
  for (std::uint8_t n = 1; n <= 3; ++n) EXPECT_EQ(f.put(1, n, today + n * 1h), ec::none);
  EXPECT_EQ(f.put(1, 1, today + 4h), ec::none) << "refreshed";
  EXPECT_EQ(f.table.size(), 3u);
  auto found = f.table.find(key_of(1), 10, today + 5h);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].provider, peer_of(1));
  EXPECT_EQ(found[2].provider, peer_of(2));
  EXPECT_EQ(found[0].addresses.size(), 1u);
  EXPECT_EQ(f.table.find(key_of(1), 2, today).size(), 2u);
  EXPECT_TRUE(f.table.find(key_of(2), 2, today).empty());
  EXPECT_TRUE(f.table.find(key_of(1), 10, today + 29h)[0].addresses.empty());
  EXPECT_EQ(f.table.find(key_of(1), 10, today + 51h).size(), 1u);
  f.store.clear();
  f.table.sweep(today + 51h, f.store);
  EXPECT_EQ(f.table.size(), 1u);
  EXPECT_EQ(f.store.size(), 2u);
  EXPECT_TRUE(f.table.remove(key_of(1), peer_of(1), f.store));
  EXPECT_FALSE(f.table.remove(key_of(1), peer_of(1), f.store));
  EXPECT_EQ(f.table.size(), 0u);
}

// Goal: the limits of one key, of one provider and of all hold.
TEST(provider_table, keeps_its_limits) {
  provider_fixture f;
  for (std::uint8_t n = 1; n <= 30; ++n) EXPECT_EQ(f.put(1, n), ec::none);
  EXPECT_EQ(f.table.find(key_of(1), 100, today).size(), 10u);
  EXPECT_EQ(f.counters.rejected[reject_reason::key_providers_full].value(), 20u);
  std::size_t taken = 0;
  for (std::uint64_t key = 2; key < 100; ++key) taken += f.put(key, 200) == ec::none;
  EXPECT_EQ(taken, 20u);
  EXPECT_GT(f.counters.rejected[reject_reason::sender_providers_full].value(), 0u);
  for (std::uint64_t key = 100; key < 1000; ++key)
    (void)f.put(key, static_cast<std::uint8_t>(key % 100 + 100));
  EXPECT_LE(f.table.size(), 100u);
  EXPECT_GT(f.counters.rejected[reject_reason::providers_full].value(), 0u);
}

}  // namespace
