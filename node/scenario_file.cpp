// SPDX-License-Identifier: MIT
#include "node/scenario_file.hpp"

#include "node/files.hpp"
#include "node/toml_values.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

namespace weft::node {

namespace {

constexpr std::size_t scenario_bytes_max = 64 * 1024;

class scenario_reader {
 public:
  scenario_reader(std::string_view source, sim::scenario& into) : source_(source), into_(into) {}

  void walk(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, value] : table) {
      const std::string full = prefix + std::string(name.str());
      const auto line = name.source().begin.line;
      if (value.is_table() && prefix.empty() && known_section(full))
        walk(*value.as_table(), full + ".");
      else
        read(full, value, line);
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
    const auto keys = sim::scenario_keys();
    return std::any_of(keys.begin(), keys.end(), [&](const sim::scenario_key& key) {
      return key.name.starts_with(name + ".");
    });
  }

  void read(const std::string& name, const toml::node& value, std::uint32_t line) {
    const auto keys = sim::scenario_keys();
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&](const sim::scenario_key& k) { return k.name == name; });
    if (key == keys.end()) {
      std::vector<std::string_view> known;
      for (const auto& k : keys) known.push_back(k.name);
      return report(line, unknown_key_text(name, known));
    }
    const auto slot = key->slot(into_);
    auto text = std::visit(toml_assignment{value}, slot);
    if (text.empty() && key->least != key->most)
      text = check_range(std::visit(numeric_value{}, slot), key->least, key->most);
    if (!text.empty()) report(line, name + ": " + text);
  }

  std::string source_;
  sim::scenario& into_;
  config_problems problems_;
};

bool is_path(const std::string& text) {
  return text.find('/') != std::string::npos || text.ends_with(".toml");
}

}  // namespace

config_problems parse_scenario(std::string_view text, std::string_view source,
                               sim::scenario& into) {
  sim::scenario fresh = into;
  scenario_reader reader(source, fresh);
  const auto parsed = toml::parse(text);
  if (!parsed) {
    reader.report(parsed.error().source().begin.line, std::string(parsed.error().description()));
    return reader.take();
  }
  reader.walk(parsed.table(), "");
  auto problems = reader.take();
  if (problems.empty())
    if (const auto valid = fresh.validate(); !valid)
      problems.push_back({std::string(source), 0, valid.error().detail});
  if (problems.empty()) into = std::move(fresh);
  return problems;
}

std::vector<std::string> scenario_directories() {
  std::vector<std::string> out;
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  if (!program.empty())
    for (const char* relative :
         {"../share/weft/scenarios", "../../deploy/scenarios", "../deploy/scenarios"})
      out.push_back((program / relative).lexically_normal().string());
  out.emplace_back("/usr/local/share/weft/scenarios");
  out.emplace_back("/usr/share/weft/scenarios");
  return out;
}

std::vector<std::string> scenario_names() {
  std::set<std::string> names;
  for (const auto& directory : scenario_directories()) {
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(directory, missing))
      if (entry.path().extension() == ".toml") names.insert(entry.path().stem().string());
  }
  return {names.begin(), names.end()};
}

result<sim::scenario> load_scenario(const std::string& name_or_path) {
  std::string path = name_or_path;
  if (!is_path(name_or_path)) {
    path.clear();
    for (const auto& directory : scenario_directories())
      if (const auto candidate = directory + "/" + name_or_path + ".toml";
          path.empty() && file_exists(candidate))
        path = candidate;
  }
  if (path.empty()) {
    std::string known;
    for (const auto& name : scenario_names()) known += " " + name;
    return fail(ec::not_found, "no scenario is named '" + name_or_path + "'; "
                                   + (known.empty() ? "none were found beside this program or in "
                                                      "/usr/share/weft/scenarios: give"
                                                    : "there are" + known + "; or give")
                                   + " the path of a file");
  }
  WEFT_TRY(const auto text, read_file(path, scenario_bytes_max));
  sim::scenario out;
  out.name = std::filesystem::path(path).stem().string();
  const auto problems = parse_scenario(text, path, out);
  if (problems.empty()) return out;
  std::string all;
  for (const auto& p : problems) all += (all.empty() ? "" : "\n") + to_string(p);
  return fail(ec::bad_config, all);
}

}  // namespace weft::node
