// SPDX-License-Identifier: MIT
#include "tests/transport_io/test_node.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

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

// Sizes around the borders of packets and windows, both ways at once.
TEST(session, perf_moves_every_size) {
  test_node a;
  test_node b;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  for (const std::uint64_t size : {0u, 1u, 1200u, 65'536u, 1'000'003u, 33'554'432u}) {
    const auto up = a.perf(b.id(), size, 0);
    ASSERT_TRUE(up) << size << ' ' << to_string(up.error());
    const auto down = a.perf(b.id(), 0, size);
    ASSERT_TRUE(down) << size << ' ' << to_string(down.error());
    const auto both = b.perf(a.id(), size, size);
    ASSERT_TRUE(both) << size << ' ' << to_string(both.error());
  }
  EXPECT_EQ(b.metrics.frames_dropped[frame_drop::malformed].value(), 0u);
}

TEST(session, perf_download_limit_is_kept) {
  test_node a;
  test_node b({.change = [](reactor_options& o) { o.bounds.perf_download_bytes_max = 1000; }});
  ASSERT_TRUE(a.dial(b));
  EXPECT_TRUE(a.perf(b.id(), 0, 1000));
  const auto refused = a.perf(b.id(), 0, 1001);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ec::reset);
  EXPECT_EQ(b.metrics.limit_rejections[limit_kind::perf_bytes].value(), 1u);
}

