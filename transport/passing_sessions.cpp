// SPDX-License-Identifier: MIT
#include "transport/passing_sessions.hpp"

namespace weft::transport {

passing_sessions::slot passing_sessions::make(const peer_id& peer) {
  const slot s = states_.find(peer);
  return s == none ? states_.add(peer) : s;
}

void passing_sessions::settle(slot s, instant now) {
  state& at = states_[s];
  if (at.idle() != idle_.contains(s)) {
    if (at.idle()) {
      at.idle_since = now;
      idle_.append(s);
    } else {
      idle_.remove(s);
    }
  }
  if (!at.passing && at.users == 0) states_.erase(s);
}

void passing_sessions::add(const peer_id& peer, instant now) {
  const slot s = make(peer);
  if (!states_[s].passing) ++passing_count_;
  states_[s].passing = true;
  settle(s, now);
}

void passing_sessions::remove(const peer_id& peer) {
  const slot s = states_.find(peer);
  if (s == none) return;
  if (states_[s].passing) --passing_count_;
  states_[s].passing = false;
  settle(s, {});
}

void passing_sessions::need(const peer_id& peer, session_user user, bool needed, instant now) {
  const auto bit = static_cast<std::uint8_t>(1u << static_cast<unsigned>(user));
  const slot s = needed ? make(peer) : states_.find(peer);
  if (s == none) return;
  auto& users = states_[s].users;
  users = static_cast<std::uint8_t>(needed ? users | bit : users & ~bit);
  settle(s, now);
}

std::optional<std::pair<instant, peer_id>> passing_sessions::idlest() const {
  if (idle_.empty()) return std::nullopt;
  const state& at = states_[idle_.first()];
  return std::pair(at.idle_since, at.peer);
}

}  // namespace weft::transport
