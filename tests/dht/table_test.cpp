// SPDX-License-Identifier: MIT
#include "base/rng.hpp"
#include "dht/routing_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

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

/// A table and its peers.
struct fixture {
  explicit fixture(const dht_config& c = {})
      : config(c),
        peers(self, config, counters),
        table(kad_id::of(self), config, peers, counters) {}

  peer_slot add(std::uint64_t n, std::string_view address = {}, duration rtt = {}) {
    const peer_slot s = peers.add(peer_of(n));
    if (!address.empty()) {
      peers[s].met = true;
      peers[s].group = group_of(*multiaddr::parse(address), config);
    }
    if (rtt > duration::zero()) peers[s].rtt.observe(rtt);
    return s;
  }
  /// The next number from `n` on whose place is in the bucket.
  std::uint64_t in_bucket(unsigned bucket, std::uint64_t n) const {
    while (table.bucket_of(kad_id::of(peer_of(n))) != bucket) ++n;
    return n;
  }

  const peer_id self = peer_of(1'000'000'007);
  dht_config config;
  dht_metrics counters;
  known_peers peers;
  routing_table table;
};

std::string ip4(std::uint64_t n) {
  return "/ip4/" + std::to_string(20 + n / 65536 % 100) + "." + std::to_string(n / 256 % 256) + "."
         + std::to_string(n % 256) + ".1/udp/4001/quic-v1";
}

dht_config classic() {
  dht_config c;
  c.full_table_below = 0;
  c.bucket_entries = 20;
  return c;
}

// Goal: with a bucket limit every bucket keeps to it, and the table is what Kademlia expects.
TEST(dht_table, fills_buckets_to_their_limit) {
  fixture f(classic());
  for (std::uint64_t n = 0; n < 2000; ++n) f.table.add(f.add(n, ip4(n)));
  std::size_t sum = 0;
  for (unsigned b = 0; b < f.table.depth(); ++b) {
    EXPECT_LE(f.table.bucket(b).size(), 20u);
    EXPECT_LE(f.table.replacements(b), f.config.replacements);
    for (const auto& e : f.table.bucket(b)) EXPECT_EQ(f.table.bucket_of(e.place), b);
    sum += f.table.bucket(b).size();
  }
  EXPECT_EQ(f.table.size(), sum);
  EXPECT_EQ(f.table.bucket(0).size(), 20u);
  EXPECT_EQ(f.table.replacements(0), f.config.replacements);
  EXPECT_GT(sum, 120u);
  EXPECT_LT(sum, 200u);
  EXPECT_EQ(f.counters.table_entries.value(), static_cast<std::int64_t>(sum));
  EXPECT_GT(f.counters.rejected[reject_reason::bucket_full].value(), 1500u);
  EXPECT_FALSE(f.table.holds_all());
}

// Goal: a small network is kept whole, whatever its buckets; beyond the limit buckets count.
TEST(dht_table, keeps_every_server_of_a_small_network) {
  dht_config c = classic();
  c.full_table_below = 256;
  fixture f(c);
  for (std::uint64_t n = 0; n < 255; ++n)
    EXPECT_EQ(f.table.add(f.add(n, ip4(n))), routing_table::verdict::added);
  EXPECT_GT(f.table.bucket(0).size(), 100u);
  EXPECT_TRUE(f.table.holds_all());
  const auto oldest = f.table.bucket(0).front().slot;
  f.table.add(f.add(255, ip4(255)));
  EXPECT_FALSE(f.table.holds_all());
  for (unsigned b = 0; b < f.table.depth(); ++b)
    EXPECT_LE(f.table.bucket(b).size(), f.config.bucket_entries);
  EXPECT_EQ(f.table.bucket(0).front().slot, oldest);
  EXPECT_EQ(f.table.replacements(0), f.config.replacements);
  f.table.remove(oldest);
  EXPECT_FALSE(f.table.holds_all()) << "it does not go to and fro";
  f.table.add(oldest);
  EXPECT_EQ(f.table.add(f.add(f.in_bucket(0, 5000), ip4(5000))),
            routing_table::verdict::bucket_full);
  EXPECT_EQ(f.table.add(f.add(f.in_bucket(6, 5000), ip4(5001))), routing_table::verdict::added)
      << "a bucket that is not full has room";
}

// Goal: a thousand identities of one host never hold more than their share.
TEST(dht_table, bounds_what_one_ip_group_holds) {
  for (const std::size_t full : {std::size_t{0}, std::size_t{4096}}) {
    dht_config c = classic();
    c.full_table_below = full;
    fixture f(c);
    for (std::uint64_t n = 0; n < 1000; ++n) {
      const auto host = "/ip4/198.51.100." + std::to_string(n % 250) + "/udp/4001/quic-v1";
      f.table.add(f.add(n, host));
    }
    EXPECT_EQ(f.table.size(), c.group_entries_table);
    for (unsigned b = 0; b < f.table.depth(); ++b)
      EXPECT_LE(f.table.bucket(b).size(), c.group_entries_bucket);
    EXPECT_GT(f.counters.rejected[reject_reason::group_full].value(), 900u);
    // The room comes back with the entries.
    f.table.remove(f.table.bucket(0).empty() ? f.table.bucket(1).front().slot
                                             : f.table.bucket(0).front().slot);
    EXPECT_EQ(f.table.size(), c.group_entries_table - 1);
    EXPECT_EQ(f.table.add(f.add(f.in_bucket(4, 90'000), "/ip4/198.51.100.9/udp/1/quic-v1")),
              routing_table::verdict::added);
  }
}

// Goal: which addresses are of one group, and which are not limited, is as configured.
TEST(dht_table, groups_addresses_by_prefix) {
  const auto at = [](std::string_view text, const dht_config& c = {}) {
    return group_of(*multiaddr::parse(text), c);
  };
  EXPECT_EQ(at("/ip4/1.2.3.4/udp/1/quic-v1"), at("/ip4/1.2.3.200/tcp/9"));
  EXPECT_NE(at("/ip4/1.2.3.4/udp/1/quic-v1"), at("/ip4/1.2.4.4/udp/1/quic-v1"));
  EXPECT_EQ(at("/ip6/2001:db8:1:2::1/udp/1/quic-v1"), at("/ip6/2001:db8:1:9::7/udp/1/quic-v1"));
  EXPECT_NE(at("/ip6/2001:db8:1::1/udp/1/quic-v1"), at("/ip6/2001:db8:2::1/udp/1/quic-v1"));
  EXPECT_EQ(at("/ip6/::ffff:1.2.3.9/udp/1/quic-v1"), at("/ip4/1.2.3.4/udp/1/quic-v1"));
  for (const auto free : {"/ip4/127.0.0.1/udp/1/quic-v1", "/ip6/::1/udp/1/quic-v1",
                          "/ip4/10.1.2.3/udp/1/quic-v1", "/ip4/172.20.0.1/udp/1/quic-v1",
                          "/ip4/192.168.1.1/udp/1/quic-v1", "/ip6/fd00::1/udp/1/quic-v1",
                          "/ip6/fe80::1/udp/1/quic-v1", "/ip4/169.254.0.9/udp/1/quic-v1"})
    EXPECT_FALSE(at(free)) << free;
  EXPECT_TRUE(at("/ip4/172.33.0.1/udp/1/quic-v1"));
  dht_config strict;
  strict.limit_loopback = strict.limit_private = true;
  EXPECT_TRUE(at("/ip4/127.0.0.1/udp/1/quic-v1", strict));
  EXPECT_TRUE(at("/ip4/10.1.2.3/udp/1/quic-v1", strict));
  // Without an IP address, and through a relay: one group.
  EXPECT_EQ(at("/dns4/example.org/udp/1/quic-v1"),
            at("/ip4/1.2.3.4/udp/1/quic-v1/p2p/" + peer_of(1).to_string() + "/p2p-circuit"));
}

// Goal: the closest are the closest, however they are spread over the buckets: against a sort of
// all.
TEST(dht_table, finds_the_closest) {
  for (const std::size_t full : {std::size_t{0}, std::size_t{2048}}) {
    dht_config c = classic();
    c.full_table_below = full;
    fixture f(c);
    std::vector<peer_slot> all;
    for (std::uint64_t n = 0; n < 700; ++n)
      if (const peer_slot s = f.add(n, ip4(n)); f.table.add(s) == routing_table::verdict::added)
        all.push_back(s);
    for (std::uint64_t q = 0; q < 300; ++q) {
      const kad_id target = q == 0 ? kad_id::of(f.self) : kad_id::of(peer_of(q * 7919));
      const std::size_t n = q % 2 ? 20 : 3 + q % 50;
      const peer_slot except = all[q % all.size()];
      std::vector<peer_slot> found;
      f.table.closest(target, n, except, false, found);
      auto expected = all;
      std::erase(expected, except);
      std::sort(expected.begin(), expected.end(), [&](peer_slot a, peer_slot b) {
        return (f.peers[a].place ^ target) < (f.peers[b].place ^ target);
      });
      expected.resize(std::min(n, expected.size()));
      ASSERT_EQ(found, expected) << "query " << q;
    }
  }
}

// Goal: a peer that missed its time gives way, and is left out of the closest meanwhile; a slow one
// of the younger half gives way to one more than twice as quick; the older half stays.
TEST(dht_table, prefers_the_living_and_the_quick) {
  dht_config c = classic();
  c.bucket_entries = 4;
  fixture f(c);
  std::vector<peer_slot> in;
  std::uint64_t n = 0;
  const auto next = [&](duration rtt) {
    n = f.in_bucket(0, n + 1);
    return f.add(n, ip4(n), rtt);
  };
  for (const auto rtt : {200ms, 200ms, 150ms, 100ms}) in.push_back(next(rtt));
  for (const auto s : in) EXPECT_EQ(f.table.add(s), routing_table::verdict::added);
  EXPECT_EQ(f.table.add(next(80ms)), routing_table::verdict::bucket_full) << "150 < 2 * 80";
  const peer_slot quick = next(30ms);
  EXPECT_TRUE(f.table.has_room(quick));
  EXPECT_EQ(f.table.add(quick), routing_table::verdict::added);
  EXPECT_FALSE(f.peers[in[2]].in_table) << "the slowest of the younger half, not of all";
  EXPECT_TRUE(f.peers[in[0]].in_table);

  f.peers[in[1]].suspect = true;
  std::vector<peer_slot> found;
  f.table.closest(kad_id::of(f.self), 10, no_peer, false, found);
  EXPECT_EQ(found.size(), 3u);
  f.table.closest(kad_id::of(f.self), 10, no_peer, true, found);
  EXPECT_EQ(found.size(), 4u);
  EXPECT_EQ(found.back(), in[1]);
  EXPECT_EQ(f.table.add(next(500ms)), routing_table::verdict::added);
  EXPECT_FALSE(f.peers[in[1]].in_table);
}

// Goal: the last replacement is the first to come back, and none is both entry and replacement.
TEST(dht_table, remembers_replacements) {
  dht_config c = classic();
  c.bucket_entries = 2;
  c.replacements = 3;
  fixture f(c);
  std::vector<peer_slot> s;
  std::uint64_t n = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    n = f.in_bucket(0, n + 1);
    s.push_back(f.add(n, ip4(n)));
    f.table.add(s.back());
  }
  EXPECT_EQ(f.table.replacements(0), 3u);
  EXPECT_TRUE(f.table.remove(s[0]));
  EXPECT_FALSE(f.table.remove(s[0]));
  EXPECT_EQ(f.table.take_replacement(0), s[7]);
  EXPECT_EQ(f.table.add(s[6]), routing_table::verdict::added);
  EXPECT_EQ(f.table.replacements(0), 1u);
  EXPECT_EQ(f.table.take_replacement(0), s[5]);
  EXPECT_EQ(f.table.take_replacement(0), no_peer);
  EXPECT_EQ(f.table.add(s[6]), routing_table::verdict::held);
}

}  // namespace
