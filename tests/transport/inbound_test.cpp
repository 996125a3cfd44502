// SPDX-License-Identifier: MIT
// The credit gate: bytes taken come back exactly once, whoever returns them, and the low mark is
// told once per crossing.
#include "transport/inbound.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace weft::transport {
namespace {

TEST(credit_gate, calls_back_once_when_the_level_falls) {
  int calls = 0;
  auto gate = std::make_shared<credit_gate>(100, 40, [&] { ++calls; });
  credit a(gate, 60);
  EXPECT_FALSE(gate->above_high());
  credit b(gate, 60);
  EXPECT_TRUE(gate->above_high());
  EXPECT_EQ(gate->level(), 120u);
  b = credit();
  EXPECT_FALSE(gate->above_high());
  EXPECT_EQ(calls, 0) << "60 is above the low mark";
  credit moved = std::move(a);
  EXPECT_EQ(gate->level(), 60u) << "moving returns nothing";
  moved = credit();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(gate->level(), 0u);
  credit(gate, 10);
  EXPECT_EQ(calls, 1) << "it never was above the low mark";
}

TEST(credit_gate, a_batch_that_is_dropped_returns_its_bytes) {
  auto gate = std::make_shared<credit_gate>(100, 50, nullptr);
  {
    auto batch = std::make_shared<frame_batch>();
    batch->held = credit(gate, 80);
    const frame_batch_ptr shared = batch;
    batch.reset();
    EXPECT_EQ(gate->level(), 80u);
  }
  EXPECT_EQ(gate->level(), 0u);
}

TEST(credit_gate, outlives_its_owner) {
  int calls = 0;
  auto gate = std::make_shared<credit_gate>(10, 5, [&] { ++calls; });
  credit last(gate, 20);
  gate.reset();
  last = credit();
  EXPECT_EQ(calls, 1);
}

// One thread takes, others return: nothing is lost, and each fall below the low mark is told.
TEST(credit_gate, is_safe_between_threads) {
  constexpr int rounds = 2000;
  std::atomic<int> calls{0};
  auto gate = std::make_shared<credit_gate>(1000, 10, [&] { ++calls; });
  for (int round = 0; round < rounds / 100; ++round) {
    std::vector<credit> first;
    std::vector<credit> second;
    for (int i = 0; i < 100; ++i) {
      first.emplace_back(gate, 7);
      second.emplace_back(gate, 11);
    }
    EXPECT_TRUE(gate->above_high());
    const int before = calls;
    std::thread other([&] { first.clear(); });
    second.clear();
    other.join();
    EXPECT_EQ(gate->level(), 0u);
    EXPECT_EQ(calls, before + 1);
  }
}

}  // namespace
}  // namespace weft::transport
