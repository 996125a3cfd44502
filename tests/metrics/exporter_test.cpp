// SPDX-License-Identifier: MIT
// Goal: the text a scraper reads is complete, well formed and has each family once.
#include "metrics/export/exporter.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace weft::metrics {
namespace {

enum class fruit { apple, pear, count_ };
std::string_view to_string(fruit f) { return f == fruit::apple ? "apple" : "pear"; }

struct sample_source final : source {
  counters_by<fruit> eaten;
  gauge weight;
  latency_histogram latency{latency_bounds};
  void collect(visitor& v) const override {
    eaten.collect(v, "weft_test_eaten_total", "Fruit eaten.", "kind");
    v.read("weft_test_weight_bytes", "Weight.", {}, weight);
    v.read("weft_test_latency_seconds", "Latency.", {{"way", "up"}}, latency);
  }
};

struct second_source final : source {
  void collect(visitor& v) const override {
    v.on_counter("weft_test_eaten_total", "Fruit eaten.", {{"kind", "plum"}}, 4);
  }
};

std::size_t occurrences(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

TEST(exporter, writes_every_label_value_even_when_zero) {
  sample_source s;
  s.eaten[fruit::apple] += 3;
  exporter e;
  e.add(s);
  const auto text = e.scrape();
  EXPECT_NE(text.find("weft_test_eaten_total{kind=\"apple\"} 3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("weft_test_eaten_total{kind=\"pear\"} 0\n"), std::string::npos) << text;
}

TEST(exporter, merges_a_family_of_two_sources) {
  sample_source a;
  second_source b;
  exporter e;
  e.add(a);
  e.add(b);
  const auto text = e.scrape();
  EXPECT_EQ(occurrences(text, "# TYPE weft_test_eaten_total counter\n"), 1U) << text;
  EXPECT_EQ(occurrences(text, "# HELP weft_test_eaten_total "), 1U);
  EXPECT_NE(text.find("weft_test_eaten_total{kind=\"plum\"} 4\n"), std::string::npos);
}

TEST(exporter, accumulates_histogram_buckets) {
  sample_source s;
  s.latency.observe(0.00005);
  s.latency.observe(0.0002);
  s.latency.observe(99);
  exporter e;
  e.add(s);
  const auto text = e.scrape();
  EXPECT_NE(text.find("weft_test_latency_seconds_count{way=\"up\"} 3\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("weft_test_latency_seconds_bucket{way=\"up\",le=\"0.0001\"} 1\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("weft_test_latency_seconds_bucket{way=\"up\",le=\"0.00025\"} 2\n"),
            std::string::npos);
  EXPECT_NE(text.find("weft_test_latency_seconds_bucket{way=\"up\",le=\"10\"} 2\n"),
            std::string::npos);
  EXPECT_NE(text.find("weft_test_latency_seconds_bucket{way=\"up\",le=\"+Inf\"} 3\n"),
            std::string::npos);
}

TEST(exporter, escapes_label_values) {
  const info_source info({"1.2.3", "abcdef", "gcc", "a \"b\"\nc\\d", "server", "abc"});
  exporter e;
  e.add(info);
  EXPECT_NE(e.scrape().find("name=\"a \\\"b\\\"\\nc\\\\d\""), std::string::npos);
}

TEST(exporter, counts_its_own_scrapes) {
  exporter e;
  e.scrape();
  EXPECT_NE(e.scrape().find("weft_scrapes_total 2\n"), std::string::npos);
}

TEST(process_source, reports_this_process) {
  const auto usage = read_process_usage();
  ASSERT_TRUE(usage);
  EXPECT_GT(usage->resident_bytes, 100'000U);
  EXPECT_GE(usage->virtual_bytes, usage->resident_bytes);
  EXPECT_GE(usage->threads, 1U);
  EXPECT_GE(usage->open_descriptors, 1U);
  const process_source p;
  exporter e;
  e.add(p);
  const auto text = e.scrape();
  for (const auto* name : {"process_cpu_seconds_total", "process_open_fds", "process_max_fds",
                           "process_threads", "process_resident_memory_bytes",
                           "process_virtual_memory_bytes", "process_start_time_seconds"})
    EXPECT_NE(text.find(std::string("\n") + name + " "), std::string::npos) << name;
}

}  // namespace
}  // namespace weft::metrics
