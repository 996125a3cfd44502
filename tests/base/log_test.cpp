// SPDX-License-Identifier: MIT
// Goal: log lines are well formed whatever the values hold, levels work per component, floods are
// bounded and counted, and a broken file is an error, not an end.
#include "base/log.hpp"

#include "base/log_line.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <limits>
#include <regex>
#include <string>
#include <thread>
#include <vector>

namespace weft {
namespace {

/// Sends the log to a file of its own for one test, then back to standard error.
class log_file : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "weft_log_test_"
            + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::remove(path_.c_str());
  }
  void TearDown() override {
    ASSERT_TRUE(log::configure({}));
    log::set_level("*", log::level::info);
    std::remove(path_.c_str());
  }
  void use(log::format format, std::uint32_t lines_per_second = 1000) {
    log::options options;
    options.output = format;
    options.file = path_;
    options.lines_per_second = lines_per_second;
    ASSERT_TRUE(log::configure(options));
  }
  std::vector<std::string> lines() const {
    std::ifstream file{path_};
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }

  std::string path_;
};

TEST_F(log_file, text_lines_have_time_level_component_event_and_fields) {
  use(log::format::text);
  log::info("transport", "session_up", {{"peer", "abc"}, {"count", 7}, {"text", "two words"}});
  log::warn("transport", "odd", {{"code", ec::bad_varint}, {"empty", ""}});
  const auto all = lines();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(std::regex_match(
      all[0], std::regex{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info  transport session_up )"
                         R"(peer=abc count=7 text="two words")"}))
      << all[0];
  EXPECT_NE(all[1].find(R"(warn  transport odd code=bad_varint empty="")"), std::string::npos);
}

TEST_F(log_file, json_lines_keep_numbers_and_truth_values_bare) {
  use(log::format::json);
  log::error("node", "went_wrong",
             {{"n", -3},
              {"yes", true},
              {"ratio", 0.5},
              {"nan", std::numeric_limits<double>::quiet_NaN()},
              {"quote", "a\"b\\c"},
              {"error", error{ec::io, "line\nbreak"}}});
  const auto all = lines();
  ASSERT_EQ(all.size(), 1U);
  const auto rest = all[0].substr(all[0].find("\"level\""));
  EXPECT_EQ(
      rest,
      R"("level":"error","component":"node","event":"went_wrong","n":-3,"yes":true,"ratio":0.500000,)"
      R"("nan":"nan","quote":"a\"b\\c","error":"io: line\u000abreak"})");
  EXPECT_TRUE(all[0].starts_with("{\"time\":\"20"));
}

TEST_F(log_file, levels_are_per_component) {
  use(log::format::text);
  EXPECT_TRUE(log::enabled(log::level::info, "quic"));
  EXPECT_FALSE(log::enabled(log::level::debug, "quic"));
  log::set_level("quic", log::level::debug);
  log::debug("quic", "seen");
  log::debug("routing", "unseen");
  log::set_level("routing", log::level::off);
  log::error("routing", "unseen");
  log::set_level("*", log::level::error);
  EXPECT_FALSE(log::enabled(log::level::info, "quic")) << "'*' forgets the components";
  EXPECT_FALSE(log::enabled(log::level::off, "quic"));
  log::warn("quic", "unseen");
  const auto all = lines();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_NE(all[0].find("quic seen"), std::string::npos);
}

TEST_F(log_file, keeps_a_bounded_number_of_component_levels) {
  for (int i = 0; i < 1000; ++i) log::set_level("c" + std::to_string(i), log::level::trace);
  EXPECT_TRUE(log::enabled(log::level::trace, "c0"));
  EXPECT_TRUE(log::enabled(log::level::trace, "c63"));
  EXPECT_FALSE(log::enabled(log::level::trace, "c64"));
  log::set_level("c0", log::level::error);
  EXPECT_FALSE(log::enabled(log::level::info, "c0")) << "a known one can still change";
}

TEST_F(log_file, counts_lines_and_bounds_floods) {
  use(log::format::text, 10);
  const auto written = log::lines_written(log::level::warn);
  const auto suppressed = log::lines_suppressed();
  const auto started = std::chrono::steady_clock::now();
  constexpr std::uint64_t flood = 500;
  for (std::uint64_t i = 0; i < flood; ++i) log::warn("transport", "flood", {{"i", i}});
  const auto seconds
      = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  const auto now_written = log::lines_written(log::level::warn) - written;
  // As many windows of a second as the loop may have touched, ten lines in each.
  EXPECT_LE(now_written, 10 * (static_cast<std::uint64_t>(seconds) + 2));
  EXPECT_GE(now_written, 10U);
  EXPECT_EQ(now_written + log::lines_suppressed() - suppressed, flood);
  EXPECT_EQ(lines().size(), now_written);
  // Other events have their own allowance; one may share it by its hash, but not all do.
  for (const char* event : {"calm", "still", "quiet", "even"}) log::warn("transport", event);
  EXPECT_GT(lines().size(), now_written);
}

