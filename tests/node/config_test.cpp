// SPDX-License-Identifier: MIT
// Goal: a mistake in a configuration is found, with its place and a way out; a right one is read
// exactly. Method: TOML texts in, structs and problems out; no file, no node.
#include "node/config.hpp"

#include "tests/node/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <ostream>
#include <set>
#include <string_view>

namespace weft::node {
namespace {

TEST(config, empty_text_gives_the_defaults) {
  config c;
  EXPECT_TRUE(parse_config("", "a.toml", c).empty());
  EXPECT_TRUE(changed_keys(config{}, c).empty());
}

TEST(config, reads_every_type) {
  config c;
  const auto problems = parse_config(R"(
[node]
name = "alpha"
[network]
listen = ["/ip4/127.0.0.1/udp/0/quic-v1"]
[limits]
idle_timeout = 12.5
sessions = 7
[messages]
hop_limit = 3
forward = false
)",
                                     "a.toml", c);
  ASSERT_TRUE(problems.empty()) << to_string(problems.front());
  EXPECT_EQ(c.node.name, "alpha");
  ASSERT_EQ(c.network.listen.size(), 1U);
  EXPECT_EQ(c.network.listen[0], "/ip4/127.0.0.1/udp/0/quic-v1");
  EXPECT_EQ(c.limits.idle_timeout, std::chrono::milliseconds(12'500));
  EXPECT_EQ(c.limits.sessions_max, 7U);
  EXPECT_EQ(c.messages.default_hop_limit, 3);
  EXPECT_FALSE(c.messages.forward);
}

TEST(config, unknown_key_names_file_line_and_the_nearest_one) {
  config c;
  const auto problems
      = parse_config("[node]\nname = \"a\"\n\n[limits]\nsesions = 5\n", "my.toml", c);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].line, 5U);
  EXPECT_EQ(to_string(problems[0]),
            "my.toml:5: unknown key 'limits.sesions'; did you mean 'limits.sessions'?");
}

TEST(config, key_in_the_wrong_section_is_found_in_the_right_one) {
  config c;
  const auto problems = parse_config("[node]\nbootstrap = []\n", "my.toml", c);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].text.find("did you mean 'network.bootstrap'?"), std::string::npos)
      << problems[0].text;
}

TEST(config, unknown_section_is_reported) {
  config c;
  const auto problems = parse_config("[netwrk]\nlisten = []\n", "my.toml", c);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].line, 1U);
}

TEST(config, nothing_near_gives_no_hint) {
  config c;
  const auto problems = parse_config("[node]\nxyzzyqwertyuiop = 1\n", "my.toml", c);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].text.find("did you mean"), std::string::npos) << problems[0].text;
}

TEST(config, syntax_error_has_its_line) {
  config c;
  const auto problems = parse_config("[node]\nname = \n", "my.toml", c);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].line, 2U);
}

TEST(config, reports_every_problem_in_the_order_of_lines_and_changes_nothing) {
  config c;
  const auto problems = parse_config(
      "[log]\nlevel = \"loud\"\n[limits]\nsessions = \"many\"\n[node]\nname = 3\n", "my.toml", c);
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_EQ(problems[0].line, 2U);
  EXPECT_EQ(problems[1].line, 4U);
  EXPECT_EQ(problems[2].line, 6U);
  EXPECT_TRUE(changed_keys(config{}, c).empty());
}

