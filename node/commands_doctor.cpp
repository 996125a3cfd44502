// SPDX-License-Identifier: MIT
#include "node/client.hpp"
#include "node/commands.hpp"
#include "node/doctor.hpp"

#include <cstdio>

namespace weft::node {

namespace {

void print_codes(bool as_json) {
  std::vector<std::vector<std::string>> rows{{"CODE", "SEVERITY", "PART", "MEANING"}};
  json list = json::array();
  for (const auto& c : doctor_codes()) {
    rows.push_back({std::string(c.code), std::string(to_string(c.weight)), std::string(c.part),
                    std::string(c.meaning)});
    list.push_back({{"code", c.code},
                    {"severity", to_string(c.weight)},
                    {"part", c.part},
                    {"meaning", c.meaning},
                    {"fix", c.fix}});
  }
  std::fputs((as_json ? line_of({{"codes", list}}) : format_table(rows)).c_str(), stdout);
}

std::string text_of(const diagnosis& d) {
  std::string out;
  for (const auto& p : d.parts())
    out += styled(style::green, "ok   ") + "  " + p.name + ": " + printable(p.detail) + "\n";
  for (const auto& f : d.findings()) {
    const bool bad = f.code->weight == severity::error;
    out += styled(bad ? style::red : style::yellow, bad ? "error" : "warn ") + "  "
           + styled(style::bold, f.code->code) + " " + std::string(f.code->part) + ": "
           + std::string(f.code->meaning) + " " + printable(f.text)
           + "\n       fix: " + std::string(f.code->fix) + "\n";
  }
  const auto errors = d.count(severity::error);
  const auto warnings = d.count(severity::warning);
  return out + std::to_string(errors) + (errors == 1 ? " error, " : " errors, ")
         + std::to_string(warnings) + (warnings == 1 ? " warning\n" : " warnings\n");
}

}  // namespace

exit_code command_doctor(const common_options& common, const doctor_command_options& o) {
  if (o.list) {
    print_codes(common.json);
    return exit_code::ok;
  }
  const auto found = examine({node_directory(common.directory), o.config_path, o.overrides});
  std::fputs((common.json ? line_of(view(found)) : text_of(found)).c_str(), stdout);
  if (found.count(severity::error) > 0) return exit_code::failure;
  return found.count(severity::warning) > 0 ? exit_code::degraded : exit_code::ok;
}

}  // namespace weft::node