TEST_F(log_file, is_whole_from_many_threads) {
  use(log::format::json, 100000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 250; ++i) log::info("node", "line", {{"thread", t}, {"i", i}});
    });
  }
  for (auto& thread : threads) thread.join();
  const auto all = lines();
  EXPECT_EQ(all.size(), 1000U);
  for (const auto& line : all) {
    EXPECT_TRUE(line.starts_with("{\"time\":\"") && line.ends_with("}")) << line;
    EXPECT_EQ(line.find("\"time\"", 1), line.rfind("\"time\"")) << line;
  }
}

TEST_F(log_file, reports_a_file_it_cannot_open) {
  log::options options;
  options.file = "/proc/nothing/here";
  const auto configured = log::configure(options);
  ASSERT_FALSE(configured);
  EXPECT_EQ(configured.error(), ec::io);
}

TEST_F(log_file, survives_a_full_disk) {
  log::options options;
  options.file = "/dev/full";
  ASSERT_TRUE(log::configure(options));
  const auto failed = log::lines_failed();
  log::info("node", "lost");
  EXPECT_EQ(log::lines_failed(), failed + 1);
}

TEST(log, reads_level_names) {
  for (const auto l : {log::level::trace, log::level::debug, log::level::info, log::level::warn,
                       log::level::error, log::level::off})
    EXPECT_EQ(log::parse_level(log::to_string(l)).value(), l);
  EXPECT_EQ(log::parse_level("Info").error(), ec::bad_argument);
  EXPECT_EQ(log::parse_level("").error(), ec::bad_argument);
}

std::string line_with(log::format format, std::string_view value) {
  std::string line;
  log::line_writer out{line, format};
  out.begin("info", "c", "e");
  out.add({"v", value});
  return line.substr(line.find("v\":") == line.npos ? line.find("v=") : line.find("v\":"));
}

TEST(log_line, escapes_what_could_forge_a_line_or_reach_a_terminal) {
  const auto text = [](std::string_view value) { return line_with(log::format::text, value); };
  const auto json = [](std::string_view value) { return line_with(log::format::json, value); };
  EXPECT_EQ(text("plain-1.2/3"), "v=plain-1.2/3");
  EXPECT_EQ(text("a=b"), "v=\"a=b\"");
  EXPECT_EQ(text("a\nb"), "v=\"a\\x0ab\"");
  EXPECT_EQ(text("\x1b[31m"), "v=\"\\x1b[31m\"");
  EXPECT_EQ(text("\x7f"), "v=\"\\x7f\"");
  EXPECT_EQ(text("\xc2\x9b"), "v=\"\\x9b\"") << "the C1 control CSI";
  EXPECT_EQ(text("\xff\xfe"), "v=\"\\xff\\xfe\"");
  EXPECT_EQ(text("h\xc3\xa9"), "v=\"h\xc3\xa9\"");
  EXPECT_EQ(text(std::string_view{"\0", 1}), "v=\"\\x00\"");
  EXPECT_EQ(json("a\nb"), "v\":\"a\\u000ab\"");
  EXPECT_EQ(json("\xff"), "v\":\"\\ufffd\"");
  EXPECT_EQ(json("\xc0\xaf"), "v\":\"\\ufffd\\ufffd\"") << "an overlong slash";
  EXPECT_EQ(json("\xed\xa0\x80"), "v\":\"\\ufffd\\ufffd\\ufffd\"") << "a surrogate";
  EXPECT_EQ(json("\xf4\x90\x80\x80"), "v\":\"\\ufffd\\ufffd\\ufffd\\ufffd\"") << "beyond Unicode";
  EXPECT_EQ(json("\xf0\x9f\x98\x80"), "v\":\"\xf0\x9f\x98\x80\"");
  EXPECT_EQ(json("\xe2\x82"), "v\":\"\\ufffd\\ufffd\"") << "cut short";
}

TEST(log_line, cuts_long_values) {
  const auto line = line_with(log::format::text, std::string(5000, 'a'));
  EXPECT_EQ(line, "v=\"" + std::string(log::value_bytes_max, 'a') + "...\"");
}

}  // namespace
}  // namespace weft
