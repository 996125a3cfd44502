// SPDX-License-Identifier: MIT
#include "node/access_book.hpp"

#include "node/files.hpp"
#include "node/views.hpp"
#include "transport/io/clock.hpp"

#include <utility>

namespace weft::node {

namespace {

using transport::access_rule;
using transport::access_rules;
using transport::access_verdict;

/// Every rule with its longest texts fits.
constexpr std::size_t file_bytes_max = access_rules::rules_max * 2048;

wall_time wall_from(double seconds) {
  return wall_time(std::chrono::duration_cast<duration>(std::chrono::duration<double>(seconds)));
}

result<access_rule> parse_rule(const json& j) {
  if (!j.is_object() || !j.contains("subject") || !j["subject"].is_string())
    return fail(ec::bad_config, "a rule lacks its \"subject\"");
  WEFT_TRY(auto subject, transport::parse_access_subject(j["subject"].get<std::string>()));
  access_rule rule{std::move(subject)};
  const auto verdict = j.contains("verdict") && j["verdict"].is_string()
                           ? j["verdict"].get<std::string>()
                           : std::string{};
  if (verdict != "ban" && verdict != "allow")
    return fail(ec::bad_config, "the \"verdict\" of " + transport::to_string(rule.subject)
                                    + " is neither \"ban\" nor \"allow\"");
  rule.verdict = verdict == "ban" ? access_verdict::ban : access_verdict::allow;
  if (j.contains("since") && j["since"].is_number())
    rule.since = wall_from(j["since"].get<double>());
  if (j.contains("until") && !j["until"].is_null()) {
    if (!j["until"].is_number())
      return fail(ec::bad_config, "\"until\" of " + transport::to_string(rule.subject)
                                      + " is not a time in Unix seconds");
    rule.until = wall_from(j["until"].get<double>());
  }
  if (j.contains("reason") && j["reason"].is_string()) rule.reason = j["reason"].get<std::string>();
  return rule;
}

result<access_rules> parse_rules(const std::string& text) {
  const auto j = json::parse(text, nullptr, false);
  if (!j.is_object() || !j.contains("rules") || !j["rules"].is_array())
    return fail(ec::bad_config, "expected {\"rules\": […]}");
  access_rules rules;
  for (const auto& each : j["rules"]) {
    WEFT_TRY(auto rule, parse_rule(each));
    WEFT_TRY_VOID(rules.set(std::move(rule)));
  }
  return rules;
}

std::string text_of(const access_rules& rules) {
  json list = json::array();
  for (const auto& rule : rules.list()) list.push_back(view(rule));
  return json{{"rules", std::move(list)}}.dump(1, ' ', false, json::error_handler_t::replace)
         + "\n";
}

}  // namespace

result<void> access_book::open(std::string path, bool refuse_strangers) {
  path_ = std::move(path);
  access_rules rules;
  if (file_exists(path_)) {
    WEFT_TRY(const auto text, read_file(path_, file_bytes_max));
    auto parsed = parse_rules(text);
    if (!parsed)
      return fail(ec::bad_config, path_ + ": " + parsed.error().detail
                                      + "; correct it, or remove it to start without rules");
    rules = std::move(*parsed);
    rules.drop_expired(transport::io::wall_now());
  }
  rules.refuse_strangers = refuse_strangers;
  rules_ = std::make_shared<const access_rules>(std::move(rules));
  return {};
}

access_book::rules_ptr access_book::rules() const {
  const std::lock_guard lock(mutex_);
  return rules_;
}

result<void> access_book::set(access_rule rule) {
  const std::lock_guard lock(mutex_);
  access_rules changed = *rules_;
  changed.drop_expired(transport::io::wall_now());
  WEFT_TRY_VOID(changed.set(std::move(rule)));
  return keep(std::move(changed));
}

result<void> access_book::forget(const transport::access_subject& subject) {
  const std::lock_guard lock(mutex_);
  access_rules changed = *rules_;
  changed.drop_expired(transport::io::wall_now());
  if (!changed.forget(subject))
    return fail(ec::not_found, "there is no access rule for " + transport::to_string(subject));
  return keep(std::move(changed));
}

void access_book::refuse_strangers(bool refuse) {
  const std::lock_guard lock(mutex_);
  if (rules_->refuse_strangers == refuse) return;
  access_rules changed = *rules_;
  changed.refuse_strangers = refuse;
  put_in_force(std::move(changed));
}

result<void> access_book::keep(access_rules changed) {
  WEFT_TRY_VOID(write_file_atomically(path_, text_of(changed), 0600));
  put_in_force(std::move(changed));
  return {};
}

void access_book::put_in_force(access_rules changed) {
  rules_ = std::make_shared<const access_rules>(std::move(changed));
  if (apply_) apply_(rules_);
}

}  // namespace weft::node
