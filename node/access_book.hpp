// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "transport/access_rules.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace weft::node {

inline constexpr std::string_view access_file_name = "access.json";

/// The access rules of a node and the file that keeps them across restarts. Each change is on disk
/// before it is in force. Thread-safe once opened.
class access_book {
 public:
  using rules_ptr = std::shared_ptr<const transport::access_rules>;

  /// Reads the file; a missing one has no rules. Rules that ended are left out. ec::bad_config
  /// names the file and what is wrong in it, ec::denied, ec::io.
  result<void> open(std::string path, bool refuse_strangers);
  /// Called with every new set of rules, one call at a time; set once, before the first change.
  void on_change(std::function<void(rules_ptr)> apply) { apply_ = std::move(apply); }

  rules_ptr rules() const;
  /// As `access_rules::set`; also ec::denied, ec::disk_full, ec::io.
  result<void> set(transport::access_rule rule);
  /// ec::not_found without such a rule.
  result<void> forget(const transport::access_subject& subject);
  /// Whether only allowed peers and addresses may have a session; the configuration says so.
  void refuse_strangers(bool refuse);

 private:
  result<void> keep(transport::access_rules changed);
  void put_in_force(transport::access_rules changed);

  mutable std::mutex mutex_;
  std::string path_;
  std::function<void(rules_ptr)> apply_;
  rules_ptr rules_ = std::make_shared<transport::access_rules>();
};

}  // namespace weft::node
