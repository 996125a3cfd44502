// SPDX-License-Identifier: MIT
#include "transport/passing_sessions.hpp"

namespace weft::transport {

template <class Change>
void passing_sessions::change(const peer_id& peer, instant now, Change apply) {
  const auto at = peers_.try_emplace(peer).first;
  auto& s = at->second;
  const bool was_idle = s.idle();
  const bool was_passing = s.passing;
  apply(s);
  passing_count_ += s.passing ? 1 : 0;
  passing_count_ -= was_passing ? 1 : 0;
  if (was_idle && !s.idle()) idle_.erase({s.idle_since, peer});
  if (!was_idle && s.idle()) {
    s.idle_since = now;
    idle_.emplace(now, peer);
  }
  if (!s.passing && s.users == 0) peers_.erase(at);
}

void passing_sessions::add(const peer_id& peer, instant now) {
  change(peer, now, [](state& s) { s.passing = true; });
}

void passing_sessions::remove(const peer_id& peer) {
  change(peer, {}, [](state& s) { s.passing = false; });
}

void passing_sessions::need(const peer_id& peer, session_user user, bool needed, instant now) {
  const auto bit = static_cast<std::uint8_t>(1u << static_cast<unsigned>(user));
  change(peer, now, [&](state& s) {
    s.users = static_cast<std::uint8_t>(needed ? s.users | bit : s.users & ~bit);
  });
}

std::optional<std::pair<instant, peer_id>> passing_sessions::idlest() const {
  if (idle_.empty()) return std::nullopt;
  return *idle_.begin();
}

}  // namespace weft::transport
