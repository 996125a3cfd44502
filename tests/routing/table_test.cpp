// SPDX-License-Identifier: MIT
// Goal: the table keeps what it was given through growth, splits, erasure and snapshots; frames
// survive a round trip and refuse damage. Method: a std::map as model, random operations; every
// truncation and many corruptions of frames.
#include "routing/route_frame.hpp"
#include "routing/route_table.hpp"
#include "routing/table_bench.hpp"
#include "tests/routing/mesh.hpp"

#include <gtest/gtest.h>

#include <map>
#include <thread>

namespace weft::routing::test {
namespace {

std::shared_ptr<const std::vector<neighbour_info>> neighbours(std::size_t count) {
  auto all = std::make_shared<std::vector<neighbour_info>>();
  for (std::size_t i = 0; i < count; ++i)
    all->push_back({peer_id::from_ed25519(key_of(900000 + i)), static_cast<metric>(10 + i), true});
  return all;
}

/// Lists of every length, of routes that fit into a row and of some that do not.
route_list some_routes(rng& random) {
  route_list list;
  list.count = static_cast<std::uint8_t>(random.below(candidates_limit + 1));
  list.feasible = static_cast<std::uint8_t>(random.below(list.count + 1u));
  const bool usual = random.below(4) != 0;
  for (std::size_t i = 0; i < list.count; ++i)
    list.routes[i] = {static_cast<std::uint16_t>(random.below(usual ? 1024 : 65536)),
                      static_cast<metric>(random.below(1u << 24)),
                      static_cast<std::uint8_t>(random.below(usual ? 64 : 256))};
  return list;
}

/// As honest nodes sign them, and whatever else 8, 4, 4 and 1 bytes can say.
announcement some_origin(rng& random, const ed25519_public_key& key) {
  announcement origin;
  origin.destination = key;
  origin.issued_s = static_cast<std::uint32_t>(
      random.below(2) == 0 ? 1'700'000'000 + random.below(1000) : random.next());
  origin.sequence = random.below(4) == 0
                        ? random.next()
                        : std::uint64_t{origin.issued_s} * 1000 + random.below(1000);
  origin.lifetime_s = static_cast<std::uint32_t>(random.below(2) == 0 ? 420 : random.next());
  origin.flags = static_cast<std::uint8_t>(random.below(3));
  for (auto& byte : origin.signature) byte = static_cast<std::uint8_t>(random.below(256));
  return origin;
}

route_state some_state(rng& random) {
  route_state state;
  state.feasible_below = static_cast<metric>(random.below(1u << 24));
  state.advertised = static_cast<metric>(random.below(1u << 24));
  state.via_or_since = static_cast<std::uint16_t>(random.next());
  state.dirty = random.below(2) == 0;
  state.advertised_sequence = random.below(2) == 0;
  state.evicted = random.below(2) == 0;
  state.rested = random.below(2) == 0;
  return state;
}

struct model_entry {
  route_list routes;
  announcement origin;
  route_state state;
};

bool equal(const route_list& a, const route_list& b) {
  return a.count == b.count && a.feasible == b.feasible
         && std::equal(a.all().begin(), a.all().end(), b.all().begin());
}

TEST(route_table, agrees_with_a_map_under_random_operations) {
  rng random(11);
  route_table table({1, 2});
  std::map<ed25519_public_key, model_entry> model;
  std::vector<std::shared_ptr<const routing_snapshot>> held(7);
  for (int i = 0; i < 60000; ++i) {
    // More inserts at first, more erasures later: growth, splits, moved rows and shrinking all
    // happen.
    const auto key = key_of(random.below(8000));
    const auto where = table.find(key);
    ASSERT_EQ(where.has_value(), model.contains(key));
    if (where && random.below(i < 30000 ? 4 : 2) == 0) {
      table.erase(*where);
      model.erase(key);
    } else {
      const auto at = where ? *where : table.insert(key);
      model_entry& entry = model[key];
      entry = {some_routes(random), some_origin(random, key), some_state(random)};
      table.set_routes(at, entry.routes);
      table.set_state(at, entry.state);
      table.set_origin(at, entry.origin);
    }
    // Snapshots come and go in no order.
    if (i % 500 == 0) held[random.below(held.size())] = table.publish(neighbours(10));
  }
  EXPECT_EQ(table.size(), model.size());
  for (const auto& [key, entry] : model) {
    const auto where = table.find(key);
    ASSERT_TRUE(where.has_value());
    EXPECT_TRUE(equal(table.routes(*where), entry.routes));
    EXPECT_EQ(table.row(*where).count(), entry.routes.count);
    EXPECT_EQ(table.row(*where).feasible(), entry.routes.feasible);
    if (entry.routes.count > 0) {
      EXPECT_EQ(table.row(*where).first(), entry.routes.routes[0]);
      EXPECT_EQ(table.row(*where).first_neighbour(), entry.routes.routes[0].neighbour());
    }
    EXPECT_EQ(table.destination(*where), key);
    EXPECT_EQ(table.origin(*where), entry.origin);
    EXPECT_EQ(table.stamp(*where).sequence, entry.origin.sequence);
    EXPECT_EQ(table.state(*where), entry.state);
  }
}

TEST(route_table, every_held_snapshot_stays_as_it_was) {
  // Several snapshots of different ages are held while the table goes on; each is compared with
  // what the table held when it was made, also once others are gone and their memory is used again.
  rng random(21);
  route_table table({21, 22});
  std::map<ed25519_public_key, metric> now;
  struct old {
    std::shared_ptr<const routing_snapshot> snapshot;
    std::map<ed25519_public_key, metric> truth;
  };
  std::vector<old> held(4);
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 40; ++i) {
      const auto key = key_of(random.below(3000));
      auto where = table.find(key);
      if (where && random.below(3) == 0) {
        table.erase(*where);
        now.erase(key);
        continue;
      }
      if (!where) where = table.insert(key);
      route_list list;
      list.count = list.feasible = static_cast<std::uint8_t>(1 + random.below(candidates_limit));
      for (std::size_t r = 0; r < list.count; ++r)
        list.routes[r]
            = {static_cast<std::uint16_t>(r), static_cast<metric>(random.below(9999)), 1};
      table.set_routes(*where, list);
      now[key] = list.routes[0].advertised() + 10;
    }
    held[random.below(held.size())] = {table.publish(neighbours(10)), now};
    for (const old& each : held) {
      if (!each.snapshot) continue;
      std::size_t visited = 0;
      each.snapshot->for_each([&](const ed25519_public_key& key, const candidate_list& list) {
        ++visited;
        ASSERT_EQ(list[0].total, each.truth.at(key));
      });
      ASSERT_EQ(visited, each.truth.size());
      ASSERT_EQ(each.snapshot->size(), each.truth.size());
    }
  }
}

TEST(route_table, a_snapshot_held_for_long_costs_at_most_itself) {
  rng random(23);
  route_table table({23, 24});
  route_list one;
  one.count = one.feasible = 1;
  for (std::uint64_t i = 0; i < 20000; ++i) table.set_routes(table.insert(key_of(i)), one);
  const std::size_t alone = table.bytes();
  const auto held = table.publish(neighbours(1));
  for (int round = 0; round < 300; ++round) {
    for (int i = 0; i < 200; ++i) table.set_routes(*table.find(key_of(random.below(20000))), one);
    table.publish(neighbours(1));
  }
  EXPECT_LE(table.bytes(), alone * 2);
  EXPECT_EQ(held->size(), 20000u);
}

TEST(route_table, tells_apart_rows_whose_hash_values_are_equal) {
  // Made backwards from hash values, which nobody can without the table's secret.
  const siphash_key secret{31, 32};
  const key_permutation permute(secret);
  route_table table(secret);
  std::vector<ed25519_public_key> keys;
  for (std::uint64_t i = 0; i < 80; ++i) keys.push_back(permute.inverse({5, {i, 7, 9}}));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_FALSE(table.find(keys[i]).has_value());
    route_list one;
    one.count = one.feasible = 1;
    one.routes[0] = {0, static_cast<metric>(i + 1), 1};
    table.set_routes(table.insert(keys[i]), one);
  }
  const auto snapshot = table.publish(neighbours(1));
  for (std::size_t i = 0; i < keys.size(); ++i)
    EXPECT_EQ(snapshot->selected(keys[i])->total, i + 1 + 10);
  EXPECT_FALSE(snapshot->selected(permute.inverse({5, {80, 7, 9}})).has_value());
}

