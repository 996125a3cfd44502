// SPDX-License-Identifier: MIT
#include "actors/bench_schedule.hpp"

#include "actors/bench_metrics.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace weft::actors {
namespace {

using namespace std::chrono_literals;

bench_plan plan() {
  bench_plan p;
  p.every = 60s;
  p.kinds = {bench_kind::broadcast, bench_kind::lookup, bench_kind::throughput};
  return p;
}

TEST(bench_schedule, takes_kinds_in_turn_at_even_intervals) {
  bench_schedule s(plan(), instant{}, rng(1));
  ASSERT_TRUE(s.next());
  const auto first = *s.next();
  EXPECT_GE(first, instant{});
  EXPECT_LT(first, instant{} + 60s);
  EXPECT_FALSE(s.take(first - 1ns));
  for (std::size_t i = 0; i < 6; ++i) {
    const auto r = s.take(first + i * 60s);
    ASSERT_TRUE(r) << i;
    EXPECT_EQ(r->kind, plan().kinds[i % 3]);
    EXPECT_EQ(r->samples, r->kind == bench_kind::throughput ? 2000u : 50u);
    EXPECT_LE(r->limit, 60s);
    EXPECT_EQ(*s.next(), first + (i + 1) * 60s);
  }
}

TEST(bench_schedule, missed_moments_are_left_out) {
  bench_schedule s(plan(), instant{}, rng(1));
  const auto first = *s.next();
  EXPECT_TRUE(s.take(first + 150s));
  EXPECT_EQ(*s.next(), first + 180s);
  EXPECT_FALSE(s.take(first + 150s));
}

TEST(bench_schedule, nodes_begin_at_moments_of_their_own) {
  std::set<instant> begins;
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    begins.insert(*bench_schedule(plan(), instant{}, rng(seed)).next());
  EXPECT_EQ(begins.size(), 20u);
}

TEST(bench_schedule, without_interval_or_kinds_nothing_is_due) {
  auto p = plan();
  p.every = {};
  EXPECT_FALSE(bench_schedule(p, instant{}, rng(1)).next());
  p = plan();
  p.kinds.clear();
  bench_schedule s(p, instant{}, rng(1));
  EXPECT_FALSE(s.take(instant{} + 1h));
}

/// Values by name and labels, counts of histograms as NAME_count.
struct reading final : metrics::visitor {
  std::map<std::string, double> values;
  static std::string key(std::string_view name, metrics::labels l) {
    std::string out(name);
    for (const auto& each : l) out += " " + std::string(each.value);
    return out;
  }
  void on_counter(std::string_view n, std::string_view, metrics::labels l, double v) override {
    values[key(n, l)] = v;
  }
  void on_gauge(std::string_view n, std::string_view, metrics::labels l, double v) override {
    values[key(n, l)] = v;
  }
  void on_histogram(std::string_view n, std::string_view, metrics::labels l,
                    std::span<const double>, std::span<const metrics::counter> buckets,
                    double) override {
    auto& sum = values[key(n, l)];
    for (const auto& b : buckets) sum += static_cast<double>(b.value());
  }
};

TEST(bench_metrics, tell_what_was_found) {
  bench_metrics m;
  bench_result broadcast;
  broadcast.each = {0.001, 0.002, 0.004};
  broadcast.receivers = 3;
  m.on_result(bench_kind::broadcast, broadcast, wall_time{} + 100s);
  broadcast.failures = 2;
  m.on_result(bench_kind::broadcast, broadcast, wall_time{} + 200s);
  bench_result throughput;
  throughput.each = {1000, 2000};
  throughput.throughput = 1000;
  throughput.bytes_per_second = 2e5;
  m.on_result(bench_kind::throughput, throughput, wall_time{} + 300s);
  m.on_result(bench_kind::lookup, fail(ec::timeout), wall_time{} + 400s);
  m.on_skipped(bench_kind::lookup);
  reading r;
  m.collect(r);
  EXPECT_EQ(r.values.at("weft_bench_seconds broadcast"), 6);
  EXPECT_EQ(r.values.at("weft_bench_seconds lookup"), 0);
  EXPECT_FALSE(r.values.contains("weft_bench_seconds throughput")) << "its samples are rates";
  EXPECT_EQ(r.values.at("weft_bench_runs_total broadcast complete"), 1);
  EXPECT_EQ(r.values.at("weft_bench_runs_total broadcast partial"), 1);
  EXPECT_EQ(r.values.at("weft_bench_runs_total lookup failed"), 1);
  EXPECT_EQ(r.values.at("weft_bench_runs_total lookup skipped"), 1);
  EXPECT_EQ(r.values.at("weft_bench_samples_lost_total broadcast"), 2);
  EXPECT_EQ(r.values.at("weft_bench_last_run_timestamp_seconds broadcast"), 200);
  EXPECT_EQ(r.values.at("weft_bench_last_run_timestamp_seconds lookup"), 0);
  EXPECT_EQ(r.values.at("weft_bench_messages_per_second"), 1000);
  EXPECT_EQ(r.values.at("weft_bench_bytes_per_second"), 200000);
}

// A short bench may be over before everybody has answered its roll call: without failures, as
// nothing was tried yet, and not complete either.
TEST(bench_metrics, a_bench_that_ran_out_of_time_is_not_complete) {
  bench_metrics m;
  bench_result nothing;
  nothing.cut_short = true;
  m.on_result(bench_kind::broadcast, nothing, wall_time{} + 100s);
  bench_result some;
  some.each = {0.001};
  some.cut_short = true;
  m.on_result(bench_kind::lookup, some, wall_time{} + 200s);
  reading r;
  m.collect(r);
  EXPECT_EQ(r.values.at("weft_bench_runs_total broadcast complete"), 0);
  EXPECT_EQ(r.values.at("weft_bench_runs_total broadcast failed"), 1);
  EXPECT_EQ(r.values.at("weft_bench_runs_total lookup complete"), 0);
  EXPECT_EQ(r.values.at("weft_bench_runs_total lookup partial"), 1);
}

}  // namespace
}  // namespace weft::actors
