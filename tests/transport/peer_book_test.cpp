// SPDX-License-Identifier: MIT
// The peer book: back-off times, ranking of addresses, bounds with eviction, what identify may
// change.
#include "transport/peer_book.hpp"

#include "tests/transport/transport_fixture.hpp"

namespace weft::transport {
namespace {

using namespace std::chrono_literals;
using testing::address;
using testing::at;
using testing::host;
using testing::peer;

peer_book make_book(peer_book_limits limits = {}) { return {limits, backoff_policy{}, rng(1)}; }

TEST(backoff, doubles_up_to_the_cap_within_its_jitter) {
  const backoff_policy policy{.initial = 100ms, .cap = 1s, .jitter_percent = 20};
  rng random(5);
  const duration expected[] = {100ms, 200ms, 400ms, 800ms, 1s, 1s, 1s};
  for (std::uint32_t failures = 1; failures <= 7; ++failures)
    for (int i = 0; i < 200; ++i) {
      const duration d = policy.delay(failures, random);
      EXPECT_GE(d, expected[failures - 1] * 80 / 100);
      EXPECT_LE(d, expected[failures - 1] * 120 / 100);
    }
  EXPECT_LE(policy.delay(0xffff'ffff, random), 1200ms);
}

TEST(backoff, spreads_over_its_jitter) {
  const backoff_policy policy{.initial = 100ms, .cap = 1s, .jitter_percent = 25};
  rng random(5);
  duration lowest = 1h;
  duration highest{};
  for (int i = 0; i < 1000; ++i) {
    lowest = std::min(lowest, policy.delay(1, random));
    highest = std::max(highest, policy.delay(1, random));
  }
  EXPECT_LT(lowest, 80ms);
  EXPECT_GT(highest, 120ms);
}

TEST(backoff, refuses_senseless_policies) {
  EXPECT_TRUE(backoff_policy{}.validate());
  EXPECT_EQ((backoff_policy{.initial = 0s}).validate().error(), ec::bad_config);
  EXPECT_EQ((backoff_policy{.initial = 2s, .cap = 1s}).validate().error(), ec::bad_config);
  EXPECT_EQ((backoff_policy{.jitter_percent = 101}).validate().error(), ec::bad_config);
  EXPECT_EQ((peer_book_limits{.peers_max = 0}).validate().error(), ec::bad_config);
  EXPECT_EQ((peer_book_limits{.addresses_per_peer_max = 0}).validate().error(), ec::bad_config);
  EXPECT_TRUE(peer_book_limits{}.validate());
}

TEST(peer_book, remembers_addresses_once_and_without_the_peer) {
  auto book = make_book();
  ASSERT_TRUE(book.add(peer(1), host(1), address_source::identify, at(0s)));
  ASSERT_TRUE(
      book.add(peer(1), host(1).with_peer(peer(1)), address_source::operator_given, at(1s)));
  ASSERT_EQ(book.known(peer(1)).size(), 1u);
  EXPECT_EQ(book.known(peer(1))[0].address, host(1));
  EXPECT_EQ(book.known(peer(1))[0].source, address_source::operator_given);
  EXPECT_TRUE(book.addresses(peer(2), 8).empty());
}

TEST(peer_book, refuses_what_cannot_be_dialled) {
  auto book = make_book();
  const char* bad[] = {"/ip4/10.0.0.1/udp/0/quic-v1", "/ip4/0.0.0.0/udp/1/quic-v1",
                       "/ip4/10.0.0.1/tcp/4001", "/dns4/example.org/udp/1/quic-v1"};
  for (const char* a : bad)
    EXPECT_EQ(book.add(peer(1), address(a), address_source::identify, at(0s)).error(),
              ec::unsupported)
        << a;
  EXPECT_EQ(book.add(peer(1), host(1).with_peer(peer(2)), address_source::identify, at(0s)).error(),
            ec::wrong_peer);
  EXPECT_EQ(book.size(), 0u);
}

TEST(peer_book, ranks_addresses) {
  auto book = make_book();
  for (unsigned n = 1; n <= 5; ++n) {
    const auto source = n == 3 ? address_source::operator_given : address_source::identify;
    ASSERT_TRUE(book.add(peer(1), host(n), source, at(n * 1s)));
  }
  book.on_success(peer(1), host(4), at(10s));
  book.on_success(peer(1), host(5), at(20s));
  const std::vector<multiaddr> failed{host(1), host(5)};
  book.on_failure(peer(1), failed, at(30s));
  const auto ranked = book.addresses(peer(1), 8);
  ASSERT_EQ(ranked.size(), 5u);
  EXPECT_EQ(ranked[0], host(4)) << "what worked last";
  EXPECT_EQ(ranked[1], host(3)) << "what the operator gave";
  EXPECT_EQ(ranked[2], host(2)) << "what never failed";
  EXPECT_EQ(book.addresses(peer(1), 2).size(), 2u);
}

TEST(peer_book, backs_off_and_recovers) {
  auto book = make_book();
  ASSERT_TRUE(book.add(peer(1), host(1), address_source::identify, at(0s)));
  EXPECT_EQ(book.not_before(peer(1)), instant{});
  book.on_failure(peer(1), {}, at(0s));
  book.on_failure(peer(1), {}, at(1s));
  EXPECT_EQ(book.failures(peer(1)), 2u);
  const instant due = book.not_before(peer(1));
  EXPECT_GT(due, at(1s) + 700ms);
  EXPECT_LT(due, at(1s) + 1300ms);
  book.on_success(peer(1), host(1), at(2s));
  EXPECT_EQ(book.failures(peer(1)), 0u);
  EXPECT_EQ(book.not_before(peer(1)), instant{});
}

TEST(peer_book, a_new_peer_evicts_the_one_used_longest_ago) {
  auto book = make_book({.peers_max = 3, .addresses_per_peer_max = 4});
  for (std::uint8_t n = 1; n <= 3; ++n)
    ASSERT_TRUE(book.add(peer(n), host(n), address_source::identify, at(n * 1s)));
  book.pin(peer(1), true);
  ASSERT_TRUE(book.add(peer(2), host(20), address_source::identify, at(5s)));
  ASSERT_TRUE(book.add(peer(4), host(4), address_source::identify, at(6s)));
  EXPECT_EQ(book.size(), 3u);
  EXPECT_EQ(book.evicted_peers(), 1u);
  EXPECT_TRUE(book.contains(peer(1)));
  EXPECT_TRUE(book.contains(peer(2)));
  EXPECT_FALSE(book.contains(peer(3)));
}

TEST(peer_book, pinned_peers_are_never_evicted) {
  auto book = make_book({.peers_max = 2, .addresses_per_peer_max = 4});
  book.pin(peer(1), true);
  book.pin(peer(2), true);
  EXPECT_EQ(book.add(peer(3), host(3), address_source::operator_given, at(1s)).error(), ec::limit);
  const std::vector<multiaddr> given{host(3)};
  EXPECT_EQ(book.replace_identified(peer(3), given, host(3), at(1s)), 0u);
  book.on_success(peer(3), host(3), at(1s));
  book.on_failure(peer(3), given, at(1s));
  EXPECT_EQ(book.size(), 2u);
  book.pin(peer(1), false);
  EXPECT_TRUE(book.add(peer(3), host(3), address_source::operator_given, at(3s)));
  EXPECT_FALSE(book.contains(peer(1)));
}

TEST(peer_book, the_worst_address_makes_room) {
  auto book = make_book({.peers_max = 3, .addresses_per_peer_max = 3});
  for (unsigned n = 1; n <= 3; ++n)
    ASSERT_TRUE(book.add(peer(1), host(n), address_source::identify, at(n * 1s)));
  const std::vector<multiaddr> failed{host(2)};
  book.on_failure(peer(1), failed, at(5s));
  ASSERT_TRUE(book.add(peer(1), host(4), address_source::identify, at(6s)));
  EXPECT_EQ(book.known(peer(1)).size(), 3u);
  EXPECT_EQ(book.evicted_addresses(), 1u);
  const auto left = book.addresses(peer(1), 8);
  EXPECT_EQ(std::count(left.begin(), left.end(), host(2)), 0);
  EXPECT_EQ(std::count(left.begin(), left.end(), host(4)), 1);
}

TEST(peer_book, identify_replaces_only_its_own_addresses) {
  auto book = make_book();
  ASSERT_TRUE(book.add(peer(1), host(1), address_source::operator_given, at(0s)));
  const std::vector<multiaddr> first{host(2), host(3)};
  EXPECT_EQ(book.replace_identified(peer(1), first, host(1), at(1s)), 2u);
  book.on_success(peer(1), host(3), at(2s));
  const std::vector<multiaddr> second{host(3).with_peer(peer(1)), host(4), host(4)};
  EXPECT_EQ(book.replace_identified(peer(1), second, host(1), at(3s)), 3u);
  EXPECT_EQ(book.addresses(peer(1), 8), (std::vector{host(3), host(1), host(4)}));
}

TEST(peer_book, loopback_addresses_count_only_from_loopback_sessions) {
  auto book = make_book();
  const auto local = address("/ip4/127.0.0.1/udp/4001/quic-v1");
  const std::vector<multiaddr> given{local, address("/ip4/10.0.0.1/tcp/1"),
                                     host(1).with_peer(peer(9)), host(2)};
  EXPECT_EQ(book.replace_identified(peer(1), given, host(7), at(0s)), 1u);
  EXPECT_EQ(book.replace_identified(peer(1), given, local, at(0s)), 2u);
}

TEST(peer_book, forgets) {
  auto book = make_book();
  ASSERT_TRUE(book.add(peer(1), host(1), address_source::identify, at(0s)));
  book.on_failure(peer(1), {}, at(0s));
  book.forget(peer(1));
  book.forget(peer(1));
  EXPECT_EQ(book.size(), 0u);
  EXPECT_EQ(book.not_before(peer(1)), instant{});
}

// A random walk: bounds always hold, and the indexes never point at a peer that is gone.
TEST(peer_book, stays_consistent_under_any_sequence) {
  auto book = make_book({.peers_max = 8, .addresses_per_peer_max = 3});
  rng random(9);
  for (int step = 0; step < 20'000; ++step) {
    const auto p = peer(static_cast<std::uint8_t>(random.below(20)));
    const auto a = host(static_cast<unsigned>(random.below(6)));
    const instant now = at(step * 10ms);
    const std::vector<multiaddr> one{a};
    switch (random.below(6)) {
      case 0: {
        static_cast<void>(book.add(p, a, address_source::identify, now));
        break;
      }
      case 1:
        book.on_failure(p, one, now);
        break;
      case 2:
        book.on_success(p, a, now);
        break;
      case 3:
        book.pin(p, random.below(4) == 0);
        break;
      case 4:
        book.replace_identified(p, one, a, now);
        break;
      default:
        if (random.below(4) == 0) book.forget(p);
    }
    ASSERT_LE(book.size(), 8u);
    ASSERT_LE(book.known(p).size(), 3u);
  }
  for (std::uint8_t n = 0; n < 20; ++n) book.forget(peer(n));
  EXPECT_EQ(book.size(), 0u);
}

}  // namespace
}  // namespace weft::transport
