// SPDX-License-Identifier: MIT
// The file of the access rules: kept across openings, never torn, and refused with a text that says
// where it is wrong.
#include "node/access_book.hpp"

#include "node/files.hpp"
#include "tests/node/temporary_directory.hpp"
#include "transport/io/clock.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace weft::node {
namespace {

using namespace std::chrono_literals;
using transport::access_rule;
using transport::access_verdict;
using transport::parse_access_subject;

access_rule ban(const std::string& subject) {
  access_rule rule{*parse_access_subject(subject)};
  rule.since = transport::io::wall_now();
  return rule;
}

TEST(access_book, keeps_rules_across_openings) {
  const temporary_directory dir;
  const auto path = dir / "access.json";
  access_rule passing = ban("2001:db8::/32");
  passing.verdict = access_verdict::allow;
  passing.until = passing.since + 1h;
  passing.reason = "a \"visit\" — ü";
  {
    access_book book;
    ASSERT_TRUE(book.open(path, false));
    EXPECT_TRUE(book.rules()->empty());
    ASSERT_TRUE(book.set(ban("192.0.2.0/24")));
    ASSERT_TRUE(book.set(passing));
  }
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  access_book book;
  ASSERT_TRUE(book.open(path, true));
  EXPECT_TRUE(book.rules()->refuse_strangers);
  const auto list = book.rules()->list();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(transport::to_string(list[0].subject), "192.0.2.0/24");
  EXPECT_EQ(list[0].verdict, access_verdict::ban);
  EXPECT_FALSE(list[0].until);
  EXPECT_EQ(list[1].verdict, access_verdict::allow);
  EXPECT_EQ(list[1].reason, passing.reason);
  ASSERT_TRUE(list[1].until);
  EXPECT_LT(std::chrono::abs(*list[1].until - *passing.until), 1ms);
}

TEST(access_book, forgets_and_says_when_there_was_nothing) {
  const temporary_directory dir;
  const auto path = dir / "access.json";
  access_book book;
  ASSERT_TRUE(book.open(path, false));
  ASSERT_TRUE(book.set(ban("192.0.2.7")));
  EXPECT_TRUE(book.forget(*parse_access_subject("192.0.2.7")));
  const auto again = book.forget(*parse_access_subject("192.0.2.7"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ec::not_found);
  EXPECT_NE(again.error().detail.find("192.0.2.7/32"), std::string::npos);
  access_book fresh;
  ASSERT_TRUE(fresh.open(path, false));
  EXPECT_TRUE(fresh.rules()->empty());
}

TEST(access_book, tells_of_every_change_after_it_is_on_disk) {
  const temporary_directory dir;
  const auto path = dir / "access.json";
  access_book book;
  ASSERT_TRUE(book.open(path, false));
  std::size_t told = 0;
  book.on_change([&](access_book::rules_ptr rules) {
    ++told;
    EXPECT_EQ(content_of(path).find("192.0.2.7") != std::string::npos, rules->size() == 1);
  });
  ASSERT_TRUE(book.set(ban("192.0.2.7")));
  ASSERT_TRUE(book.forget(*parse_access_subject("192.0.2.7")));
  book.refuse_strangers(true);
  book.refuse_strangers(true);
  EXPECT_EQ(told, 3u);
}

TEST(access_book, a_change_that_cannot_be_written_is_not_in_force) {
  const temporary_directory dir;
  access_book book;
  ASSERT_TRUE(book.open(dir / "gone/access.json", false));
  EXPECT_FALSE(book.set(ban("192.0.2.7")));
  EXPECT_TRUE(book.rules()->empty());
}

TEST(access_book, leaves_out_what_has_ended) {
  const temporary_directory dir;
  put(dir / "access.json", R"({"rules":[{"subject":"192.0.2.1/32","verdict":"ban","until":1000},)"
                           R"({"subject":"192.0.2.2/32","verdict":"ban","until":null}]})");
  access_book book;
  ASSERT_TRUE(book.open(dir / "access.json", false));
  ASSERT_EQ(book.rules()->size(), 1u);
}

TEST(access_book, refuses_a_damaged_file) {
  const temporary_directory dir;
  const auto path = dir / "access.json";
  for (const char* text :
       {"", "{", "[]", R"({"rules":{}})", R"({"rules":[1]})", R"({"rules":[{"verdict":"ban"}]})",
        R"({"rules":[{"subject":"192.0.2.1","verdict":"maybe"}]})",
        R"({"rules":[{"subject":"192.0.2.1/24","verdict":"ban"}]})",
        R"({"rules":[{"subject":"192.0.2.1","verdict":"ban","until":"soon"}]})"}) {
    put(path, text);
    access_book book;
    const auto opened = book.open(path, false);
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(opened.error().code, ec::bad_config);
    EXPECT_NE(opened.error().detail.find(path), std::string::npos);
  }
}

}  // namespace
}  // namespace weft::node
