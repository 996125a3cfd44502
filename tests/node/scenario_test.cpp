// SPDX-License-Identifier: MIT
// Scenario files: every shipped one reads, and mistakes are named with their line.
#include "node/scenario_file.hpp"
#include "tests/node/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace weft::node {
namespace {

std::string problems_of(std::string_view text) {
  sim::scenario s;
  std::string all;
  for (const auto& p : parse_scenario(text, "mine.toml", s)) all += to_string(p) + "\n";
  return all;
}

TEST(scenario_file, reads_values_of_every_type) {
  sim::scenario s;
  const auto problems = parse_scenario(R"(
about = "a test"
[nodes]
count = 40
real_crypto = true
[phases]
warm_up = 2.5
[faults]
partition = "halves"
[expect]
redundancy_max = 0.25
)",
                                       "mine.toml", s);
  ASSERT_TRUE(problems.empty()) << to_string(problems.front());
  EXPECT_EQ(s.about, "a test");
  EXPECT_EQ(s.nodes.count, 40U);
  EXPECT_TRUE(s.nodes.real_crypto);
  EXPECT_EQ(s.phases.warm_up, std::chrono::milliseconds(2500));
  EXPECT_EQ(s.faults.partition, "halves");
  EXPECT_DOUBLE_EQ(s.expect.redundancy_max, 0.25);
}

TEST(scenario_file, names_unknown_keys_with_the_nearest_and_their_line) {
  EXPECT_EQ(problems_of("[nodes]\ncuont = 3\n"),
            "mine.toml:2: unknown key 'nodes.cuont'; did you mean 'nodes.count'?\n");
  EXPECT_EQ(problems_of("[nodess]\ncount = 3\n").substr(0, 32), "mine.toml:1: unknown key 'nodess");
}

TEST(scenario_file, names_wrong_types_and_ranges_with_their_line) {
  EXPECT_EQ(problems_of("[nodes]\n\ncount = \"many\"\n"),
            "mine.toml:3: nodes.count: expected a whole number\n");
  EXPECT_EQ(problems_of("[nodes]\ncount = 1\n"),
            "mine.toml:2: nodes.count: expected 2 to 100000, found 1\n");
  EXPECT_EQ(problems_of("[nodes]\nreal_crypto = 1\n"),
            "mine.toml:2: nodes.real_crypto: expected true or false\n");
  EXPECT_EQ(problems_of("[phases]\nwarm_up = \"long\"\n"),
            "mine.toml:2: phases.warm_up: expected a number of seconds\n");
  EXPECT_EQ(problems_of("[faults]\npartition = \"thirds\"\n"),
            "mine.toml: faults.partition: expected 'none' or 'halves' or 'isolate' or 'one_way' or "
            "'any', found 'thirds'\n");
  EXPECT_NE(problems_of("[nodes\n").find("mine.toml:1: "), std::string::npos);
}

TEST(scenario_file, applies_nothing_when_something_is_wrong) {
  sim::scenario s;
  EXPECT_FALSE(parse_scenario("[nodes]\ncount = 50\ndials = 900\n", "x", s).empty());
  EXPECT_EQ(s.nodes.count, 100U);
}

TEST(scenario_file, every_shipped_scenario_reads) {
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator("deploy/scenarios")) {
    const auto s = load_scenario(entry.path().string());
    ASSERT_TRUE(s) << to_string(s.error());
    EXPECT_FALSE(s->about.empty()) << entry.path();
    EXPECT_EQ(s->name, entry.path().stem().string());
    ++found;
  }
  EXPECT_GE(found, 6U);
}

TEST(scenario_file, an_unknown_name_is_answered_with_those_there_are) {
  const auto missing = load_scenario("brodcast");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ec::not_found);
  EXPECT_NE(missing.error().detail.find("'brodcast'"), std::string::npos);
  const auto no_file = load_scenario("./nothing.toml");
  ASSERT_FALSE(no_file);
  EXPECT_EQ(no_file.error().code, ec::not_found);
}

}  // namespace
}  // namespace weft::node
