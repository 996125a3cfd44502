// SPDX-License-Identifier: MIT
#include "node/config.hpp"
#include "node/files.hpp"
#include "node/toml_values.hpp"

#include <algorithm>
#include <optional>
#include <utility>

extern char** environ;

namespace weft::node {

namespace {

constexpr std::size_t config_bytes_max = 1024 * 1024;

std::string check_limits(const config_key& key, config& c) {
  if (key.least == key.most) return {};
  return check_range(std::visit(numeric_value{}, key.slot(c)), key.least, key.most);
}

/// Limits and meaning of one key that was just set.
std::string check_value(const config_key& key, config& c) {
  auto text = check_limits(key, c);
  if (text.empty() && key.check) text = key.check(c);
  return text;
}

const config_key* find_key(std::string_view name) {
  for (const auto& key : config_keys())
    if (key.name == name) return &key;
  return nullptr;
}

std::string unknown_key(std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& key : config_keys()) known.push_back(key.name);
  return unknown_key_text(name, known);
}

class file_reader {
 public:
  file_reader(std::string_view source, config& into) : source_(source), into_(into) {}

  void walk(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, value] : table) {
      const std::string full = prefix + std::string(name.str());
      const auto line = name.source().begin.line;
      if (value.is_table() && prefix.empty() && known_section(full)) {
        walk(*value.as_table(), full + ".");
        continue;
      }
      const auto* key = find_key(full);
      if (!key) {
        report(line, unknown_key(full));
        continue;
      }
      auto text = std::visit(toml_assignment{value}, key->slot(into_));
      if (text.empty()) text = check_value(*key, into_);
      if (!text.empty()) report(line, full + ": " + text);
    }
  }
  void report(std::uint32_t line, std::string text) {
    problems_.push_back({source_, line, std::move(text)});
  }
  config_problems take() {
    std::stable_sort(problems_.begin(), problems_.end(),
                     [](const auto& a, const auto& b) { return a.line < b.line; });
    return std::move(problems_);
  }

 private:
  static bool known_section(const std::string& name) {
    return std::any_of(config_keys().begin(), config_keys().end(),
                       [&](const config_key& key) { return key.name.starts_with(name + "."); });
  }
  std::string source_;
  config& into_;
  config_problems problems_;
};

std::string unquoted_scalar(const config_slot& slot, const std::string& text) {
  if (std::holds_alternative<std::string*>(slot)) {
    *std::get<std::string*>(slot) = text;
    return {};
  }
  if (const auto* list = std::get_if<std::vector<std::string>*>(&slot)) {
    (*list)->clear();
    for (std::size_t at = 0; at <= text.size() && !text.empty();) {
      const auto comma = std::min(text.find(',', at), text.size());
      if (comma > at) (*list)->push_back(text.substr(at, comma - at));
      at = comma + 1;
    }
    return {};
  }
  auto parsed = toml::parse("v = " + text);
  if (!parsed || !parsed.table().contains("v")) return "'" + text + "' is not a value of this key";
  return std::visit(toml_assignment{*parsed.table().get("v")}, slot);
}

}  // namespace

std::string to_string(const config_problem& p) {
  return p.source + (p.line ? ":" + std::to_string(p.line) : "") + ": " + p.text;
}

config_problems parse_config(std::string_view text, std::string_view source, config& into) {
  file_reader reader(source, into);
  const auto parsed = toml::parse(text);
  if (!parsed) {
    reader.report(parsed.error().source().begin.line, std::string(parsed.error().description()));
    return reader.take();
  }
  config fresh = into;
  file_reader checked(source, fresh);
  checked.walk(parsed.table(), "");
  auto problems = checked.take();
  if (problems.empty()) into = std::move(fresh);
  return problems;
}

config_problems apply_overrides(const config_overrides& values, std::string_view source,
                                config& into) {
  config_problems problems;
  config fresh = into;
  for (const auto& [name, text] : values) {
    const auto* key = find_key(name);
    std::string wrong;
    if (!key) {
      wrong = unknown_key(name);
    } else {
      wrong = unquoted_scalar(key->slot(fresh), text);
      if (wrong.empty()) wrong = check_value(*key, fresh);
      if (!wrong.empty()) wrong = name + ": " + wrong;
    }
    if (!wrong.empty()) problems.push_back({std::string(source), 0, wrong});
  }
  if (problems.empty()) into = std::move(fresh);
  return problems;
}

config_overrides overrides_from_environment(const char* const* environment) {
  config_overrides found;
  for (const auto& key : config_keys()) {
    std::string variable = "WEFT_";
    for (const char x : key.name)
      variable += x == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(x)));
    variable += '=';
    for (const char* const* entry = environment; *entry; ++entry) {
      const std::string_view text(*entry);
      if (text.starts_with(variable)) found.emplace_back(key.name, text.substr(variable.size()));
    }
  }
  return found;
}

result<config> load_config(const std::string& path, const config_overrides& flags) {
  WEFT_TRY(const auto text, read_file(path, config_bytes_max));
  config c;
  auto problems = parse_config(text, path, c);
  for (auto& p : apply_overrides(overrides_from_environment(environ), "environment", c))
    problems.push_back(std::move(p));
  for (auto& p : apply_overrides(flags, "command line", c)) problems.push_back(std::move(p));
  if (problems.empty()) {
    settle_dependent_limits(c);
    const auto valid = validate_sections(c);
    if (valid) return c;
    problems.push_back({path, 0, valid.error().detail});
  }
  std::string all;
  for (const auto& p : problems) all += (all.empty() ? "" : "\n") + to_string(p);
  return fail(ec::bad_config, all);
}

}  // namespace weft::node
