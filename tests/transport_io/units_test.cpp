// SPDX-License-Identifier: MIT
#include "tests/transport_io/test_node.hpp"
#include "transport/io/admission.hpp"
#include "transport/io/connection_id.hpp"
#include "transport/io/der_reader.hpp"
#include "transport/io/inbound_frames.hpp"
#include "transport/io/quic_stream.hpp"
#include "transport/io/udp_socket.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace weft::transport::io::test {
namespace {

ip_endpoint v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d,
               std::uint16_t port = 1) {
  ip_endpoint e;
  e.address[0] = a;
  e.address[1] = b;
  e.address[2] = c;
  e.address[3] = d;
  e.port = port;
  return e;
}

byte_buffer gathered(const send_buffer& b) {
  std::array<send_buffer::slice, 8> slices;
  std::size_t total = 0;
  byte_buffer out;
  const std::size_t n = b.gather(slices, total);
  for (std::size_t i = 0; i < n; ++i) append(out, {slices[i].data, slices[i].size});
  EXPECT_EQ(out.size(), total);
  return out;
}

// Bytes go out in order whatever the pieces, stay where they are until acknowledged, and are freed
// then.
TEST(send_buffer, keeps_order_and_addresses) {
  send_buffer b;
  byte_buffer sent;
  std::uint64_t offset = 0;
  for (std::uint8_t round = 0; round < 200; ++round) {
    for (std::size_t size : {1u, 7u, 0u, 300u}) b.push(chunk_view::copy(byte_buffer(size, round)));
    std::array<send_buffer::slice, 3> slices;
    std::size_t total = 0;
    const std::size_t n = b.gather(slices, total);
    const std::size_t taken = total - round % 5;
    byte_buffer now;
    for (std::size_t i = 0; i < n; ++i) append(now, {slices[i].data, slices[i].size});
    now.resize(taken);
    append(sent, now);
    b.advance(taken);
    offset += taken;
    if (round % 3 == 0) b.acknowledge(offset - taken / 2);
  }
  while (b.unsent() != 0) {
    const byte_buffer rest = gathered(b);
    append(sent, rest);
    b.advance(rest.size());
    offset += rest.size();
  }
  byte_buffer expected;
  for (std::uint8_t round = 0; round < 200; ++round) expected.insert(expected.end(), 308, round);
  EXPECT_EQ(sent, expected);
  b.acknowledge(offset);
  EXPECT_EQ(b.held(), 0u);
  EXPECT_TRUE(b.pieces().empty());
}

// A piece that a writer extends in place after part of it was sent.
TEST(send_buffer, last_piece_may_grow) {
  chunk slab = chunk::allocate(100);
  std::fill_n(slab.mutable_data(), 100, std::uint8_t{1});
  send_buffer b;
  b.push(chunk_view(slab, 0, 10));
  b.advance(10);
  b.pieces().back() = chunk_view(slab, 0, 30);
  b.added(20);
  EXPECT_EQ(gathered(b).size(), 20u);
  b.acknowledge(10);
  EXPECT_EQ(gathered(b).size(), 20u);
  b.advance(20);
  b.acknowledge(30);
  EXPECT_EQ(b.held(), 0u);
}

TEST(der, lengths_are_minimal_and_inside) {
  const auto reads = [](byte_buffer bytes) { return der_reader(bytes).next().has_value(); };
  EXPECT_TRUE(reads({0x04, 0x00}));
  EXPECT_TRUE(reads({0x04, 0x01, 0xff}));
  EXPECT_FALSE(reads({}));
  EXPECT_FALSE(reads({0x04}));
  EXPECT_FALSE(reads({0x04, 0x02, 0xff}));
  EXPECT_FALSE(reads({0x04, 0x80}));
  EXPECT_FALSE(reads({0x04, 0x81, 0x01, 0xff}));
  EXPECT_FALSE(reads({0x04, 0x84, 0xff, 0xff, 0xff, 0xff}));
  byte_buffer longer{0x04, 0x81, 0x80};
  longer.resize(3 + 128);
  EXPECT_TRUE(reads(longer));
  byte_buffer padded{0x04, 0x82, 0x00, 0x80};
  padded.resize(4 + 128);
  EXPECT_FALSE(reads(padded));
}

TEST(admission, counts_by_address_and_network) {
  limits bounds;
  bounds.handshakes_max = 100;
  bounds.handshakes_per_address_max = 2;
  bounds.sessions_per_address_max = 3;
  bounds.sessions_per_subnet_max = 5;
  bounds.retry_above = 4;
  admission a(bounds, 42);
  const auto one = v4(10, 0, 0, 1);
  EXPECT_FALSE(a.refuses(one));
  a.handshake_started(one);
  a.handshake_started(one);
  EXPECT_EQ(a.refuses(one), limit_kind::handshakes_per_address);
  a.handshake_confirmed(one);
  a.handshake_confirmed(one);
  EXPECT_FALSE(a.refuses(one));
  a.handshake_started(one);
  EXPECT_EQ(a.refuses(one), limit_kind::sessions_per_address);
  for (std::uint8_t i = 2; i < 4; ++i) a.handshake_started(v4(10, 0, 0, i));
  EXPECT_EQ(a.refuses(v4(10, 0, 0, 200)), limit_kind::sessions_per_subnet);
  EXPECT_FALSE(a.refuses(v4(10, 0, 1, 1)));
  EXPECT_FALSE(a.wants_retry());
  a.handshake_started(v4(10, 0, 1, 1));
  EXPECT_TRUE(a.wants_retry());
  a.handshake_failed(v4(10, 0, 0, 2));
  EXPECT_FALSE(a.refuses(v4(10, 0, 0, 200)));
  a.session_ended(one);
  EXPECT_FALSE(a.wants_retry());
  EXPECT_EQ(a.half_open(), 3u);
}

