// SPDX-License-Identifier: MIT
// Pushes over real sockets: whole and in order of bytes, called off from either side at any time,
// and every limit.
#include "base/wire.hpp"
#include "tests/transport_io/test_node.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

namespace weft::transport::io::test {
namespace {

using namespace std::chrono_literals;

chunk_view body_of(std::size_t size, std::uint8_t seed) {
  byte_buffer bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + seed);
  return chunk_view::copy(bytes);
}

void push(test_node& from, const test_node& to, std::uint64_t tag, chunk_view body,
          duration timeout = 20s) {
  from.post(push_command{to.id(), push_protocol, tag, std::move(body), timeout});
}

std::map<std::uint64_t, frame_fate> fates(test_node& n) {
  std::map<std::uint64_t, frame_fate> out;
  for (const auto& f : n.bulk.fates()) EXPECT_TRUE(out.emplace(f.tag, f.fate).second) << f.tag;
  return out;
}

TEST(push, arrives_whole_with_its_tag_in_front) {
  test_node a;
  test_node b;
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  const std::vector<std::size_t> sizes{0, 1, 1200, 65'528, 65'536, 1u << 20, 4u << 20};
  std::map<std::uint64_t, bool> right;
  b.bulk.check([&](const frame& f) {
    wire_reader r(f.body.bytes());
    const std::uint64_t tag = r.u64().value_or(0);
    const auto expected = body_of(sizes.at(tag - 1), static_cast<std::uint8_t>(tag));
    right[tag] = f.protocol == push_protocol && f.peer == a.id()
                 && std::ranges::equal(r.rest(), expected.bytes());
  });
  for (std::uint64_t tag = 1; tag <= sizes.size(); ++tag)
    push(a, b, tag, body_of(sizes[tag - 1], static_cast<std::uint8_t>(tag)));
  ASSERT_TRUE(a.bulk.wait_fates(sizes.size()));
  ASSERT_TRUE(b.bulk.wait_frames(sizes.size()));
  EXPECT_EQ(right.size(), sizes.size());
  for (const auto& [tag, ok] : right) EXPECT_TRUE(ok) << tag;
  for (const auto& [tag, fate] : fates(a)) EXPECT_EQ(fate, frame_fate::sent) << tag;
  EXPECT_TRUE(eventually([&] { return b.metrics.push_bytes.value() == 0; }));
  EXPECT_EQ(a.metrics.pushes_open.out.value() + b.metrics.pushes_open.in.value(), 0);
  EXPECT_EQ(b.metrics.pushes.in[push_end::done].value(), sizes.size());
}

TEST(push, what_cannot_go_is_dropped_or_refused) {
  test_node a;
  test_node b({.change = [](reactor_options& o) { o.protocols.resize(3); }});
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  a.post(push_command{a.id(), push_protocol, 1, body_of(10, 0), 1s});
  push(a, b, 2, body_of((4u << 20) + 1, 0));
  push(a, b, 3, body_of(100'000, 0));
  ASSERT_TRUE(a.bulk.wait_fates(3));
  const auto told = fates(a);
  EXPECT_EQ(told.at(1), frame_fate::dropped);
  EXPECT_EQ(told.at(2), frame_fate::dropped);
  EXPECT_EQ(told.at(3), frame_fate::refused);
}

// The receiver's concern takes nothing, so a push stays under way until one side calls it off.
TEST(push, is_called_off_by_either_side_while_under_way) {
  test_node a;
  test_node b({.change = [](reactor_options& o) { o.marks = {1, 0}; }});
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  b.bulk.hold(true);
  push(a, b, 1, body_of(10, 0));
  ASSERT_TRUE(b.bulk.wait_frames(1));
  push(a, b, 2, body_of(4u << 20, 0));
  push(a, b, 3, body_of(4u << 20, 0));
  ASSERT_TRUE(eventually([&] { return b.metrics.push_bytes.value() > 200'000; }));
  a.post(cancel_push_command{b.id(), push_protocol, 2, false});
  ASSERT_TRUE(a.bulk.wait_fates(2));
  EXPECT_EQ(fates(a).at(2), frame_fate::dropped);
  ASSERT_TRUE(eventually([&] { return b.metrics.pushes.in[push_end::lost].value() == 1; }));
  b.post(cancel_push_command{a.id(), push_protocol, 3, true});
  ASSERT_TRUE(a.bulk.wait_fates(3));
  EXPECT_EQ(fates(a).at(3), frame_fate::refused);
  EXPECT_EQ(b.metrics.pushes.in[push_end::cancelled].value(), 1u);
  EXPECT_TRUE(eventually([&] { return b.metrics.push_bytes.value() == 0; }));
  EXPECT_EQ(b.bulk.frames(), 1u);
  b.bulk.hold(false);
  push(a, b, 4, body_of(1u << 20, 0));
  EXPECT_TRUE(b.bulk.wait_frames(2));
}

TEST(push, is_called_off_before_its_first_byte) {
  test_node a;
  test_node b({.change = [](reactor_options& o) { o.bounds.push_cancels_max = 2; }});
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  ASSERT_TRUE(b.events.wait<session_up_event>());
  for (const std::uint64_t tag : {1u, 2u, 3u})
    b.post(cancel_push_command{a.id(), push_protocol, tag, true});
  ASSERT_TRUE(eventually(
      [&] { return b.metrics.limit_rejections[limit_kind::push_cancels].value() == 1; }));
  for (const std::uint64_t tag : {1u, 2u, 3u}) push(a, b, tag, body_of(1u << 20, 0));
  ASSERT_TRUE(a.bulk.wait_fates(3));
  auto told = fates(a);
  EXPECT_EQ(told.at(1), frame_fate::sent);
  EXPECT_EQ(told.at(2), frame_fate::refused);
  EXPECT_EQ(told.at(3), frame_fate::refused);
  // once: the same tag may be pushed later
  push(a, b, 4, body_of(10, 0));
  ASSERT_TRUE(b.bulk.wait_frames(2));
  EXPECT_EQ(b.metrics.pushes.in[push_end::cancelled].value(), 2u);
}

// Held up by the receiver's credit: the sender's timeout, then the receiver's own.
TEST(push, that_takes_too_long_ends) {
  test_node a;
  test_node b({.change = [](reactor_options& o) {
    o.marks = {1, 0};
    o.bounds.push_timeout = 100ms;
  }});
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  b.bulk.hold(true);
  push(a, b, 1, body_of(10, 0));
  ASSERT_TRUE(b.bulk.wait_frames(1));
  push(a, b, 2, body_of(4u << 20, 0), 50ms);
  ASSERT_TRUE(a.bulk.wait_fates(2));
  EXPECT_EQ(fates(a).at(2), frame_fate::dropped);
  EXPECT_EQ(a.metrics.pushes.out[push_end::timeout].value(), 1u);
  push(a, b, 3, body_of(4u << 20, 0), 20s);
  ASSERT_TRUE(a.bulk.wait_fates(3));
  EXPECT_EQ(fates(a).at(3), frame_fate::refused);
  EXPECT_EQ(b.metrics.pushes.in[push_end::timeout].value(), 1u);
}

// Three are taken here and two there; the session's end tells of those under way.
TEST(push, number_is_limited_on_both_sides) {
  test_node a({.change = [](reactor_options& o) { o.bounds.pushes_per_session_max = 3; }});
  test_node b({.change = [](reactor_options& o) {
    o.marks = {1, 0};
    o.bounds.pushes_per_session_max = 2;
  }});
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  b.bulk.hold(true);
  push(a, b, 1, body_of(10, 0));
  ASSERT_TRUE(b.bulk.wait_frames(1));
  ASSERT_TRUE(a.bulk.wait_fates(1));
  command_batch batch;
  for (std::uint64_t tag = 2; tag <= 5; ++tag)
    batch.controls.emplace_back(
        push_command{b.id(), push_protocol, tag, body_of(4u << 20, 0), 20s});
  a.net->post(std::move(batch));
  ASSERT_TRUE(a.bulk.wait_fates(3));
  auto told = fates(a);
  EXPECT_EQ(told.at(5), frame_fate::dropped);
  EXPECT_EQ(
      std::ranges::count_if(told, [](const auto& t) { return t.second == frame_fate::refused; }),
      1);
  EXPECT_EQ(a.metrics.limit_rejections[limit_kind::pushes].value(), 1u);
  EXPECT_EQ(b.metrics.limit_rejections[limit_kind::pushes].value(), 1u);
  EXPECT_EQ(b.metrics.pushes_open.in.value(), 2);
  b.stop();
  ASSERT_TRUE(a.bulk.wait_fates(5));
  EXPECT_EQ(fates(a).size(), 5u);
  EXPECT_EQ(a.metrics.pushes.out[push_end::lost].value(), 2u);
  EXPECT_EQ(a.metrics.pushes_open.out.value(), 0);
}

// What is announced costs nothing, what arrives is counted: a push that outgrows the memory of all
// is stopped, and a smaller one passes.
TEST(push, memory_of_unfinished_pushes_is_limited) {
  test_node a;
  test_node b({.change = [](reactor_options& o) { o.bounds.push_bytes_max = 400'000; }});
  ASSERT_TRUE(a.dial(b)) << to_string(a.dial_error);
  push(a, b, 1, body_of(4u << 20, 0));
  ASSERT_TRUE(a.bulk.wait_fates(1));
  EXPECT_EQ(fates(a).at(1), frame_fate::refused);
  EXPECT_EQ(b.metrics.limit_rejections[limit_kind::push_bytes].value(), 1u);
  EXPECT_EQ(b.metrics.pushes.in[push_end::limit].value(), 1u);
  EXPECT_EQ(b.metrics.push_bytes.value(), 0);
  push(a, b, 2, body_of(300'000, 0));
  EXPECT_TRUE(b.bulk.wait_frames(1));
}

}  // namespace
}  // namespace weft::transport::io::test
