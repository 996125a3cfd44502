// SPDX-License-Identifier: MIT
// A source file as the tidy rules see it: its lines, and the same lines without comments and
// literals.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weft::tidy {

/// One file of the tree. `code` has as many lines as `lines`, each as long; comments and the
/// contents of string and character literals are blanks there, so that a rule about calls does not
/// read prose.
struct source_file {
  std::string path;  ///< relative to the root of the tree, with '/'
  std::vector<std::string> lines;
  std::vector<std::string> code;

  [[nodiscard]] bool is_header() const { return path.ends_with(".hpp"); }
  [[nodiscard]] bool is_cpp() const { return is_header() || path.ends_with(".cpp"); }
  [[nodiscard]] bool is_in(std::string_view folder) const {
    return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
  }
};

/// Splits `text` and blanks comments and literals (raw strings too).
source_file parse_source(std::string path, std::string_view text);

/// Every text file of the project under `root`: C++ and what surrounds it. Build folders and hidden
/// ones are left out, but for `.ci`.
std::vector<source_file> read_tree(const std::string& root);

}  // namespace weft::tidy
