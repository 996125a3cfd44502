// SPDX-License-Identifier: MIT
// Goal: chunks keep their bytes as long as a view lives, across threads; results, errors and
// assertions say what happened.
#include "base/chunk.hpp"

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "tests/support/hex.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace weft {
namespace {

using test::hex;

TEST(chunk, views_keep_the_bytes_alive) {
  chunk_view part;
  {
    const auto whole = chunk_view::copy(hex("00112233445566"));
    part = whole.part(2, 3);
    EXPECT_EQ(part.data(), whole.data() + 2) << "a part shares the bytes";
  }
  EXPECT_EQ(to_hex(part), "223344");
  EXPECT_EQ(to_hex(part.part(1)), "3344");
  EXPECT_TRUE(part.part(3).empty());
  EXPECT_EQ(to_hex(part.part(1, 100)), "3344");
}

TEST(chunk, knows_when_it_may_be_reused) {
  auto block = chunk::allocate(16);
  EXPECT_EQ(block.capacity(), 16U);
  EXPECT_TRUE(block.unique());
  block.mutable_data()[0] = 7;
  {
    const chunk_view view{block, 0, 1};
    EXPECT_FALSE(block.unique());
    EXPECT_EQ(view.bytes()[0], 7);
  }
  EXPECT_TRUE(block.unique());
  const chunk moved = std::move(block);
  EXPECT_TRUE(moved.unique());
  EXPECT_FALSE(chunk{});
  EXPECT_FALSE(chunk{}.unique());
  EXPECT_EQ(chunk{}.data(), nullptr);
}

TEST(chunk, copies_an_empty_range) {
  const auto empty = chunk_view::copy({});
  EXPECT_TRUE(empty.empty());
  EXPECT_TRUE(empty.part(0).empty());
}

TEST(chunk, is_shared_between_threads) {
  const auto view = chunk_view::copy(byte_buffer(4096, 0x5a));
  std::vector<std::thread> threads;
  std::atomic<std::size_t> sum{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([view, &sum] {
      for (int i = 0; i < 2000; ++i) {
        const chunk_view copy = view.part(static_cast<std::size_t>(i));
        sum += copy.bytes()[0];
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum, 4U * 2000U * 0x5aU);
}

TEST(chunk_death, a_part_starts_inside) {
  const auto view = chunk_view::copy(hex("00"));
  EXPECT_DEATH(view.part(2), "a part must start inside its view");
}

TEST(error, names_are_distinct_and_stable) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < ec_count; ++i) {
    const auto name = to_string(static_cast<ec>(i));
    EXPECT_NE(name, "unknown");
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(to_string(ec::none), "none");
  EXPECT_EQ(to_string(ec::wrong_destination), "wrong_destination");
  EXPECT_EQ(to_string(ec::crypto), "crypto");
  EXPECT_EQ(to_string(static_cast<ec>(200)), "unknown");
}

TEST(error, text_holds_code_and_detail) {
  EXPECT_EQ(to_string(error{ec::timeout}), "timeout");
  EXPECT_EQ(to_string(error{ec::io, "disk on fire"}), "io: disk on fire");
}

result<int> half(int value) {
  if (value % 2 != 0) return fail(ec::bad_argument, "odd");
  return value / 2;
}

result<void> check(int value) {
  if (value < 0) return fail(ec::stale);
  return {};
}

result<int> quarter(int value) {
  WEFT_TRY_VOID(check(value));
  WEFT_TRY(const int once, half(value));
  WEFT_TRY(const int twice, half(once));
  return twice;
}

TEST(result, try_returns_the_first_failure) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().detail, "odd");
  EXPECT_EQ(quarter(-4).error(), ec::stale);
}

TEST(assertion_death, aborts_with_place_and_text) {
  EXPECT_DEATH(WEFT_ASSERT(1 > 2, "one is less"), "chunk_test.*one is less.*1 > 2");
}

TEST(time, reports_seconds) { EXPECT_DOUBLE_EQ(to_seconds(std::chrono::milliseconds{1500}), 1.5); }

}  // namespace
}  // namespace weft
