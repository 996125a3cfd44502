// SPDX-License-Identifier: MIT
#include "base/rng.hpp"
#include "tests/transport_io/test_node.hpp"
#include "transport/io/udp_socket.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <poll.h>
#include <thread>
#include <utility>
#include <vector>

namespace weft::transport::io::test {
namespace {

ip_endpoint loopback(std::uint16_t port = 0) {
  ip_endpoint e;
  e.address[0] = 127;
  e.address[3] = 1;
  e.port = port;
  return e;
}

/// A middlebox between one client and a server: loses, doubles and reorders datagrams, and changes
/// its outer port on demand.
class middlebox {
 public:
  struct faults {
    /// In a thousand.
    std::uint64_t lose = 0;
    std::uint64_t twice = 0;
    std::uint64_t late = 0;
  };
  middlebox(const ip_endpoint& server, faults f, std::uint64_t seed)
      : inner_(*udp_socket::open(loopback(), {4 << 20, false})),
        outer_(*udp_socket::open(loopback(), {4 << 20, false})),
        server_(server),
        faults_(f),
        random_(seed),
        thread_([this] { run(); }) {}
  ~middlebox() {
    stop_ = true;
    thread_.join();
  }
  multiaddr address() const { return multiaddr::quic_v1(inner_.bound().endpoint()); }
  void rebind() { rebind_ = true; }
  std::uint64_t lost() const { return lost_; }
  struct datagram {
    bool from_client = false;
    std::size_t size = 0;
  };
  /// What came by so far, in order.
  std::vector<datagram> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void run() {
    byte_buffer room(udp_socket::receive_bytes);
    while (!stop_) {
      if (rebind_.exchange(false)) outer_ = *udp_socket::open(loopback(), {4 << 20, false});
      pollfd both[2] = {{inner_.descriptor(), POLLIN, 0}, {outer_.descriptor(), POLLIN, 0}};
      ::poll(both, 2, 5);
      received_run run;
      while (inner_.receive(room, run) == socket_status::done) {
        client_ = run.remote;
        note({true, run.bytes.size()});
        pass(outer_, socket_address(server_), run.bytes, held_out_);
      }
      while (outer_.receive(room, run) == socket_status::done) {
        note({false, run.bytes.size()});
        if (client_) pass(inner_, *client_, run.bytes, held_in_);
      }
    }
  }
  void note(datagram d) {
    const std::lock_guard lock(mutex_);
    seen_.push_back(d);
  }
  void pass(udp_socket& out, const socket_address& to, bytes_view bytes, byte_buffer& held) {
    const auto send = [&](bytes_view b) { out.send({b, b.size(), out.bound(), to, 0}); };
    const auto dice = random_.below(1000);
    if (dice < faults_.lose) {
      ++lost_;
      return;
    }
    if (held.empty() && dice < faults_.lose + faults_.late) {
      held = to_buffer(bytes);
      return;
    }
    send(bytes);
    if (dice >= 1000 - faults_.twice) send(bytes);
    if (!held.empty()) send(std::exchange(held, {}));
  }

