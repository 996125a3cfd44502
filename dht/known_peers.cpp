// SPDX-License-Identifier: MIT
#include "dht/known_peers.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace weft::dht {

known_peers::known_peers(const peer_id& self, const dht_config& config, dht_metrics& counters)
    : self_(self), config_(config), counters_(counters) {}

peer_slot known_peers::find(const peer_id& id) const {
  static_assert(no_peer == slot_index::none);
  return by_id_.find(peer_id_hash{}(id), [&](peer_slot s) { return slots_[s].peer.id == id; });
}

peer_slot known_peers::add(const peer_id& id) {
  if (const peer_slot s = find(id); s != no_peer) {
    if (idle_.contains(s)) {
      idle_.remove(s);
      idle_.append(s);
    }
    return s;
  }
  if (id == self_ || id.empty()) return no_peer;
  while (idle_.size() >= config_.idle_peers_max) make_room();
  if (by_id_.size() >= config_.peers_max && !make_room()) {
    ++counters_.rejected[reject_reason::peers_full];
    return no_peer;
  }
  peer_slot s = no_peer;
  if (free_.empty()) {
    s = static_cast<peer_slot>(slots_.add());
  } else {
    s = free_.back();
    free_.pop_back();
  }
  const std::uint32_t life = slots_[s].life + 1;
  slots_[s] = {};
  slots_[s].life = life;
  slots_[s].used = true;
  slots_[s].peer.id = id;
  slots_[s].peer.place = kad_id::of(id);
  by_id_.insert(peer_id_hash{}(id), s);
  idle_.append(s);
  return s;
}

bool known_peers::make_room() {
  if (idle_.empty()) return false;
  const peer_slot s = idle_.first();
  idle_.remove(s);
  if (slots_[s].peer.failures > 0) --failed_;
  by_id_.erase(peer_id_hash{}(slots_[s].peer.id), s);
  slots_[s].used = false;
  slots_[s].peer = {};
  free_.push_back(s);
  return true;
}

void known_peers::settle(peer_slot s) {
  const slot& at = slots_[s];
  const bool idle = at.pins == 0 && !at.peer.connected && !at.peer.in_table;
  if (idle == idle_.contains(s)) return;
  if (idle)
    idle_.append(s);
  else
    idle_.remove(s);
}

void known_peers::pin(peer_slot s) {
  ++slots_[s].pins;
  settle(s);
}

void known_peers::unpin(peer_slot s) {
  WEFT_ASSERT(slots_[s].pins > 0, "a peer is unpinned as often as it was pinned");
  --slots_[s].pins;
  settle(s);
}

void known_peers::set_connected(peer_slot s, bool connected) {
  slots_[s].peer.connected = connected;
  settle(s);
}

void known_peers::set_in_table(peer_slot s, bool in_table) {
  slots_[s].peer.in_table = in_table;
  settle(s);
}

void known_peers::learn_first_hand(peer_slot s, std::vector<multiaddr> addresses) {
  known_peer& p = slots_[s].peer;
  if (addresses.empty()) return;
  if (addresses.size() > config_.addresses_kept_max) addresses.resize(config_.addresses_kept_max);
  p.first_hand = true;
  if (p.addresses == addresses) return;
  p.addresses = std::move(addresses);
  ++p.addresses_version;
}

void known_peers::learn_hearsay(peer_slot s, std::span<const multiaddr> addresses) {
  known_peer& p = slots_[s].peer;
  if (p.first_hand) return;
  std::size_t room = (config_.addresses_kept_max + 1) / 2;
  for (const auto& address : addresses) {
    if (room == 0) break;
    if (std::find(p.addresses.begin(), p.addresses.end(), address) != p.addresses.end()) continue;
    // Whoever spoke first must not be able to keep the true address out.
    if (p.addresses.size() >= config_.addresses_kept_max) p.addresses.erase(p.addresses.begin());
    p.addresses.push_back(address);
    ++p.addresses_version;
    --room;
  }
}

bool known_peers::has_addresses(peer_slot s, std::span<const bytes_view> addresses) const noexcept {
  const auto& held = slots_[s].peer.addresses;
  return std::ranges::all_of(addresses, [&](bytes_view wanted) {
    return std::ranges::any_of(
        held, [&](const multiaddr& a) { return std::ranges::equal(a.bytes(), wanted); });
  });
}

void known_peers::note_named(peer_slot s, peer_slot by) {
  known_peer& p = slots_[s].peer;
  if (p.named_by != no_peer || p.last_heard || p.connected || s == by) return;
  p.named_by = by;
  p.named_by_life = slots_[by].life;
}

/// Once for each named peer: whether it turned out to exist is told to who named it.
void known_peers::credit(known_peer& named, bool good) {
  const peer_slot by = named.named_by;
  if (by == no_peer || by >= slots_.size()) return;
  named.named_by = no_peer;
  if (!slots_[by].used || slots_[by].life != named.named_by_life) return;
  known_peer& source = slots_[by].peer;
  ++(good ? source.named_good : source.named_bad);
  if (source.named_good + source.named_bad < 128) return;
  source.named_good /= 2;
  source.named_bad /= 2;
}

void known_peers::note_answer(peer_slot s, instant now) {
  known_peer& p = slots_[s].peer;
  if (p.failures > 0) --failed_;
  p.failures = 0;
  credit(p, true);
  p.suspect = false;
  p.last_answer = now;
  p.last_heard = now;
}

void known_peers::note_failure(peer_slot s, instant now) {
  known_peer& p = slots_[s].peer;
  if (!p.last_answer) credit(p, false);
  // Queries sent before the first of them failed: one and the same outage.
  if (p.failures > 0 && now < p.backoff_until) return;
  if (p.failures == 0) ++failed_;
  if (p.failures < 32) ++p.failures;
  duration pause = config_.backoff_min;
  for (unsigned i = 1; i < p.failures && pause < config_.backoff_max; ++i) pause *= 2;
  p.backoff_until = now + std::min(pause, config_.backoff_max);
}

bool known_peers::take_request(peer_slot s, instant now) {
  known_peer& p = slots_[s].peer;
  const double burst = config_.request_burst;
  if (p.request_tokens < 0)
    p.request_tokens = burst;
  else
    p.request_tokens = std::min(
        burst,
        p.request_tokens + to_seconds(now - p.request_tokens_at) * config_.requests_per_second);
  p.request_tokens_at = now;
  if (p.request_tokens < 1) return false;
  p.request_tokens -= 1;
  return true;
}

}  // namespace weft::dht
