// SPDX-License-Identifier: MIT
#include "hosts/session_leases.hpp"

namespace weft::hosts {

session_leases::slot session_leases::find(const peer_id& peer) const {
  return by_peer_.find(peer_id_hash{}(peer), [&](slot s) { return leases_[s].peer == peer; });
}

void session_leases::link(slot s) noexcept {
  leases_[s].before = newest_;
  leases_[s].after = slot_index::none;
  (newest_ == slot_index::none ? oldest_ : leases_[newest_].after) = s;
  newest_ = s;
}

void session_leases::unlink(slot s) noexcept {
  const lease& at = leases_[s];
  (at.before == slot_index::none ? oldest_ : leases_[at.before].after) = at.after;
  (at.after == slot_index::none ? newest_ : leases_[at.after].before) = at.before;
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
    unlink(s);
  }
  leases_[s].used = now;
  link(s);
  return fresh;
}

bool session_leases::forget(const peer_id& peer) {
  const slot s = find(peer);
  if (s == slot_index::none) return false;
  by_peer_.erase(peer_id_hash{}(peer), s);
  unlink(s);
  free_.push_back(s);
  return true;
}

std::optional<instant> session_leases::next() const {
  if (oldest_ == slot_index::none) return std::nullopt;
  return leases_[oldest_].used + (size() > kept_ ? busy_ : idle_);
}

std::optional<peer_id> session_leases::take_over(instant now) {
  const auto due = next();
  if (!due || now < *due) return std::nullopt;
  const peer_id peer = leases_[oldest_].peer;
  forget(peer);
  return peer;
}

}  // namespace weft::hosts
