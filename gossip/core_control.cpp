// SPDX-License-Identifier: MIT
#include "gossip/core_impl.hpp"

#include <algorithm>
#include <utility>

namespace weft::gossip {

/// Everything of a frame but its messages; subscriptions first, as a GRAFT may depend on them.
void gossip_core::impl::take_control(peer_slot slot) {
  take_subscriptions(slot);
  if (rpc_.skipped > 0) drop(drop_reason::oversized, rpc_.skipped);
  take_graft(slot);
  take_prune(slot);
  if (peers_[slot].weft) {
    take_choking(slot);
    if (!rpc_.beacons.empty()) take_beacons(slot);
  }
  if (!rpc_.idontwant.empty()) take_idontwant(slot);
  if (!rpc_.ihave.empty()) take_ihave(slot);
  if (!rpc_.iwant.empty()) take_iwant(slot);
  if (!peers_[slot].weft) return;
  if (!rpc_.announcements.empty()) take_announcements(slot);
  if (!rpc_.pulls.empty()) take_pulls(slot);
}

// -- GRAFT and PRUNE ---

void gossip_core::impl::take_graft(peer_slot slot) {
  std::uint32_t taken = 0;
  for (const bytes_view name : rpc_.graft) {
    if (++taken > config_.mesh_entries_max) {
      drop(drop_reason::mesh_entries, rpc_.graft.size() - config_.mesh_entries_max);
      return;
    }
    ++counters_.grafts_received;
    take_graft_of(slot, name);
  }
}

void gossip_core::impl::take_graft_of(peer_slot slot, bytes_view name) {
  const auto topic = find_topic(name);
  // No PRUNE for what is not followed: an answer to anything invites floods.
  if (!topic || !topics_[*topic]->subscribed || !add_subscription(slot, name))
    return drop(drop_reason::graft_topic);
  topic_state& t = *topics_[*topic];
  const peer_id& peer = peers_[slot].known.peer;
  if (mesh_entry* member = t.member(slot)) {
    member->choked_by_peer = false;
    return;
  }
  if (const auto until = t.backoff.find(peer); until != t.backoff.end() && now_ < until->second) {
    drop(drop_reason::graft_backoff);
    const bool flood = now_ + config_.prune_backoff < until->second + config_.graft_flood;
    blame_behaviour(slot, flood ? 2 : 1);
    return refuse(*topic, slot, config_.prune_backoff, false);
  }
  if (!above(slot, 0)) {
    drop(drop_reason::graft_score);
    return refuse(*topic, slot, config_.prune_backoff, false);
  }
  if (t.mesh.size() >= config_.degree_high && !peers_[slot].known.outbound) {
    drop(drop_reason::graft_full);
    return refuse(*topic, slot, config_.prune_backoff, true);
  }
  enter_mesh(*topic, slot);
}

void gossip_core::impl::take_prune(peer_slot slot) {
  std::uint32_t taken = 0;
  for (const prune_entry& entry : rpc_.prune) {
    if (++taken > config_.mesh_entries_max)
      return drop(drop_reason::mesh_entries, rpc_.prune.size() - config_.mesh_entries_max);
    ++counters_.prunes_received;
    const auto topic = find_topic(entry.topic);
    if (!topic || !topics_[*topic]->subscribed) continue;
    topic_state& t = *topics_[*topic];
    const bool hole = t.member(slot) != nullptr;
    leave_mesh(t, slot);
    // Compared as the peer's number of seconds: as nanoseconds it need not fit.
    const auto longest = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(config_.backoff_max).count());
    duration backoff = config_.prune_backoff;
    if (entry.backoff_s && *entry.backoff_s > 0)
      backoff = std::chrono::seconds(std::min(*entry.backoff_s, longest));
    back_off(t, peers_[slot].known.peer, backoff);
    take_exchange(slot, entry);
    if (hole) repair(*topic);
  }
}

void gossip_core::impl::take_exchange(peer_slot slot, const prune_entry& entry) {
  if (entry.peers.count == 0) return;
  if (config_.exchange_peers == 0 || !above(slot, config_.score.accept_exchange_threshold))
    return drop(drop_reason::exchange_score, entry.peers.count);
  const std::size_t taken = std::min<std::size_t>(entry.peers.count, config_.exchange_peers);
  if (taken < entry.peers.count) drop(drop_reason::exchange_limit, entry.peers.count - taken);
  for (std::size_t i = 0; i < taken; ++i) {
    const exchange_entry& other = rpc_.exchange[entry.peers.first + i];
    // An address without a signature could send everybody to a victim.
    auto record = crypto_.open_record(other.signed_record);
    const auto named = peer_id::from_bytes(other.peer);
    if (!record || !named || record->id != *named || record->addresses.empty()) {
      drop(drop_reason::exchange_record);
      continue;
    }
    if (*named == self_ || slot_of(*named) != no_peer) continue;
    out_->connects.push_back({*named, std::move(record->addresses)});
  }
}