// More streams than the peer's first credit of 256: credit must come back with each end.
TEST(session, ten_thousand_streams_one_after_another) {
  test_node a;
  test_node b;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  for (request_id i = 1; i <= 10'000; ++i) {
    a.post(request_command{1'000'000 + i, b.id(), exchange_protocol,
                           chunk_view::copy(as_bytes(std::to_string(i))),
                           std::chrono::seconds(10)});
    const auto asked = b.events.wait<request_event>();
    ASSERT_TRUE(asked) << i;
    b.post(respond_command{asked->token, asked->body});
    const auto answer = a.events.wait<response_event>();
    ASSERT_TRUE(answer) << i;
    ASSERT_TRUE(answer->body) << i << ' ' << to_string(answer->body.error());
    ASSERT_EQ(as_text(answer->body->bytes()), std::to_string(i));
  }
  EXPECT_TRUE(eventually([&] { return b.metrics.streams.in.value() <= 1; }));
  EXPECT_GE(b.metrics.streams_opened.in.value(), 10'000u);
}

// Frames of every size around each border, in both directions at once: none lost, changed or out of
// order.
TEST(session, frames_of_all_sizes_both_ways) {
  test_node a;
  test_node b;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  ASSERT_TRUE(b.events.wait<session_up_event>());
  const std::vector<std::size_t> sizes{0,    1,      126,    127,    128,    511,     512,    513,
                                       1200, 16'383, 16'384, 65'535, 65'536, 200'000, 262'144};
  // Counted by both reactors' threads.
  std::atomic<std::size_t> wrong = 0;
  const auto check = [&](std::size_t& at) {
    return [&](const frame& f) {
      const byte_buffer expected(sizes[at % sizes.size()], static_cast<std::uint8_t>(at));
      if (!std::ranges::equal(f.body.bytes(), expected)) ++wrong;
      ++at;
    };
  };
  std::size_t at_a = 0;
  std::size_t at_b = 0;
  a.frames.check(check(at_a));
  b.frames.check(check(at_b));
  const std::size_t count = sizes.size() * 4;
  for (std::size_t i = 0; i < count; ++i) {
    const byte_buffer body(sizes[i % sizes.size()], static_cast<std::uint8_t>(i));
    a.send(b.id(), frames_protocol, chunk_view::copy(body));
    b.send(a.id(), frames_protocol, chunk_view::copy(body));
  }
  EXPECT_TRUE(b.frames.wait_frames(count));
  EXPECT_TRUE(a.frames.wait_frames(count));
  EXPECT_EQ(wrong, 0u);
}

// A listener that keeps its batches: the sender is stopped by flow control, what waits is bounded,
// another concern and pings go on, and everything arrives once the batches are let go.
TEST(session, a_slow_concern_slows_the_sender) {
  test_node a({.change = [](reactor_options& o) {
    o.bounds.queue.classes[static_cast<std::size_t>(priority::bulk)].bytes_max = 256u << 20;
    o.bounds.queue.bytes_max = 256u << 20;
  }});
  test_node b({.change = [](reactor_options& o) { o.marks = {1u << 20, 512u << 10}; }});
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  b.bulk.hold(true);
  constexpr std::uint64_t count = 1024;
  const byte_buffer body(64 * 1024, 1);
  for (std::uint64_t i = 0; i < count; ++i)
    a.send(b.id(), bulk_protocol, chunk_view::copy(body), priority::bulk);
  ASSERT_TRUE(eventually([&] { return b.metrics.backpressure.value() != 0; }));
  std::uint64_t seen = 0;
  // Settled once a hundred pings pass without a further frame.
  ASSERT_TRUE(eventually([&] {
    const auto before = b.bulk.frames();
    for (int i = 0; i < 100; ++i)
      if (!a.ping(b.id())) return false;
    seen = b.bulk.frames();
    return seen == before;
  }));
  EXPECT_LT(seen, count);
  EXPECT_LE(b.net->credit_level(1), std::size_t{4} << 20);
  EXPECT_EQ(b.net->credit_level(0), 0u);
  a.send(b.id(), frames_protocol, chunk_view::copy(body));
  EXPECT_TRUE(b.frames.wait_frames(1));
  b.bulk.hold(false);
  EXPECT_TRUE(b.bulk.wait_frames(count));
  EXPECT_TRUE(eventually([&] { return b.net->credit_level(1) == 0; }));
  EXPECT_EQ(b.bulk.bytes(), count * body.size());
}

TEST(session, wrong_peer_id_is_refused) {
  test_node a;
  test_node b;
  const auto other = crypto::ed25519_private_key::generate().id();
  EXPECT_FALSE(a.dial(b.address, other));
  EXPECT_EQ(a.dial_error.code, ec::wrong_peer);
  EXPECT_EQ(a.metrics.dial_failures[dial_failure::wrong_peer].value(), 1u);
  EXPECT_FALSE(a.dial(b.address.with_peer(other)));
  EXPECT_EQ(a.dial_error.code, ec::wrong_peer);
  EXPECT_EQ(b.events.count<session_up_event>(), 0u);
  ASSERT_TRUE(a.dial(b));
}

TEST(session, dialling_oneself_or_nobody_fails) {
  test_node a({.change = [](reactor_options& o) {
    o.bounds.handshake_timeout = std::chrono::milliseconds(200);
  }});
  EXPECT_FALSE(a.dial(a.address, a.id()));
  EXPECT_EQ(a.dial_error.code, ec::bad_argument);
  EXPECT_FALSE(a.dial(a.address));
  EXPECT_FALSE(a.dial(*multiaddr::parse("/ip4/127.0.0.1/udp/9/quic-v1")));
  EXPECT_EQ(a.dial_error.code, ec::timeout);
  EXPECT_FALSE(a.dial(*multiaddr::parse("/ip4/127.0.0.1/tcp/9")));
  EXPECT_EQ(a.dial_error.code, ec::unsupported);
  EXPECT_TRUE(a.inspect().sessions.empty());
}

TEST(session, port_in_use_is_told) {
  test_node a;
  test_node b({.listen = false});
  b.post(listen_command{a.address});
  const auto e = b.events.wait<listen_failed_event>();
  ASSERT_TRUE(e);
  EXPECT_EQ(e->why.code, ec::in_use);
  EXPECT_NE(e->why.detail.find("in use"), std::string::npos);
}

// The far end dies without a word and comes back on the same port with the same key: it says so by
// a stateless reset.
TEST(session, stopped_and_reconnected) {
  test_node a;
  std::array<std::uint8_t, 32> seed{7};
  auto b = std::make_unique<test_node>(
      test_node::options{.key = crypto::ed25519_private_key::from_seed(seed)});
  const multiaddr address = b->address;
  ASSERT_TRUE(a.dial(*b)) << to_string(a.dial_error);
  ASSERT_TRUE(a.ping(b->id()));
  b.reset();
  const auto down = a.events.wait<session_down_event>();
  ASSERT_TRUE(down);
  EXPECT_EQ(down->reason, close_reason::remote);
  b = std::make_unique<test_node>(test_node::options{
      .key = crypto::ed25519_private_key::from_seed(seed), .address = address.to_string()});
  ASSERT_TRUE(a.dial(*b)) << to_string(a.dial_error);
  EXPECT_TRUE(a.ping(b->id()));
}

TEST(session, disconnect_tells_both_sides) {
  test_node a;
  test_node b;
  ASSERT_TRUE(a.dial(b));
  a.post(disconnect_command{b.id(), "enough"});
  const auto here = a.events.wait<session_down_event>();
  const auto there = b.events.wait<session_down_event>();
  ASSERT_TRUE(here && there);
  EXPECT_EQ(here->reason, close_reason::local);
  EXPECT_EQ(there->reason, close_reason::remote);
  EXPECT_NE(there->detail.find("enough"), std::string::npos);
  EXPECT_FALSE(a.ping(b.id()));
  EXPECT_EQ(a.metrics.sessions.out.value(), 0);
  EXPECT_EQ(b.metrics.sessions.in.value(), 0);
}

// Both dial at once: two sessions appear and one remains, without an event of loss.
TEST(session, crossing_dials_are_reduced_to_one) {
  test_node a;
  test_node b;
  a.post(dial_command{77, b.id(), {b.address}});
  b.post(dial_command{77, a.id(), {a.address}});
  const auto mine = [](const session_up_event& e) { return e.dial == 77; };
  ASSERT_TRUE(a.events.wait<session_up_event>(mine));
  ASSERT_TRUE(b.events.wait<session_up_event>(mine));
  EXPECT_TRUE(eventually(
      [&] { return a.inspect().sessions.size() == 1 && b.inspect().sessions.size() == 1; }));
  EXPECT_TRUE(a.ping(b.id()));
  EXPECT_TRUE(b.ping(a.id()));
  EXPECT_EQ(a.events.count<session_down_event>() + b.events.count<session_down_event>(), 0u);
}

// The peer has started anew and still its former life's session is taken for one that crossed ours:
// when that one ends, the session that takes over is told of, for what was under way is lost.
TEST(session, one_that_takes_over_is_told_of) {
  std::array<std::uint8_t, 32> higher{1};
  std::array<std::uint8_t, 32> lower{2};
  const auto key = [](const auto& seed) { return crypto::ed25519_private_key::from_seed(seed); };
  if (key(higher).id() < key(lower).id()) std::swap(higher, lower);
  // The one with the lower id decides which of crossed dials stays, and here it cannot know.
  test_node self({.key = key(higher)});
  test_node former({.key = key(lower)});
  test_node reborn({.key = key(lower)});
  ASSERT_TRUE(former.dial(self)) << to_string(former.dial_error);
  const auto first = self.events.wait<session_up_event>();
  ASSERT_TRUE(first);
  // Without a name in it, so that the dial is not answered with the session that there is.
  const auto second = self.dial(reborn.address);
  ASSERT_TRUE(second) << to_string(self.dial_error);
  self.send(reborn.id(), frames_protocol, chunk_view::copy(as_bytes("to the old one")));
  ASSERT_TRUE(former.frames.wait_frames(1));
  former.stop();
  const auto told = self.events.wait<session_up_event>();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->session, second->session);
  EXPECT_EQ(told->peer, reborn.id());
  EXPECT_EQ(told->side, direction::outbound);
  EXPECT_EQ(told->dial, 0U);
  EXPECT_EQ(self.events.count<session_down_event>(), 0U);
  self.send(reborn.id(), frames_protocol, chunk_view::copy(as_bytes("to the new one")));
  EXPECT_TRUE(reborn.frames.wait_frames(1));
}

