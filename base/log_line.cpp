// SPDX-License-Identifier: MIT
#include "base/log_line.hpp"

#include <algorithm>
#include <cstdint>

namespace weft::log {

namespace {

constexpr std::string_view cut_mark = "...";

std::uint8_t byte_at(std::string_view text, std::size_t i) noexcept {
  return static_cast<std::uint8_t>(text[i]);
}

/// Bytes of the well-formed UTF-8 character at the front of `text` (Unicode table 3-7); 0 when it
/// is broken.
std::size_t utf8_length(std::string_view text) noexcept {
  const std::uint8_t lead = byte_at(text, 0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte_at(text, i) & 0xc0) != 0x80) return 0;
  const std::uint8_t second = byte_at(text, 1);
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool surrogate = lead == 0xed && second >= 0xa0;
  const bool beyond = lead == 0xf4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

/// C0, delete, and the C1 controls U+0080 to U+009F, which terminals obey.
bool is_control(std::string_view character) noexcept {
  const std::uint8_t lead = byte_at(character, 0);
  return lead < 0x20 || lead == 0x7f || (lead == 0xc2 && byte_at(character, 1) < 0xa0);
}

void append_escape(std::string& out, std::uint8_t code, format output) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += output == format::json ? "\\u00" : "\\x";
  out.push_back(digits[code >> 4]);
  out.push_back(digits[code & 15]);
}

/// A value that needs no quotes in a text line.
bool is_plain(std::string_view value) noexcept {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '"' && c != '\\' && c != '=';
  });
}

}  // namespace

void line_writer::begin(std::string_view level_name, std::string_view component,
                        std::string_view event) {
  if (output_ == format::json) {
    member("level", level_name, false);
    member("component", component, false);
    member("event", event, false);
    return;
  }
  out_ += level_name;
  out_.append(6 - std::min<std::size_t>(level_name.size(), 5), ' ');
  out_ += component;
  out_.push_back(' ');
  out_ += event;
}

void line_writer::add(const field& f) { member(f.key, f.value, f.bare); }

void line_writer::member(std::string_view key, std::string_view value, bool bare) {
  if (output_ == format::json) {
    if (!out_.empty()) out_.push_back(',');
    quoted(key);
    out_.push_back(':');
    if (bare) {
      out_ += value;
    } else {
      quoted(value);
    }
    return;
  }
  out_.push_back(' ');
  out_ += key;
  out_.push_back('=');
  if (value.size() <= value_bytes_max && is_plain(value)) {
    out_ += value;
  } else {
    quoted(value);
  }
}

void line_writer::quoted(std::string_view value) {
  const bool cut = value.size() > value_bytes_max;
  value = value.substr(0, value_bytes_max);
  out_.push_back('"');
  while (!value.empty()) {
    const std::size_t length = utf8_length(value);
    const std::uint8_t byte = byte_at(value, 0);
    if (length == 0) {
      if (output_ == format::json) {
        out_ += "\\ufffd";
      } else {
        append_escape(out_, byte, output_);
      }
      value.remove_prefix(1);
      continue;
    }
    if (byte == '"' || byte == '\\') {
      out_.push_back('\\');
      out_.push_back(value.front());
    } else if (is_control(value.substr(0, length))) {
      append_escape(out_, byte_at(value, length - 1), output_);
    } else {
      out_ += value.substr(0, length);
    }
    value.remove_prefix(length);
  }
  if (cut) out_ += cut_mark;
  out_.push_back('"');
}

}  // namespace weft::log
