// SPDX-License-Identifier: MIT
#include "gossip/core_impl.hpp"

#include <algorithm>
#include <utility>

namespace weft::gossip {

void gossip_core::impl::start(wall_time wall) {
  sequence_ = static_cast<std::uint64_t>(std::max<wall_time::rep>(
      0, std::chrono::duration_cast<duration>(wall.time_since_epoch()).count()));
  next_wave_ = sequence_;
  heartbeat_at_ = now_ + config_.heartbeat_first;
  decayed_at_ = now_;
}

peer_slot gossip_core::impl::slot_of(const peer_id& peer) const {
  const auto found = by_peer_.find(
      peer_id_hash{}(peer), [&](slot_index::slot s) { return peers_[s].known.peer == peer; });
  return found == slot_index::none ? no_peer : static_cast<peer_slot>(found);
}

void gossip_core::impl::peer_up(const neighbour& peer) {
  if (peer.peer.empty() || peer.peer == self_) return;
  peer_slot slot = slot_of(peer.peer);
  if (slot != no_peer && peers_[slot].weft && !peer.weft) {
    // Another program in its place: nothing of what was agreed holds.
    peer_down(peer.peer);
    slot = no_peer;
  }
  const bool again = slot != no_peer;
  if (again)
    learn(slot, peer);
  else
    slot = admit(peer);
  if (slot == no_peer) return;
  hello(slot);
  // The other end may have begun anew without our noticing, and left our meshes.
  if (again) {
    for (const auto& topic : topics_)
      if (topic && topic->member(slot)) control_to(slot, topic->name->size()).graft(*topic->name);
  }
}

peer_slot gossip_core::impl::admit(const neighbour& peer) {
  if (by_peer_.size() >= config_.peers_max) {
    ++counters_.peers_refused;
    return no_peer;
  }
  peer_slot slot;
  if (free_peers_.empty()) {
    slot = static_cast<peer_slot>(peers_.add());
  } else {
    slot = free_peers_.back();
    free_peers_.pop_back();
  }
  peer_state& state = peers_[slot];
  state.up = true;
  by_peer_.insert(peer_id_hash{}(peer.peer), slot);
  if (const auto kept = retained_.take(peer.peer, now_)) state.counters = *kept;
  learn(slot, peer);
  counters_.peers.set(static_cast<std::int64_t>(by_peer_.size()));
  return slot;
}

void gossip_core::impl::learn(peer_slot slot, const neighbour& peer) {
  peer_state& state = peers_[slot];
  if (state.known.address != peer.address) {
    leave_address(slot);
    if (peer.address) ++addresses_[*peer.address];
  }
  const auto old = state.known.address;
  state.known = peer;
  state.weft = peer.weft && config_.lazy.enabled;
  if (peer.rtt > duration::zero()) state.rtt.sample(peer.rtt);
  // Whoever is alone at an address changes nobody else's score.
  if (old != peer.address && peer.address && addresses_.at(*peer.address) > 1)
    rescore_address(*peer.address);
  else
    rescore(slot);
}

void gossip_core::impl::leave_address(peer_slot slot) {
  const auto address = peers_[slot].known.address;
  if (!address) return;
  peers_[slot].known.address.reset();
  const auto found = addresses_.find(*address);
  if (--found->second == 0)
    addresses_.erase(found);
  else
    rescore_address(*address);
}

void gossip_core::impl::peer_changed(const neighbour& peer) {
  const peer_slot slot = slot_of(peer.peer);
  if (slot == no_peer) return;
  neighbour known = peer;
  known.weft = known.weft || peers_[slot].known.weft;
  learn(slot, known);
}

void gossip_core::impl::peer_rtt(const peer_id& peer, duration rtt) {
  const peer_slot slot = slot_of(peer);
  if (slot != no_peer && rtt > duration::zero()) peers_[slot].rtt.sample(rtt);
}

void gossip_core::impl::application_score(const peer_id& peer, std::int64_t points) {
  const peer_slot slot = slot_of(peer);
  if (slot == no_peer) return;
  constexpr std::int64_t most = 1'000'000;
  peers_[slot].counters.application = std::clamp(points, -most, most);
  rescore(slot);
}

void gossip_core::impl::peer_down(const peer_id& peer) {
  const peer_slot slot = slot_of(peer);
  if (slot == no_peer) return;
  peer_state& state = peers_[slot];
  state.up = false;
  by_peer_.erase(peer_id_hash{}(peer), slot);
  leave_address(slot);
  std::vector<topic_slot> left;
  left.swap(state.topics);
  subscriptions_ -= left.size();
  std::vector<topic_slot> holes;
  for (const topic_slot topic : left) {
    topic_state& t = *topics_[topic];
    std::erase(t.peers, slot);
    std::erase(t.fanout, slot);
    if (t.member(slot)) {
      leave_mesh(t, slot);
      holes.push_back(topic);
    }
  }
  forget_source(slot);
  std::erase(announcing_, slot);
  forget_pushes(state);
  state.counters.application = 0;
  retained_.keep(peer, state.counters, now_);
  const std::uint32_t generation = state.generation + 1;
  const std::uint32_t place = state.outgoing;
  if (place != 0) outgoing_[place - 1]->forget();
  state = peer_state();
  state.generation = generation;
  state.outgoing = place;
  free_peers_.push_back(slot);
  for (const topic_slot topic : holes) repair(topic);
  for (const topic_slot topic : left) release_topic(topic);
  counters_.peers.set(static_cast<std::int64_t>(by_peer_.size()));
}

// -- subscriptions ---

void gossip_core::impl::hello(peer_slot slot) {
  std::vector<const std::string*> names;
  for (const auto& topic : topics_)
    if (topic && topic->subscribed) names.push_back(topic->name.get());
  std::ranges::sort(names, [](const auto* a, const auto* b) { return *a < *b; });
  for (const std::string* name : names) control_to(slot, name->size() + 16).subscribe(true, *name);
}

void gossip_core::impl::take_subscriptions(peer_slot slot) {
  for (const subscription_entry& entry : rpc_.subscriptions) {
    if (entry.subscribe) {
      add_subscription(slot, entry.topic);
      continue;
    }
    const auto topic = find_topic(entry.topic);
    if (!topic || !topics_[*topic]->has_peer(slot)) continue;
    const bool hole = topics_[*topic]->member(slot) != nullptr;
    remove_subscription(slot, *topic);
    if (hole) repair(*topic);
    release_topic(*topic);
  }
}

/// False when a limit is in the way.
bool gossip_core::impl::add_subscription(peer_slot slot, bytes_view name) {
  peer_state& peer = peers_[slot];
  auto topic = find_topic(name);
  if (topic && topics_[*topic]->has_peer(slot)) return true;
  if (name.empty() || name.size() > config_.topic_bytes_max) {
    drop(drop_reason::oversized);
    return false;
  }
  if (peer.topics.size() >= config_.topics_per_peer_max
      || subscriptions_ >= config_.subscriptions_max
      || (!topic && !(topic = make_topic(as_text(name))))) {
    drop(drop_reason::subscription_limit);
    return false;
  }
  topic_state& t = *topics_[*topic];
  t.peers.insert(std::ranges::lower_bound(t.peers, slot), slot);
  peer.topics.insert(std::ranges::lower_bound(peer.topics, *topic), *topic);
  ++subscriptions_;
  return true;
}

void gossip_core::impl::remove_subscription(peer_slot slot, topic_slot topic) {
  topic_state& t = *topics_[topic];
  std::erase(t.peers, slot);
  std::erase(t.fanout, slot);
  std::erase(peers_[slot].topics, topic);
  --subscriptions_;
  leave_mesh(t, slot);
}

// -- scores ---

void gossip_core::impl::rescore_address(const ip_address& address) {
  for (peer_slot slot = 0; slot < peers_.size(); ++slot)
    if (peers_[slot].up && peers_[slot].known.address == address) rescore(slot);
}

void gossip_core::impl::rescore(peer_slot slot) {
  peer_state& peer = peers_[slot];
  if (!peer.up) return;
  std::size_t together = 0;
  const auto& address = peer.known.address;
  if (address && (config_.score.colocation_counts_loopback || !is_loopback(*address)))
    together = addresses_.at(*address);
  peer.score = score_of(peer.counters, together, config_.score);
  const bool below = !above(slot, config_.score.graylist_threshold);
  if (below == peer.graylisted) return;
  peer.graylisted = below;
  if (!below) return;
  ++counters_.graylistings;
  out_->expulsions.push_back({peer.known.peer, peer.score, config_.score.disconnect_graylisted});
}

void gossip_core::impl::blame_invalid(peer_slot slot) {
  peers_[slot].counters.add_invalid();
  rescore(slot);
}

void gossip_core::impl::blame_behaviour(peer_slot slot, std::uint32_t times) {
  peers_[slot].counters.add_behaviour(times);
  rescore(slot);
}

}  // namespace weft::gossip
