// SPDX-License-Identifier: MIT
#include "dht/message.hpp"
#include "tests/dht/network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

// What peers that lie, flood or hold many identities can do to a node, and what they cannot.
namespace weft::dht::test {

namespace {

using namespace std::chrono_literals;

peer_id peer_of(std::uint64_t n) {
  ed25519_public_key key{};
  rng draw(n);
  for (auto& byte : key) byte = static_cast<std::uint8_t>(draw.next());
  return peer_id::from_ed25519(key);
}

multiaddr address_of(std::uint64_t n) {
  return *multiaddr::parse("/ip4/" + std::to_string(20 + n / 65536 % 200) + "."
                           + std::to_string(n / 256 % 256) + "." + std::to_string(n % 256)
                           + ".1/udp/4001/quic-v1");
}

/// One core whose peers are played by the test.
struct lone_core {
  explicit lone_core(const dht_config& config = {})
      : core(peer_of(0), config, test_validators(), rng(1), counters) {
    core.set_addresses({address_of(0)});
    core.start({}, wall(), now, out);
    out.clear();
  }
  wall_time wall() const {
    return wall_time{std::chrono::hours(24 * 20'000)} + (now - instant{1000s});
  }
  std::optional<chunk_view> request(const peer_id& from, chunk_view body) {
    out.answers.clear();
    core.on_request(++token, from, std::move(body), wall(), now, out);
    stored += out.store.size();
    out.store.clear();
    return out.answers.size() == 1 ? out.answers[0].body : std::nullopt;
  }
  bool put(const peer_id& from, std::uint64_t key, std::string_view text = "value") {
    const byte_buffer k = value_key(key);
    const chunk_view value = ranked_value(1, text);
    return request(
               from,
               message_writer(message_type::put_value, k).record(k, value.bytes(), wall()).finish())
        .has_value();
  }
  void provide(const peer_id& from, const peer_id& provider, std::uint64_t key) {
    message_writer body(message_type::add_provider, value_key(key));
    const multiaddr at = address_of(1);
    body.provider(provider, {&at, 1}, connection_kind::none, 65536);
    request(from, body.finish());
  }
  /// Answers all that it asks, as a server that knows nobody.
  void answer_all() {
    std::vector<query> asked;
    asked.swap(out.queries);
    for (const query& q : asked)
      core.on_response(q.id, message_writer(message_type::find_node, {}).finish(), wall(), now,
                       out);
  }
  std::uint64_t rejected(reject_reason why) const { return counters.rejected[why].value(); }

  dht_metrics counters;
  dht_core core;
  outbox out;
  instant now{1000s};
  std::uint64_t token = 0;
  std::size_t stored = 0;
};

// Goal: a thousand identities of one host hold at most two places of a bucket and three of the
// table, and do not keep anybody else out.
TEST(dht_adversary, one_host_holds_few_places) {
  network net({});
  net.add_many(30);
  net.share_group(0xC6336400u);  // 198.51.100.0/24
  for (int i = 0; i < 1000; ++i) {
    net.add();
    net.run(10ms);
  }
  net.share_group(std::nullopt);
  const std::size_t late = net.add();
  net.run(120s);
  const auto of_host = [&](const peer_id& id) {
    const std::size_t n = net.number_of(id);
    return n >= 30 && n < 1030;
  };
  for (std::size_t n = 0; n < 30; ++n) {
    std::map<unsigned, std::size_t> by_bucket;
    std::size_t held = 0;
    std::size_t honest = 0;
    for (const auto& e : net.core(n).table(net.now())) {
      if (!of_host(e.info.peer)) ++honest;
      if (!of_host(e.info.peer)) continue;
      ++held;
      EXPECT_LE(++by_bucket[e.bucket], 2u);
    }
    EXPECT_LE(held, 3u);
    EXPECT_EQ(honest, 30u) << "all others, the late one too";
  }
  EXPECT_GT(net.counters(0).rejected[reject_reason::group_full].value(), 0u);
  EXPECT_TRUE(net.find(3, net.id(late)).ok());
}

// Goal: only who answered itself gets into the table: neither the invented nor the mute do, however
// often they are named.
TEST(dht_adversary, checks_before_adding) {
  network net({});
  net.add_many(40);
  for (int i = 0; i < 8; ++i) net.add(true, lie::invented_peers);
  for (int i = 0; i < 8; ++i) net.add(true, lie::silence);
  net.run(180s);
  for (std::size_t n = 0; n < 40; ++n) {
    for (const auto& e : net.core(n).table(net.now())) EXPECT_LT(net.number_of(e.info.peer), 48u);
    EXPECT_GE(net.core(n).table_size(), 39u);
  }
  // Searches end with real peers only, in time.
  for (std::uint64_t q = 0; q < 20; ++q) {
    const outcome found = net.closest(q, value_key(q));
    ASSERT_TRUE(found.ok());
    EXPECT_LT(found.elapsed, duration(5s));
    for (const auto& p : found.peers) EXPECT_LT(net.number_of(p.peer), 48u);
  }
  // Who names peers that do not exist is found out, and new ones are not taken from it.
  for (std::uint64_t q = 0; q < 20; ++q) {
    ASSERT_TRUE(net.closest(3, value_key(100 + q)).ok());
    net.run(10s);
  }
  EXPECT_GT(net.counters(3).rejected[reject_reason::misleading].value(), 0u);
}

// Goal: where a fifth of the servers conspire, reads over disjoint paths find the value, and what
// liars say is never taken for one.
TEST(dht_adversary, disjoint_paths_pass_liars) {
  network_options o;
  o.config.full_table_below = 0;
  o.config.bucket_entries = 10;
  o.config.k = 10;
  network net(o);
  net.add_many(120);
  for (int i = 0; i < 30; ++i) {
    net.add(true, lie::conspiracy);
    net.run(50ms);
  }
  net.run(120s);
  std::size_t secure = 0;
  for (std::uint64_t q = 0; q < 40; ++q) {
    put_options put;
    put.secure = true;
    ASSERT_TRUE(net.put(q, value_key(q), ranked_value(q + 1), put).ok());
    net.run(2s);
    const outcome got = net.get(119 - q, value_key(q), {1, true, {}});
    secure += got.ok();
    EXPECT_TRUE(!got.ok() || as_text(got.value.bytes()) == std::to_string(q + 1) + ":value");
  }
  EXPECT_GE(secure, 39u);
  std::size_t found = 0;
  for (std::size_t n = 0; n < 40; ++n) {
    const outcome at = net.find(n, net.id(119 - n));
    const bool verified = at.ok() && at.verified;
    found += verified;
    EXPECT_TRUE(!verified || at.peers[0].addresses[0] == net.address(119 - n));
  }
  EXPECT_GE(found, 38u);
}

// Goal: a dead peer that others keep naming is dialled again later and later, and once in an hour
// in the end.
TEST(dht_adversary, leaves_the_dead_alone) {
  lone_core l;
  const peer_id friend_of = peer_of(1);
  const peer_id dead = peer_of(2);
  const multiaddr dead_at = address_of(2);
  l.core.on_peer_up(friend_of, address_of(1), 1ms, l.now, l.out);
  l.core.on_peer_seen({friend_of, {address_of(1)}}, true, l.now, l.out);
  std::vector<instant> dialled;
  const auto serve = [&] {
    while (!l.out.queries.empty()) {
      std::vector<query> open = std::move(l.out.queries);
      l.out.clear();
      for (const auto& q : open) {
        // A search and a check may dial at the same time.
        if (q.to.peer == dead && (dialled.empty() || dialled.back() != l.now))
          dialled.push_back(l.now);
        message_writer answer(message_type::find_node, {});
        answer.closer(dead, {&dead_at, 1}, connection_kind::can_connect, 65536);
        l.core.on_response(q.id,
                           q.to.peer == dead ? result<chunk_view>(fail(ec::unreachable))
                                             : result<chunk_view>(answer.finish()),
                           l.wall(), l.now, l.out);
      }
    }
  };
  for (ticket t = 1; t <= 6 * 180; ++t) {
    l.core.closest_peers(t, value_key(t), {}, l.wall(), l.now, l.out);
    serve();
    l.now += 10s;
    l.core.on_deadline(l.wall(), l.now, l.out);
    serve();
  }
  // 30 s doubling to an hour: at 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5, 123.5 minutes.
  ASSERT_GE(dialled.size(), 7u);
  EXPECT_LE(dialled.size(), 10u);
  for (std::size_t i = 1; i < dialled.size(); ++i) {
    const duration pause = std::min<duration>(30s * (1 << (i - 1)), 1h);
    EXPECT_GE(dialled[i] - dialled[i - 1], pause);
    EXPECT_LE(dialled[i] - dialled[i - 1], pause + 30s);
  }
  EXPECT_GT(l.rejected(reject_reason::dead_peer), 900u);
  EXPECT_EQ(l.core.status().dead_peers, 1u);
}

// Goal: records of one sender, of all senders and their bytes stay within their limits whatever is
// sent, each refusal is counted under its reason, and own records are never pushed out.
TEST(dht_adversary, record_floods_meet_their_limits) {
  dht_config c;
  c.records_max = 500;
  c.records_per_sender_max = 50;
  c.record_bytes_max = 2048;
  c.record_bytes_total_max = 256 * 1024;
  c.requests_per_second = c.request_burst = 1'000'000;
  lone_core l(c);
  const byte_buffer own = value_key(0);
  l.core.put_value(1, own, ranked_value(1), {}, l.wall(), l.now, l.out);
  for (std::uint64_t key = 1; key <= 1000; ++key) l.put(peer_of(1), key);
  EXPECT_EQ(l.core.status().records, 51u);
  EXPECT_EQ(l.rejected(reject_reason::sender_records_full), 950u);
  for (std::uint64_t sender = 2; sender < 102; ++sender)
    for (std::uint64_t key = 0; key < 100; ++key) l.put(peer_of(sender), sender * 1000 + key);
  EXPECT_EQ(l.core.status().records, 500u);
  EXPECT_GT(l.rejected(reject_reason::records_full), 1000u);
  for (std::uint64_t sender = 200; sender < 300; ++sender)
    for (std::uint64_t key = 0; key < 40; ++key)
      l.put(peer_of(sender), sender * 1000 + key, std::string(1900, 'x'));
  EXPECT_LE(l.counters.record_bytes.value(), 256 * 1024);
  EXPECT_EQ(l.core.status().own_records, 1u);
  EXPECT_FALSE(l.put(peer_of(400), 7, std::string(3000, 'x')));
  EXPECT_GT(l.rejected(reject_reason::oversized), 0u);
  // What has aged makes room.
  l.now += c.record_age_max + 1h;
  for (int i = 0; i < 200; ++i) {
    l.core.on_deadline(l.wall(), l.now, l.out);
    l.out.clear();
    l.now += 10s;
  }
  EXPECT_EQ(l.core.status().records, 1u);
  EXPECT_GT(l.counters.records_expired.value(), 100u);
  EXPECT_TRUE(l.put(peer_of(1), 9));
}

// Goal: providers of one key, of one peer and in all stay within their limits; nobody speaks for
// others.
TEST(dht_adversary, provider_floods_meet_their_limits) {
  dht_config c;
  c.providers_max = 400;
  c.providers_per_key_max = 20;
  c.providers_per_sender_max = 100;
  c.requests_per_second = c.request_burst = 1'000'000;
  lone_core l(c);
  l.provide(peer_of(1), peer_of(2), 1);
  EXPECT_EQ(l.core.status().providers, 0u);
  EXPECT_EQ(l.rejected(reject_reason::foreign_provider), 1u);
  for (std::uint64_t key = 0; key < 1000; ++key) l.provide(peer_of(1), peer_of(1), key);
  EXPECT_EQ(l.core.status().providers, 100u);
  EXPECT_EQ(l.rejected(reject_reason::sender_providers_full), 900u);
  for (std::uint64_t n = 10; n < 210; ++n) l.provide(peer_of(n), peer_of(n), 5000);
  EXPECT_EQ(l.rejected(reject_reason::key_providers_full), 180u);
  for (std::uint64_t n = 300; n < 400; ++n)
    for (std::uint64_t key = 0; key < 50; ++key) l.provide(peer_of(n), peer_of(n), n * 100 + key);
  EXPECT_LE(l.core.status().providers, 400u);
  EXPECT_GT(l.rejected(reject_reason::providers_full), 1000u);
  l.now += c.provider_expiry + 1h;
  for (int i = 0; i < 200; ++i) {
    l.core.on_deadline(l.wall(), l.now, l.out);
    l.out.clear();
    l.now += 10s;
  }
  EXPECT_EQ(l.core.status().providers, 0u);
}

// Goal: a peer that asks more often than it may is not answered, others are; known peers do not
// grow beyond their limit however many ask.
TEST(dht_adversary, request_floods_meet_their_limits) {
  dht_config c;
  c.peers_max = 2048;
  lone_core l(c);
  const chunk_view ask = message_writer(message_type::find_node, value_key(1)).finish();
  std::size_t answered = 0;
  for (int i = 0; i < 5000; ++i) answered += l.request(peer_of(1), ask).has_value();
  EXPECT_EQ(answered, c.request_burst);
  EXPECT_EQ(l.rejected(reject_reason::request_rate), 5000u - c.request_burst);
  EXPECT_TRUE(l.request(peer_of(2), ask));
  l.now += 1s;
  answered = 0;
  for (int i = 0; i < 5000; ++i) answered += l.request(peer_of(1), ask).has_value();
  EXPECT_EQ(answered, c.requests_per_second);
  for (std::uint64_t n = 10; n < 10'000; ++n) l.request(peer_of(n), ask);
  EXPECT_LE(l.core.status().known_peers, 2048u);
}

// Goal: input that is no message, or makes no sense, is refused and counted; nothing is stored.
TEST(dht_adversary, refuses_nonsense) {
  lone_core l;
  const std::uint64_t before = l.rejected(reject_reason::malformed);
  EXPECT_FALSE(l.request(peer_of(1), chunk_view::copy(as_bytes("not a message"))));
  EXPECT_FALSE(l.request(peer_of(1), message_writer(message_type::find_node, {}).finish()));
  EXPECT_FALSE(
      l.request(peer_of(1), message_writer(message_type::put_value, value_key(1)).finish()));
  EXPECT_FALSE(l.request(peer_of(1), message_writer(message_type::put_value, value_key(1))
                                         .record(value_key(2), ranked_value(1).bytes(), l.wall())
                                         .finish()));
  EXPECT_FALSE(
      l.request(peer_of(1), message_writer(message_type::add_provider, value_key(1)).finish()));
  EXPECT_EQ(l.rejected(reject_reason::malformed) - before, 5u);
  EXPECT_FALSE(l.request(peer_of(1), message_writer(message_type::put_value, value_key(1))
                                         .record(value_key(1), as_bytes("0:no"), l.wall())
                                         .finish()));
  EXPECT_EQ(l.rejected(reject_reason::invalid_value), 1u);
  const byte_buffer foreign = to_buffer(as_bytes("/elsewhere/1"));
  EXPECT_FALSE(l.request(peer_of(1), message_writer(message_type::put_value, foreign)
                                         .record(foreign, as_bytes("1:x"), l.wall())
                                         .finish()));
  EXPECT_EQ(l.rejected(reject_reason::unknown_namespace), 1u);
  EXPECT_EQ(l.stored, 0u);
  EXPECT_EQ(l.core.status().records, 0u);
}

// Goal: operations and what they ask are bounded; beyond the limit callers are told.
TEST(dht_adversary, operations_are_bounded) {
  dht_config c;
  c.operations_max = 16;
  c.queries_max = 40;
  network_options o;
  o.config = c;
  network net(o);
  net.add_many(40);
  net.run(60s);
  outbox out;
  for (ticket t = 1; t <= 100; ++t)
    net.core(0).closest_peers(1'000'000 + t, value_key(t), {}, net.wall(), net.now(), out);
  EXPECT_EQ(out.finished.size(), 84u);
  for (const auto& f : out.finished) EXPECT_EQ(f.result.failure.code, ec::limit);
  EXPECT_LE(out.queries.size(), 40u);
  EXPECT_EQ(net.counters(0).rejected[reject_reason::operations_full].value(), 84u);
}

// Goal: a key that no peer would take is refused before anybody is asked.
TEST(dht_adversary, keys_above_the_limit_are_refused) {
  lone_core l;
  l.core.on_peer_up(peer_of(1), address_of(1), 10ms, l.now, l.out);
  l.core.on_peer_seen({peer_of(1), {address_of(1)}}, true, l.now, l.out);
  l.answer_all();
  const byte_buffer longest(dht_config{}.key_bytes_max, 'k');
  const byte_buffer key(longest.size() + 1, 'k');
  outbox out;
  l.core.closest_peers(1, key, {}, l.wall(), l.now, out);
  l.core.find_providers(2, key, {}, l.wall(), l.now, out);
  l.core.provide(3, key, {}, l.wall(), l.now, out);
  ASSERT_EQ(out.finished.size(), 3u);
  for (const auto& f : out.finished) EXPECT_EQ(f.result.failure.code, ec::oversized);
  EXPECT_EQ(out.queries.size(), 0u);
  EXPECT_EQ(l.rejected(reject_reason::oversized), 2u);
  l.core.find_providers(4, longest, {}, l.wall(), l.now, out);
  EXPECT_EQ(out.queries.size(), 1u);
}

// Goal: a server that named no address is of no use once its session is over.
TEST(dht_adversary, nameless_server_leaves_the_table_with_its_session) {
  lone_core l;
  for (const std::uint64_t n : {1u, 2u}) {
    l.core.on_peer_up(peer_of(n), address_of(n), 10ms, l.now, l.out);
    std::vector<multiaddr> named;
    if (n == 2) named.push_back(address_of(n));
    l.core.on_peer_seen({peer_of(n), named}, true, l.now, l.out);
    l.answer_all();
  }
  ASSERT_EQ(l.core.table_size(), 2u);
  for (const std::uint64_t n : {1u, 2u}) l.core.on_peer_gone(peer_of(n), l.now, l.out);
  ASSERT_EQ(l.core.table_size(), 1u);
  EXPECT_EQ(l.core.table(l.now)[0].info.peer, peer_of(2));
}

// Goal: what is due but has to wait for callers' operations does not keep the timer going off.
TEST(dht_adversary, waiting_republication_is_not_due) {
  dht_config c;
  c.operations_max = 4;
  c.provider_republish = 10ms;
  lone_core l(c);
  l.core.on_peer_up(peer_of(1), address_of(1), 10ms, l.now, l.out);
  l.core.on_peer_seen({peer_of(1), {address_of(1)}}, true, l.now, l.out);
  l.answer_all();
  ASSERT_EQ(l.core.table_size(), 1u);
  l.core.provide(1, value_key(1), {}, l.wall(), l.now, l.out);
  l.core.get_value(2, value_key(2), {}, l.wall(), l.now, l.out);
  ASSERT_GE(l.core.status().operations, c.operations_max / 2);
  // Before anything is slow.
  l.now += 15ms;
  l.core.on_deadline(l.wall(), l.now, l.out);
  ASSERT_GE(l.core.status().operations, c.operations_max / 2);
  EXPECT_GT(l.core.next_deadline(), l.now);
}

}  // namespace
}  // namespace weft::dht::test
