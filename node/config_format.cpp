// SPDX-License-Identifier: MIT
#include "node/config.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>

namespace weft::node {

namespace {

std::string quoted_text(std::string_view text) {
  std::string out = "\"";
  for (const char x : text) {
    if (x == '"' || x == '\\') {
      out += '\\';
      out += x;
    } else if (static_cast<unsigned char>(x) < 0x20 || x == 0x7f) {
      constexpr std::string_view digits = "0123456789abcdef";
      out += "\\u00";
      out += digits[static_cast<unsigned char>(x) >> 4];
      out += digits[static_cast<unsigned char>(x) & 15];
    } else {
      out += x;
    }
  }
  return out + "\"";
}

std::string number(double x) {
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x).ptr;
  return {buffer.data(), end};
}

std::string fixed(double x) {
  std::array<char, 64> buffer;
  const auto end
      = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x, std::chars_format::fixed)
            .ptr;
  return {buffer.data(), end};
}

struct value_writer {
  std::string operator()(const bool* v) const { return *v ? "true" : "false"; }
  template <std::unsigned_integral T>
  std::string operator()(const T* v) const {
    return std::to_string(*v);
  }
  std::string operator()(const duration* v) const { return number(to_seconds(*v)); }
  std::string operator()(const std::string* v) const { return quoted_text(*v); }
  std::string operator()(const std::vector<std::string>* v) const {
    std::string out = "[";
    for (const auto& text : *v) out += (out.size() > 1 ? ", " : "") + quoted_text(text);
    return out + "]";
  }
};

std::string_view type_name(const config_key& key) {
  config c;
  constexpr std::array<std::string_view, 7> names{
      "true or false", "number", "number", "number", "seconds", "text", "list of texts"};
  return names[key.slot(c).index()];
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::string limits_text(const config_key& key) {
  return key.least == key.most ? std::string{} : fixed(key.least) + " to " + fixed(key.most);
}

std::string format_value(const config_key& key, const config& c) {
  config copy = c;
  return std::visit(value_writer{}, key.slot(copy));
}

std::string_view nearest_name(std::string_view wrong, std::span<const std::string_view> known) {
  constexpr std::size_t compared_bytes_max = 128;
  if (wrong.size() > compared_bytes_max) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, wrong.size() / 3) + 1;
  for (const auto name : known) {
    // A key written without its section, or in another one, is nearer than any misspelling.
    const auto tail = [](std::string_view x) { return x.substr(x.rfind('.') + 1); };
    const auto distance
        = std::min(edit_distance(wrong, name), edit_distance(tail(wrong), tail(name)) + 1);
    if (distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::string format_config(const config& c, bool comments) {
  std::string out;
  if (comments)
    out += "# Weft's configuration. Every key is listed; `weft config check` reads this file without starting a node.\n"
           "# Precedence: command line, then environment (WEFT_SECTION_KEY), then this file, then defaults.\n"
           "# Durations are seconds, sizes are bytes. (reload) = SIGHUP applies a change, others need a restart.\n";
  std::string_view section;
  for (const auto& key : config_keys()) {
    const auto dot = key.name.find('.');
    if (key.name.substr(0, dot) != section) {
      section = key.name.substr(0, dot);
      out += (out.empty() ? "[" : "\n[") + std::string(section) + "]\n";
    }
    if (comments) {
      out += "# " + std::string(key.help);
      const auto limits = limits_text(key);
      if (!limits.empty()) out += " Limits: " + limits + ".";
      out += key.reloadable ? " (reload)\n" : "\n";
    }
    out += std::string(key.name.substr(dot + 1)) + " = " + format_value(key, c) + "\n";
  }
  return out;
}

std::string format_config_reference() {
  const config defaults;
  std::string out
      = "| key | type | default | limits | reload | meaning |\n|---|---|---|---|---|---|\n";
  for (const auto& key : config_keys()) {
    out += "| `" + std::string(key.name) + "` | " + std::string(type_name(key)) + " | `"
           + format_value(key, defaults) + "` | " + limits_text(key) + " | "
           + (key.reloadable ? "yes" : "restart") + " | " + std::string(key.help) + " |\n";
  }
  return out;
}

std::vector<const config_key*> changed_keys(const config& before, const config& after) {
  std::vector<const config_key*> changed;
  for (const auto& key : config_keys())
    if (format_value(key, before) != format_value(key, after)) changed.push_back(&key);
  return changed;
}

}  // namespace weft::node
