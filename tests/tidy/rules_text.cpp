// SPDX-License-Identifier: MIT
#include "tests/tidy/rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <regex>
#include <set>
#include <string>

namespace weft::tidy {
namespace {

struct ban {
  std::string name;
  std::regex pattern;
  int lowest_floor;
  int highest_floor;
  std::string why;
  std::string except;  ///< regular expression over paths
};

constexpr const char* sleep_pattern = R"(\bsleep_(for|until)\b|\bu?sleep\s*\(|\bnanosleep\s*\()";

const std::vector<ban>& bans() {
  static const std::vector<ban> table = [] {
    const auto re = [](const char* text) { return std::regex{text, std::regex::optimize}; };
    return std::vector<ban>{
        {"clock",
         re(R"(_clock\s*::\s*now\b|\b(gettimeofday|clock_gettime)\s*\(|\btime\s*\(\s*(nullptr|NULL|0)\s*\))"),
         0, 2, "a core is told the time, so that the simulator can tell it another", "base/log.*"},
        {"randomness", re(R"(\brandom_device\b|\bs?rand\s*\(|\bmt19937|\bdefault_random_engine\b)"),
         0, 2, "a core is given its rng, so that a seed replays a run", ""},
        {"threads", re(R"(\bstd::(jthread|thread|async|condition_variable)\b)"), 0, 2,
         "pure code starts and awaits nothing", "base/log.*"},
        {"sleep", re(sleep_pattern), 0, 3, "waiting is done for an event, with a deadline", ""},
        {"views", re(R"(\bviews::|#\s*include\s*<ranges>)"), 0, 3,
         "clang 14 cannot parse GCC 12's view pipelines", ""},
        {"throw", re(R"(\bthrow\b)"), 0, 3,
         "failures are results: peer input must not be able to unwind a thread", ""},
        {"print", re(R"(\bstd::(cout|cerr|clog)\b|\b(printf|puts|fprintf)\s*\()"), 0, 4,
         "output of a module is its log", "base/assert.*|base/log.*"},
        {"assert", re(R"(\bassert\s*\(|#\s*include\s*<cassert>)"), 0, 5,
         "use base/assert.hpp, which is also there in release builds", ""},
        {"using-namespace", re(R"(\busing\s+namespace\s+std\s*;)"), 0, 6,
         "names of std are written out", ""},
        {"process-exit", re(R"(\b(std::)?(exit|abort|_exit|quick_exit|terminate)\s*\()"), 0, 4,
         "only a program ends its process", "base/assert.*"},
    };
  }();
  return table;
}

// A line whose last word is code: a comment that was once a statement.
bool looks_like_dead_code(const std::string& line) {
  static const std::regex statement{
      R"(^\s*//(?!/)\s*[\w:.>\-*&\[\]<>, ]*(\(.*\)\s*;|=.*;|\)\s*\{|^\s*//\s*\}|\breturn\b.*;)\s*$)"};
  return std::regex_search(line, statement);
}

std::size_t indentation(const std::string& line) {
  const auto at = line.find_first_not_of(' ');
  return at == std::string::npos ? 0 : at;
}

bool is_blank(const std::string& line) {
  return line.find_first_not_of(" \t") == std::string::npos;
}

// The statement that ends with the brace on line `at`: back to the line after the last ';', brace
// or label.
std::pair<std::size_t, std::string> statement_before(const source_file& file, std::size_t at) {
  std::string text = file.code[at];
  std::size_t first = at;
  while (first > 0) {
    const auto& above = file.code[first - 1];
    const auto end = above.find_last_not_of(" \t");
    if (end == std::string::npos || above[indentation(above)] == '#') break;
    const char last = above[end];
    if (last == ';' || last == '{' || last == '}'
        || (last == ':' && above.find('(') == std::string::npos))
      break;
    text = above + " " + text;
    --first;
  }
  return {first, text};
}

bool opens_function(const std::string& statement) {
  static const std::regex other{
      R"(^\s*(inline\s+)?(namespace|class|struct|enum|union|extern|if|for|while|switch|do|else|try|catch|case|default|return|\}|constexpr std::array|const std::map)\b)"};
  if (statement.find('(') == std::string::npos || std::regex_search(statement, other)) return false;
  // A table or an object with initialisers is no function.
  static const std::regex initialised{R"(=\s*\{\s*$|=\s*[\w:<>]+\s*\{\s*$)"};
  return !std::regex_search(statement, initialised);
}

// A sleep between two looks at a condition, in a loop that ends at a point in time.
bool polls_with_deadline(const source_file& file, std::size_t at) {
  static const std::regex loop{R"(\b(while|for)\s*\()"};
  static const std::regex clock{R"(\bnow\(\)|\bspent\(\)|\buntil\b|\bdeadline\b)"};
  constexpr std::size_t look_back = 24;
  bool loops = false;
  bool ends = false;
  for (std::size_t i = at - std::min(at, look_back); i <= at; ++i) {
    loops = loops || std::regex_search(file.code[i], loop);
    ends = ends || std::regex_search(file.code[i], clock);
    if (file.code[i].starts_with("}")) loops = ends = false;
  }
  return loops && ends;
}

void check_sleeps(const source_file& file, findings& out) {
  static const std::regex sleep{sleep_pattern};
  for (std::size_t i = 0; i < file.code.size(); ++i) {
    if (std::regex_search(file.code[i], sleep) && !polls_with_deadline(file, i)) {
      out.push_back({file.path, i + 1, "sleep",
                     "time is no condition: look again until it holds or a deadline passes"});
    }
  }
}

}  // namespace

findings check_calls(const source_file& file) {
  findings out;
  const auto module = module_of(file.path);
  if (!file.is_cpp() || module.empty()) return out;
  const int floor = floor_of(module);
  if (floor > 3) check_sleeps(file, out);
  for (const auto& b : bans()) {
    if (floor < b.lowest_floor || floor > b.highest_floor) continue;
    if (!b.except.empty() && std::regex_match(file.path, std::regex{b.except})) continue;
    for (std::size_t i = 0; i < file.code.size(); ++i) {
      if (std::regex_search(file.code[i], b.pattern)) {
        out.push_back(
            {file.path, i + 1, b.name, "on floor " + std::to_string(floor) + ": " + b.why});
      }
    }
  }
  return out;
}

std::vector<function_extent> functions_of(const source_file& file) {
  std::vector<function_extent> found;
  for (std::size_t i = 0; i < file.code.size(); ++i) {
    const auto& line = file.code[i];
    const auto end = line.find_last_not_of(" \t");
    if (end == std::string::npos || line[end] != '{') continue;
    const auto [first, statement] = statement_before(file, i);
    if (!opens_function(statement)) continue;
    const auto depth = indentation(file.code[first]);
    std::size_t last = i + 1;
    while (last < file.code.size()
           && (is_blank(file.code[last]) || indentation(file.code[last]) > depth
               || file.code[last][depth] != '}')) {
      ++last;
    }
    found.push_back({first + 1, std::min(last + 1, file.code.size())});
    i = last;
  }
  return found;
}

findings check_sizes(const source_file& file) {
  findings out;
  if (!file.is_cpp()) return out;
  const bool test = file.is_in("tests");
  const auto limit = test ? test_lines_max : file.is_header() ? header_lines_max : source_lines_max;
  if (file.lines.size() > limit) {
    out.push_back({file.path, limit + 1, "size",
                   std::to_string(file.lines.size()) + " lines, allowed are "
                       + std::to_string(limit) + ": split it by idea"});
  }
  const auto longest = test ? test_function_lines_max : function_lines_max;
  for (const auto& f : functions_of(file)) {
    const auto length = f.last - f.first + 1;
    if (length > longest) {
      out.push_back({file.path, f.first, "size",
                     "a function of " + std::to_string(length) + " lines, allowed are "
                         + std::to_string(longest)});
    }
  }
  return out;
}

findings check_form(const source_file& file) {
  static const std::regex leftover{R"(\b(TO)DO\b|\b(FIX)ME\b|\b(XX)X\b|\bHA(CK)\b)"};
  findings out;
  if (file.is_cpp()) {
    if (file.lines.empty() || file.lines[0] != "// SPDX-License-Identifier: MIT") {
      out.push_back({file.path, 1, "licence",
                     "the first line names the licence: // SPDX-License-Identifier: MIT"});
    }
    bool guarded = false;
    for (const auto& line : file.lines) guarded = guarded || line == "#pragma once";
    if (file.is_header() && !guarded)
      out.push_back({file.path, 1, "guard", "a header says #pragma once"});
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      if (looks_like_dead_code(file.lines[i])) {
        out.push_back(
            {file.path, i + 1, "dead-code", "code in a comment: the history keeps what is gone"});
      }
    }
  }
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    if (std::regex_search(file.lines[i], leftover)) {
      out.push_back({file.path, i + 1, "left-over", "unfinished work is not merged"});
    }
  }
  return out;
}

