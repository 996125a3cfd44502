// SPDX-License-Identifier: MIT
// Counters, gauges and histograms: values, buckets, and one writer with many readers.
#include "metrics/counter.hpp"

#include "metrics/catalog.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>

namespace weft::metrics {
namespace {

TEST(counter, grows) {
  counter c;
  EXPECT_EQ(c.value(), 0u);
  ++c;
  c += 4;
  c.add(10);
  EXPECT_EQ(c.value(), 15u);
}

TEST(gauge, goes_up_and_down) {
  gauge g;
  g.set(5);
  g.add(-7);
  EXPECT_EQ(g.value(), -2);
}

TEST(histogram, counts_into_the_first_bucket_that_holds_the_value) {
  histogram<3> h({1.0, 2.0, 4.0});
  for (const double v : {0.0, 1.0, 1.5, 4.0, 4.1, 100.0}) h.observe(v);
  const auto b = h.buckets();
  ASSERT_EQ(b.size(), 4u);
  EXPECT_EQ(b[0].value(), 2u);
  EXPECT_EQ(b[1].value(), 1u);
  EXPECT_EQ(b[2].value(), 1u);
  EXPECT_EQ(b[3].value(), 2u);
  EXPECT_DOUBLE_EQ(h.sum(), 110.6);
}

TEST(histogram, latency_bounds_grow) {
  for (std::size_t i = 1; i < latency_bounds.size(); ++i)
    EXPECT_LT(latency_bounds[i - 1], latency_bounds[i]);
}

// A reader never sees a value go back or one that was not written.
TEST(counter, is_read_while_it_is_written) {
  counter c;
  std::thread writer([&] {
    for (int i = 0; i < 200'000; ++i) c += 2;
  });
  std::uint64_t last = 0;
  while (last < 400'000) {
    const std::uint64_t now = c.value();
    ASSERT_GE(now, last);
    ASSERT_EQ(now % 2, 0u);
    last = now;
  }
  writer.join();
  EXPECT_EQ(c.value(), 400'000u);
}

enum class colour : std::uint8_t { red, green, count_ };
std::string_view to_string(colour c) { return c == colour::red ? "red" : "green"; }

struct recorder final : visitor {
  void on_counter(std::string_view name, std::string_view, labels l, double value) override {
    std::string key(name);
    for (const auto& [n, v] : l) key += "," + std::string(n) + "=" + std::string(v);
    values[key] = value;
  }
  void on_gauge(std::string_view name, std::string_view help, labels l, double value) override {
    on_counter(name, help, l, value);
  }
  void on_histogram(std::string_view name, std::string_view help, labels l, std::span<const double>,
                    std::span<const counter>, double sum) override {
    on_counter(name, help, l, sum);
  }
  std::map<std::string, double> values;
};

TEST(counters_by, collects_every_value_with_zeros) {
  counters_by<colour> c;
  ++c[colour::green];
  recorder r;
  c.collect(r, "n_total", "Help.", "colour");
  c.collect(r, "m_total", "Help.", "colour", label{"kind", "k"});
  const std::map<std::string, double> expected{{"n_total,colour=red", 0},
                                               {"n_total,colour=green", 1},
                                               {"m_total,kind=k,colour=red", 0},
                                               {"m_total,kind=k,colour=green", 1}};
  EXPECT_EQ(r.values, expected);
}

}  // namespace
}  // namespace weft::metrics
