// SPDX-License-Identifier: MIT
#include "base/log_line.hpp"
#include "node/client.hpp"
#include "node/commands.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace weft::node {

namespace {

std::string time_text(double unix_seconds) {
  const auto milliseconds = std::llround(unix_seconds * 1000);
  const std::time_t whole = milliseconds / 1000;
  std::tm utc{};
  std::array<char, 64> text{};
  if (milliseconds < 0 || ::gmtime_r(&whole, &utc) == nullptr) return "-";
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text.data() + size, text.size() - size, ".%03dZ",
                static_cast<int>(milliseconds % 1000));
  return text.data();
}

/// As the node itself writes it in text form.
std::string line_text(const json& line) {
  const auto level = line.value("level", "");
  std::string body;
  log::line_writer out(body, log::format::text);
  out.begin(level, line.value("component", ""), line.value("event", ""));
  for (const auto& [key, value] : line.items()) {
    if (key == "number" || key == "time" || key == "level" || key == "component" || key == "event")
      continue;
    log::field field(key, value.is_string() ? value.get<std::string>() : value.dump());
    field.bare = !value.is_string();
    out.add(field);
  }
  const auto shown = level == "error" ? style::red : level == "warn" ? style::yellow : style::plain;
  return time_text(line.value("time", 0.0)) + " " + styled(shown, printable(body));
}

void print_line(const common_options& common, const json& line) {
  std::fputs((common.json ? line_of(line) : line_text(line) + "\n").c_str(), stdout);
}

std::string choice_query(const logs_options& o) {
  std::string query = "?limit=" + std::to_string(o.lines);
  if (!o.level.empty()) query += "&level=" + url_encoded(o.level);
  if (!o.component.empty()) query += "&component=" + url_encoded(o.component);
  return query;
}

std::string levels_text(const json& j) {
  std::vector<std::vector<std::string>> rows{{"COMPONENT", "LEVEL", "SET BY"}};
  for (const auto& each : j["levels"])
    rows.push_back({each.value("component", ""), each.value("level", ""),
                    each.value("temporary", false) ? "command, until restart" : "configuration"});
  auto text = format_table(rows);
  if (const auto left_out = j.value("suppressed_lines", std::uint64_t{0}))
    text += std::to_string(left_out) + " lines were left out because their event came too often\n";
  return text;
}

}  // namespace

exit_code command_logs(const common_options& common, const logs_options& o) {
  node_client client(node_directory(common.directory));
  if (!o.follow) {
    const auto j = client.get("/v1/logs" + choice_query(o));
    if (!j) return report(j.error());
    for (const auto& line : (*j)["lines"]) print_line(common, line);
    return exit_code::ok;
  }
  const auto done
      = client.stream("GET", "/v1/logs/follow" + choice_query(o), {}, [&](const json& j) {
          if (j.contains("lost"))
            std::fprintf(stderr, "weft: %s lines were lost: this reader is too slow\n",
                         j["lost"].dump().c_str());
          else if (j.contains("line"))
            print_line(common, j["line"]);
          return std::fflush(stdout) == 0;
        });
  return done ? exit_code::ok : report(done.error());
}

exit_code command_logs_level(const common_options& common, const logs_options& o) {
  node_client client(node_directory(common.directory));
  result<json> j;
  if (o.component.empty()) {
    j = client.get("/v1/logs/levels");
  } else {
    // One word is the level of all.
    const bool one = o.level.empty();
    j = client.post("/v1/logs/level?component=" + url_encoded(one ? "*" : o.component)
                    + "&level=" + url_encoded(one ? o.component : o.level));
  }
  if (!j) return report(j.error());
  std::fputs((common.json ? line_of(*j) : levels_text(*j)).c_str(), stdout);
  return exit_code::ok;
}

}  // namespace weft::node
