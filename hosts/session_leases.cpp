// SPDX-License-Identifier: MIT
#include "hosts/session_leases.hpp"

namespace weft::hosts {

bool session_leases::use(const peer_id& peer, instant now) {
  auto s = leases_.find(peer);
  const bool fresh = s == leases_.none;
  if (fresh)
    s = leases_.add(peer);
  else
    by_use_.remove(s);
  leases_[s].used = now;
  by_use_.append(s);
  return fresh;
}

bool session_leases::forget(const peer_id& peer) {
  const auto s = leases_.find(peer);
  if (s == leases_.none) return false;
  by_use_.remove(s);
  leases_.erase(s);
  return true;
}

std::optional<instant> session_leases::next() const {
  if (by_use_.empty()) return std::nullopt;
  return leases_[by_use_.first()].used + (size() > kept_ ? busy_ : idle_);
}

std::optional<peer_id> session_leases::take_over(instant now) {
  const auto due = next();
  if (!due || now < *due) return std::nullopt;
  const peer_id peer = leases_[by_use_.first()].peer;
  forget(peer);
  return peer;
}

}  // namespace weft::hosts
