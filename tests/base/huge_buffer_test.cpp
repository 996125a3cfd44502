// SPDX-License-Identifier: MIT
// Goal: big memory is aligned, writable and given back; an arena's pieces never overlap. Method:
// sizes around the huge page, every piece filled with its own byte and read back.
#include "base/huge_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace weft {
namespace {

TEST(huge_buffer, is_aligned_and_writable_at_both_ends) {
  for (const std::size_t size : {std::size_t{1}, huge_buffer::huge_page - 1, huge_buffer::huge_page,
                                 huge_buffer::huge_page + 1, 5 * huge_buffer::huge_page}) {
    huge_buffer buffer(size);
    ASSERT_GE(buffer.size(), size);
    const auto address = reinterpret_cast<std::uintptr_t>(buffer.data());
    EXPECT_EQ(address % (size >= huge_buffer::huge_page ? huge_buffer::huge_page : 4096), 0u);
    buffer.data()[0] = 1;
    buffer.data()[buffer.size() - 1] = 2;
    huge_buffer other = std::move(buffer);
    EXPECT_EQ(buffer.data(), nullptr);
    EXPECT_EQ(other.data()[other.size() - 1], 2);
    buffer = std::move(other);
    EXPECT_EQ(buffer.data()[buffer.size() - 1], 2);
  }
}

TEST(huge_arena, pieces_are_aligned_and_apart) {
  huge_arena arena;
  std::vector<std::pair<std::uint8_t*, std::size_t>> pieces;
  std::size_t wanted = 0;
  for (std::size_t i = 0; i < 4000; ++i) {
    const std::size_t alignment = std::size_t{64} << i % 7;
    const std::size_t size = alignment * (1 + i % 3);
    const auto made = arena.allocate(size, alignment);
    std::uint8_t* piece = made.data;
    ASSERT_EQ(arena.buffers()[made.buffer].data() + made.offset, piece);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(piece) % alignment, 0u);
    std::memset(piece, static_cast<int>(i % 251), size);
    pieces.emplace_back(piece, size);
    wanted += size;
  }
  for (std::size_t i = 0; i < pieces.size(); ++i)
    ASSERT_TRUE(std::all_of(pieces[i].first, pieces[i].first + pieces[i].second,
                            [&](std::uint8_t byte) { return byte == i % 251; }))
        << i;
  EXPECT_GE(arena.bytes(), wanted);
  EXPECT_LE(arena.bytes(), wanted + wanted / 4 + huge_buffer::huge_page);
}

TEST(huge_buffer, merging_keeps_the_content) {
  huge_buffer buffer(2 * huge_buffer::huge_page);
  for (std::size_t i = 0; i < buffer.size(); i += 512)
    buffer.data()[i] = static_cast<std::uint8_t>(i / 512 % 251);
  buffer.merge();
  for (std::size_t i = 0; i < buffer.size(); i += 512)
    ASSERT_EQ(buffer.data()[i], i / 512 % 251) << i;
}

TEST(huge_arena, stays_small_while_little_is_asked) {
  huge_arena arena;
  EXPECT_EQ(arena.bytes(), 0u);
  arena.allocate(256, 256);
  EXPECT_EQ(arena.bytes(), 4096u);
}

}  // namespace
}  // namespace weft
