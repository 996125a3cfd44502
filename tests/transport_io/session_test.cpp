// SPDX-License-Identifier: MIT
#include "tests/transport_io/test_node.hpp"

#include <gtest/gtest.h>

namespace weft::transport::io::test {
namespace {

// Two reactors over loopback: each learns who the other is.
TEST(session, handshake_and_identify_both_ways) {
  test_node a;
  test_node b;
  const auto up = a.dial(b);
  ASSERT_TRUE(up) << to_string(a.dial_error);
  EXPECT_EQ(up->peer, b.id());
  EXPECT_EQ(up->side, direction::outbound);
  EXPECT_GT(up->handshake.count(), 0);
  const auto inbound = b.events.wait<session_up_event>();
  ASSERT_TRUE(inbound);
  EXPECT_EQ(inbound->peer, a.id());
  EXPECT_EQ(inbound->side, direction::inbound);
  const auto told = a.events.wait<identified_event>();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->info.listen_addresses, std::vector<multiaddr>{b.address});
  EXPECT_EQ(told->info.agent_version, "weft/" WEFT_VERSION);
  EXPECT_NE(std::find(told->info.protocols.begin(), told->info.protocols.end(), "/test/frames/1"),
            told->info.protocols.end());
  EXPECT_EQ(told->info.observed_address, a.address);
  const auto heard = b.events.wait<identified_event>();
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->peer, a.id());
}

TEST(session, pings) {
  test_node a;
  test_node b;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  for (int i = 0; i < 100; ++i) {
    const auto trip = a.ping(b.id());
    ASSERT_TRUE(trip) << to_string(trip.error());
    EXPECT_GT(trip->count(), 0);
  }
  EXPECT_EQ(b.metrics.pings.in.value(), 100u);
  EXPECT_EQ(a.metrics.streams.out.value(), 1);
}

TEST(session, carries_frames) {
  test_node a;
  test_node b;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  const byte_buffer body(200, 7);
  for (int i = 0; i < 1000; ++i) a.send(b.id(), frames_protocol, chunk_view::copy(body));
  EXPECT_TRUE(b.frames.wait_frames(1000));
  EXPECT_EQ(b.frames.bytes(), 200'000u);
}

}  // namespace
}  // namespace weft::transport::io::test
