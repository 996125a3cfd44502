// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <compare>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::dht {

/// Decides which values a namespace of keys takes, and which of two is better. Pure: the same
/// answer everywhere and every time, but for expiry.
class validator {
 public:
  virtual ~validator() = default;
  /// Any code but ec::none refuses the value.
  virtual result<void> validate(bytes_view key, bytes_view value, wall_time wall) const = 0;
  /// Both are valid. `greater`: `a` is better; `equivalent`: keep what is there.
  virtual std::weak_ordering compare(bytes_view key, bytes_view a, bytes_view b) const = 0;
  /// When a valid value ends by its own word; none: only by age.
  virtual std::optional<wall_time> expires(bytes_view key, bytes_view value) const = 0;
};

/// The validators of a node, by namespace: the first part of a key, `/NAMESPACE/…`.
class validator_set {
 public:
  /// Those of `/pk/` and `/weft/`.
  static std::shared_ptr<const validator_set> standard();

  /// `name` without slashes; replaces one of that name.
  void add(std::string name, std::unique_ptr<const validator> v);
  /// Null for a key of an unknown namespace, or without one: such keys are refused.
  const validator* find(bytes_view key) const;

 private:
  std::map<std::string, std::unique_ptr<const validator>, std::less<>> by_name_;
};

}  // namespace weft::dht