findings check_places(const source_file& file) {
  static const std::regex machine{R"((^|[^\w.~-])/(work|root|Users)/|/home/[a-z]+/)"};
  static const std::regex url{R"(https?://([\w.-]+))"};
  static const std::set<std::string, std::less<>> documentation{"www.rfc-editor.org",
                                                                "datatracker.ietf.org",
                                                                "github.com",
                                                                "docs.libp2p.io",
                                                                "libp2p.io",
                                                                "multiformats.io",
                                                                "spdx.org",
                                                                "keepachangelog.com",
                                                                "spec.torproject.org",
                                                                "prometheus.io",
                                                                "127.0.0.1",
                                                                "localhost",
                                                                "www.iana.org",
                                                                "sqlite.org",
                                                                "www.sqlite.org",
                                                                "example.org",
                                                                "example.com",
                                                                "json-schema.org",
                                                                "unix"};
  findings out;
  const bool lock = file.path.ends_with("package-lock.json");
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const auto& line = file.lines[i];
    if (std::regex_search(line, machine)) {
      out.push_back({file.path, i + 1, "place", "a path of one machine: it exists nowhere else"});
    }
    if (lock && line.find("\"resolved\"") != std::string::npos) {
      out.push_back({file.path, i + 1, "place",
                     "a lock file names versions and checksums, not the registry they came from"});
    }
    std::smatch match;
    if (!lock && std::regex_search(line, match, url) && !documentation.contains(match[1].str())) {
      out.push_back({file.path, i + 1, "place",
                     "host '" + match[1].str()
                         + "' is no documentation: mirrors and registries come from "
                           "the machine's own configuration"});
    }
  }
  return out;
}

