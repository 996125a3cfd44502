// SPDX-License-Identifier: MIT
#include "tests/tidy/rules.hpp"

#include <algorithm>
#include <array>
#include <regex>
#include <string>

namespace weft::tidy {
namespace {

struct module_entry {
  std::string_view folder;
  std::string_view name;
  int floor;
};

// Longer folders first: transport/io is not transport.
constexpr std::array modules{
    module_entry{"transport/io", "transport_io", 3},
    module_entry{"metrics/export", "metrics_export", 3},
    module_entry{"base", "base", 0},
    module_entry{"metrics", "metrics", 1},
    module_entry{"transport", "transport", 2},
    module_entry{"routing", "routing", 2},
    module_entry{"messaging", "messaging", 2},
    module_entry{"dht", "dht", 2},
    module_entry{"gossip", "gossip", 2},
    module_entry{"hosts", "hosts", 3},
    module_entry{"storage", "storage", 3},
    module_entry{"sim", "sim", 4},
    module_entry{"actors", "actors", 4},
    module_entry{"node", "node", 5},
    module_entry{"tests", "tests", 6},
    module_entry{"bench", "bench", 6},
};

struct fence {
  std::string_view pattern;  ///< regular expression over the header's name
  std::string_view allowed;  ///< " module module … "; "tests" and "bench" are named apart
};

// Kept in step with the table in docs/architecture.md. What a module may include, its own tests may
// too.
constexpr std::array fences{
    fence{"caf/.*", " actors "},
    fence{"ngtcp2/.*|gnutls/.*|nettle/.*", " transport_io "},
    fence{"botan/.*|sodium\\.h|lib25519\\.h|spdlog/.*", " base "},
    fence{"tl/.*", " base "},
    fence{"protozero/.*", " base transport routing messaging dht gossip "},
    fence{"sqlite3\\.h", " storage "},
    fence{"prometheus/.*", " metrics_export "},
    fence{"toml\\+\\+/.*|CLI/.*|httplib\\.h|nlohmann/.*", " node "},
    fence{"gtest/.*|gmock/.*", " tests "},
    fence{"benchmark/.*", " bench "},
    fence{"sys/un\\.h", " transport_io node "},
    fence{"sys/socket\\.h|sys/epoll\\.h|sys/eventfd\\.h|sys/timerfd\\.h|netinet/.*|arpa/"
          ".*|netdb\\.h|net/if\\.h|ifaddrs\\.h",
          " transport_io "},
};

// The operating system, from floor 3 up and in base (log, assert); the pure cores do without.
constexpr std::string_view system_headers
    = "(unistd|fcntl|poll|signal|pwd|grp|termios|dirent|dlfcn|malloc|errno|limits|time|spawn|"
      "syslog|pthread|sched|ucontext|execinfo|cpuid|glob|libgen|stdlib)\\.h"
      "|sys/"
      "(types|stat|file|resource|time|timex|wait|prctl|ioctl|mman|uio|statvfs|statfs|vfs|utsname|"
      "sysinfo|"
      "random|signalfd|inotify|syscall|mount|auxv|times|select|param)\\.h|linux/.*";

std::string_view tested_module(std::string_view path) {
  if (!path.starts_with("tests/")) return {};
  path.remove_prefix(6);
  const auto folder = path.substr(0, path.find('/'));
  const auto found = std::ranges::find(modules, folder, &module_entry::name);
  return found == modules.end() ? std::string_view{} : found->name;
}

bool lists(std::string_view allowed, std::string_view module) {
  return !module.empty() && allowed.find(" " + std::string{module} + " ") != std::string_view::npos;
}

bool is_outside_process_test(std::string_view path) {
  return path.starts_with("tests/integration/") || path.starts_with("tests/interop/")
         || path.starts_with("tests/support/");
}

bool allows(const fence& f, const source_file& file) {
  const auto module = module_of(file.path);
  if (lists(f.allowed, module) || lists(f.allowed, tested_module(file.path))) return true;
  return f.pattern.starts_with("sys/socket") && is_outside_process_test(file.path);
}

void check_third_party(const source_file& file, std::size_t line, const std::string& header,
                       findings& out) {
  for (const auto& f : fences) {
    if (!std::regex_match(header, std::regex{std::string{f.pattern}})) continue;
    if (!allows(f, file)) {
      out.push_back({file.path, line, "fence",
                     "<" + header + "> belongs to" + std::string{f.allowed}
                         + "only: other code reaches it through that module's own types"});
    }
    return;
  }
  const bool is_standard
      = header.find('.') == std::string::npos && header.find('/') == std::string::npos;
  // Instructions of the processor and the compiler's own interfaces are no call of the operating
  // system.
  if (is_standard || header.ends_with("intrin.h") || header.starts_with("sanitizer/")) return;
  const bool is_system = std::regex_match(header, std::regex{std::string{system_headers}});
  const auto module = module_of(file.path);
  if (!is_system) {
    out.push_back(
        {file.path, line, "fence",
         "<" + header + "> is in no fence: add it to docs/architecture.md and to this rule"});
  } else if (const int floor = floor_of(module); floor == 1 || floor == 2) {
    out.push_back({file.path, line, "fence",
                   "<" + header + "> on floor " + std::to_string(floor)
                       + ": pure code does not talk to the operating system"});
  }
}

}  // namespace

std::string to_string(const finding& f) {
  return f.path + ":" + std::to_string(f.line) + ": [" + f.rule + "] " + f.why;
}

std::string_view module_of(std::string_view path) {
  for (const auto& m : modules) {
    if (path.starts_with(m.folder) && path.size() > m.folder.size() && path[m.folder.size()] == '/')
      return m.name;
  }
  return {};
}

int floor_of(std::string_view module) {
  const auto found = std::ranges::find(modules, module, &module_entry::name);
  return found == modules.end() ? 6 : found->floor;
}

findings check_floors(const source_file& file) {
  static const std::regex include{R"re(^\s*#\s*include\s+"([^"]+)")re"};
  findings out;
  const auto own = module_of(file.path);
  if (!file.is_cpp() || own.empty()) return out;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    std::smatch match;
    if (!std::regex_search(file.lines[i], match, include)) continue;
    const std::string target = match[1];
    const auto other = module_of(target);
    if (other.empty()) {
      out.push_back({file.path, i + 1, "floors",
                     "\"" + target + "\" is not written from the root of the tree"});
    } else if (other != own && floor_of(other) >= floor_of(own)) {
      const bool program_parts = own == "bench" || own == "tests";
      if (program_parts && other == "bench") continue;
      out.push_back({file.path, i + 1, "floors",
                     std::string{own} + " (floor " + std::to_string(floor_of(own)) + ") includes \""
                         + target + "\" of floor " + std::to_string(floor_of(other))
                         + "; includes point downward only"});
    }
  }
  return out;
}

findings check_fences(const source_file& file) {
  static const std::regex include{R"(^\s*#\s*include\s+<([^>]+)>)"};
  findings out;
  if (!file.is_cpp() || module_of(file.path).empty()) return out;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    std::smatch match;
    if (std::regex_search(file.lines[i], match, include))
      check_third_party(file, i + 1, match[1], out);
  }
  return out;
}

}  // namespace weft::tidy