TEST(route_table, next_hop_asks_for_each_usable_neighbour_in_order) {
  route_table table({33, 34});
  auto all = std::make_shared<std::vector<neighbour_info>>(*neighbours(2000));
  (*all)[1500].up = false;
  route_list list;
  list.count = 4;
  list.feasible = 3;
  list.routes = {packed_route{1500, 1, 1}, {1999, 2, 1}, {3, 3, 1}, {4, 4, 1}};
  table.set_routes(table.insert(key_of(1)), list);
  for (std::uint64_t i = 2; i < 10000; ++i) table.insert(key_of(i));
  const auto snapshot = table.publish(all);
  ASSERT_TRUE(snapshot->expects());
  const std::vector<ed25519_public_key> keys{key_of(1), key_of(2), key_of(77777)};
  snapshot->expect(keys);
  std::vector<peer_id> asked;
  const auto refuse = [&](const peer_id& peer) {
    asked.push_back(peer);
    return false;
  };
  EXPECT_EQ(snapshot->next_hop(keys[0], refuse), nullptr);
  EXPECT_EQ(asked, (std::vector<peer_id>{(*all)[1999].peer, (*all)[3].peer}));
  EXPECT_EQ(*snapshot->next_hop(keys[0]), (*all)[1999].peer);
  EXPECT_FALSE(snapshot->next_hop(keys[1]).has_value());
  EXPECT_FALSE(snapshot->next_hop(keys[2]).has_value());
}

