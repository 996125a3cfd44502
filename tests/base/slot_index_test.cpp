// SPDX-License-Identifier: MIT
#include "base/slot_index.hpp"

#include "base/rng.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace weft {
namespace {

/// Keys of a table; few different hashes, so that runs of neighbours are long.
struct table {
  std::vector<std::uint64_t> keys;
  slot_index index;

  static std::uint64_t hash(std::uint64_t key) { return (key % 23) << 32; }
  slot_index::slot find(std::uint64_t key) const {
    return index.find(hash(key), [&](slot_index::slot s) { return keys[s] == key; });
  }
};

TEST(slot_index, an_empty_one_finds_nothing) {
  const table t;
  EXPECT_EQ(t.find(5), slot_index::none);
  EXPECT_EQ(t.index.size(), 0U);
}

TEST(slot_index, tells_apart_keys_with_one_hash) {
  table t;
  for (std::uint64_t key = 0; key < 3; ++key) {
    t.keys.push_back(key * 23);
    t.index.insert(table::hash(key * 23), static_cast<slot_index::slot>(key));
  }
  EXPECT_EQ(t.find(0), 0U);
  EXPECT_EQ(t.find(23), 1U);
  EXPECT_EQ(t.find(46), 2U);
  EXPECT_EQ(t.find(69), slot_index::none);
  t.index.erase(table::hash(0), 0);
  EXPECT_EQ(t.find(0), slot_index::none);
  EXPECT_EQ(t.find(46), 2U);
}

TEST(slot_index, agrees_with_a_map_over_many_changes) {
  table t;
  std::map<std::uint64_t, slot_index::slot> expected;
  rng random(7);
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t key = random.below(300);
    if (const auto known = expected.find(key); known != expected.end()) {
      t.index.erase(table::hash(key), known->second);
      expected.erase(known);
    } else {
      const auto place = static_cast<slot_index::slot>(t.keys.size());
      t.keys.push_back(key);
      t.index.insert(table::hash(key), place);
      expected.emplace(key, place);
    }
    const std::uint64_t other = random.below(300);
    const auto at = expected.find(other);
    ASSERT_EQ(t.find(other), at == expected.end() ? slot_index::none : at->second);
  }
  EXPECT_EQ(t.index.size(), expected.size());
}

}  // namespace
}  // namespace weft
