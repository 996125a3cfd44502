// SPDX-License-Identifier: MIT
// The event queue and the trace: order, reuse of memory, and what the hash notices.
#include "sim/timeline.hpp"
#include "tests/sim/puppets.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace weft::sim::test {
namespace {

event numbered(std::uint64_t number) {
  event e;
  e.number = number;
  return e;
}

TEST(event_queue, orders_by_time_and_then_by_arrival) {
  event_queue queue;
  rng random(5);
  std::vector<std::pair<std::int64_t, std::uint64_t>> expected;
  event e;
  std::uint64_t next = 0;
  // Interleaved pushes and pops over few distinct times, so that most are equal.
  for (int round = 0; round < 2000; ++round) {
    for (std::uint64_t i = random.below(5); i-- > 0;) {
      const auto at = static_cast<std::int64_t>(random.below(50));
      expected.emplace_back(at, next);
      queue.push(instant(duration(at)), numbered(next++));
    }
    if (queue.empty() || random.below(3) == 0) continue;
    const auto first = std::min_element(expected.begin(), expected.end());
    const instant at = queue.pop(e);
    ASSERT_EQ(at.time_since_epoch().count(), first->first);
    ASSERT_EQ(e.number, first->second);
    expected.erase(first);
  }
  std::sort(expected.begin(), expected.end());
  for (const auto& [at, number] : expected) {
    ASSERT_EQ(queue.next_at(), instant(duration(at)));
    ASSERT_EQ(queue.pop(e).time_since_epoch().count(), at);
    ASSERT_EQ(e.number, number);
  }
  EXPECT_TRUE(queue.empty());
}

TEST(event_queue, uses_its_slots_again) {
  event_queue queue;
  event e;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    queue.push(instant(duration(i)), numbered(i));
    queue.push(instant(duration(i + 1)), numbered(i));
    queue.pop(e);
    if (i % 2 == 1) queue.pop(e);
    while (queue.size() > 8) queue.pop(e);
  }
  EXPECT_LE(queue.peak(), 10U);
}

TEST(event_queue, lets_go_of_bodies_that_were_popped) {
  event_queue queue;
  chunk owner = chunk::allocate(8);
  event e;
  e.body = chunk_view(owner, 0, 8);
  queue.push(instant(duration(1)), std::move(e));
  event out;
  queue.pop(out);
  out = event{};
  EXPECT_TRUE(owner.unique());
}

TEST(timeline, moves_to_the_end_when_nothing_is_left) {
  timeline time;
  event e;
  time.in(5ms, numbered(1));
  EXPECT_FALSE(time.next(timeline::origin + 4ms, e));
  EXPECT_EQ(time.elapsed(), 4ms);
  EXPECT_TRUE(time.next(timeline::origin + 5ms, e));
  EXPECT_EQ(time.elapsed(), 5ms);
  // What is late happens now, not in the past.
  time.at(timeline::origin, numbered(2));
  EXPECT_TRUE(time.next(timeline::origin + 1s, e));
  EXPECT_EQ(time.elapsed(), 5ms);
}

TEST(trace, notices_time_kind_node_link_number_and_content) {
  event base = numbered(3);
  base.node = 4;
  base.body = bytes_of(100, 1);
  const auto hash_of = [](instant at, event e) {
    trace t;
    t.record(at, e);
    return t.hash();
  };
  const instant at = timeline::origin;
  const std::uint64_t first = hash_of(at, base);
  EXPECT_EQ(first, hash_of(at, base));
  EXPECT_NE(first, hash_of(at + duration(1), base));
  std::vector<event> others(6, base);
  others[0].kind = event_kind::frame;
  others[1].node = 5;
  others[2].link = 9;
  others[3].number = 2;
  others[4].body = bytes_of(100, 2);
  others[5].protocol = 1;
  for (const auto& other : others) EXPECT_NE(first, hash_of(at, other));
}

TEST(trace, hashes_every_byte_of_small_contents) {
  for (const std::size_t size : {1U, 7U, 8U, 9U, 15U, 16U, 17U, 64U, 1024U}) {
    std::vector<std::uint8_t> bytes(size, 0);
    const std::uint64_t zero = content_hash(bytes);
    for (std::size_t i = 0; i < size; ++i) {
      bytes[i] = 1;
      EXPECT_NE(content_hash(bytes), zero) << "byte " << i << " of " << size;
      bytes[i] = 0;
    }
    bytes.push_back(0);
    EXPECT_NE(content_hash(bytes), zero) << "length " << size;
  }
}

TEST(trace, tells_a_listener_from_where_it_asked) {
  trace t;
  std::vector<std::uint64_t> heard;
  t.listen(3, [&](std::uint64_t number, instant, const event&) { heard.push_back(number); });
  for (int i = 0; i < 5; ++i) t.record(timeline::origin, numbered(1));
  EXPECT_EQ(heard, (std::vector<std::uint64_t>{3, 4}));
}

TEST(trace, describes_an_event_in_a_line) {
  event e = numbered(12);
  e.kind = event_kind::frame;
  e.node = 17;
  e.link = 4;
  e.generation = 1;
  e.body = bytes_of(212);
  const std::string text = describe(1204, 12345678us, e);
  EXPECT_NE(text.find("#1204 12.345678 s node 17: frame link 4.1"), std::string::npos) << text;
  EXPECT_NE(text.find("bytes 212"), std::string::npos) << text;
}

TEST(terrain, is_the_same_both_ways_and_within_what_is_published) {
  rng random(3);
  std::size_t hosted = 0;
  std::size_t european = 0;
  std::vector<site> sites;
  for (int i = 0; i < 4000; ++i) {
    sites.push_back(draw_site(terrain::world, random));
    hosted += sites.back().up_bytes_per_second == 125'000'000 ? 1 : 0;
    european += sites.back().region < 5 ? 1 : 0;
  }
  // One in five, and 5599 of 11 326.
  EXPECT_NEAR(static_cast<double>(hosted), 800, 100);
  EXPECT_NEAR(static_cast<double>(european), 1977, 150);
  for (std::size_t i = 0; i + 1 < sites.size(); ++i) {
    const duration there = base_delay(terrain::world, sites[i], sites[i + 1], i);
    EXPECT_EQ(there, base_delay(terrain::world, sites[i + 1], sites[i], i));
    EXPECT_GE(there, 500us);
    EXPECT_LE(there, 206ms * 115 / 100 + 18ms);
  }
}

TEST(terrain, holds_the_published_round_trips) {
  site frankfurt;
  site virginia;
  site cape_town;
  const auto find = [](std::string_view name) {
    std::uint8_t r = 0;
    while (region_name(terrain::world, r) != name) ++r;
    return r;
  };
  virginia.region = find("virginia");
  cape_town.region = find("cape_town");
  // Within the 95 to 115 % of a pair's own route.
  const duration atlantic = base_delay(terrain::world, frankfurt, virginia, 1);
  EXPECT_GE(atlantic, 46ms * 95 / 100);
  EXPECT_LE(atlantic, 46ms * 115 / 100);
  const duration africa = base_delay(terrain::world, cape_town, virginia, 1);
  EXPECT_GE(africa, 116ms * 95 / 100);
  EXPECT_LE(africa, 116ms * 115 / 100);
}

}  // namespace
}  // namespace weft::sim::test