TEST(route_table, snapshot_stays_as_it_was) {
  rng random(12);
  route_table table({3, 4});
  route_list one;
  one.count = one.feasible = 1;
  one.routes[0] = {2, 1000, 4};
  for (std::uint64_t i = 0; i < 3000; ++i) table.set_routes(table.insert(key_of(i)), one);
  const auto old = table.publish(neighbours(4));
  one.routes[0] = {3, 77, 1};
  for (std::uint64_t i = 0; i < 3000; ++i) {
    if (i % 2 == 0)
      table.erase(*table.find(key_of(i)));
    else
      table.set_routes(*table.find(key_of(i)), one);
  }
  for (std::uint64_t i = 3000; i < 9000; ++i) table.set_routes(table.insert(key_of(i)), one);
  const auto fresh = table.publish(neighbours(4));
  std::size_t visited = 0;
  old->for_each([&](const ed25519_public_key&, const candidate_list& list) {
    ++visited;
    EXPECT_EQ(list[0].total, 1012u);
    EXPECT_EQ(list[0].hops, 5);
  });
  EXPECT_EQ(visited, 3000u);
  EXPECT_EQ(old->size(), 3000u);
  EXPECT_EQ(fresh->size(), 7500u);
  EXPECT_FALSE(fresh->selected(key_of(0)).has_value());
  EXPECT_TRUE(old->selected(key_of(0)).has_value());
  EXPECT_EQ(fresh->selected(key_of(1))->total, 77u + 13u);
  EXPECT_EQ(*fresh->next_hop(key_of(1)), peer_id::from_ed25519(key_of(900003)));
  EXPECT_GT(fresh->version(), old->version());
}

TEST(route_table, publishes_only_changed_shards) {
  route_table table({5, 6});
  route_list one;
  one.count = one.feasible = 1;
  for (std::uint64_t i = 0; i < 50000; ++i) table.set_routes(table.insert(key_of(i)), one);
  table.publish(neighbours(1));
  EXPECT_FALSE(table.changed());
  table.set_routes(*table.find(key_of(9)), one);
  const auto snapshot = table.publish(neighbours(1));
  EXPECT_EQ(table.shards_published(), 1u);
  EXPECT_GT(table.shard_count(), 200u);
  EXPECT_LE(static_cast<double>(table.bytes()) / 50000.0, 128.0);
}

