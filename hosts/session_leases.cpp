// SPDX-License-Identifier: MIT
#include "hosts/session_leases.hpp"

namespace weft::hosts {

session_leases::slot session_leases::find(const peer_id& peer) const {
  return by_peer_.find(peer_id_hash{}(peer), [&](slot s) { return leases_[s].peer == peer; });
}

bool session_leases::use(const peer_id& peer, instant now) {
  slot s = find(peer);
  const bool fresh = s == slot_index::none;
  if (fresh) {
    if (free_.empty()) {
      s = static_cast<slot>(leases_.size());
      leases_.emplace_back();
    } else {
      s = free_.back();
      free_.pop_back();
    }
    leases_[s].peer = peer;
    by_peer_.insert(peer_id_hash{}(peer), s);
  } else {
    by_use_.remove(s);
  }
  leases_[s].used = now;
  by_use_.append(s);
  return fresh;
}

bool session_leases::forget(const peer_id& peer) {
  const slot s = find(peer);
  if (s == slot_index::none) return false;
  by_peer_.erase(peer_id_hash{}(peer), s);
  by_use_.remove(s);
  free_.push_back(s);
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
