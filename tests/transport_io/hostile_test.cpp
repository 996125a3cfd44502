// SPDX-License-Identifier: MIT
#include "base/rng.hpp"
#include "base/wire.hpp"
#include "tests/transport_io/raw_peer.hpp"
#include "tests/transport_io/test_node.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace weft::transport::io::test {
namespace {

using std::chrono::milliseconds;

/// A server with a well-behaved client whose pings must go on whatever a third party sends.
struct siege {
  explicit siege(std::function<void(reactor_options&)> change = nullptr)
      : server({.change = std::move(change)}), target(*server.address.quic_v1_endpoint()) {
    friendly = client.dial(server).has_value();
  }
  bool serves() { return client.ping(server.id()).has_value(); }
  test_node server;
  test_node client;
  ip_endpoint target;
  bool friendly = false;
};

TEST(hostile, random_and_truncated_datagrams) {
  siege s;
  ASSERT_TRUE(s.friendly);
  raw_peer attacker(s.target);
  const byte_buffer initial = attacker.take_packet();
  ASSERT_GE(initial.size(), 1200u);
  rng random(1);
  for (int i = 0; i < 3000; ++i) {
    byte_buffer junk(random.below(1500));
    for (auto& b : junk) b = static_cast<std::uint8_t>(random.next());
    attacker.send_raw(junk);
    byte_buffer cut(initial.begin(),
                    initial.begin() + static_cast<std::ptrdiff_t>(random.below(initial.size())));
    attacker.send_raw(cut);
    byte_buffer bent = initial;
    bent[random.below(bent.size())] ^= static_cast<std::uint8_t>(1 + random.below(255));
    attacker.send_raw(bent);
    if (i % 500 == 0) {
      ASSERT_TRUE(s.serves());
    }
  }
  EXPECT_TRUE(s.serves());
  const auto& drops = s.server.metrics.packets_dropped;
  EXPECT_GT(drops[packet_drop::malformed].value() + drops[packet_drop::unknown_connection].value(),
            0u);
  EXPECT_GT(drops[packet_drop::too_small].value(), 0u);
  EXPECT_TRUE(eventually([&] { return s.server.metrics.handshakes_in_progress.value() == 0; }));
  EXPECT_EQ(s.server.inspect().sessions.size(), 1u);
}

TEST(hostile, replayed_initials_open_one_handshake) {
  siege s;
  ASSERT_TRUE(s.friendly);
  raw_peer attacker(s.target);
  const byte_buffer initial = attacker.take_packet();
  for (int i = 0; i < 500; ++i) attacker.send_raw(initial);
  EXPECT_TRUE(s.serves());
  EXPECT_LE(s.server.metrics.handshakes_in_progress.value(), 1);
  EXPECT_EQ(s.server.inspect().sessions.size(), 1u);
}

TEST(hostile, unknown_version_is_answered_with_ours) {
  siege s;
  raw_peer attacker(s.target);
  byte_buffer packet = attacker.take_packet();
  packet[1] = 0x5a;
  attacker.send_raw(packet);
  EXPECT_TRUE(eventually([&] { return s.server.metrics.version_negotiation_sent.value() == 1; }));
  EXPECT_EQ(s.server.metrics.packets_dropped[packet_drop::unsupported_version].value(), 1u);
  // Too small to be answered: a spoofed source would get more bytes than were sent.
  packet.resize(200);
  attacker.send_raw(packet);
  EXPECT_TRUE(s.serves());
  EXPECT_EQ(s.server.metrics.version_negotiation_sent.value(), 1u);
}

// Handshakes that never go on: each holds a place until the timeout, beyond the bound they are
// dropped, and all places come back.
TEST(hostile, slow_loris_handshakes) {
  siege s([](reactor_options& o) {
    o.bounds.handshake_timeout = milliseconds(700);
    o.bounds.handshakes_max = 20;
    o.bounds.retry_above = 20;
  });
  ASSERT_TRUE(s.friendly);
  std::vector<std::unique_ptr<raw_peer>> crowd;
  for (int i = 0; i < 60; ++i) {
    crowd.push_back(std::make_unique<raw_peer>(s.target));
    crowd.back()->send_raw(crowd.back()->take_packet());
  }
  EXPECT_TRUE(eventually(
      [&] { return s.server.metrics.limit_rejections[limit_kind::handshakes].value() > 0; }));
  EXPECT_LE(s.server.metrics.handshakes_in_progress.value(), 20);
  EXPECT_TRUE(s.serves());
  EXPECT_TRUE(eventually([&] { return s.server.metrics.handshakes_in_progress.value() == 0; }));
  EXPECT_GE(s.server.metrics.closed[close_reason::handshake_failed].value(), 1u);
  raw_peer late(s.target);
  EXPECT_TRUE(late.connect());
}

TEST(hostile, retry_is_demanded_under_load_and_passed) {
  test_node server({.change = [](reactor_options& o) { o.bounds.retry_above = 0; }});
  test_node client;
  ASSERT_TRUE(client.dial(server)) << to_string(client.dial_error);
  EXPECT_GE(server.metrics.retry_sent.value(), 1u);
  EXPECT_TRUE(client.ping(server.id()));
  // A token that was made for another address or by nobody is refused.
  raw_peer forger(*server.address.quic_v1_endpoint());
  const auto sent = server.metrics.retry_sent.value();
  EXPECT_TRUE(forger.connect());
  EXPECT_GT(server.metrics.retry_sent.value(), sent);
}

TEST(hostile, per_address_limits_apply_without_the_loopback_exemption) {
  test_node server({.change = [](reactor_options& o) {
    o.bounds.loopback_exempt = false;
    o.bounds.sessions_per_address_max = 3;
  }});
  const auto target = *server.address.quic_v1_endpoint();
  std::vector<std::unique_ptr<raw_peer>> crowd;
  for (int i = 0; i < 3; ++i) {
    crowd.push_back(std::make_unique<raw_peer>(target));
    ASSERT_TRUE(crowd.back()->connect());
  }
  raw_peer one_more(target);
  EXPECT_FALSE(one_more.run([&] { return one_more.confirmed; }, milliseconds(300)));
  EXPECT_GE(server.metrics.limit_rejections[limit_kind::sessions_per_address].value(), 1u);
  crowd.front()->conn->close(close_reason::local, session_error::none, "", now());
  crowd.front()->send_raw(crowd.front()->conn->end()->farewell);
  EXPECT_TRUE(one_more.connect());
}

TEST(hostile, session_limit_refuses) {
  test_node server({.change = [](reactor_options& o) { o.bounds.sessions_max = 2; }});
  const auto target = *server.address.quic_v1_endpoint();
  raw_peer a(target);
  raw_peer b(target);
  raw_peer c(target);
  ASSERT_TRUE(a.connect() && b.connect());
  EXPECT_FALSE(c.connect());
  EXPECT_EQ(c.conn->end()->code, ec::denied) << c.conn->end()->detail;
  EXPECT_GE(server.metrics.limit_rejections[limit_kind::sessions].value(), 1u);
}

TEST(hostile, streams_that_never_negotiate) {
  siege s([](reactor_options& o) {
    o.bounds.negotiating_streams_max = 16;
    o.bounds.negotiation_timeout = milliseconds(300);
  });
  raw_peer attacker(s.target);
  ASSERT_TRUE(attacker.connect());
  for (int i = 0; i < 200; ++i) attacker.open(byte_buffer{0x13});
  EXPECT_TRUE(attacker.run([&] {
    return s.server.metrics.limit_rejections[limit_kind::negotiating_streams].value() >= 180;
  }));
  // Those that were let in are ended by the timeout.
  EXPECT_TRUE(attacker.run([&] {
    return s.server.metrics.negotiation_failures[negotiation_failure::timeout].value() >= 15;
  }));
  EXPECT_TRUE(s.serves());
}

// Rapid reset: streams opened and dropped as fast as credit allows. The rate bounds them; the
// session of others does not suffer.
TEST(hostile, rapid_reset_runs_dry) {
  siege s([](reactor_options& o) {
    o.bounds.stream_opens_per_second = 100;
    o.bounds.stream_opens_burst = 64;
  });
  raw_peer attacker(s.target);
  ASSERT_TRUE(attacker.connect());
  std::uint64_t opened = 0;
  const instant start = now();
  attacker.run([&] {
    for (;;) {
      const auto id = attacker.open(propose("/ipfs/ping/1.0.0"));
      if (id < 0) break;
      ++opened;
      attacker.stream(id)->reset(stream_error::none);
    }
    return now() - start > milliseconds(1500);
  });
  EXPECT_GE(s.server.metrics.limit_rejections[limit_kind::stream_rate].value(), 1u);
  // First credit, burst, and the rate over the time: with room for rounding, far below what the
  // wire would carry.
  EXPECT_LT(opened, 256u + 64u + 400u);
  EXPECT_TRUE(s.serves());
}

TEST(hostile, bad_negotiations) {
  siege s;
  raw_peer attacker(s.target);
  ASSERT_TRUE(attacker.connect());
  const auto ends = [&](const byte_buffer& bytes) {
    const auto id = attacker.open(bytes);
    EXPECT_GE(id, 0);
    return attacker.run([&] { return attacker.records[id].closed.has_value(); });
  };
  EXPECT_TRUE(ends(byte_buffer{0xff, 0xff, 0xff, 0xff, 0xff}));
  EXPECT_TRUE(ends(negotiation_line("/not-multistream/1.0.0")));
  EXPECT_TRUE(ends(byte_buffer{0x05, 'h', 'e', 'l', 'l', 'o'}));
  const auto unknown = attacker.open(propose("/no/such/protocol"));
  EXPECT_TRUE(attacker.run([&] {
    return as_text(attacker.records[unknown].received).find("na\n") != std::string::npos;
  }));
  EXPECT_FALSE(attacker.records[unknown].closed);
  EXPECT_GE(s.server.metrics.streams_refused[stream_refusal::negotiation].value()
                + s.server.metrics.streams_refused[stream_refusal::oversized].value(),
            3u);
  EXPECT_TRUE(s.serves());
  EXPECT_FALSE(attacker.conn->end());
}

TEST(hostile, oversized_frame_resets_the_stream_alone) {
  siege s;
  raw_peer attacker(s.target);
  ASSERT_TRUE(attacker.connect());
  byte_buffer bytes = propose("/test/frames/1");
  wire_writer(bytes).uvarint(256 * 1024 + 1);
  const auto id = attacker.open(bytes);
  EXPECT_TRUE(attacker.run([&] { return attacker.records[id].closed.has_value(); }));
  EXPECT_EQ(s.server.metrics.frames_dropped[frame_drop::oversized].value(), 1u);
  EXPECT_EQ(s.server.metrics.limit_rejections[limit_kind::frame_bytes].value(), 1u);
  byte_buffer varint = propose("/test/frames/1");
  append(varint, byte_buffer{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80});
  const auto other = attacker.open(varint);
  EXPECT_TRUE(attacker.run([&] { return attacker.records[other].closed.has_value(); }));
  EXPECT_EQ(s.server.metrics.frames_dropped[frame_drop::malformed].value(), 1u);
  EXPECT_FALSE(attacker.conn->end());
  EXPECT_TRUE(s.serves());
}

TEST(hostile, a_third_ping_stream_and_unread_echoes) {
  siege s;
  raw_peer attacker(s.target);
  ASSERT_TRUE(attacker.connect());
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(attacker.open(propose("/ipfs/ping/1.0.0")));
  // Packets decide which of the three comes last.
  EXPECT_TRUE(attacker.run([&] {
    return std::ranges::any_of(ids,
                               [&](auto id) { return attacker.records[id].closed.has_value(); });
  }));
  EXPECT_EQ(s.server.metrics.limit_rejections[limit_kind::ping_streams].value(), 1u);
  EXPECT_TRUE(s.serves());
}

TEST(hostile, requests_beyond_the_limit) {
  siege s([](reactor_options& o) {
    o.bounds.requests_per_session_max = 4;
    o.bounds.requests_per_stream_max = 4;
  });
  raw_peer attacker(s.target);
  ASSERT_TRUE(attacker.connect());
  byte_buffer one = propose("/test/exchange/1");
  wire_writer(one).length_prefixed(as_bytes("question"));
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(attacker.open(one));
  // Streams that share a flight may be served in any order: one of the five is refused.
  EXPECT_TRUE(attacker.run([&] {
    return std::any_of(ids.begin(), ids.end(),
                       [&](std::int64_t id) { return attacker.records[id].closed.has_value(); });
  }));
  EXPECT_EQ(s.server.metrics.limit_rejections[limit_kind::requests].value(), 1u);
  EXPECT_TRUE(eventually([&] { return s.server.events.count<request_event>() == 4; }));
  EXPECT_TRUE(s.serves());
}

TEST(hostile, oversized_identify) {
  siege s;
  raw_peer attacker(s.target);
  ASSERT_TRUE(attacker.connect());
  byte_buffer bytes = propose("/ipfs/id/push/1.0.0");
  wire_writer(bytes).uvarint(1u << 20);
  append(bytes, byte_buffer(10'000, 0));
  const auto id = attacker.open(bytes);
  EXPECT_TRUE(attacker.run([&] { return attacker.records[id].closed.has_value(); }));
  EXPECT_EQ(s.server.metrics.identify[identify_outcome::oversized].value(), 1u);
  EXPECT_TRUE(s.serves());
}

// The peer of a session that is gone hears so at once.
TEST(hostile, packets_for_nobody_get_a_stateless_reset) {
  siege s;
  raw_peer attacker(s.target);
  byte_buffer stray(100, 0x40);
  attacker.send_raw(stray);
  EXPECT_TRUE(eventually([&] { return s.server.metrics.stateless_reset_sent.value() == 1; }));
  stray.resize(30);
  attacker.send_raw(stray);
  EXPECT_TRUE(s.serves());
  EXPECT_EQ(s.server.metrics.stateless_reset_sent.value(), 1u);
}

}  // namespace
}  // namespace weft::transport::io::test
