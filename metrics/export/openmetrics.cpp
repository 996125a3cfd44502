// SPDX-License-Identifier: MIT
#include "metrics/export/openmetrics.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace weft::metrics {

namespace {

void append_number(std::string& out, double value) {
  if (std::isnan(value)) return static_cast<void>(out += "NaN");
  if (std::isinf(value)) return static_cast<void>(out += value > 0 ? "+Inf" : "-Inf");
  std::array<char, 32> digits{};
  const auto [end, failed] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end);
}

/// A bound in canonical form: 1 is "1.0".
void append_bound(std::string& out, double bound) {
  const auto from = out.size();
  append_number(out, bound);
  if (std::isfinite(bound) && out.find_first_of(".e", from) == std::string::npos) out += ".0";
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
}

/// `bound` is shown as the label `le` unless null.
void append_sample(std::string& out, std::string_view name, std::string_view suffix,
                   const prometheus::ClientMetric& metric, const double* bound, double value) {
  out += name;
  out += suffix;
  char separator = '{';
  for (const auto& label : metric.label) {
    out += separator;
    out += label.name;
    out += "=\"";
    append_escaped(out, label.value);
    out += '"';
    separator = ',';
  }
  if (bound) {
    out += separator;
    out += "le=\"";
    append_bound(out, *bound);
    out += '"';
    separator = ',';
  }
  if (separator == ',') out += '}';
  out += ' ';
  append_number(out, value);
  out += '\n';
}

void append_histogram(std::string& out, std::string_view name,
                      const prometheus::ClientMetric& metric) {
  for (const auto& bucket : metric.histogram.bucket)
    append_sample(out, name, "_bucket", metric, &bucket.upper_bound,
                  static_cast<double>(bucket.cumulative_count));
  append_sample(out, name, "_count", metric, nullptr,
                static_cast<double>(metric.histogram.sample_count));
  append_sample(out, name, "_sum", metric, nullptr, metric.histogram.sample_sum);
}

void append_line(std::string& out, std::string_view keyword, std::string_view name,
                 std::string_view text) {
  out += "# ";
  out += keyword;
  out += ' ';
  out += name;
  out += ' ';
  append_escaped(out, text);
  out += '\n';
}

}  // namespace

void write_openmetrics(std::string& out, const prometheus::MetricFamily& family) {
  std::string_view name = family.name;
  std::string_view type = "gauge";
  std::string_view suffix;
  if (family.type == prometheus::MetricType::Counter) {
    type = "counter";
    suffix = "_total";
  } else if (family.type == prometheus::MetricType::Histogram) {
    type = "histogram";
  } else if (name.ends_with("_info")) {
    type = "info";
    suffix = "_info";
  }
  if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  append_line(out, "TYPE", name, type);
  for (const std::string_view unit : {"seconds", "bytes"})
    if (type != "info" && name.ends_with(unit)) append_line(out, "UNIT", name, unit);
  append_line(out, "HELP", name, family.help);
  for (const auto& metric : family.metric) {
    if (family.type == prometheus::MetricType::Histogram)
      append_histogram(out, name, metric);
    else
      append_sample(out, name, suffix, metric, nullptr,
                    family.type == prometheus::MetricType::Counter ? metric.counter.value
                                                                   : metric.gauge.value);
  }
}

}  // namespace weft::metrics