TEST(admission, loopback_is_exempt_but_for_the_total) {
  limits bounds;
  bounds.handshakes_max = 3;
  bounds.handshakes_per_address_max = 1;
  admission a(bounds, 1);
  const auto here = v4(127, 0, 0, 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(a.refuses(here));
    a.handshake_started(here);
  }
  EXPECT_EQ(a.refuses(here), limit_kind::handshakes);
}

TEST(udp_socket, a_taken_port_is_in_use) {
  auto first = udp_socket::open(v4(127, 0, 0, 1, 0), {});
  ASSERT_TRUE(first) << to_string(first.error());
  const auto second = udp_socket::open(first->bound().endpoint(), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ec::in_use);
  const auto foreign = udp_socket::open(v4(192, 0, 2, 1, 0), {});
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, ec::unreachable);
}

// A run of segments with an ECN mark arrives whole, joined or one by one, with both addresses.
TEST(udp_socket, runs_arrive_with_ecn_and_addresses) {
  for (const bool offload : {true, false}) {
    auto a = udp_socket::open(v4(127, 0, 0, 1, 0), {1 << 20, offload});
    auto b = udp_socket::open(v4(0, 0, 0, 0, 0), {1 << 20, offload});
    ASSERT_TRUE(a && b);
    byte_buffer bytes(1000 * 9 + 333);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
    const socket_address to(v4(127, 0, 0, 3, b->bound().port()));
    ASSERT_EQ(a->send({bytes, 1000, a->bound(), to, 2}), socket_status::done);
    byte_buffer got;
    byte_buffer room(udp_socket::receive_bytes);
    received_run run;
    ASSERT_TRUE(eventually([&] {
      while (b->receive(room, run) == socket_status::done) {
        append(got, run.bytes);
        EXPECT_EQ(run.ecn, 2);
        EXPECT_EQ(run.remote, a->bound());
        EXPECT_EQ(run.local, to);
        EXPECT_TRUE(run.segment == 1000 || run.bytes.size() == 333);
      }
      return got.size() >= bytes.size();
    }));
    EXPECT_EQ(got, bytes);
  }
}

// More than a datagram can hold: refused, and nothing is kept that would hold up later runs.
TEST(udp_socket, an_oversized_run_is_refused) {
  auto a = udp_socket::open(v4(127, 0, 0, 1, 0), {1 << 20, false});
  auto b = udp_socket::open(v4(127, 0, 0, 1, 0), {1 << 20, false});
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->flush(), socket_status::done);
  const byte_buffer huge(udp_socket::run_bytes_max + 1, 1);
  EXPECT_EQ(a->send({huge, huge.size(), a->bound(), b->bound(), 0}), socket_status::refused);
  EXPECT_FALSE(a->blocked());
  const byte_buffer small(100, 1);
  EXPECT_EQ(a->send({small, small.size(), a->bound(), b->bound(), 0}), socket_status::done);
}

struct keeper final : frame_listener {
  void on_frames(frame_batch_ptr batch) override { batches.push_back(std::move(batch)); }
  std::vector<frame_batch_ptr> batches;
};

// Above the high mark streams wait; they are released once the level is at the low mark, and the
// waker is called.
TEST(inbound_frames, credit_stalls_and_releases) {
  keeper kept;
  transport_metrics metrics;
  int woken = 0;
  inbound_frames in({&kept, nullptr}, {1000, 200}, metrics, [&] { ++woken; });
  in.add(1, frame{});
  EXPECT_EQ(metrics.frames_dropped[frame_drop::unsupported].value(), 1u);
  in.add(0, {peer_id{}, 0, chunk_view::copy(byte_buffer(800, 1))});
  EXPECT_FALSE(in.stalled(0));
  in.add(0, {peer_id{}, 0, chunk_view::copy(byte_buffer(200, 1))});
  EXPECT_TRUE(in.stalled(0));
  in.wait_for_credit(0, {7, 4});
  in.deliver();
  ASSERT_EQ(kept.batches.size(), 1u);
  EXPECT_EQ(kept.batches[0]->frames.size(), 2u);
  EXPECT_TRUE(in.take_released().empty());
  EXPECT_EQ(woken, 0);
  kept.batches.clear();
  EXPECT_EQ(woken, 1);
  const auto released = in.take_released();
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(released[0].session, 7u);
  EXPECT_FALSE(in.stalled(0));
  EXPECT_EQ(metrics.backpressure.value(), 1u);
}

TEST(inbound_frames, a_full_batch_is_handed_over_early) {
  keeper kept;
  transport_metrics metrics;
  inbound_frames in({&kept}, {std::size_t{1} << 30, 1}, metrics, nullptr);
  for (std::size_t i = 0; i < inbound_frames::batch_frames_max + 1; ++i) in.add(0, frame{});
  EXPECT_EQ(kept.batches.size(), 1u);
  in.deliver();
  EXPECT_EQ(kept.batches.size(), 2u);
  in.deliver();
  EXPECT_EQ(kept.batches.size(), 2u);
}

}  // namespace
}  // namespace weft::transport::io::test
