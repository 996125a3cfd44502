// SPDX-License-Identifier: MIT
#include "base/rng.hpp"
#include "messaging/envelope.hpp"
#include "messaging/messaging_config.hpp"
#include "messaging/replay_window.hpp"
#include "messaging/ring_queue.hpp"
#include "messaging/rtt_estimator.hpp"

#include <gtest/gtest.h>

#include <set>

namespace weft::messaging {
namespace {

using namespace std::chrono_literals;

// Goal: the window agrees with a plain set of everything seen, over random jumps of every size.
TEST(replay_window, agrees_with_a_set) {
  using window = replay_window<8192>;
  static_assert(window::span >= 4096);
  rng random{7};
  window w;
  std::set<std::uint64_t> seen;
  std::uint64_t top = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t reach = std::uint64_t{1} << random.below(15);
    const std::uint64_t low = top > reach ? top - reach : 0;
    const std::uint64_t n = low + random.below(top - low + reach / 2 + 1);
    const auto verdict = w.check(n);
    if (verdict == window::verdict::below) {
      ASSERT_LT(n + window::span, w.next());
      continue;
    }
    ASSERT_EQ(verdict == window::verdict::seen, seen.contains(n)) << n;
    if (verdict == window::verdict::fresh) {
      w.mark(n);
      seen.insert(n);
      top = std::max(top, n);
    }
  }
  EXPECT_EQ(w.next(), top + 1);
}

TEST(ring_queue, keeps_order_while_it_grows) {
  ring_queue<int> q;
  int in = 0;
  int out = 0;
  rng random{3};
  for (int i = 0; i < 20'000; ++i) {
    if (random.below(5) < 3) q.push_back(in++);
    if (!q.empty() && random.below(2) == 0) {
      ASSERT_EQ(q.front(), out++);
      q.pop_front();
    }
    if (!q.empty()) {
      ASSERT_EQ(q[q.size() - 1], in - 1);
    }
  }
}

TEST(rtt_estimator, follows_rfc_6298) {
  rtt_estimator e;
  EXPECT_EQ(e.timeout(1s, 200ms, 60s), 1s);
  e.sample(100ms);
  EXPECT_EQ(e.timeout(1s, 200ms, 60s), 300ms);
  for (int i = 0; i < 100; ++i) e.sample(100ms);
  EXPECT_EQ(e.timeout(1s, 200ms, 60s), 200ms);
  e.sample(100s);
  EXPECT_EQ(e.timeout(1s, 200ms, 60s), 60s);
}

// Goal: heads and acknowledgements come back as they were written.
TEST(envelope, round_trips) {
  payload_head h;
  h.kind = payload_kind::fragment;
  h.klass = message_class::durable;
  h.sealed = wall_time{1234567890s};
  h.created = h.sealed - 5s;
  h.id = message_id::from_parts(1, 2);
  h.shape = {100'000'000, 48 * 1024, {}};
  h.shape.digest[0] = 9;
  h.index = 2034;
  std::array<std::uint8_t, payload_head::bytes_max> out{};
  const std::size_t size = h.encode(out);
  const auto back = payload_head::decode({out.data(), size});
  ASSERT_TRUE(back);
  EXPECT_EQ(back->id, h.id);
  EXPECT_EQ(back->sealed, h.sealed);
  EXPECT_EQ(back->created, h.created);
  EXPECT_EQ(back->shape, h.shape);
  EXPECT_EQ(back->index, h.index);
  EXPECT_EQ(back->size, size);
  for (std::size_t cut = 0; cut < size; ++cut)
    EXPECT_FALSE(payload_head::decode({out.data(), cut}));

  acknowledgement a;
  a.sealed = wall_time{100s};
  a.ranges = {{3, 5, 1, wall_time{99s}}, {10, 1, 2, wall_time{98s}}};
  a.haves = {{message_id::from_parts(5, 6), 77}};
  a.dones = {{message_id::from_parts(7, 8), payload_verdict::bad_digest, 4}};
  byte_buffer text;
  a.encode(text);
  acknowledgement b;
  ASSERT_TRUE(b.decode(text));
  ASSERT_EQ(b.ranges.size(), 2u);
  EXPECT_EQ(b.ranges[1].first, 10u);
  EXPECT_EQ(b.ranges[0].count, 5u);
  EXPECT_EQ(b.ranges[1].received, wall_time{98s});
  EXPECT_EQ(b.haves.at(0).prefix, 77u);
  EXPECT_EQ(b.dones.at(0).verdict, payload_verdict::bad_digest);
  for (std::size_t cut = 0; cut < text.size(); ++cut)
    EXPECT_FALSE(b.decode(bytes_view{text}.first(cut)));
}

TEST(message_id, text_form) {
  const auto id = message_id::from_parts(0x0123456789abcdef, 42);
  EXPECT_EQ(id.to_string(), "0123456789abcdef000000000000002a");
  EXPECT_EQ(*message_id::parse(id.to_string()), id);
  EXPECT_EQ(message_id::parse("12").error().code, ec::malformed);
  EXPECT_EQ(message_id::parse("0123456789ABCDEF000000000000002a").error().code, ec::malformed);
}

TEST(messaging_config, is_validated) {
  messaging_config good;
  EXPECT_TRUE(good.validate());
  messaging_config bad;
  bad.fragment_bytes = 100;
  EXPECT_EQ(bad.validate().error().code, ec::bad_config);
  bad = {};
  bad.default_hop_limit = 0;
  EXPECT_FALSE(bad.validate());
  bad = {};
  bad.rto_max = 1ms;
  EXPECT_FALSE(bad.validate());
}

}  // namespace
}  // namespace weft::messaging