struct bad_value {
  const char* text;
  const char* says;
};
/// Part of the test's name.
void PrintTo(const bad_value& value, std::ostream* out) {
  for (const char c : std::string_view(value.text))
    *out << (std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_');
}
class config_values : public testing::TestWithParam<bad_value> {};

TEST_P(config_values, are_refused_with_a_reason) {
  config c;
  const auto problems = parse_config(GetParam().text, "my.toml", c);
  ASSERT_EQ(problems.size(), 1U) << GetParam().text;
  EXPECT_NE(problems[0].text.find(GetParam().says), std::string::npos) << problems[0].text;
}
INSTANTIATE_TEST_SUITE_P(
    all, config_values,
    testing::Values(
        bad_value{"limits.sessions = 0", "expected 1 to 1000000, found 0"},
        bad_value{"limits.sessions = -1", "not negative"},
        bad_value{"limits.sessions = 1.5", "whole number"},
        bad_value{"limits.idle_timeout = \"soon\"", "number of seconds"},
        bad_value{"limits.idle_timeout = nan", "number of seconds"},
        bad_value{"limits.idle_timeout = 100000", "expected 1 to 600"},
        bad_value{"messages.hop_limit = 300", "not so large"},
        bad_value{"messages.forward = 1", "true or false"},
        bad_value{"network.listen = \"/ip4/127.0.0.1/udp/1/quic-v1\"", "list of texts"},
        bad_value{"network.listen = [1]", "list of texts"},
        bad_value{"network.listen = [\"127.0.0.1:4001\"]", "is not a multiaddr"},
        bad_value{"network.listen = [\"/ip4/127.0.0.1/tcp/1\"]", "is not a QUIC address"},
        bad_value{"network.bootstrap = [\"/ip4/127.0.0.1/udp/1/quic-v1\"]", "lacks its peer"},
        bad_value{"http.listen = \"localhost\"", "ADDRESS:PORT"},
        bad_value{"http.listen = \"127.0.0.1:99999\"", "is not a port"},
        bad_value{"log.format = \"xml\"", "expected text or json"},
        bad_value{"log.components = [\"session\"]", "COMPONENT=LEVEL"},
        bad_value{"identity.key_file = \"\"", "file name is needed"}));

TEST(config, environment_overrides_by_name_and_leaves_other_variables_alone) {
  const std::array<const char*, 5> block{"WEFT_LOG_LEVEL=debug", "WEFT_DIR=/x", "PATH=/bin",
                                         "WEFT_LIMITS_SESSIONS=9", nullptr};
  const auto found = overrides_from_environment(block.data());
  ASSERT_EQ(found.size(), 2U);
  config c;
  EXPECT_TRUE(apply_overrides(found, "environment", c).empty());
  EXPECT_EQ(c.log.level, "debug");
  EXPECT_EQ(c.limits.sessions_max, 9U);
}

TEST(config, overrides_take_lists_by_comma_and_refuse_nonsense) {
  config c;
  EXPECT_TRUE(apply_overrides({{"log.components", "a=debug,b=warn"}}, "command line", c).empty());
  EXPECT_EQ(c.log.components, (std::vector<std::string>{"a=debug", "b=warn"}));
  const auto problems
      = apply_overrides({{"limits.sessions", "lots"}, {"log.levl", "info"}}, "command line", c);
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(to_string(problems[1]),
            "command line: unknown key 'log.levl'; did you mean 'log.level'?");
}

TEST(config, what_is_written_reads_back_equal) {
  config c;
  c.node.name = "a \"quoted\"\\ \n name";
  c.network.bootstrap = {};
  c.limits.keep_alive = std::chrono::milliseconds(1250);
  c.log.components = {"x=debug", "y=off"};
  for (const bool comments : {false, true}) {
    config back;
    const auto problems = parse_config(format_config(c, comments), "x", back);
    ASSERT_TRUE(problems.empty()) << to_string(problems.front());
    EXPECT_TRUE(changed_keys(c, back).empty());
  }
}

TEST(config, every_key_is_in_the_example_once_with_its_explanation) {
  const auto example = format_config(config{}, true);
  std::set<std::string_view> names;
  for (const auto& key : config_keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name << " is listed twice";
    EXPECT_NE(example.find(std::string(key.help)), std::string::npos) << key.name;
    EXPECT_NE(format_config_reference().find("`" + std::string(key.name) + "`"), std::string::npos)
        << key.name;
  }
}

TEST(config, defaults_and_profiles_pass_their_own_checks) {
  for (const auto name : profile_names()) {
    const auto c = profile_config(name);
    ASSERT_TRUE(c) << name;
    config back;
    const auto problems = parse_config(format_config(*c, false), std::string(name), back);
    EXPECT_TRUE(problems.empty()) << to_string(problems.front());
    EXPECT_TRUE(validate_sections(*c)) << name << ": " << validate_sections(*c).error().detail;
  }
  EXPECT_EQ(profile_config("servr").error().code, ec::not_found);
}

TEST(config, contradicting_limits_are_refused_when_loaded) {
  const temporary_directory d;
  put(d / "c.toml", "[limits]\nidle_timeout = 10\nkeep_alive = 9\n");
  const auto refused = load_config(d / "c.toml", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ec::bad_config);
  EXPECT_NE(refused.error().detail.find("keep_alive"), std::string::npos) << refused.error().detail;
  put(d / "c.toml",
      "[limits]\nstream_window = 65536\nsession_window = 65536\npeer_queue_bytes = 65536\n");
  const auto settled = load_config(d / "c.toml", {});
  ASSERT_TRUE(settled) << settled.error().detail;
  EXPECT_EQ(settled->limits.stream_window_initial, 65536U);
  EXPECT_EQ(settled->limits.queue.classes[2].bytes_max, 65536U);
}

TEST(config, tells_changed_keys_apart) {
  config a;
  config b;
  b.log.level = "debug";
  b.limits.stream_window_max = 1u << 20;
  const auto changed = changed_keys(a, b);
  ASSERT_EQ(changed.size(), 2U);
  EXPECT_EQ(changed[0]->name, "limits.stream_window");
  EXPECT_FALSE(changed[0]->reloadable);
  EXPECT_EQ(changed[1]->name, "log.level");
  EXPECT_TRUE(changed[1]->reloadable);
}

TEST(config, nearest_name_prefers_the_closest) {
  constexpr std::array<std::string_view, 3> known{"peers", "ping", "send"};
  EXPECT_EQ(nearest_name("peer", known), "peers");
  EXPECT_EQ(nearest_name("pign", known), "ping");
  EXPECT_EQ(nearest_name("completely-different", known), "");
}

}  // namespace
}  // namespace weft::node
