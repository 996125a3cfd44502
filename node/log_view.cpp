// SPDX-License-Identifier: MIT
#include "node/log_view.hpp"

#include "base/log_levels.hpp"
#include "node/admin_json.hpp"
#include "node/admin_streams.hpp"

namespace weft::node {

namespace {

constexpr duration heartbeat = std::chrono::seconds(1);
constexpr std::size_t lines_default = 100;
/// Lines handed on between two looks at whether the reader is still there.
constexpr std::size_t page_lines = 256;

/// Which lines somebody wants.
struct choice {
  log::level least = log::level::trace;
  std::string component;
  std::size_t limit = lines_default;

  bool takes(const log::recent_line& line) const {
    return line.severity >= least && (component.empty() || line.component == component);
  }
};

result<choice> choice_of(const http_request& request) {
  choice c;
  if (request.has("level")) {
    WEFT_TRY(c.least, log::parse_level(request.get("level")));
  }
  c.component = request.get("component");
  if (request.has("limit")) {
    WEFT_TRY(const auto limit, number_of(request, "limit", 0, log::ring_lines_max));
    c.limit = static_cast<std::size_t>(limit);
  }
  return c;
}

/// The latest lines of the choice, oldest first.
std::vector<log::recent_line> chosen(const choice& c) {
  auto lines = log::recent().after(0, log::ring_lines_max);
  std::erase_if(lines, [&](const auto& line) { return !c.takes(line); });
  if (lines.size() > c.limit)
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(c.limit));
  return lines;
}

void follow(const choice& c, http_writer& out) {
  // What is written from here on comes after the first lines, none twice and none left out.
  auto seen = log::recent().latest();
  bool open = true;
  for (const auto& line : chosen(c)) {
    if (line.number <= seen) open = open && out.write(line_of({{"line", view(line)}}));
  }
  while (open) {
    if (!log::recent().wait_after(seen, heartbeat)) {
      open = out.write("\n");
      continue;
    }
    const auto first = log::recent().next(seen, page_lines);
    if (!first.empty() && first.front().number > seen + 1)
      open = out.write(line_of({{"lost", first.front().number - seen - 1}}));
    for (const auto& line : first) {
      if (open && c.takes(line)) open = out.write(line_of({{"line", view(line)}}));
      seen = line.number;
    }
    if (first.empty()) seen = log::recent().latest();
  }
}

}  // namespace

json view(const log::recent_line& line) {
  const auto whole = std::chrono::floor<std::chrono::milliseconds>(line.time);
  json j{{"number", line.number}, {"time", wall_seconds(whole)}};
  const auto fields = json::parse("{" + line.members + "}", nullptr, false);
  if (fields.is_object()) j.update(fields);
  return j;
}

json log_state_view() {
  json levels = json::array();
  for (const auto& each : log::levels())
    levels.push_back({{"component", each.component},
                      {"level", log::to_string(each.threshold)},
                      {"temporary", each.temporary}});
  return {{"levels", std::move(levels)},
          {"suppressed_lines", log::lines_suppressed()},
          {"failed_lines", log::lines_failed()}};
}

http_response get_logs(node_context&, const http_request& request) {
  const auto c = choice_of(request);
  if (!c) return error_answer(c.error());
  json lines = json::array();
  for (const auto& line : chosen(*c)) lines.push_back(view(line));
  return json_answer({{"lines", std::move(lines)}, {"total", log::recent().latest()}});
}

http_response stream_logs(node_context&, const http_request& request) {
  auto c = choice_of(request);
  if (!c) return error_answer(c.error());
  http_response response;
  response.content_type = "application/x-ndjson";
  response.stream = [c = std::move(*c)](http_writer& out) { follow(c, out); };
  return response;
}

http_response get_log_levels(node_context&, const http_request&) {
  return json_answer(log_state_view());
}

http_response post_log_level(node_context&, const http_request& request) {
  const std::string component(request.has("component") ? request.get("component") : "*");
  if (request.get("level") == "default") {
    log::clear_temporary_level(component);
    return json_answer(log_state_view());
  }
  const auto level = log::parse_level(request.get("level"));
  if (!level) return error_answer({level.error().code, level.error().detail + ", or default"});
  if (const auto set = log::set_temporary_level(component, *level); !set)
    return error_answer(set.error());
  log::info("node", "log_level", {{"component", component}, {"level", log::to_string(*level)}});
  return json_answer(log_state_view());
}

}  // namespace weft::node
