// SPDX-License-Identifier: MIT
// Planted violations: each rule finds what it is for, and leaves the honest neighbour alone.
#include "tests/tidy/rules.hpp"

#include <gtest/gtest.h>

namespace weft::tidy {
namespace {

using rule = findings (*)(const source_file&);

std::size_t count(rule check, const std::string& path, const std::string& text) {
  return check(parse_source(path, text)).size();
}

std::string lines(std::size_t n, const std::string& line) {
  std::string text;
  for (std::size_t i = 0; i < n; ++i) text += line + "\n";
  return text;
}

TEST(parser, blanks_comments_and_literals_but_keeps_the_shape) {
  const auto file = parse_source("base/x.cpp",
                                 "int a; // rand()\n"
                                 "auto s = \"rand() \\\" rand()\"; /* rand()\n"
                                 "rand() */ int b = 1'000;\n"
                                 "auto r = R\"x(rand() )\" rand())x\"; char c = '\"'; rand();\n");
  ASSERT_EQ(file.code.size(), 4U);
  EXPECT_EQ(file.code[0], "int a;          ");
  EXPECT_EQ(file.code[1].find("rand"), std::string::npos);
  EXPECT_EQ(file.code[2].find("rand"), std::string::npos);
  EXPECT_NE(file.code[2].find("int b = 1'000;"), std::string::npos);
  EXPECT_EQ(file.code[3].find("rand"), file.lines[3].rfind("rand"));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(file.code[i].size(), file.lines[i].size());
}

TEST(floors, refuse_upward_and_sibling_includes) {
  EXPECT_EQ(count(check_floors, "base/x.hpp", "#include \"metrics/counter.hpp\"\n"), 1U);
  EXPECT_EQ(count(check_floors, "routing/x.cpp", "#include \"transport/port.hpp\"\n"), 1U);
  EXPECT_EQ(count(check_floors, "transport/x.cpp", "#include \"transport/io/reactor.hpp\"\n"), 1U);
  EXPECT_EQ(
      count(check_floors, "metrics/counter.hpp", "  #  include \"metrics/export/text.hpp\"\n"), 1U);
  EXPECT_EQ(count(check_floors, "node/x.cpp", "#include \"tests/support/x.hpp\"\n"), 1U);
  EXPECT_EQ(count(check_floors, "node/x.cpp", "#include \"daemon.hpp\"\n"), 1U);
  EXPECT_EQ(count(check_floors, "transport/io/x.cpp", "#include \"transport/port.hpp\"\n"), 0U);
  EXPECT_EQ(count(check_floors, "actors/x.cpp", "#include \"routing/core.hpp\"\n"), 0U);
  EXPECT_EQ(count(check_floors, "tests/base/x_test.cpp", "#include \"node/config.hpp\"\n"), 0U);
}

TEST(fences, keep_third_party_headers_in_their_module) {
  EXPECT_EQ(count(check_fences, "routing/x.cpp", "#include <caf/all.hpp>\n"), 1U);
  EXPECT_EQ(count(check_fences, "actors/x.cpp", "#include <caf/fwd.hpp>\n"), 0U);
  EXPECT_EQ(count(check_fences, "tests/actors/x_test.cpp", "#include <caf/fwd.hpp>\n"), 0U);
  EXPECT_EQ(count(check_fences, "actors/x.cpp", "#include <ngtcp2/ngtcp2.h>\n"), 1U);
  EXPECT_EQ(count(check_fences, "node/x.cpp", "#include <sys/socket.h>\n"), 1U);
  EXPECT_EQ(count(check_fences, "tests/integration/x_test.cpp", "#include <sys/socket.h>\n"), 0U);
  EXPECT_EQ(count(check_fences, "transport/x.cpp", "#include <unistd.h>\n"), 1U);
  EXPECT_EQ(count(check_fences, "node/x.cpp", "#include <unistd.h>\n"), 0U);
  EXPECT_EQ(count(check_fences, "node/x.cpp", "#include <boost/asio.hpp>\n"), 1U);
  EXPECT_EQ(count(check_fences, "base/x.cpp", "#include <vector>\n"), 0U);
}

TEST(calls, are_banned_by_floor) {
  EXPECT_EQ(count(check_calls, "transport/x.cpp", "auto t = std::chrono::steady_clock::now();\n"),
            1U);
  EXPECT_EQ(
      count(check_calls, "transport/io/x.cpp", "auto t = std::chrono::steady_clock::now();\n"), 0U);
  EXPECT_EQ(count(check_calls, "routing/x.cpp", "std::random_device device;\n"), 1U);
  EXPECT_EQ(count(check_calls, "base/x.cpp", "int i = rand ();\n"), 1U);
  EXPECT_EQ(count(check_calls, "base/x.cpp", "int i = operand();  // rand()\n"), 0U);
  EXPECT_EQ(count(check_calls, "messaging/x.cpp", "std::thread worker{run};\n"), 1U);
  EXPECT_EQ(count(check_calls, "storage/x.cpp", "std::thread worker{run};\n"), 0U);
  EXPECT_EQ(count(check_calls, "node/x.cpp", "std::this_thread::sleep_for(1ms);\n"), 1U);
  EXPECT_EQ(count(check_calls, "tests/node/x_test.cpp", "std::this_thread::sleep_for(1ms);\n"), 1U);
  EXPECT_EQ(count(check_calls, "tests/node/x_test.cpp", "usleep(5);\n"), 1U);
  const std::string poll = "while (!done()) {\n  if (now() > end) break;\n  usleep(5);\n}\n";
  EXPECT_EQ(count(check_calls, "tests/node/x_test.cpp", poll), 0U);
  EXPECT_EQ(count(check_calls, "transport/io/x.cpp", poll), 1U);
  EXPECT_EQ(count(check_calls, "tests/node/x_test.cpp", "while (!done()) usleep(5);\n"), 1U);
  EXPECT_EQ(count(check_calls, "transport/x.cpp", "for (auto x : v | std::views::drop(1)) f(x);\n"),
            1U);
  EXPECT_EQ(count(check_calls, "transport/x.cpp", "throw std::runtime_error{text};\n"), 1U);
  EXPECT_EQ(count(check_calls, "transport/x.cpp", "return from_exception(throwing);\n"), 0U);
  EXPECT_EQ(count(check_calls, "actors/x.cpp", "std::cout << 1;\n"), 1U);
  EXPECT_EQ(count(check_calls, "actors/x.cpp", "std::snprintf(out, sizeof out, format);\n"), 0U);
  EXPECT_EQ(count(check_calls, "actors/x.cpp", "static_assert(sizeof(int) == 4);\n"), 0U);
  EXPECT_EQ(count(check_calls, "actors/x.cpp", "assert(x);\n"), 1U);
}

TEST(sizes, are_held) {
  EXPECT_EQ(count(check_sizes, "base/x.hpp", lines(header_lines_max, "int x;")), 0U);
  EXPECT_EQ(count(check_sizes, "base/x.hpp", lines(header_lines_max + 1, "int x;")), 1U);
  EXPECT_EQ(count(check_sizes, "base/x.cpp", lines(source_lines_max, "int x;")), 0U);
  EXPECT_EQ(count(check_sizes, "base/x.cpp", lines(source_lines_max + 1, "int x;")), 1U);
  EXPECT_EQ(count(check_sizes, "tests/x.cpp", lines(test_lines_max + 1, "int x;")), 1U);
  EXPECT_EQ(count(check_sizes, "docs/x.md", lines(5000, "x")), 0U);
}

TEST(sizes, of_functions_are_found_wherever_they_stand) {
  const auto body = [](std::size_t n) { return lines(n, "  step();"); };
  EXPECT_EQ(count(check_sizes, "base/x.cpp", "void f() {\n" + body(function_lines_max - 2) + "}\n"),
            0U);
  EXPECT_EQ(count(check_sizes, "base/x.cpp", "void f() {\n" + body(function_lines_max - 1) + "}\n"),
            1U);
  EXPECT_EQ(count(check_sizes, "base/x.cpp",
                  "foo::foo(int a,\n         int b)\n    : a_{a},\n      b_{b} {\n"
                      + body(function_lines_max) + "}\n"),
            1U);
  EXPECT_EQ(count(check_sizes, "base/x.cpp",
                  "namespace a {\nclass b {\n  void c() const {\n"
                      + lines(function_lines_max, "    x();") + "  }\n};\n}\n"),
            1U);
  EXPECT_EQ(count(check_sizes, "base/x.cpp", "namespace a {\n" + body(100) + "}\n"), 0U);
  EXPECT_EQ(count(check_sizes, "base/x.cpp", "constexpr int table[] = {\n" + body(100) + "};\n"),
            0U);
}

TEST(form, wants_licence_guard_and_finished_work) {
  const std::string good = "// SPDX-License-Identifier: MIT\n#pragma once\n";
  EXPECT_EQ(count(check_form, "base/x.hpp", good), 0U);
  EXPECT_EQ(count(check_form, "base/x.hpp", "#pragma once\n"), 1U);
  EXPECT_EQ(count(check_form, "base/x.hpp", "// SPDX-License-Identifier: MIT\n"), 1U);
  EXPECT_EQ(count(check_form, "base/x.hpp",
                  good
                      + "// TO"
                        "DO: later\n"),
            1U);
  EXPECT_EQ(count(check_form, "docs/x.md",
                  "FIX"
                  "ME\n"),
            1U);
  EXPECT_EQ(count(check_form, "base/x.hpp", good + "  // queue.push(item);\n"), 1U);
  EXPECT_EQ(count(check_form, "base/x.hpp", good + "  // return found;\n"), 1U);
  EXPECT_EQ(count(check_form, "base/x.hpp",
                  good + "  // The queue is full; the peer waits (RFC 9000, 4.1).\n"),
            0U);
}

TEST(places, are_nobodys_machine) {
  EXPECT_EQ(count(check_places, "docs/x.md",
                  "see /wo"
                  "rk/main/build\n"),
            1U);
  EXPECT_EQ(count(check_places, "docs/x.md",
                  "see (/ro"
                  "ot/.cache)\n"),
            1U);
  EXPECT_EQ(count(check_places, "docs/x.md", "see the work/life balance\n"), 0U);
  EXPECT_EQ(count(check_places, "docs/x.md",
                  "http"
                  "://10.0.0.1/debian\n"),
            1U);
  EXPECT_EQ(count(check_places, "docs/x.md", "https://www.rfc-editor.org/rfc/rfc9000\n"), 0U);
  EXPECT_EQ(count(check_places, "tests/interop/package-lock.json", "\"resolved\": \"a/b.tgz\"\n"),
            1U);
}

TEST(error_codes, without_a_test_are_named) {
  const std::vector<source_file> tree{
      parse_source("base/error.hpp",
                   "enum class ec : int {\n  none = 0,\n  /// A.\n  truncated,\n  stale,\n};\n"),
      parse_source("tests/base/wire_test.cpp", "EXPECT_EQ(x, ec::truncated);  // ec::stale\n")};
  const auto found = check_error_codes(tree);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].line, 5U);
  EXPECT_NE(to_string(found[0]).find("base/error.hpp:5: [error-codes] no test provokes ec::stale"),
            std::string::npos);
}

TEST(corpora, belong_to_targets_and_hold_something) {
  const std::vector<source_file> tree{parse_source("tests/fuzz/wire_fuzz.cpp", ""),
                                      parse_source("tests/fuzz/frame_fuzz.cpp", "")};
  EXPECT_TRUE(check_corpora(tree, {{"wire", 2}, {"frame", 1}}).empty());
  EXPECT_EQ(check_corpora(tree, {{"wire", 2}}).size(), 1U);
  EXPECT_EQ(check_corpora(tree, {{"wire", 2}, {"frame", 0}}).size(), 1U);
  EXPECT_EQ(check_corpora(tree, {{"wire", 2}, {"frame", 1}, {"gone", 1}}).size(), 1U);
}

}  // namespace
}  // namespace weft::tidy
