// SPDX-License-Identifier: MIT
// One test for each bound of the reactor that hostile_test.cpp does not reach: the bound is hit,
// the counter says so, and everything else goes on.
#include "tests/transport_io/raw_peer.hpp"
#include "tests/transport_io/test_node.hpp"
#include "transport/io/tls_certificate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <vector>

namespace weft::transport::io::test {
namespace {

using namespace std::chrono_literals;

std::uint64_t rejections(test_node& n, limit_kind kind) {
  return n.metrics.limit_rejections[kind].value();
}

/// A port of this machine that takes datagrams and never answers.
struct silent_port {
  silent_port() : socket(*udp_socket::open(*multiaddr::parse(text)->quic_v1_endpoint(), {})) {}
  multiaddr address() const { return multiaddr::quic_v1(socket.bound().endpoint()); }
  static constexpr const char* text = "/ip4/127.0.0.1/udp/0/quic-v1";
  udp_socket socket;
};

TEST(reactor_limits, dials) {
  test_node a({.change = [](reactor_options& o) {
    o.bounds.dials_max = 2;
    o.bounds.handshake_timeout = 2s;
  }});
  test_node b;
  test_node c;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  const silent_port nobody;
  a.post(dial_command{1001, std::nullopt, {nobody.address()}});
  a.post(dial_command{1002, std::nullopt, {nobody.address()}});
  EXPECT_FALSE(a.dial(c));
  EXPECT_EQ(a.dial_error.code, ec::limit);
  EXPECT_EQ(rejections(a, limit_kind::dials), 1u);
  EXPECT_EQ(a.metrics.dial_failures[dial_failure::limit].value(), 1u);
  EXPECT_TRUE(a.ping(b.id()));
  // The two that were let in end by their timeout and give their places back.
  for (const request_id id : {1001u, 1002u}) {
    const auto failed = a.events.wait<dial_failed_event>([&](const auto& e) { return e.id == id; });
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->why.code, ec::timeout);
  }
  EXPECT_TRUE(a.dial(c)) << to_string(a.dial_error);
  EXPECT_EQ(rejections(a, limit_kind::dials), 1u);
}

// Answers that do not come hold their streams; a request beyond the bound fails at once.
TEST(reactor_limits, outbound_streams) {
  constexpr std::size_t most = 8;
  test_node a(
      {.change = [](reactor_options& o) { o.bounds.outbound_streams_per_session_max = most; }});
  test_node b;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  ASSERT_TRUE(a.events.wait<identified_event>());
  ASSERT_TRUE(eventually([&] { return a.metrics.streams.out.value() == 0; }));
  const auto ask = [&](request_id id) {
    a.post(request_command{id, b.id(), exchange_protocol, chunk_view::copy(as_bytes("question")),
                           std::chrono::seconds(30)});
  };
  const auto answer_to = [&](request_id id) {
    return a.events.wait<response_event>([id](const auto& e) { return e.id == id; });
  };
  std::vector<request_event> asked;
  for (request_id id = 1; id <= most; ++id) {
    ask(2000 + id);
    const auto heard = b.events.wait<request_event>();
    ASSERT_TRUE(heard) << id;
    asked.push_back(*heard);
  }
  ask(2900);
  const auto refused = answer_to(2900);
  ASSERT_TRUE(refused);
  ASSERT_FALSE(refused->body);
  EXPECT_EQ(refused->body.error().code, ec::limit);
  EXPECT_EQ(rejections(a, limit_kind::outbound_streams), 1u);
  // The other side's streams are its own.
  EXPECT_TRUE(b.ping(a.id()));
  for (const auto& q : asked) b.post(respond_command{q.token, q.body});
  for (request_id id = 1; id <= most; ++id) {
    const auto answer = answer_to(2000 + id);
    ASSERT_TRUE(answer) << id;
    EXPECT_TRUE(answer->body) << id;
  }
  ASSERT_TRUE(eventually([&] { return a.metrics.streams.out.value() == 0; }));
  EXPECT_TRUE(a.ping(b.id()));
  EXPECT_EQ(rejections(a, limit_kind::outbound_streams), 1u);
}

TEST(reactor_limits, perf_streams) {
  test_node server({.change = [](reactor_options& o) { o.bounds.perf_streams_max = 2; }});
  test_node client;
  ASSERT_TRUE(client.dial(server)) << to_string(client.dial_error);
  raw_peer greedy(*server.address.quic_v1_endpoint());
  ASSERT_TRUE(greedy.connect());
  const auto answered = [&](std::int64_t id) {
    return greedy.run([&] { return greedy.records[id].closed.has_value(); });
  };
  const byte_buffer proposal = propose("/perf/1.0.0");
  std::vector<std::int64_t> ids;
  // One after another: streams that open at once may be seen in any order.
  for (int i = 0; i < 2; ++i) {
    const auto id = ids.emplace_back(greedy.open(proposal));
    ASSERT_TRUE(greedy.run([&] { return greedy.records[id].received == proposal; }));
  }
  ASSERT_TRUE(answered(greedy.open(proposal)));
  EXPECT_EQ(rejections(server, limit_kind::perf_streams), 1u);
  EXPECT_FALSE(greedy.records[ids[0]].closed || greedy.records[ids[1]].closed);
  EXPECT_TRUE(client.perf(server.id(), 10'000, 10'000));
  // A stream that is over makes room for the next one.
  ASSERT_NE(greedy.stream(ids[0]), nullptr);
  greedy.stream(ids[0])->reset(stream_error::none);
  EXPECT_TRUE(greedy.run([&] { return server.metrics.streams.in.value() <= 1; }));
  byte_buffer whole = propose("/perf/1.0.0");
  append(whole, byte_buffer(8, 0));
  const auto next = greedy.open(whole, true);
  EXPECT_TRUE(answered(next));
  EXPECT_EQ(greedy.records[next].closed, ec::none);
  EXPECT_EQ(rejections(server, limit_kind::perf_streams), 1u);
}

// One batch is admitted in one step, so what is beyond the bound is known to the frame.
TEST(reactor_limits, commands) {
  constexpr std::size_t most = 1024;
  test_node a({.change = [](reactor_options& o) {
    o.bounds.commands_waiting_max = most;
    o.bounds.command_bytes_max = 1u << 20;
  }});
  test_node b;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  const auto post = [&](std::size_t count, std::size_t size) {
    const auto body = chunk_view::copy(byte_buffer(size, 1));
    command_batch batch;
    for (std::size_t i = 0; i < count; ++i)
      batch.sends.push_back({b.id(), frames_protocol, priority::interactive, body});
    a.net->post(std::move(batch));
  };
  post(most + 17, 1);
  EXPECT_TRUE(b.frames.wait_frames(most));
  ASSERT_TRUE(eventually([&] { return rejections(a, limit_kind::commands) == 17; }));
  // Five of these are within the bytes.
  post(8, 200'000);
  EXPECT_TRUE(b.frames.wait_frames(most + 5));
  ASSERT_TRUE(eventually([&] { return rejections(a, limit_kind::commands) == 17 + 3; }));
  EXPECT_TRUE(a.ping(b.id()));
  post(1, 1);
  EXPECT_TRUE(b.frames.wait_frames(most + 6));
  EXPECT_EQ(b.frames.frames(), most + 6);
}

TEST(reactor_limits, stateless_answers) {
  constexpr std::size_t rate = 20;
  test_node server(
      {.change = [](reactor_options& o) { o.bounds.stateless_answers_per_second = rate; }});
  test_node client;
  ASSERT_TRUE(client.dial(server)) << to_string(client.dial_error);
  raw_peer attacker(*server.address.quic_v1_endpoint());
  const byte_buffer stray(100, 0x40);
  const instant start = now();
  // More than the kernel may drop between them.
  while (rejections(server, limit_kind::stateless_answers) < 100) {
    ASSERT_LT(now() - start, patience);
    for (int i = 0; i < 50; ++i) attacker.send_raw(stray);
    ASSERT_TRUE(client.ping(server.id()));
  }
  const auto sent = server.metrics.stateless_reset_sent.value();
  const double most = to_seconds(now() - start) * double{rate} + double{rate} + 1;
  EXPECT_GE(sent, 1u);
  EXPECT_LE(static_cast<double>(sent), most);
  EXPECT_GE(server.metrics.packets_dropped[packet_drop::limit].value(), 100u);
  // The allowance comes back with time.
  EXPECT_TRUE(eventually([&] {
    attacker.send_raw(stray);
    return server.metrics.stateless_reset_sent.value() > sent;
  }));
}

// A peer is killed four times and comes back before any of its sessions is noticed to be dead: the
// oldest makes room, and the peer that is alive is served.
TEST(reactor_limits, a_peer_killed_four_times_replaces_its_oldest_session) {
  test_node server;
  // The side with the lower id closes doubled sessions by itself; here that is the dead one.
  std::optional<crypto::ed25519_private_key> key;
  for (std::uint8_t n = 1; !key || !(key->id() < server.id()); ++n) {
    ASSERT_LT(n, 255);
    key = crypto::ed25519_private_key::from_seed(std::array<std::uint8_t, 32>{n});
  }
  for (int life = 0; life < 4; ++life) {
    const auto certificate = tls_certificate::make(*key, wall_now());
    ASSERT_TRUE(certificate);
    raw_peer doomed(*server.address.quic_v1_endpoint(), &*certificate);
    ASSERT_TRUE(doomed.connect());
    ASSERT_TRUE(eventually([&] {
      return server.metrics.opened[direction::inbound].value()
             == static_cast<std::uint64_t>(life) + 1;
    }));
  }
  EXPECT_EQ(server.inspect().sessions.size(), 4u);
  EXPECT_EQ(rejections(server, limit_kind::sessions_per_peer), 0u);
  test_node reborn({.key = std::move(key)});
  ASSERT_TRUE(reborn.dial(server)) << to_string(reborn.dial_error);
  EXPECT_TRUE(eventually([&] { return server.inspect().sessions.size() == 4; }));
  EXPECT_EQ(rejections(server, limit_kind::sessions_per_peer), 1u);
  EXPECT_EQ(server.metrics.closed[close_reason::superseded].value(), 1u);
  // Commands and frames go to the living one, and to its owner nothing was lost in between.
  EXPECT_TRUE(server.ping(reborn.id()));
  EXPECT_TRUE(reborn.ping(server.id()));
  EXPECT_EQ(server.events.count<session_down_event>(), 0u);
}

// The bounds of getting in change while the node runs; what is there stays.
TEST(reactor_limits, change_while_running) {
  limits bounds;
  test_node server;
  // A packet may be read ahead of a command that was given before it was sent.
  const auto apply = [&] {
    server.post(limits_command{bounds});
    server.inspect();
  };
  test_node a;
  test_node b;
  ASSERT_TRUE(a.dial(server)) << to_string(a.dial_error);
  bounds.sessions_max = 1;
  apply();
  EXPECT_FALSE(b.dial(server));
  EXPECT_EQ(b.dial_error.code, ec::denied) << to_string(b.dial_error);
  EXPECT_EQ(rejections(server, limit_kind::sessions), 1u);
  EXPECT_TRUE(a.ping(server.id()));
  bounds.sessions_max = 2;
  apply();
  EXPECT_TRUE(b.dial(server)) << to_string(b.dial_error);
  bounds.sessions_max = 1;
  apply();
  EXPECT_TRUE(a.ping(server.id()));
  EXPECT_TRUE(b.ping(server.id()));
}

}  // namespace
}  // namespace weft::transport::io::test