TEST(route_table, takes_up_the_room_of_erased_destinations) {
  route_table table({9, 10});
  route_list ten;
  ten.count = ten.feasible = candidates_limit;
  const auto refill = [&] {
    for (std::uint64_t i = 0; i < 20000; ++i)
      if (const auto where = table.find(key_of(i))) table.erase(*where);
    EXPECT_EQ(table.size(), 0u);
    for (std::uint64_t i = 0; i < 20000; ++i) table.set_routes(table.insert(key_of(i)), ten);
  };
  refill();
  const std::size_t filled = table.bytes();
  refill();
  // Emptying needs other sizes of blocks than growing: some more of them, once.
  const std::size_t again = table.bytes();
  EXPECT_LE(again, filled + filled / 10);
  for (int round = 0; round < 3; ++round) refill();
  EXPECT_LE(table.bytes(), again + again / 200);
}

TEST(route_table, is_within_its_bytes_at_every_size) {
  // Shards are all about to be split at some sizes and have all just been at others.
  rng random(25);
  route_table table({25, 26});
  route_list two;
  two.count = two.feasible = 2;
  announcement origin;
  origin.issued_s = 1'700'000'000;
  origin.sequence = 1'700'000'000'123;
  for (std::uint64_t i = 1; i <= 160000; ++i) {
    ed25519_public_key key;
    for (auto& byte : key) byte = static_cast<std::uint8_t>(random.below(256));
    const auto at = table.insert(key);
    table.set_routes(at, two);
    table.set_origin(at, origin);
    if (i < 80000 || i % 4000 != 0) continue;
    EXPECT_LE(static_cast<double>(table.bytes()) / static_cast<double>(i), 128.0) << i;
  }
}

TEST(route_table, a_snapshot_outlives_its_table) {
  std::shared_ptr<const routing_snapshot> snapshot;
  {
    route_table table({11, 12});
    route_list one;
    one.count = one.feasible = 1;
    one.routes[0] = {1, 10, 1};
    for (std::uint64_t i = 0; i < 5000; ++i) table.set_routes(table.insert(key_of(i)), one);
    snapshot = table.publish(neighbours(2));
    for (std::uint64_t i = 0; i < 5000; ++i) table.erase(*table.find(key_of(i)));
  }
  for (std::uint64_t i = 0; i < 5000; ++i) EXPECT_EQ(snapshot->selected(key_of(i))->total, 21u);
}

TEST(route_table, publishes_every_page_of_a_shallow_shard) {
  // Few rows in many directory entries: keys whose hashes fill one side deepen the directory, so
  // shards on the other side fill several entries, in pages of their own.
  route_table table({13, 14});
  route_list one;
  one.count = one.feasible = 1;
  one.routes[0] = {0, 5, 1};
  for (std::uint64_t i = 0; i < 3000; ++i) {
    table.set_routes(table.insert(key_of(i)), one);
    const auto snapshot = table.publish(neighbours(1));
    for (std::uint64_t k = i < 20 ? 0 : i - 20; k <= i; ++k)
      ASSERT_TRUE(snapshot->selected(key_of(k)).has_value()) << i << " " << k;
    ASSERT_EQ(snapshot->size(), i + 1);
  }
}

TEST(route_table, readers_in_other_threads_see_whole_snapshots) {
  route_table table({7, 8});
  std::atomic<std::shared_ptr<const routing_snapshot>> shared{table.publish(neighbours(2))};
  std::atomic<bool> stop{false};
  std::atomic<std::size_t> wrong{0};
  const auto read = [&] {
    while (!stop.load()) {
      const auto snapshot = shared.load();
      std::size_t seen = 0;
      snapshot->for_each([&](const ed25519_public_key&, const candidate_list&) { ++seen; });
      if (seen != snapshot->size()) ++wrong;
    }
  };
  std::thread reader(read);
  route_list one;
  one.count = one.feasible = 1;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    table.set_routes(table.insert(key_of(i)), one);
    if (i % 10 == 0) shared.store(table.publish(neighbours(2)));
  }
  stop.store(true);
  reader.join();
  EXPECT_EQ(wrong.load(), 0u);
}

