// SPDX-License-Identifier: MIT
#include "base/peer_slots.hpp"

#include "base/rng.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>

namespace weft {
namespace {

struct value {
  peer_id peer;
  int number = 0;
};

peer_id peer(std::uint64_t n) {
  std::array<std::uint8_t, 32> key{};
  key[0] = static_cast<std::uint8_t>(n);
  return peer_id::from_ed25519(key);
}

// Goal: under any sequence of calls each peer keeps its value and its place, a new one begins with
// a blank value, and freed places are given again. Method: a random walk beside a std::map.
TEST(peer_slots, hold_what_a_map_would) {
  peer_slots<value, 4> slots;
  std::map<std::uint64_t, std::pair<peer_slots<value, 4>::slot, int>> expected;
  rng random(11);
  for (int step = 1; step <= 20'000; ++step) {
    const auto n = random.below(40);
    const auto found = slots.find(peer(n));
    const auto at = expected.find(n);
    if (at == expected.end()) {
      ASSERT_EQ(found, slots.none);
      const auto s = slots.add(peer(n));
      ASSERT_LT(s, 40U) << "freed places are used first";
      ASSERT_EQ(slots[s].number, 0);
      slots[s].number = step;
      expected[n] = {s, step};
    } else {
      ASSERT_EQ(found, at->second.first);
      ASSERT_EQ(slots[found].peer, peer(n));
      ASSERT_EQ(slots[found].number, at->second.second);
      slots.erase(found);
      expected.erase(at);
    }
    ASSERT_EQ(slots.size(), expected.size());
  }
}

}  // namespace
}  // namespace weft
