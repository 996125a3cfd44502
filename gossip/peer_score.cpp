// SPDX-License-Identifier: MIT
#include "gossip/peer_score.hpp"

#include <algorithm>

namespace weft::gossip {

namespace {

constexpr std::int64_t thousandths = 1000;
/// Keeps the products below 2^63: weights reach 10^6, counts in thousandths 10^6.
constexpr std::int64_t count_max = 1'000'000;
constexpr std::int64_t negligible = 10;
constexpr std::int64_t application_max = 1'000'000;

/// weight * (count / 1000)², in thousandths.
std::int64_t squared(std::int64_t weight, std::int64_t count) noexcept {
  return weight * (count * count / thousandths);
}

std::int64_t decayed(std::int64_t count, std::uint32_t permille) noexcept {
  const std::int64_t left = count * permille / thousandths;
  return left < negligible ? 0 : left;
}

}  // namespace

void score_counters::add_invalid() noexcept {
  invalid = std::min(invalid + thousandths, count_max);
}

void score_counters::add_behaviour(std::uint32_t times) noexcept {
  behaviour = std::min(behaviour + thousandths * times, count_max);
}

void score_counters::decay(const score_config& config) noexcept {
  invalid = decayed(invalid, config.decay_permille);
  behaviour = decayed(behaviour, config.decay_permille);
}

std::int64_t score_of(const score_counters& counters, std::size_t neighbours_at_address,
                      const score_config& config) noexcept {
  if (!config.enabled) return 0;
  std::int64_t score = squared(config.invalid_weight, counters.invalid);
  const std::int64_t threshold = thousandths * config.behaviour_threshold;
  if (counters.behaviour > threshold)
    score += squared(config.behaviour_weight, counters.behaviour - threshold);
  if (neighbours_at_address > config.colocation_threshold) {
    const auto excess
        = static_cast<std::int64_t>(neighbours_at_address - config.colocation_threshold);
    score += squared(config.colocation_weight, std::min(excess * thousandths, count_max));
  }
  const std::int64_t points = std::clamp(counters.application, -application_max, application_max);
  return score + points * config.application_weight * thousandths;
}

bool is_loopback(const ip_address& address) noexcept {
  constexpr ip_address mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(mapped.begin(), mapped.begin() + 12, address.begin())) return address[12] == 127;
  constexpr ip_address loopback_6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return address == loopback_6;
}

// -- retained_scores ---

void retained_scores::keep(const peer_id& peer, const score_counters& counters, instant now) {
  if (counters.blank() || config_.retained_max == 0) return;
  if (const auto old = by_peer_.find(peer); old != by_peer_.end()) forget(peer, old->second.since);
  if (by_peer_.size() >= config_.retained_max) {
    const auto [since, oldest] = *by_age_.begin();
    forget(oldest, since);
  }
  by_peer_.emplace(peer, entry{counters, now});
  by_age_.emplace(now, peer);
}

std::optional<score_counters> retained_scores::take(const peer_id& peer, instant now) {
  const auto found = by_peer_.find(peer);
  if (found == by_peer_.end()) return std::nullopt;
  score_counters counters = found->second.counters;
  const instant since = found->second.since;
  forget(peer, since);
  if (now - since >= config_.retention) return std::nullopt;
  for (instant at = since; at + config_.decay_interval <= now && !counters.blank();
       at += config_.decay_interval) {
    counters.decay(config_);
    if (counters.invalid == 0 && counters.behaviour == 0) break;
  }
  return counters;
}

void retained_scores::expire(instant now) {
  while (!by_age_.empty() && now - by_age_.begin()->first >= config_.retention) {
    const auto [since, peer] = *by_age_.begin();
    forget(peer, since);
  }
}

void retained_scores::forget(const peer_id& peer, instant since) {
  by_peer_.erase(peer);
  const auto [first, last] = by_age_.equal_range(since);
  for (auto at = first; at != last; ++at) {
    if (at->second != peer) continue;
    by_age_.erase(at);
    return;
  }
}

}  // namespace weft::gossip