static void collect_error_codes(std::string_view line, std::set<std::string, std::less<>>& names) {
  constexpr std::string_view prefix = "ec::";
  const auto in_word
      = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  for (auto at = line.find(prefix); at != std::string_view::npos; at = line.find(prefix, at + 1)) {
    auto end = at + prefix.size();
    while (end < line.size() && in_word(line[end])) ++end;
    names.emplace(line.substr(at + prefix.size(), end - at - prefix.size()));
  }
}

findings check_error_codes(const std::vector<source_file>& tree) {
  static const std::regex enumerator{R"(^\s{2}(\w+)(\s*=\s*\d+)?,\s*$)"};
  findings out;
  std::set<std::string, std::less<>> named;
  const source_file* errors = nullptr;
  for (const auto& file : tree) {
    if (file.path == "base/error.hpp") errors = &file;
    if (!file.is_cpp() || !file.is_in("tests") || file.is_in("tests/tidy")) continue;
    for (const auto& line : file.code) collect_error_codes(line, named);
  }
  if (errors == nullptr) return {{"base/error.hpp", 0, "error-codes", "the file is gone"}};
  bool inside = false;
  for (std::size_t i = 0; i < errors->code.size(); ++i) {
    const auto& line = errors->code[i];
    inside = (inside || line.starts_with("enum class ec")) && !line.starts_with("};");
    std::smatch match;
    if (!inside || !std::regex_match(line, match, enumerator) || match[1] == "none") continue;
    if (!named.contains(match[1].str())) {
      out.push_back({errors->path, i + 1, "error-codes", "no test provokes ec::" + match[1].str()});
    }
  }
  return out;
}

findings check_corpora(const std::vector<source_file>& tree,
                       const std::vector<corpus_folder>& corpora) {
  static const std::regex target{R"(tests/fuzz/(\w+)_fuzz\.cpp)"};
  findings out;
  std::set<std::string> targets;
  for (const auto& file : tree) {
    std::smatch match;
    if (std::regex_match(file.path, match, target)) targets.insert(match[1]);
  }
  std::set<std::string> filled;
  for (const auto& folder : corpora) {
    if (!targets.contains(folder.name)) {
      out.push_back(
          {"tests/fuzz/corpus/" + folder.name, 0, "corpus", "no target of that name replays it"});
    }
    if (folder.files > 0) filled.insert(folder.name);
  }
  for (const auto& name : targets) {
    if (!filled.contains(name)) {
      out.push_back({"tests/fuzz/" + name + "_fuzz.cpp", 0, "corpus",
                     "tests/fuzz/corpus/" + name + " holds no input to start from"});
    }
  }
  return out;
}

}  // namespace weft::tidy
