// SPDX-License-Identifier: MIT
#include "dht/dht_config.hpp"
#include "dht/dht_metrics.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

using namespace weft;
using namespace weft::dht;

// Goal: the defaults are valid, and each broken value is named.
TEST(dht_config, names_what_is_wrong) {
  EXPECT_TRUE(dht_config{}.validate());
  const auto refused = [](auto change, std::string_view name) {
    dht_config c;
    change(c);
    const auto r = c.validate();
    ASSERT_FALSE(r) << name;
    EXPECT_EQ(r.error(), ec::bad_config);
    EXPECT_NE(r.error().detail.find(name), std::string::npos) << r.error().detail;
  };
  refused([](auto& c) { c.protocol_name = "kad"; }, "protocol_name");
  refused([](auto& c) { c.k = 21; }, "k must");
  refused([](auto& c) { c.alpha = 0; }, "alpha");
  refused([](auto& c) { c.beta = 21; }, "beta");
  refused([](auto& c) { c.paths = 0; }, "paths");
  refused([](auto& c) { c.lookup_queries_max = 5; }, "lookup_queries_max");
  refused([](auto& c) { c.candidates_max = 10; }, "candidates_max");
  refused([](auto& c) { c.stores_enough = 0; }, "stores_enough");
  refused([](auto& c) { c.refresh_interval = {}; }, "intervals");
  refused([](auto& c) { c.hedge_min = std::chrono::hours(1); }, "hedge_min");
  refused([](auto& c) { c.backoff_min = std::chrono::hours(2); }, "backoff_min");
  refused([](auto& c) { c.record_age_max = {}; }, "ages");
  refused([](auto& c) { c.bucket_entries = 0; }, "bucket_entries");
  refused([](auto& c) { c.group_entries_bucket = 0; }, "IP group");
  refused([](auto& c) { c.group_bits_v4 = 33; }, "group_bits");
  refused([](auto& c) { c.checks_in_flight = 0; }, "checks");
  refused([](auto& c) { c.peers_max = 10; }, "peers_max");
  refused([](auto& c) { c.idle_peers_max = c.peers_max + 1; }, "idle_peers_max");
  refused([](auto& c) { c.record_bytes_total_max = 1; }, "record_bytes_total_max");
  refused([](auto& c) { c.providers_per_key_max = 0; }, "providers");
  refused([](auto& c) { c.message_bytes_max = 60'000; }, "message_bytes_max");
  refused([](auto& c) { c.request_burst = 0; }, "peer input");
}

template <class Enum>
void expect_names() {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Enum::count_); ++i) {
    const auto name = to_string(static_cast<Enum>(i));
    EXPECT_FALSE(name.empty());
    EXPECT_TRUE(seen.insert(name).second) << name;
  }
  EXPECT_EQ(to_string(Enum::count_), "unknown");
}

// Goal: every label has a name of its own.
TEST(dht_metrics, name_every_label) {
  expect_names<operation>();
  expect_names<message_type>();
  expect_names<ending>();
  expect_names<query_end>();
  expect_names<reject_reason>();
}

}  // namespace