TEST(session, requests_time_out_and_unknown_peers_fail) {
  test_node a;
  test_node b;
  ASSERT_TRUE(a.dial(b));
  a.post(request_command{5, b.id(), exchange_protocol, chunk_view::copy(as_bytes("x")),
                         std::chrono::milliseconds(50)});
  ASSERT_TRUE(b.events.wait<request_event>());
  const auto late = a.events.wait<response_event>([](const auto& e) { return e.id == 5; });
  ASSERT_TRUE(late);
  EXPECT_EQ(late->body.error().code, ec::timeout);
  a.post(request_command{6, a.id(), exchange_protocol, {}, std::chrono::seconds(1)});
  const auto nobody = a.events.wait<response_event>([](const auto& e) { return e.id == 6; });
  ASSERT_TRUE(nobody);
  EXPECT_EQ(nobody->body.error().code, ec::not_found);
  EXPECT_EQ(a.metrics.request_failures.value(), 2u);
}

// Frames for a peer that does not speak the protocol are dropped with a reason; the session stays.
TEST(session, protocol_the_peer_lacks) {
  test_node a;
  test_node b({.change = [](reactor_options& o) { o.protocols.resize(1); }});
  ASSERT_TRUE(a.dial(b));
  a.send(b.id(), bulk_protocol, chunk_view::copy(as_bytes("hello")));
  EXPECT_TRUE(eventually([&] {
    static_cast<void>(a.ping(b.id()));
    return a.metrics.frames_dropped[frame_drop::unsupported].value() == 1;
  }));
  a.send(b.id(), frames_protocol, chunk_view::copy(as_bytes("hello")));
  EXPECT_TRUE(b.frames.wait_frames(1));
}

TEST(session, drain_ends_quiet_sessions_and_refuses_new_ones) {
  test_node a;
  test_node b;
  test_node c;
  ASSERT_TRUE(a.dial(b));
  b.post(drain_command{std::chrono::seconds(5)});
  EXPECT_TRUE(b.events.wait<drained_event>());
  EXPECT_TRUE(a.events.wait<session_down_event>());
  EXPECT_FALSE(c.dial(b));
  EXPECT_EQ(c.dial_error.code, ec::denied);
}

TEST(session, idle_sessions_stay_by_keep_alive_and_end_without) {
  using std::chrono::milliseconds;
  test_node quiet({.change = [](reactor_options& o) {
    o.bounds.idle_timeout = milliseconds(1000);
    o.bounds.keep_alive = milliseconds(0);
  }});
  test_node alive({.change = [](reactor_options& o) {
    o.bounds.idle_timeout = milliseconds(1000);
    o.bounds.keep_alive = milliseconds(200);
  }});
  test_node c({.change = [](reactor_options& o) { o.bounds.keep_alive = milliseconds(0); }});
  ASSERT_TRUE(c.dial(alive)) << to_string(c.dial_error);
  ASSERT_TRUE(c.dial(quiet)) << to_string(c.dial_error);
  const auto down = c.events.wait<session_down_event>();
  ASSERT_TRUE(down);
  EXPECT_EQ(down->peer, quiet.id());
  EXPECT_EQ(down->reason, close_reason::idle);
  EXPECT_TRUE(c.ping(alive.id()));
}

}  // namespace
}  // namespace weft::transport::io::test
