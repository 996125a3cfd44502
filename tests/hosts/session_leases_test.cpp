// SPDX-License-Identifier: MIT
#include "hosts/session_leases.hpp"

#include "tests/gossip/toy.hpp"

#include <gtest/gtest.h>

namespace weft::hosts {
namespace {

using namespace std::chrono_literals;

peer_id peer(std::uint64_t n) { return gossip::test::id_of(n); }

TEST(session_leases, end_after_their_last_use) {
  session_leases leases(8, 60s, 10s);
  const instant start{};
  EXPECT_EQ(leases.next(), std::nullopt);
  EXPECT_TRUE(leases.use(peer(1), start));
  EXPECT_FALSE(leases.use(peer(1), start + 30s));
  EXPECT_EQ(leases.next(), start + 90s);
  EXPECT_EQ(leases.take_over(start + 89s), std::nullopt);
  EXPECT_EQ(leases.take_over(start + 90s), peer(1));
  EXPECT_EQ(leases.size(), 0u);
  EXPECT_TRUE(leases.use(peer(1), start + 91s));
  EXPECT_TRUE(leases.forget(peer(1)));
  EXPECT_FALSE(leases.forget(peer(1)));
  EXPECT_EQ(leases.next(), std::nullopt);
}

TEST(session_leases, beyond_the_limit_the_least_used_goes_once_it_is_not_busy) {
  session_leases leases(2, 60s, 10s);
  const instant start{};
  for (std::uint64_t n = 1; n <= 3; ++n) leases.use(peer(n), start + std::chrono::seconds(n));
  leases.use(peer(1), start + 5s);
  EXPECT_EQ(leases.take_over(start + 11s), std::nullopt);
  EXPECT_EQ(leases.take_over(start + 12s), peer(2));
  EXPECT_EQ(leases.take_over(start + 13s), std::nullopt);
  EXPECT_EQ(leases.size(), 2u);
}

TEST(session_leases, of_those_used_at_one_instant_the_first_used_goes_first) {
  session_leases leases(1, 60s, 10s);
  const instant start{};
  for (const std::uint64_t n : {5, 3, 9, 3}) leases.use(peer(n), start);
  EXPECT_EQ(leases.take_over(start + 10s), peer(5));
  EXPECT_EQ(leases.take_over(start + 10s), peer(9));
  EXPECT_EQ(leases.take_over(start + 10s), std::nullopt);
  EXPECT_TRUE(leases.use(peer(5), start + 11s));
  EXPECT_EQ(leases.size(), 2u);
}

}  // namespace
}  // namespace weft::hosts