// -- IHAVE and IWANT ---

void gossip_core::impl::take_ihave(peer_slot slot) {
  peer_state& peer = peers_[slot];
  if (!above(slot, config_.score.gossip_threshold)) return drop(drop_reason::ihave_score);
  if (++peer.ihave_frames > config_.ihave_frames_max) return drop(drop_reason::ihave_frames);
  for (const ihave_entry& entry : rpc_.ihave) {
    const auto topic = find_topic(entry.topic);
    if (!topic || !topics_[*topic]->subscribed) continue;
    std::size_t left = entry.ids.count;
    for (const bytes_view bytes : rpc_.range(entry.ids)) {
      if (peer.ihave_ids >= config_.ihave_ids_max) return drop(drop_reason::ihave_ids, left);
      --left;
      ++peer.ihave_ids;
      ++counters_.ihave_ids_received;
      const auto id = message_id::from(bytes);
      if (!id) {
        drop(drop_reason::oversized);
        continue;
      }
      const std::uint64_t hash = hash_of(bytes);
      if (seen_.find(hash)) continue;
      want_from(slot, *topic, hash, *id);
    }
  }
}

void gossip_core::impl::take_iwant(peer_slot slot) {
  peer_state& peer = peers_[slot];
  if (!above(slot, config_.score.gossip_threshold)) return drop(drop_reason::iwant_score);
  for (const id_range range : rpc_.iwant) {
    std::size_t left = range.count;
    for (const bytes_view id : rpc_.range(range)) {
      if (peer.iwant_ids >= config_.iwant_ids_max) return drop(drop_reason::iwant_ids, left);
      --left;
      ++peer.iwant_ids;
      ++counters_.iwant_ids_received;
      if (cached_message* held = cache_.find(hash_of(id)))
        answer(slot, *held);
      else
        drop(drop_reason::iwant_unknown);
    }
  }
}

/// Counts what a peer takes of one message and of all; false when it is enough.
bool gossip_core::impl::may_answer(peer_slot slot, cached_message& held) {
  peer_state& peer = peers_[slot];
  const peer_ref to = ref(slot);
  const auto known = std::ranges::find(held.answers, to, &std::pair<peer_ref, std::uint8_t>::first);
  if (known != held.answers.end() && known->second >= config_.iwant_retransmissions_max) {
    drop(drop_reason::iwant_repeated);
    return false;
  }
  if (peer.iwant_bytes + held.frame.size() > config_.iwant_bytes_max) {
    drop(drop_reason::iwant_bytes);
    return false;
  }
  peer.iwant_bytes += held.frame.size();
  if (known != held.answers.end())
    ++known->second;
  else
    held.answers.emplace_back(to, std::uint8_t{1});
  return true;
}

void gossip_core::impl::answer(peer_slot slot, cached_message& held) {
  if (!may_answer(slot, held)) return;
  ++counters_.copies_answered;
  const bool large = peers_[slot].weft && held.frame.size() >= config_.lazy.push_bytes_min;
  if (large && push(slot, held, false)) return;
  emit(slot, send_class::answer, held.frame);
}

// -- IDONTWANT ---

void gossip_core::impl::take_idontwant(peer_slot slot) {
  peer_state& peer = peers_[slot];
  if (++peer.idontwant_frames > config_.idontwant_frames_max)
    return drop(drop_reason::idontwant_frames);
  std::uint32_t taken = 0;
  for (const id_range range : rpc_.idontwant) {
    for (const bytes_view id : rpc_.range(range)) {
      if (++taken > config_.idontwant_ids_max) return drop(drop_reason::idontwant_ids);
      ++counters_.idontwant_ids_received;
      if (id.size() > message_id::bytes_max)
        drop(drop_reason::oversized);
      else
        mark_unwanted(peer, hash_of(id));
    }
  }
}

void gossip_core::impl::mark_unwanted(peer_state& peer, std::uint64_t hash) {
  while (peer.unwanted.size() >= config_.unwanted_per_peer_max) peer.unwanted.pop_front();
  if (!peer.unwanted.find(hash)) peer.unwanted.push(hash, now_);
}

bool gossip_core::impl::unwanted(const peer_state& peer, std::uint64_t hash) const {
  const instant* said = peer.unwanted.find(hash);
  return said && now_ - *said <= config_.heartbeat * config_.idontwant_heartbeats;
}

}  // namespace weft::gossip
