// SPDX-License-Identifier: MIT
#include "node/idle_heap.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <malloc.h>
#include <memory>
#include <unistd.h>
#include <vector>

namespace weft::node {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool own_allocator = true;
#else
constexpr bool own_allocator = false;
#endif

std::size_t resident_bytes() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "r"),
                                                             &std::fclose);
  unsigned long all = 0;
  unsigned long resident = 0;
  if (!file || std::fscanf(file.get(), "%lu %lu", &all, &resident) != 2) return 0;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

using block = std::unique_ptr<std::array<char, 2000>>;

TEST(idle_heap, gives_back_what_a_burst_left_at_the_second_look) {
  if (own_allocator) GTEST_SKIP() << "a sanitizer has an allocator of its own";
  ::malloc_trim(0);
  std::vector<block> burst;
  for (int i = 0; i < 16'000; ++i) {
    burst.push_back(std::make_unique<std::array<char, 2000>>());
    burst.back()->fill('x');
  }
  // One block in a hundred stays, so that the heap cannot shrink from its end.
  for (std::size_t i = 0; i < burst.size(); ++i)
    if (i % 100 != 0) burst[i].reset();
  idle_heap heap;
  const std::size_t before = resident_bytes();
  EXPECT_FALSE(heap.look());
  EXPECT_TRUE(heap.look());
  EXPECT_LT(resident_bytes() + (16U << 20), before);
}

TEST(idle_heap, leaves_a_heap_alone_that_is_in_use) {
  if (own_allocator) GTEST_SKIP() << "a sanitizer has an allocator of its own";
  ::malloc_trim(0);
  idle_heap heap;
  std::vector<block> load;
  // Freed and used again between the looks, as by a node under load.
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 8'000; ++i) load.push_back(std::make_unique<std::array<char, 2000>>());
    EXPECT_FALSE(heap.look());
    for (std::size_t i = 0; i < load.size(); ++i)
      if (i % 100 != 0) load[i].reset();
    EXPECT_FALSE(heap.look());
    load.clear();
  }
}

}  // namespace
}  // namespace weft::node
