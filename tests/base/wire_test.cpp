// SPDX-License-Identifier: MIT
// Goal: the bounds-checked reader and writer and the varints hold at every edge: limits, truncation
// at each byte, the failed read that changes nothing.
#include "base/wire.hpp"

#include "base/rng.hpp"
#include "tests/support/hex.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <utility>

namespace weft {
namespace {

using test::hex;

// https://github.com/multiformats/unsigned-varint
TEST(uvarint, matches_the_specification) {
  const std::pair<std::uint64_t, const char*> vectors[]
      = {{1, "01"},     {127, "7f"},
         {128, "8001"}, {255, "ff01"},
         {300, "ac02"}, {16384, "808001"},
         {0, "00"},     {std::numeric_limits<std::uint64_t>::max() >> 1, "ffffffffffffffff7f"}};
  for (const auto& [value, text] : vectors) {
    byte_buffer out;
    wire_writer{out}.uvarint(value);
    EXPECT_EQ(to_hex(out), text);
    EXPECT_EQ(uvarint_size(value), out.size());
    const auto prefix = peek_uvarint(out);
    EXPECT_EQ(prefix.status, uvarint_prefix::state::complete);
    EXPECT_EQ(prefix.value, value);
    EXPECT_EQ(prefix.size, out.size());
  }
}

TEST(uvarint, tells_unfinished_from_invalid) {
  const auto status = [](const char* text) { return peek_uvarint(hex(text)).status; };
  using state = uvarint_prefix::state;
  EXPECT_EQ(status(""), state::incomplete);
  EXPECT_EQ(status("80"), state::incomplete);
  EXPECT_EQ(status("ffffffffffffffff"), state::incomplete);
  EXPECT_EQ(status("8000"), state::invalid) << "longer than needed";
  EXPECT_EQ(status("808000"), state::invalid);
  EXPECT_EQ(status("ffffffffffffffffff"), state::invalid) << "nine bytes and no end";
  EXPECT_EQ(status("ffffffffffffffffff01"), state::invalid) << "ten bytes";
}

TEST(uvarint, round_trips_around_every_power_of_two) {
  for (unsigned bit = 0; bit < 63; ++bit) {
    for (const int step : {-1, 0, 1}) {
      const auto value = (std::uint64_t{1} << bit) + static_cast<std::uint64_t>(step);
      if (value > std::numeric_limits<std::uint64_t>::max() >> 1) continue;
      std::array<std::uint8_t, 10> out{};
      const std::size_t size = write_uvarint(out.data(), value);
      const auto prefix = peek_uvarint({out.data(), size});
      EXPECT_EQ(prefix.value, value);
      EXPECT_EQ(prefix.size, size);
    }
  }
}

TEST(wire, round_trips_every_field) {
  byte_buffer out;
  wire_writer{out}
      .u8(0x01)
      .u16(0x0203)
      .u32(0x04050607)
      .u64(0x08090a0b0c0d0e0f)
      .uvarint(300)
      .bytes(hex("aabb"))
      .length_prefixed(hex("ccddee"));
  EXPECT_EQ(to_hex(out), "0102030405060708090a0b0c0d0e0fac02aabb03ccddee");
  wire_reader in{out};
  EXPECT_EQ(in.u8().value(), 0x01);
  EXPECT_EQ(in.u16().value(), 0x0203);
  EXPECT_EQ(in.u32().value(), 0x04050607U);
  EXPECT_EQ(in.u64().value(), 0x08090a0b0c0d0e0fU);
  EXPECT_EQ(in.uvarint().value(), 300U);
  EXPECT_EQ(to_hex(in.bytes(2).value()), "aabb");
  EXPECT_EQ(to_hex(in.length_prefixed(3).value()), "ccddee");
  EXPECT_TRUE(in.at_end());
}

TEST(wire, refuses_each_truncation_and_stays_where_it_was) {
  const auto whole = hex("00112233445566");
  for (std::size_t size = 0; size < 8; ++size) {
    const bytes_view part = bytes_view{whole}.first(std::min<std::size_t>(size, 7));
    wire_reader in{part};
    if (part.size() < 4) {
      EXPECT_EQ(in.u32().error(), ec::truncated);
    }
    EXPECT_EQ(in.u64().error(), ec::truncated);
    EXPECT_EQ(in.bytes(8).error(), ec::truncated);
    EXPECT_EQ(in.bytes(std::numeric_limits<std::size_t>::max()).error(), ec::truncated);
    EXPECT_EQ(in.position(), 0U);
    EXPECT_EQ(in.remaining(), part.size());
  }
  wire_reader empty{{}};
  EXPECT_EQ(empty.u8().error(), ec::truncated);
  EXPECT_EQ(empty.u16().error(), ec::truncated);
  EXPECT_EQ(empty.uvarint().error(), ec::truncated);
  EXPECT_TRUE(empty.bytes(0));
}

TEST(wire, bounds_length_prefixed_fields) {
  const auto at = [](const char* text, std::size_t limit) {
    const auto bytes = hex(text);
    wire_reader in{bytes};
    const auto field = in.length_prefixed(limit);
    if (!field) {
      EXPECT_EQ(in.position(), 0U) << text;
    }
    return field ? ec::none : field.error().code;
  };
  EXPECT_EQ(at("03aabbcc", 3), ec::none);
  EXPECT_EQ(at("00", 0), ec::none);
  EXPECT_EQ(at("03aabbcc", 2), ec::oversized);
  EXPECT_EQ(at("03aabb", 3), ec::truncated);
  EXPECT_EQ(at("ffffffffffffffff7f", 100), ec::oversized);
  EXPECT_EQ(at("ffffffffffffffff7f", std::numeric_limits<std::size_t>::max()), ec::truncated);
  EXPECT_EQ(at("8000", 100), ec::bad_varint);
}

TEST(wire, hands_over_the_rest) {
  const auto bytes = hex("01aabb");
  wire_reader in{bytes};
  ASSERT_TRUE(in.u8());
  EXPECT_EQ(to_hex(in.rest()), "aabb");
  EXPECT_TRUE(in.at_end());
  EXPECT_TRUE(in.rest().empty());
}

}  // namespace
}  // namespace weft
