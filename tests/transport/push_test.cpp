// SPDX-License-Identifier: MIT
// The form of a push at every split and against rule-breakers, and the memory for pushes that were
// called off early.
#include "transport/push.hpp"

#include "base/wire.hpp"
#include "tests/transport/transport_fixture.hpp"

namespace weft::transport {
namespace {

using namespace std::chrono_literals;
using testing::at;
using testing::joined;
using testing::text;
using testing::view;

constexpr std::size_t frame_max = 1000;
constexpr std::uint64_t some_tag = 0x0102030405060708;

std::string written(std::string_view body) {
  std::vector<chunk_view> pieces;
  write_push(some_tag, view(body), pieces);
  return joined(pieces);
}

/// Feeds the same bytes cut in two; the first failure.
ec feed(push_reader& r, std::string_view bytes, std::size_t split) {
  receive_slab slab;
  if (const ec bad = r.on_bytes(as_bytes(bytes.substr(0, split)), slab); bad != ec::none)
    return bad;
  return r.on_bytes(as_bytes(bytes.substr(split)), slab);
}

TEST(push_reader, reads_what_is_written_at_every_split) {
  for (const std::size_t size : {0u, 1u, 119u, 120u, 992u}) {
    const std::string body(size, 'b');
    const std::string bytes = written(body);
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
      push_reader r(frame_max);
      ASSERT_EQ(feed(r, bytes, split), ec::none) << size << ' ' << split;
      EXPECT_TRUE(r.whole());
      EXPECT_EQ(r.tag(), some_tag);
      EXPECT_EQ(r.on_end(), ec::none);
      EXPECT_EQ(r.held_bytes(), 0u);
      const auto frame = r.take();
      ASSERT_TRUE(frame);
      EXPECT_EQ(text(*frame), std::string("\x01\x02\x03\x04\x05\x06\x07\x08") + body);
      EXPECT_FALSE(r.take());
    }
  }
}

TEST(push_reader, knows_the_tag_before_the_rest) {
  receive_slab slab;
  push_reader r(frame_max);
  const std::string bytes = written(std::string(900, 'b'));
  for (std::size_t i = 0; i < bytes.size() - 1; ++i) {
    ASSERT_EQ(r.on_bytes(as_bytes(bytes).subspan(i, 1), slab), ec::none);
    EXPECT_EQ(r.tag().has_value(), i >= 9) << i;
    EXPECT_FALSE(r.whole());
  }
  EXPECT_EQ(r.on_end(), ec::truncated);
}

TEST(push_reader, an_announcement_costs_little) {
  receive_slab slab;
  push_reader r(16u << 20);
  byte_buffer head;
  wire_writer(head).uvarint(16u << 20).u64(1);
  ASSERT_EQ(r.on_bytes(head, slab), ec::none);
  EXPECT_LE(r.held_bytes(), frame_splitter::eager_bytes);
}

TEST(push_reader, rule_breakers_fail) {
  for (std::size_t split = 0; split <= 3; ++split) {
    push_reader too_short(frame_max);
    EXPECT_EQ(feed(too_short, "\x07xxxxxxx", split), ec::malformed);
    push_reader announced_short(frame_max);
    EXPECT_EQ(feed(announced_short, "\x07xxx", split), ec::malformed);
    push_reader oversized(frame_max);
    EXPECT_EQ(feed(oversized, "\xe9\x07xx", split), ec::oversized);
    push_reader varint(frame_max);
    EXPECT_EQ(feed(varint, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", split), ec::bad_varint);
  }
  push_reader empty(frame_max);
  EXPECT_EQ(feed(empty, std::string(1, '\0'), 0), ec::malformed);
  const std::string bytes = written("body");
  for (const std::string_view more : {"\x08", "x", "\x08yyyyyyyy"})
    for (std::size_t split = 0; split <= bytes.size() + more.size(); ++split) {
      push_reader trailing(frame_max);
      EXPECT_EQ(feed(trailing, bytes + std::string(more), split), ec::protocol_violation) << split;
    }
}

TEST(unwanted_pushes, are_taken_once_and_forgotten_by_number_and_age) {
  unwanted_pushes u(2, 10s);
  EXPECT_FALSE(u.add(1, 7, at(0s)));
  EXPECT_FALSE(u.take(1, 8, at(0s)));
  EXPECT_FALSE(u.take(2, 7, at(0s)));
  EXPECT_TRUE(u.take(1, 7, at(0s)));
  EXPECT_FALSE(u.take(1, 7, at(0s)));
  EXPECT_FALSE(u.add(1, 1, at(0s)));
  EXPECT_FALSE(u.add(1, 2, at(5s)));
  EXPECT_TRUE(u.add(1, 3, at(5s)));
  EXPECT_FALSE(u.take(1, 1, at(5s)));
  EXPECT_TRUE(u.take(1, 2, at(15s)));
  EXPECT_FALSE(u.take(1, 3, at(15s + 1ns)));
  EXPECT_EQ(u.size(), 0u);
}

}  // namespace
}  // namespace weft::transport
