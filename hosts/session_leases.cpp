// SPDX-License-Identifier: MIT
#include "hosts/session_leases.hpp"

namespace weft::hosts {

bool session_leases::use(const peer_id& peer, instant now) {
  const auto [at, fresh] = used_.try_emplace(peer, now);
  if (!fresh) {
    if (at->second == now) return false;
    order_.erase({at->second, peer});
    at->second = now;
  }
  order_.emplace(now, peer);
  return fresh;
}

bool session_leases::forget(const peer_id& peer) {
  const auto at = used_.find(peer);
  if (at == used_.end()) return false;
  order_.erase({at->second, peer});
  used_.erase(at);
  return true;
}

std::optional<instant> session_leases::next() const {
  if (order_.empty()) return std::nullopt;
  return order_.begin()->first + (used_.size() > kept_ ? busy_ : idle_);
}

std::optional<peer_id> session_leases::take_over(instant now) {
  const auto due = next();
  if (!due || now < *due) return std::nullopt;
  const auto peer = order_.begin()->second;
  forget(peer);
  return peer;
}

}  // namespace weft::hosts