TEST(choose, prefers_short_routes_and_honours_exclusion) {
  const std::vector<candidate> all{{0, 1, 100}, {1, 1, 150}, {2, 1, 500}};
  rng random(1);
  std::array<int, 3> picked{};
  for (int i = 0; i < 10000; ++i) ++picked[*choose(all, random.next())];
  EXPECT_GT(picked[0], picked[1] * 3 / 2);
  EXPECT_GT(picked[1], 1000);
  EXPECT_EQ(picked[2], 0);  // more than twice as long
  for (int i = 0; i < 100; ++i) EXPECT_EQ(*choose(all, random.next(), std::uint16_t{0}), 1u);
  EXPECT_FALSE(choose({}, 5).has_value());
  EXPECT_FALSE(choose(std::span(all).first(1), 5, std::uint16_t{0}).has_value());
}

TEST(table_bench, reports_every_operation) {
  table_bench_options options;
  options.entries = 5000;
  options.samples = 2000;
  instant fake{};
  const auto report = run_table_bench(options, [&] { return fake += duration(10); });
  EXPECT_EQ(report.operations.size(), 10u);
  for (const auto& each : report.operations) EXPECT_GT(each.samples, 0u) << each.name;
  EXPECT_EQ(report.entries, 5000u);
}

TEST(route_frame, round_trip) {
  announcement origin
      = make_announcement(toy_crypto(key_of(1)), key_of(1), 5, wall_time(std::chrono::hours(10)),
                          std::chrono::seconds(60), 7);
  byte_buffer body;
  begin_update(body, 0x1122334455667788u, 0x99aabbccddu);
  EXPECT_EQ(body.size(), update_header_bytes);
  append_route(body, origin, 0x123456, 9);
  EXPECT_EQ(body.size(), update_header_bytes + route_entry_bytes);
  append_retraction(body, key_of(2));
  EXPECT_EQ(body.size(), update_header_bytes + route_entry_bytes + retraction_entry_bytes);
  route_frame frame;
  ASSERT_TRUE(decode_frame(body, frame).has_value());
  EXPECT_EQ(frame.incarnation, 0x1122334455667788u);
  EXPECT_EQ(frame.number, 0x99aabbccddu);
  ASSERT_EQ(frame.updates.size(), 2u);
  EXPECT_EQ(frame.updates[0].origin, origin);
  EXPECT_EQ(frame.updates[0].advertised, 0x123456u);
  EXPECT_EQ(frame.updates[0].hops, 9);
  EXPECT_TRUE(frame.updates[1].retraction());
  const request_entry asked{key_of(3), 77, 5};
  ASSERT_TRUE(decode_frame(encode_requests(4, {&asked, 1}), frame).has_value());
  EXPECT_EQ(frame.requests.at(0).sequence, 77u);
  const std::array<std::uint64_t, 2> numbers{8, 9};
  ASSERT_TRUE(decode_frame(encode_ack(4, 6, numbers), frame).has_value());
  EXPECT_EQ(frame.acknowledged, (std::vector<std::uint64_t>{8, 9}));
  EXPECT_EQ(frame.acknowledged_incarnation, 6u);
}

TEST(route_frame, every_truncation_is_refused) {
  byte_buffer body;
  begin_update(body, 1, 2);
  append_route(body, announcement{}, 5, 1);
  append_retraction(body, key_of(1));
  route_frame frame;
  for (std::size_t size = 0; size < body.size(); ++size) {
    const bool whole_entries
        = size == update_header_bytes || size == update_header_bytes + route_entry_bytes;
    EXPECT_EQ(decode_frame({body.data(), size}, frame).has_value(), whole_entries) << size;
  }
}

TEST(route_frame, limits) {
  route_frame frame;
  EXPECT_EQ(decode_frame(byte_buffer(frame_bytes_limit + 1, 1), frame).error(), ec::oversized);
  EXPECT_EQ(decode_frame(byte_buffer(20, 9), frame).error(), ec::malformed);
  const std::vector<request_entry> many(requests_per_frame_max + 1);
  EXPECT_EQ(decode_frame(encode_requests(1, many), frame).error(), ec::oversized);
  const std::vector<std::uint64_t> acks(acks_per_frame_max + 1);
  EXPECT_EQ(decode_frame(encode_ack(1, 1, acks), frame).error(), ec::oversized);
  byte_buffer body;
  begin_update(body, 1, 1);
  append_route(body, announcement{}, infinite_metric, 1);
  EXPECT_EQ(decode_frame(body, frame).error(), ec::malformed);
}

}  // namespace
}  // namespace weft::routing::test
