// SPDX-License-Identifier: MIT
#pragma once

#ifndef TOML_EXCEPTIONS
#define TOML_EXCEPTIONS 0
#endif

#include "base/time.hpp"
#include "node/config.hpp"

#include <toml++/toml.h>

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the readers of TOML files have in common: values by type, and words for mistakes.
namespace weft::node {

/// Puts a value of the file where it belongs, checked for type only; the answer is what is wrong,
/// empty when nothing is. Durations are seconds.
struct toml_assignment {
  const toml::node& value;

  std::string operator()(bool* to) const {
    if (!value.is_boolean()) return "expected true or false";
    *to = value.as_boolean()->get();
    return {};
  }
  template <std::unsigned_integral T>
  std::string operator()(T* to) const {
    if (!value.is_integer()) return "expected a whole number";
    const auto number = value.as_integer()->get();
    if (!std::in_range<T>(number))
      return "expected a whole number that is not negative and not so large";
    *to = static_cast<T>(number);
    return {};
  }
  std::string operator()(double* to) const {
    const auto number = value.value<double>();
    if (!value.is_number() || !number || !std::isfinite(*number)) return "expected a number";
    *to = *number;
    return {};
  }
  std::string operator()(duration* to) const {
    const auto seconds = value.value<double>();
    if (!value.is_number() || !seconds || !std::isfinite(*seconds) || std::abs(*seconds) > 1e9)
      return "expected a number of seconds";
    *to = std::chrono::duration_cast<duration>(std::chrono::duration<double>(*seconds));
    return {};
  }
  std::string operator()(std::string* to) const {
    if (!value.is_string()) return "expected a text in quotes";
    *to = value.as_string()->get();
    return {};
  }
  std::string operator()(std::vector<std::string>* to) const {
    if (!value.is_array()) return "expected a list of texts, for example [\"a\", \"b\"]";
    to->clear();
    for (const auto& element : *value.as_array()) {
      if (!element.is_string()) return "expected a list of texts, for example [\"a\", \"b\"]";
      to->push_back(element.as_string()->get());
    }
    return {};
  }
};

/// The number behind a slot (durations: seconds); 0 for what is none.
struct numeric_value {
  template <class T>
  double operator()(const T* v) const {
    if constexpr (std::is_arithmetic_v<T>) return static_cast<double>(*v);
    if constexpr (std::is_same_v<T, duration>) return to_seconds(*v);
    return 0;
  }
};

/// "expected 1 to 5, found 7", empty inside the limits.
inline std::string check_range(double number, double least, double most) {
  if (number >= least && number <= most) return {};
  const auto text = [](double x) {
    std::array<char, 32> buffer;
    const auto end
        = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x, std::chars_format::fixed)
              .ptr;
    return std::string(buffer.data(), end);
  };
  return "expected " + text(least) + " to " + text(most) + ", found " + text(number);
}

/// "unknown key 'a'; did you mean 'b'?"
inline std::string unknown_key_text(std::string_view name,
                                    std::span<const std::string_view> known) {
  std::string text = "unknown key '" + std::string(name) + "'";
  const auto nearest = nearest_name(name, known);
  if (!nearest.empty()) text += "; did you mean '" + std::string(nearest) + "'?";
  return text;
}

}  // namespace weft::node
