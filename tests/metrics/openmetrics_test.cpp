// SPDX-License-Identifier: MIT
// Goal: OpenMetrics 1.0 is written as its specification says, and only for those who ask for it.
#include "metrics/export/exporter.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace weft::metrics {
namespace {

struct sample_source final : source {
  std::string help = "Fruit eaten.";
  std::string kind = "apple";
  double weight = 0.1;
  histogram<2> latency{{0.5, 1.0}};
  void collect(visitor& v) const override {
    v.on_counter("weft_test_eaten_bytes_total", help, {{"kind", kind}}, 3);
    v.on_gauge("weft_test_weight", "Weight.", {}, weight);
    v.on_gauge("weft_test_info", "Facts.", {{"version", "1"}}, 1);
    v.read("weft_test_latency_seconds", "Latency.", {{"way", "up"}}, latency);
  }
};

std::string scraped(const sample_source& s) {
  exporter e;
  e.add(s);
  return e.scrape(exposition::openmetrics);
}

TEST(openmetrics, writes_each_kind_of_family) {
  sample_source s;
  s.latency.observe(0.25);
  s.latency.observe(7);
  const auto text = scraped(s);
  const std::string expected
      = "# TYPE weft_test_eaten_bytes counter\n"
        "# UNIT weft_test_eaten_bytes bytes\n"
        "# HELP weft_test_eaten_bytes Fruit eaten.\n"
        "weft_test_eaten_bytes_total{kind=\"apple\"} 3\n"
        "# TYPE weft_test_weight gauge\n"
        "# HELP weft_test_weight Weight.\n"
        "weft_test_weight 0.1\n"
        "# TYPE weft_test info\n"
        "# HELP weft_test Facts.\n"
        "weft_test_info{version=\"1\"} 1\n"
        "# TYPE weft_test_latency_seconds histogram\n"
        "# UNIT weft_test_latency_seconds seconds\n"
        "# HELP weft_test_latency_seconds Latency.\n"
        "weft_test_latency_seconds_bucket{way=\"up\",le=\"0.5\"} 1\n"
        "weft_test_latency_seconds_bucket{way=\"up\",le=\"1.0\"} 1\n"
        "weft_test_latency_seconds_bucket{way=\"up\",le=\"+Inf\"} 2\n"
        "weft_test_latency_seconds_count{way=\"up\"} 2\n"
        "weft_test_latency_seconds_sum{way=\"up\"} 7.25\n";
  EXPECT_EQ(text.substr(0, expected.size()), expected);
  EXPECT_TRUE(text.ends_with("\n# EOF\n")) << text;
  EXPECT_EQ(text.find("# EOF"), text.size() - 6);
}

TEST(openmetrics, escapes_text) {
  sample_source s;
  s.help = "A \"line\"\nand a \\.";
  s.kind = "a\"b\nc\\";
  const auto text = scraped(s);
  EXPECT_NE(text.find("bytes A \\\"line\\\"\\nand a \\\\.\n"), std::string::npos) << text;
  EXPECT_NE(text.find("{kind=\"a\\\"b\\nc\\\\\"} 3\n"), std::string::npos) << text;
}

TEST(openmetrics, writes_numbers_that_are_none) {
  sample_source s;
  s.weight = -std::numeric_limits<double>::infinity();
  EXPECT_NE(scraped(s).find("weft_test_weight -Inf\n"), std::string::npos);
  s.weight = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(scraped(s).find("weft_test_weight NaN\n"), std::string::npos);
}

TEST(openmetrics, tells_of_the_scrape_itself_in_both_forms) {
  sample_source s;
  exporter e;
  e.add(s);
  for (const auto form : {exposition::text, exposition::openmetrics}) {
    const auto text = e.scrape(form);
    const auto at = text.find("\nweft_scrape_duration_seconds ");
    ASSERT_NE(at, std::string::npos) << text;
    EXPECT_GT(std::stod(text.substr(at + 30)), 0);
  }
  EXPECT_NE(e.scrape().find("weft_scrapes_total 3\n"), std::string::npos);
}

TEST(openmetrics, is_for_those_who_ask_for_it) {
  for (const auto* asked :
       {"application/openmetrics-text",
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        "application/openmetrics-text;version=\"1.0.0\"",
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
        "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        "text/plain;q=0.5 , application/openmetrics-text;version=0.0.1;q=0.5"})
    EXPECT_EQ(negotiate(asked), exposition::openmetrics) << asked;
  for (const auto* asked :
       {"", "*/*", "text/plain", "text/html,*/*;q=0.8", "application/openmetrics-text;q=0",
        "application/openmetrics-text;version=2.0.0", "application/openmetrics-text;q=x",
        "application/openmetrics-text;q=0.3, text/plain;version=0.0.4;q=0.5",
        "application/"
        "vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
        ",;=,;", "application/openmetrics-text2"})
    EXPECT_EQ(negotiate(asked), exposition::text) << asked;
}

}  // namespace
}  // namespace weft::metrics
