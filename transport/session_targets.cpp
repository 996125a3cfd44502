// SPDX-License-Identifier: MIT
// The part of session_core that keeps peers connected.
#include "transport/session_core.hpp"

#include <algorithm>
#include <utility>

namespace weft::transport {

namespace {

constexpr std::uint64_t target_timer(std::uint64_t key) { return key * 2; }

struct group {
  std::optional<peer_id> peer;
  std::vector<multiaddr> addresses;
};

/// Addresses of one peer become one group; an address that names nobody is a group of its own.
std::vector<group> group_by_peer(const std::vector<multiaddr>& addresses, const peer_id& self) {
  std::vector<group> groups;
  for (const auto& address : addresses) {
    const auto named = address.peer();
    if (named == self) continue;
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const group& g) {
      return named ? g.peer == named : !g.peer && g.addresses.front() == address;
    });
    if (same == groups.end())
      groups.push_back({named, {address.without_peer()}});
    else if (named)
      same->addresses.push_back(address.without_peer());
  }
  return groups;
}

}  // namespace

void session_core::start(instant now, session_outbox& out) {
  // the configuration was validated: its addresses are good and not too many
  static_cast<void>(set_bootstrap(config_.bootstrap, now, out));
}

session_core::target* session_core::find_target(const peer_id& peer) {
  for (auto& [key, t] : targets_)
    if (t.peer == peer) return &t;
  return nullptr;
}

session_core::target* session_core::find_target(std::uint64_t key) {
  const auto at = std::lower_bound(targets_.begin(), targets_.end(), key,
                                   [](const auto& t, std::uint64_t k) { return t.first < k; });
  return at != targets_.end() && at->first == key ? &at->second : nullptr;
}

std::size_t session_core::bootstrap_up() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(targets_.begin(), targets_.end(),
                    [](const auto& t) { return t.second.bootstrap && t.second.up; }));
}

void session_core::want(const peer_id& peer) {
  passing_.remove(peer);
  if (target* t = find_target(peer)) {
    t->held = false;
    return;
  }
  if (targets_.size() - bootstrap_count_ >= config_.wanted_max) return;
  target t;
  t.peer = peer;
  t.up = t.was_up = is_up(peer);
  targets_.emplace_back(next_key_++, std::move(t));
  book_.pin(peer, true);
}

void session_core::hold(target& t) {
  t.held = true;
  if (t.timer) timers_.cancel(*std::exchange(t.timer, std::nullopt));
}

session_core::target_list::iterator session_core::drop_target(target_list::iterator at) {
  hold(at->second);
  if (at->second.peer) book_.pin(*at->second.peer, false);
  if (at->second.bootstrap) --bootstrap_count_;
  return targets_.erase(at);
}

void session_core::pursue_at(std::uint64_t key, instant at) {
  auto& t = *find_target(key);
  if (t.timer) timers_.cancel(*t.timer);
  t.timer = timers_.arm(at, target_timer(key));
}

void session_core::pursue(std::uint64_t key, instant now, session_outbox& out) {
  auto& t = *find_target(key);
  if (stopping_ || t.held || t.dial != 0 || t.up) return;
  if (now < t.backoff.not_before) return pursue_at(key, t.backoff.not_before);
  // A full house is looked at again later, without counting as a failure.
  if (dials_.size() >= config_.dials_max || sessions_.size() >= config_.peers_max)
    return pursue_at(key, now + config_.backoff.delay(1, random_));
  const auto tried = candidates(t.peer, t.addresses);
  if (tried.empty()) {
    t.backoff.fail(config_.backoff, random_, now);
    const bool give_up = !t.bootstrap && t.backoff.failures >= config_.reconnect_attempts_max;
    return give_up ? void() : pursue_at(key, t.backoff.not_before);
  }
  if (t.timer) timers_.cancel(*std::exchange(t.timer, std::nullopt));
  t.dial = dial_for(t.peer, tried, out);
}

void session_core::pursue_all(instant now, session_outbox& out) {
  for (const auto& [key, t] : targets_) pursue(key, now, out);
}

void session_core::target_reached(const session_up_event& e) {
  for (auto& [key, t] : targets_) {
    const bool dialled = e.dial != 0 && t.dial == e.dial;
    if (dialled) t.dial = 0;
    if (dialled && !t.peer) {
      t.peer = e.peer;
      book_.pin(e.peer, true);
    }
    if (t.peer != e.peer) continue;
    if (t.timer) timers_.cancel(*std::exchange(t.timer, std::nullopt));
    if (t.was_up && t.backoff.not_before != instant{}) ++metrics_.reconnects;
    t.backoff.not_before = {};
    t.up = t.was_up = true;
  }
}

void session_core::target_lost(const session_down_event& e, duration lived, instant now,
                               session_outbox& out) {
  for (auto at = targets_.begin(); at != targets_.end();) {
    auto& [key, t] = *at;
    if (t.peer == e.peer) t.up = false;
    if (t.peer != e.peer || t.held) {
      ++at;
      continue;
    }
    if (lived >= config_.stable_after) {
      t.backoff.succeed();
      // Both ends notice a loss at about the same time: do not dial each other in step.
      t.backoff.not_before = now + config_.backoff.delay(1, random_);
    } else {
      t.backoff.fail(config_.backoff, random_, now);
    }
    const bool give_up = !t.bootstrap && t.backoff.failures >= config_.reconnect_attempts_max;
    if (give_up) {
      at = drop_target(at);
      continue;
    }
    pursue(key, now, out);
    ++at;
  }
}

void session_core::target_failed(request_id failed, instant now, session_outbox& out) {
  for (auto at = targets_.begin(); at != targets_.end();) {
    auto& [key, t] = *at;
    if (t.dial != failed) {
      ++at;
      continue;
    }
    t.dial = 0;
    if (t.up) {
      ++at;
      continue;
    }
    t.backoff.fail(config_.backoff, random_, now);
    if (!t.bootstrap && t.backoff.failures >= config_.reconnect_attempts_max) {
      at = drop_target(at);
      continue;
    }
    pursue(key, now, out);
    ++at;
  }
}

result<void> session_core::set_bootstrap(std::vector<multiaddr> addresses, instant now,
                                         session_outbox& out) {
  session_config next = config_;
  next.bootstrap = std::move(addresses);
  WEFT_TRY_VOID(next.validate());
  config_.bootstrap = std::move(next.bootstrap);
  auto groups = group_by_peer(config_.bootstrap, self_);

  for (auto at = targets_.begin(); at != targets_.end();) {
    auto& t = at->second;
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const group& g) {
      return g.peer ? t.peer == g.peer : t.addresses == g.addresses;
    });
    if (same != groups.end()) {
      t.addresses = std::move(same->addresses);
      t.held = false;
      if (!std::exchange(t.bootstrap, true)) ++bootstrap_count_;
      groups.erase(same);
      ++at;
    } else {
      at = t.bootstrap ? drop_target(at) : std::next(at);
    }
  }
  for (auto& g : groups) {
    target t;
    t.peer = g.peer;
    t.addresses = std::move(g.addresses);
    t.bootstrap = true;
    t.up = t.was_up = t.peer && is_up(*t.peer);
    if (t.peer) book_.pin(*t.peer, true);
    targets_.emplace_back(next_key_++, std::move(t));
    ++bootstrap_count_;
  }
  if (!stopping_) pursue_all(now, out);
  update_gauges();
  return {};
}

void session_core::retry_now(instant now, session_outbox& out) {
  for (auto& [key, t] : targets_) t.backoff.succeed();
  pursue_all(now, out);
  update_gauges();
}

}  // namespace weft::transport
