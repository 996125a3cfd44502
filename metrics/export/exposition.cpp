// SPDX-License-Identifier: MIT
#include "metrics/export/exporter.hpp"

#include <algorithm>
#include <charconv>

namespace weft::metrics {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Takes what stands before the separator off the text.
std::string_view next_part(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto part = trimmed(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

/// One entry of an Accept header (RFC 9110, section 12.5.1).
struct media_range {
  std::string_view type;
  std::string_view version;
  double quality = 1;
};

media_range parse_range(std::string_view text) {
  media_range out;
  out.type = next_part(text, ';');
  while (!text.empty()) {
    auto value = next_part(text, ';');
    const auto name = next_part(value, '=');
    if (value.starts_with('"') && value.ends_with('"') && value.size() >= 2)
      value = value.substr(1, value.size() - 2);
    if (name == "version") out.version = value;
    if (name == "q"
        && std::from_chars(value.data(), value.data() + value.size(), out.quality).ec
               != std::errc())
      out.quality = 0;
  }
  return out;
}

bool is_openmetrics(const media_range& r) {
  return r.type == "application/openmetrics-text"
         && (r.version.empty() || r.version == "1.0.0" || r.version == "0.0.1");
}

}  // namespace

exposition negotiate(std::string_view accept) {
  double openmetrics = 0;
  double text = 0;
  while (!accept.empty()) {
    const auto range = parse_range(next_part(accept, ','));
    if (is_openmetrics(range)) openmetrics = std::max(openmetrics, range.quality);
    if (range.type == "text/plain") text = std::max(text, range.quality);
  }
  return openmetrics > 0 && openmetrics >= text ? exposition::openmetrics : exposition::text;
}

std::string_view content_type(exposition form) noexcept {
  return form == exposition::openmetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace weft::metrics
