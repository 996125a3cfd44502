// SPDX-License-Identifier: MIT
#include "transport/access_rules.hpp"

#include <algorithm>
#include <utility>

namespace weft::transport {

std::string_view to_string(access_verdict verdict) noexcept {
  return verdict == access_verdict::ban ? "ban" : "allow";
}

std::string to_string(const access_subject& subject) {
  return std::visit([](const auto& s) { return s.to_string(); }, subject);
}

result<access_subject> parse_access_subject(std::string_view text) {
  // No peer id has a dot, a colon or a slash, and every address has one of the first two.
  if (text.find_first_of(".:/") != std::string_view::npos) {
    auto block = ip_prefix::parse(text);
    if (block) return *block;
    return fail(ec::bad_argument,
                "'" + std::string(text) + "' is no address or block of addresses ("
                    + block.error().detail + "); expected for example 192.0.2.7 or 2001:db8::/32");
  }
  auto peer = peer_id::parse(text);
  if (peer) return *peer;
  return fail(ec::bad_argument, "'" + std::string(text)
                                    + "' is neither a peer id nor an IP address nor a block such "
                                      "as 192.0.2.0/24");
}

result<void> access_rules::set(access_rule rule) {
  if (rule.reason.size() > reason_bytes_max)
    return fail(ec::oversized,
                "a reason has at most " + std::to_string(reason_bytes_max) + " bytes");
  const auto at = rules_.find(rule.subject);
  if (at != rules_.end()) {
    at->second = std::move(rule);
    return {};
  }
  if (rules_.size() >= rules_max)
    return fail(ec::limit, "there are " + std::to_string(rules_max) + " access rules already");
  if (const auto* block = std::get_if<ip_prefix>(&rule.subject))
    ++lengths_[block->v6() ? 1 : 0][block->bits()];
  auto key = rule.subject;
  rules_.emplace(std::move(key), std::move(rule));
  return {};
}

bool access_rules::forget(const access_subject& subject) {
  if (rules_.erase(subject) == 0) return false;
  if (const auto* block = std::get_if<ip_prefix>(&subject))
    --lengths_[block->v6() ? 1 : 0][block->bits()];
  return true;
}

std::size_t access_rules::drop_expired(wall_time now) {
  std::vector<access_subject> gone;
  for (const auto& [subject, rule] : rules_)
    if (!rule.holds(now)) gone.push_back(subject);
  for (const auto& subject : gone) forget(subject);
  return gone.size();
}

std::size_t access_rules::count(access_verdict verdict) const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      rules_, [&](const auto& entry) { return entry.second.verdict == verdict; }));
}

std::vector<access_rule> access_rules::list() const {
  std::vector<access_rule> out;
  out.reserve(rules_.size());
  for (const auto& [subject, rule] : rules_) out.push_back(rule);
  return out;
}

std::optional<wall_time> access_rules::next_expiry(wall_time now) const noexcept {
  std::optional<wall_time> next;
  for (const auto& [subject, rule] : rules_)
    if (rule.until && rule.holds(now) && (!next || *rule.until < *next)) next = rule.until;
  return next;
}

std::optional<access_verdict> access_rules::verdict_of(const access_subject& subject,
                                                       wall_time now) const noexcept {
  const auto at = rules_.find(subject);
  if (at == rules_.end() || !at->second.holds(now)) return std::nullopt;
  return at->second.verdict;
}

std::optional<access_verdict> access_rules::verdict_of(const ip_endpoint& address,
                                                       wall_time now) const noexcept {
  const auto& lengths = lengths_[address.v6 ? 1 : 0];
  for (std::size_t bits = lengths.size(); bits-- > 0;) {
    if (lengths[bits] == 0) continue;
    if (const auto v = verdict_of(ip_prefix(address, static_cast<std::uint8_t>(bits)), now))
      return v;
  }
  return std::nullopt;
}

bool access_rules::admits(const ip_endpoint& address, wall_time now) const noexcept {
  return verdict_of(address, now) != access_verdict::ban;
}

bool access_rules::admits(const peer_id& peer, const ip_endpoint& address,
                          wall_time now) const noexcept {
  const auto here = verdict_of(address, now);
  const auto who = verdict_of(access_subject(peer), now);
  if (here == access_verdict::ban || who == access_verdict::ban) return false;
  return !refuse_strangers || here == access_verdict::allow || who == access_verdict::allow;
}

bool access_rules::bans(const peer_id& peer, wall_time now) const noexcept {
  return verdict_of(access_subject(peer), now) == access_verdict::ban;
}

}  // namespace weft::transport
