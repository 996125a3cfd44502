// SPDX-License-Identifier: MIT
// When a node asks and answers in the local network, and what it believes.
#include "transport/mdns_core.hpp"

#include "tests/transport/transport_fixture.hpp"

#include <algorithm>
#include <utility>

namespace weft::transport {
namespace {

using namespace std::chrono_literals;
using testing::at;
using testing::host;
using testing::peer;

struct mdns_core_test : ::testing::Test {
  void make(mdns_config config = {}) { core.emplace(self, config, rng(7), counters); }
  void SetUp() override { make(); }
  void run_until(instant until) {
    while (core->next_deadline() <= until) {
      now = std::max(now, core->next_deadline());
      core->on_deadline(now, out);
    }
    now = until;
  }
  void hear(bytes_view packet) { core->on_packet(packet, now, out); }
  void hear_of(std::uint8_t n, const std::vector<multiaddr>& where) {
    for (const auto& packet : mdns::encode_response("somebody", peer(n), where)) hear(packet);
  }
  /// Packets since the last call: '?' for a question, '!' for an answer.
  std::string said() {
    std::string text;
    for (const auto& packet : std::exchange(out.packets, {})) {
      const auto read = mdns::decode(packet);
      text += read && read->asks_peers ? '?' : read && !read->peers.empty() ? '!' : 's';
    }
    return text;
  }
  std::uint64_t dropped(mdns_drop reason) const { return counters.dropped[reason].value(); }

  const peer_id self = peer(200);
  instant now = at(1h);
  mdns_metrics counters;
  mdns_outbox out;
  std::optional<mdns_core> core;
};

TEST_F(mdns_core_test, asks_at_once_and_then_ever_less_often) {
  std::vector<duration> gaps;
  instant last = now;
  core->on_deadline(now, out);
  EXPECT_EQ(said(), "?");
  for (int i = 0; i < 9; ++i) {
    now = core->next_deadline();
    gaps.push_back(now - last);
    last = now;
    core->on_deadline(now, out);
    EXPECT_EQ(said(), "?");
  }
  EXPECT_EQ(gaps, (std::vector<duration>{1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}));
}

TEST_F(mdns_core_test, tells_of_itself_when_it_knows_where_it_is) {
  run_until(now);
  said();
  hear(mdns::encode_query());
  run_until(now + 500ms);
  EXPECT_EQ(said(), "") << "nothing to tell";
  core->set_addresses({host(1), *multiaddr::parse("/ip4/127.0.0.1/udp/9/quic-v1")}, now);
  const instant due = core->next_deadline();
  EXPECT_GE(due, now + 20ms);
  EXPECT_LE(due, now + 120ms);
  now = due;
  core->on_deadline(now, out);
  ASSERT_EQ(out.packets.size(), 1u);
  const auto told = mdns::decode(out.packets[0]);
  ASSERT_EQ(told->peers.size(), 1u);
  EXPECT_EQ(told->peers[0].peer, self);
  EXPECT_EQ(told->peers[0].addresses, std::vector{host(1)}) << "no loopback beside others";
  said();
  core->set_addresses({host(1)}, now);
  run_until(now + 100ms);
  EXPECT_EQ(said(), "") << "nothing new";
  const auto loop = *multiaddr::parse("/ip4/127.0.0.1/udp/9/quic-v1");
  core->set_addresses({loop}, now);
  run_until(now + 150ms);
  ASSERT_EQ(out.packets.size(), 1u);
  EXPECT_EQ(mdns::decode(out.packets[0])->peers[0].addresses, std::vector{loop});
}

TEST_F(mdns_core_test, answers_once_for_many_questions) {
  core->set_addresses({host(1)}, now);
  run_until(now + 10s);
  said();
  for (int i = 0; i < 20; ++i) hear(mdns::encode_query());
  now = core->next_deadline();
  core->on_deadline(now, out);
  EXPECT_EQ(said(), "!");
  for (int i = 0; i < 20; ++i) hear(mdns::encode_query());
  run_until(now + 900ms);
  EXPECT_EQ(said(), "");
  EXPECT_EQ(dropped(mdns_drop::answered), 20u);
  now += 200ms;
  hear(mdns::encode_query());
  run_until(now + 200ms);
  EXPECT_EQ(said(), "!");
}

TEST_F(mdns_core_test, passes_peers_on_and_does_so_again_after_a_while) {
  hear_of(1, {host(1)});
  ASSERT_EQ(out.found.size(), 1u);
  EXPECT_EQ(out.found[0].peer, peer(1));
  EXPECT_EQ(out.found[0].addresses, std::vector{host(1)});
  out.found.clear();
  hear_of(1, {host(1)});
  now += 14s;
  hear_of(1, {host(1)});
  EXPECT_TRUE(out.found.empty()) << "known";
  hear_of(1, {host(2)});
  EXPECT_EQ(std::exchange(out.found, {}).size(), 1u) << "elsewhere now";
  hear_of(1, {host(3)});
  EXPECT_TRUE(out.found.empty()) << "too soon";
  now += 15s;
  hear_of(1, {host(2)});
  EXPECT_EQ(std::exchange(out.found, {}).size(), 1u) << "it may be dialled again";
  hear_of(200, {host(9)});
  EXPECT_TRUE(out.found.empty()) << "the node itself";
  EXPECT_EQ(counters.found.value(), 3u);
}

TEST_F(mdns_core_test, remembers_a_bounded_number_of_peers) {
  mdns_config config;
  config.peers_max = 3;
  make(config);
  for (std::uint8_t n = 1; n <= 5; ++n) hear_of(n, {host(n)});
  EXPECT_EQ(out.found.size(), 3u);
  EXPECT_EQ(core->size(), 3u);
  EXPECT_EQ(dropped(mdns_drop::peers_full), 2u);
  EXPECT_EQ(counters.peers.value(), 3);
  now += 119s;
  hear_of(1, {host(1)});
  now += 1s;
  hear_of(6, {host(6)});
  EXPECT_EQ(core->size(), 2u) << "those not heard of for long made room";
  EXPECT_EQ(out.found.back().peer, peer(6));
}

TEST_F(mdns_core_test, a_flood_is_not_read) {
  for (int i = 0; i < 1000; ++i) hear_of(1, {host(1)});
  EXPECT_EQ(dropped(mdns_drop::rate), 800u);
  EXPECT_EQ(out.found.size(), 1u);
  now += 1s;
  for (int i = 0; i < 1000; ++i) hear(byte_buffer{1, 2, 3});
  EXPECT_EQ(dropped(mdns_drop::rate), 1700u);
  EXPECT_EQ(dropped(mdns_drop::malformed), 100u);
  EXPECT_EQ(counters.packets_received.value(), 2000u);
}

TEST_F(mdns_core_test, counts_what_it_does_not_use) {
  hear(byte_buffer(mdns::packet_bytes_max + 1));
  EXPECT_EQ(dropped(mdns_drop::oversized), 1u);
  hear(byte_buffer{0, 0, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(dropped(mdns_drop::unsupported), 1u);
  hear(byte_buffer{0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(dropped(mdns_drop::malformed), 1u);
}

}  // namespace
}  // namespace weft::transport
