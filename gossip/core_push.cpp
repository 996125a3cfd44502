// SPDX-License-Identifier: MIT
#include "gossip/core_impl.hpp"

#include <algorithm>
#include <utility>

/// Large messages to Weft peers: announced with their length, then sent on streams of their own.
namespace weft::gossip {

/// Pushes a message now, or behind those that are under way; false when too many wait already.
bool gossip_core::impl::push(peer_slot slot, const cached_message& held, bool counted) {
  peer_state& peer = peers_[slot];
  const auto is_same = [&](outbound_push& each) {
    const bool same = each.number == held.number;
    if (same) each.counted = each.counted || counted;
    return same;
  };
  if (std::ranges::any_of(peer.pushes, is_same)
      || std::ranges::any_of(peer.waiting_pushes, is_same))
    return true;
  const outbound_push made{held.number, held.number, counted};
  if (peer.waiting_pushes.empty() && peer.pushes.size() < config_.lazy.pushes_per_peer_max) {
    start_push(slot, made, held);
    return true;
  }
  if (peer.waiting_pushes.size() >= config_.lazy.pushes_waiting_max) return false;
  ++counters_.pushes_queued;
  peer.waiting_pushes.push_back(made);
  return true;
}

void gossip_core::impl::start_push(peer_slot slot, const outbound_push& push,
                                   const cached_message& held) {
  peer_state& peer = peers_[slot];
  if ((push.tag & asked_bit) == 0) {
    const announcement_entry entry = entry_for(held, true, config_.lazy.push_bytes_min);
    const std::string& name = *topics_[held.topic]->name;
    control_to(slot, name.size() + rpc_writer::announcement_bytes(held.id.size()))
        .announce(name, {&entry, 1});
    ++counters_.announcements_sent;
  }
  peer.pushes.push_back(push);
  ++counters_.pushes_started;
  ++counters_.frames_sent;
  counters_.bytes_sent += held.frame.size();
  out_->pushes.push_back({peer.known.peer, push.tag, held.frame, config_.lazy.push_timeout});
}

void gossip_core::impl::start_waiting(peer_slot slot) {
  peer_state& peer = peers_[slot];
  while (!peer.waiting_pushes.empty() && peer.pushes.size() < config_.lazy.pushes_per_peer_max) {
    const outbound_push next = peer.waiting_pushes.front();
    peer.waiting_pushes.erase(peer.waiting_pushes.begin());
    const cached_message* held = cached_number(next.number);
    if (held == nullptr) {
      ++counters_.pushes_expired;
      if (next.counted) conclude(next.number, false);
    } else if ((next.tag & asked_bit) == 0 && unwanted(peer, hash_of(held->id.bytes()))) {
      ++counters_.copies_saved;
      if (next.counted) conclude(next.number, true);
    } else {
      start_push(slot, next, *held);
    }
  }
}

void gossip_core::impl::forget_pushes(peer_state& peer) {
  for (const outbound_push& each : peer.pushes)
    if (each.counted) conclude(each.number, false);
  for (const outbound_push& each : peer.waiting_pushes)
    if (each.counted) conclude(each.number, false);
}

void gossip_core::impl::fate_of_push(const peer_id& peer, std::uint64_t tag, fate what) {
  const peer_slot slot = slot_of(peer);
  if (slot == no_peer) return;
  auto& pushes = peers_[slot].pushes;
  const auto found = std::ranges::find(pushes, tag, &outbound_push::tag);
  if (found == pushes.end()) return;
  const outbound_push push = *found;
  pushes.erase(found);
  switch (what) {
    case fate::sent:
      ++counters_.pushes_completed;
      break;
    case fate::refused:
      ++counters_.pushes_called_off;
      break;
    case fate::dropped:
      ++counters_.pushes_failed;
      break;
  }
  // A peer that calls a push off has the message, or another copy under way.
  if (push.counted) conclude(push.number, what != fate::dropped);
  start_waiting(slot);
}

void gossip_core::impl::take_pulls(peer_slot slot) {
  for (const pull_entry& pull : rpc_.pulls) take_pull(slot, pull);
}

void gossip_core::impl::take_pull(peer_slot slot, const pull_entry& pull) {
  peer_state& peer = peers_[slot];
  const cached_message* known = cached_number(pull.announced);
  const auto bears = [&](const outbound_push& each) { return each.tag == pull.tag; };
  // Only large messages are announced with a number; a tag of the peer's own choice must not be one
  // of ours.
  if (known == nullptr || known->frame.size() < config_.lazy.push_bytes_min
      || (pull.tag & asked_bit) == 0 || std::ranges::any_of(peer.pushes, bears)
      || std::ranges::any_of(peer.waiting_pushes, bears))
    return drop(drop_reason::pull_unknown);
  const auto waiting
      = std::ranges::find(peer.waiting_pushes, pull.announced, &outbound_push::number);
  if (waiting != peer.waiting_pushes.end()) {
    waiting->tag = pull.tag;
    return;
  }
  if (peer.waiting_pushes.size() >= config_.lazy.pushes_waiting_max)
    return drop(drop_reason::pull_limit);
  cached_message& held = *cache_.find(hash_of(known->id.bytes()));
  if (!may_answer(slot, held)) return;
  ++counters_.copies_answered;
  peer.waiting_pushes.push_back({pull.tag, held.number, false});
  start_waiting(slot);
}

}  // namespace weft::gossip
