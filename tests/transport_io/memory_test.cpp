// SPDX-License-Identifier: MIT
// What a reactor does when it is told that the process nears its cap of memory, level by level, and
// that all of it ends with the pressure.
#include "tests/transport_io/test_node.hpp"
#include "transport/memory_guard.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

namespace weft::transport::io::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t cap = 1u << 30;

/// A node whose memory is what the test says.
struct pressed_node {
  std::shared_ptr<std::atomic<std::uint64_t>> held
      = std::make_shared<std::atomic<std::uint64_t>>(0);
  test_node node{{.change = [this](reactor_options& o) {
    o.bounds.memory_bytes = cap;
    o.resident_bytes = [h = held] { return h->load(); };
  }}};
  void hold(std::uint64_t percent) { *held = cap / 100 * percent; }
  bool level(memory_level wanted) {
    return eventually(
        [&] { return node.metrics.memory_pressure.value() == static_cast<std::int64_t>(wanted); });
  }
  std::uint64_t dropped() { return node.metrics.frames_dropped[frame_drop::memory].value(); }
};

chunk_view text(std::string_view t) { return chunk_view::copy(as_bytes(t)); }

TEST(reactor_memory, near_the_cap_nothing_new_and_nothing_bulky) {
  pressed_node a;
  test_node b;
  test_node c;
  ASSERT_TRUE(a.node.dial(b)) << to_string(a.node.dial_error);
  a.hold(90);
  ASSERT_TRUE(a.level(memory_level::high));
  EXPECT_FALSE(c.dial(a.node));
  EXPECT_EQ(c.dial_error.code, ec::denied);
  EXPECT_FALSE(a.node.dial(c));
  EXPECT_EQ(a.node.dial_error.code, ec::limit);
  EXPECT_EQ(a.node.metrics.limit_rejections[limit_kind::memory].value(), 2u);
  a.node.send(b.id(), frames_protocol, text("bulk"), priority::bulk);
  a.node.send(b.id(), frames_protocol, text("small"), priority::interactive);
  EXPECT_TRUE(b.frames.wait_frames(1));
  EXPECT_EQ(a.dropped(), 1u);
  EXPECT_TRUE(a.node.ping(b.id()));
  a.hold(10);
  ASSERT_TRUE(a.level(memory_level::calm));
  a.node.send(b.id(), frames_protocol, text("bulk"), priority::bulk);
  EXPECT_TRUE(b.frames.wait_frames(2));
  EXPECT_TRUE(c.dial(a.node)) << to_string(c.dial_error);
}

TEST(reactor_memory, at_the_cap_the_heaviest_session_ends) {
  pressed_node a;
  test_node light;
  test_node heavy;
  ASSERT_TRUE(light.dial(a.node)) << to_string(light.dial_error);
  ASSERT_TRUE(heavy.dial(a.node)) << to_string(heavy.dial_error);
  // It goes on bringing bytes until it is sent away.
  a.hold(80);
  heavy.post(perf_command{9, a.node.id(), std::uint64_t{4} << 30, 0});
  ASSERT_TRUE(eventually([&] { return a.node.metrics.perf_bytes.in.value() > 1'000'000; }));
  a.hold(96);
  const auto gone = a.node.events.wait<session_down_event>();
  a.hold(10);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->peer, heavy.id());
  EXPECT_EQ(gone->reason, close_reason::limit);
  ASSERT_TRUE(a.level(memory_level::calm));
}

// Peers are given no window while the memory is short, and lose nothing.
TEST(reactor_memory, what_was_held_back_comes_later) {
  pressed_node a;
  test_node b;
  ASSERT_TRUE(b.dial(a.node)) << to_string(b.dial_error);
  a.hold(90);
  ASSERT_TRUE(a.level(memory_level::high));
  constexpr std::uint64_t frames = 100;
  const auto body = text(std::string(30'000, 'x'));
  for (std::uint64_t i = 0; i < frames; ++i) b.send(a.node.id(), frames_protocol, body);
  ASSERT_TRUE(eventually([&] { return a.node.metrics.backpressure.value() > 0; }));
  EXPECT_LT(a.node.frames.frames(), frames);
  a.hold(10);
  EXPECT_TRUE(a.node.frames.wait_frames(frames));
}

TEST(reactor_memory, without_a_cap_nobody_asks) {
  const auto asked = std::make_shared<std::atomic<int>>(0);
  test_node a({.change = [&](reactor_options& o) {
    o.resident_bytes = [asked] {
      ++*asked;
      return ~std::uint64_t{0};
    };
  }});
  test_node b;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  EXPECT_EQ(*asked, 0);
  live_limits bounds;
  bounds.memory_bytes = cap;
  a.post(limits_command{bounds});
  EXPECT_TRUE(eventually([&] { return *asked > 0; }));
}

}  // namespace
}  // namespace weft::transport::io::test