  udp_socket inner_;
  udp_socket outer_;
  const ip_endpoint server_;
  const faults faults_;
  rng random_;
  std::optional<socket_address> client_;
  byte_buffer held_out_;
  byte_buffer held_in_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> rebind_{false};
  std::atomic<std::uint64_t> lost_{0};
  mutable std::mutex mutex_;
  std::vector<datagram> seen_;
  std::thread thread_;
};

// One datagram in twenty is lost, others come twice or late: everything still arrives, in order,
// once.
TEST(path, lossy_reordering_doubling) {
  test_node server;
  test_node client;
  middlebox box(*server.address.quic_v1_endpoint(), {.lose = 50, .twice = 20, .late = 50}, 7);
  ASSERT_TRUE(client.dial(box.address(), server.id())) << to_string(client.dial_error);
  std::uint64_t next = 0;
  std::uint64_t wrong = 0;
  server.frames.check([&](const frame& f) {
    if (as_text(f.body.bytes()) != std::to_string(next)) ++wrong;
    ++next;
  });
  constexpr std::uint64_t count = 5000;
  for (std::uint64_t i = 0; i < count; ++i)
    client.send(server.id(), frames_protocol, chunk_view::copy(as_bytes(std::to_string(i))));
  EXPECT_TRUE(server.frames.wait_frames(count));
  EXPECT_EQ(wrong, 0u);
  const auto moved = client.perf(server.id(), 2'000'000, 2'000'000);
  EXPECT_TRUE(moved) << to_string(moved.error());
  EXPECT_GT(box.lost(), 0u);
}

// Probes of the path's size go out, both ways, but none ahead of what ends the handshake: the
// server's second datagram.
TEST(path, probes_wait_for_the_handshake) {
  test_node server;
  test_node client;
  middlebox box(*server.address.quic_v1_endpoint(), {}, 1);
  ASSERT_TRUE(client.dial(box.address(), server.id())) << to_string(client.dial_error);
  const auto probe_of = [&](bool from_client) {
    const auto seen = box.seen();
    const auto at = std::ranges::find_if(
        seen, [&](const auto& d) { return d.from_client == from_client && d.size > 1452; });
    return std::pair(at != seen.end(),
                     std::count_if(seen.begin(), at, [](const auto& d) { return !d.from_client; }));
  };
  for (const bool from_client : {true, false}) {
    ASSERT_TRUE(eventually([&] { return probe_of(from_client).first; })) << from_client;
    EXPECT_GE(probe_of(from_client).second, 2) << from_client;
  }
}

// The NAT in between gives the client another port: the session goes on and the server says so.
TEST(path, nat_rebinding_keeps_the_session) {
  test_node server;
  test_node client;
  middlebox box(*server.address.quic_v1_endpoint(), {}, 1);
  ASSERT_TRUE(client.dial(box.address(), server.id())) << to_string(client.dial_error);
  ASSERT_TRUE(client.ping(server.id()));
  box.rebind();
  EXPECT_TRUE(eventually([&] {
    const auto trip = client.ping(server.id());
    return trip.has_value() && server.metrics.path_changes.value() == 1;
  }));
  EXPECT_TRUE(server.events.wait<path_changed_event>());
  EXPECT_EQ(server.events.count<session_down_event>(), 0u);
  EXPECT_EQ(server.inspect().sessions.size(), 1u);
  EXPECT_TRUE(server.ping(client.id()));
}

// Without offload each datagram is a call of its own, and everything else is the same.
TEST(path, without_segmentation_offload) {
  const auto off = [](reactor_options& o) { o.segmentation_offload = false; };
  test_node server({.change = off});
  test_node client({.change = off});
  ASSERT_TRUE(client.dial(server));
  EXPECT_TRUE(client.perf(server.id(), 5'000'000, 5'000'000));
}

TEST(path, bbr_and_ipv6) {
  const auto bbr = [](reactor_options& o) { o.congestion = congestion_control::bbr; };
  test_node server({.change = bbr, .address = "/ip6/::1/udp/0/quic-v1"});
  test_node client({.change = bbr, .listen = false});
  ASSERT_FALSE(server.address.empty());
  ASSERT_TRUE(client.dial(server)) << to_string(client.dial_error);
  EXPECT_TRUE(client.perf(server.id(), 5'000'000, 5'000'000));
}

TEST(path, wildcard_socket_answers_from_the_right_address) {
  test_node server({.address = "/ip4/0.0.0.0/udp/0/quic-v1"});
  test_node client({.address = "/ip4/0.0.0.0/udp/0/quic-v1"});
  ip_endpoint to = *server.address.quic_v1_endpoint();
  to.address = {127, 0, 0, 2};
  ASSERT_TRUE(client.dial(multiaddr::quic_v1(to), server.id())) << to_string(client.dial_error);
  EXPECT_TRUE(client.ping(server.id()));
  const auto told = client.events.wait<identified_event>();
  ASSERT_TRUE(told);
  ASSERT_FALSE(told->info.listen_addresses.empty());
  EXPECT_FALSE(told->info.listen_addresses.front().quic_v1_endpoint()->unspecified());
}

}  // namespace
}  // namespace weft::transport::io::test
