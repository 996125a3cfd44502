// SPDX-License-Identifier: MIT
#include "tests/tidy/source_file.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace weft::tidy {
namespace {

namespace fs = std::filesystem;

enum class mode { code, line_comment, block_comment, text, character, raw_text };

/// Walks over C++ text and blanks what is not code.
class blanker {
 public:
  explicit blanker(std::string_view text) : text_{text}, out_{text} {}

  std::string run() {
    for (at_ = 0; at_ < text_.size(); ++at_) step();
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool here(std::string_view expected) const {
    return text_.substr(at_, expected.size()) == expected;
  }
  void blank() {
    if (text_[at_] != '\n') out_[at_] = ' ';
  }
  void blank_two() {
    blank();
    ++at_;
    if (at_ < text_.size()) blank();
  }
  void step() {
    switch (mode_) {
      case mode::code:
        return enter();
      case mode::line_comment:
        if (text_[at_] == '\n') mode_ = mode::code;
        return blank();
      case mode::block_comment:
        if (here("*/")) {
          mode_ = mode::code;
          return blank_two();
        }
        return blank();
      case mode::raw_text:
        if (here(closing_)) {
          at_ += closing_.size() - 1;
          mode_ = mode::code;
          return;
        }
        return blank();
      case mode::text:
      case mode::character:
        return inside_literal();
    }
  }
  void enter() {
    const bool after_word = at_ > 0 && std::isalnum(static_cast<unsigned char>(text_[at_ - 1]));
    if (here("//")) {
      mode_ = mode::line_comment;
      blank();
    } else if (here("/*")) {
      mode_ = mode::block_comment;
      blank();
    } else if (here("R\"")) {
      const auto open = text_.find('(', at_);
      if (open == std::string_view::npos) return;
      closing_ = ")" + std::string{text_.substr(at_ + 2, open - at_ - 2)} + "\"";
      at_ = open;
      mode_ = mode::raw_text;
    } else if (here("\"")) {
      mode_ = mode::text;
    } else if (here("'") && !after_word) {  // 1'000 is a number
      mode_ = mode::character;
    }
  }
  void inside_literal() {
    if (here("\\")) return blank_two();
    if (text_[at_] == (mode_ == mode::text ? '"' : '\'')) {
      mode_ = mode::code;
      return;
    }
    blank();
  }

  std::string_view text_;
  std::string out_;
  std::string closing_;
  std::size_t at_ = 0;
  mode mode_ = mode::code;
};

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool is_text_of_ours(const fs::path& path) {
  static constexpr std::array<std::string_view, 17> endings{
      ".cpp",  ".hpp",  ".cmake", ".md",   ".sh",  ".py",      ".mjs",  ".js",  ".css",
      ".html", ".json", ".txt",   ".toml", ".yml", ".service", ".bash", ".fish"};
  const auto name = path.filename().string();
  const auto ending = path.extension().string();
  return name == "Makefile" || name == "run" || std::ranges::find(endings, ending) != endings.end();
}

bool is_skipped(const fs::path& folder) {
  const auto name = folder.filename().string();
  return name == "build" || name == "node_modules" || name == "corpus"
         || (name.starts_with(".") && name != ".ci");
}

}  // namespace

source_file parse_source(std::string path, std::string_view text) {
  source_file file;
  file.lines = split(text);
  const bool cpp = path.ends_with(".cpp") || path.ends_with(".hpp");
  file.code = cpp ? split(blanker{text}.run()) : file.lines;
  file.path = std::move(path);
  return file;
}

std::vector<source_file> read_tree(const std::string& root) {
  std::vector<source_file> files;
  for (auto entry = fs::recursive_directory_iterator{root};
       entry != fs::recursive_directory_iterator{}; ++entry) {
    if (entry->is_directory() && is_skipped(entry->path())) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && is_text_of_ours(entry->path())) {
      std::ifstream in{entry->path(), std::ios::binary};
      const std::string text{std::istreambuf_iterator<char>{in}, {}};
      files.push_back(parse_source(fs::relative(entry->path(), root).generic_string(), text));
    }
  }
  std::ranges::sort(files, {}, &source_file::path);
  return files;
}

}  // namespace weft::tidy
