// SPDX-License-Identifier: MIT
// Reads the source tree and holds it to its own rules. A failure names file, line, rule and reason.
#include "tests/tidy/rules.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>

namespace weft::tidy {
namespace {

const std::vector<source_file>& tree() {
  static const std::vector<source_file> files = read_tree(".");
  return files;
}

void expect_none(const findings& found) {
  for (const auto& f : found) ADD_FAILURE() << to_string(f);
}

template <class Rule>
void expect_none_in_tree(Rule rule) {
  for (const auto& file : tree()) expect_none(rule(file));
}

// The reader finds the tree at all; without this every rule would hold vacuously.
TEST(tree, is_read) {
  std::size_t modules = 0;
  for (const auto& file : tree()) modules += file.is_cpp() && !module_of(file.path).empty() ? 1 : 0;
  EXPECT_GT(modules, 60U);
}

TEST(tree, includes_point_downward) { expect_none_in_tree(check_floors); }
TEST(tree, third_party_stays_in_its_fence) { expect_none_in_tree(check_fences); }
TEST(tree, makes_no_banned_calls) { expect_none_in_tree(check_calls); }
TEST(tree, keeps_files_and_functions_short) { expect_none_in_tree(check_sizes); }
TEST(tree, is_finished_and_licensed) { expect_none_in_tree(check_form); }
TEST(tree, names_no_machine) { expect_none_in_tree(check_places); }
TEST(tree, provokes_every_error_code) { expect_none(check_error_codes(tree())); }

TEST(tree, gives_every_fuzz_target_a_corpus) {
  namespace fs = std::filesystem;
  std::vector<corpus_folder> corpora;
  for (const auto& entry : fs::directory_iterator{fs::path{"."} / "tests/fuzz/corpus"}) {
    const auto files
        = std::distance(fs::directory_iterator{entry.path()}, fs::directory_iterator{});
    corpora.push_back({entry.path().filename().string(), static_cast<std::size_t>(files)});
  }
  expect_none(check_corpora(tree(), corpora));
}

}  // namespace
}  // namespace weft::tidy
