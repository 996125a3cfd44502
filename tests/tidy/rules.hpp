// SPDX-License-Identifier: MIT
// The rules of the tree (docs/architecture.md): floors, fences, banned calls, sizes, form,
// coverage. Pure functions over parsed files, so that planted violations can prove each of them.
#pragma once
#include "tests/tidy/source_file.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weft::tidy {

/// Sizes in lines; a longer file or function holds more than one idea.
inline constexpr std::size_t header_lines_max = 250;
inline constexpr std::size_t source_lines_max = 400;
inline constexpr std::size_t test_lines_max = 600;
inline constexpr std::size_t function_lines_max = 70;
inline constexpr std::size_t test_function_lines_max = 120;

/// One violation.
struct finding {
  std::string path;
  std::size_t line = 0;  ///< from 1; 0 = the file as a whole
  std::string rule;
  std::string why;
};
using findings = std::vector<finding>;

/// "path:line: [rule] why".
std::string to_string(const finding& f);

/// The module a path belongs to ("transport_io"), "tests", "bench", or empty outside of both.
std::string_view module_of(std::string_view path);
/// The floor of a module; 6 for programs.
int floor_of(std::string_view module);

/// Project includes point downward or into the own folder.
findings check_floors(const source_file& file);
/// Each third-party header only where docs/architecture.md allows it.
findings check_fences(const source_file& file);
/// Clocks, randomness, threads, sleeps, exceptions and prints where they are not allowed.
findings check_calls(const source_file& file);
/// Length of files and functions.
findings check_sizes(const source_file& file);
/// First line, include guard, left-overs, dead code.
findings check_form(const source_file& file);
/// Paths of a machine, hosts that are not documentation.
findings check_places(const source_file& file);

/// Each enumerator of `ec` in base/error.hpp is named by a test.
findings check_error_codes(const std::vector<source_file>& tree);
/// Each fuzz target has a corpus folder with a file in it, and each folder a target. `corpora`
/// lists (folder name, number of files).
struct corpus_folder {
  std::string name;
  std::size_t files = 0;
};
findings check_corpora(const std::vector<source_file>& tree,
                       const std::vector<corpus_folder>& corpora);

/// A function body found in a file: its first and last line, from 1.
struct function_extent {
  std::size_t first = 0;
  std::size_t last = 0;
};
std::vector<function_extent> functions_of(const source_file& file);

}  // namespace weft::tidy
