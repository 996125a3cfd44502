// SPDX-License-Identifier: MIT
#include "gossip/core_impl.hpp"

#include <algorithm>
#include <utility>

namespace weft::gossip {

void gossip_core::impl::deadline() {
  while (const auto due = want_timers_.expire(now_)) want_due(*due);
  while (const auto due = tree_timers_.expire(now_)) tree_due(static_cast<topic_slot>(*due));
  if (heartbeat_at_ && *heartbeat_at_ <= now_) {
    heartbeat();
    // A late heartbeat is not made up for.
    heartbeat_at_ = *heartbeat_at_ + config_.heartbeat;
    if (*heartbeat_at_ <= now_) heartbeat_at_ = now_ + config_.heartbeat;
  }
  if (announce_at_ && *announce_at_ <= now_) flush_announcements();
  expire_validations();
  expire_publications();
}

std::optional<instant> gossip_core::impl::next_deadline() const {
  std::optional<instant> next = heartbeat_at_;
  const auto consider = [&](std::optional<instant> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  consider(announce_at_);
  consider(want_timers_.next());
  consider(tree_timers_.next());
  if (!validations_.empty()) consider(validations_.begin()->second.until);
  if (!publications_.empty()) consider(publications_.begin()->second.until);
  return next;
}

void gossip_core::impl::heartbeat() {
  ++beat_;
  decay();
  expire_promises();
  const instant wanted_again = now_ - config_.heartbeat * config_.idontwant_heartbeats;
  for (peer_slot slot = 0; slot < peers_.size(); ++slot) {
    peer_state& peer = peers_[slot];
    while (!peer.unwanted.empty() && peer.unwanted.front() < wanted_again)
      peer.unwanted.pop_front();
    peer.ihave_frames = peer.ihave_ids = peer.announcements = 0;
    peer.iwant_ids = peer.idontwant_frames = 0;
    peer.iwant_bytes = 0;
  }
  for (topic_slot topic = 0; topic < topics_.size(); ++topic) {
    if (!topics_[topic]) continue;
    topic_state& t = *topics_[topic];
    t.healed = false;
    std::erase_if(t.backoff, [&](const auto& entry) { return entry.second <= now_; });
    if (t.subscribed)
      balance(topic);
    else if (!t.fanout.empty())
      keep_fanout(topic);
  }
  emit_gossip();
  shift_cache();
  expire_seen();
  for (topic_slot topic = 0; topic < topics_.size(); ++topic) release_topic(topic);
  publish_gauges();
}

void gossip_core::impl::decay() {
  retained_.expire(now_);
  while (decayed_at_ + config_.score.decay_interval <= now_) {
    decayed_at_ += config_.score.decay_interval;
    bool any = false;
    for (peer_slot slot = 0; slot < peers_.size(); ++slot) {
      peer_state& peer = peers_[slot];
      if (!peer.up || (peer.counters.invalid == 0 && peer.counters.behaviour == 0)) continue;
      peer.counters.decay(config_.score);
      rescore(slot);
      any = true;
    }
    if (any) continue;
    // Nothing is left to decay: the intervals that passed count as one.
    decayed_at_ = std::max(decayed_at_, now_ - config_.score.decay_interval);
  }
}

void gossip_core::impl::expire_promises() {
  while (!promises_.empty() && promises_.front().until <= now_) {
    const promise due = promises_.front();
    promises_.pop_front();
    const bool came = seen_.find(due.hash) != nullptr;
    // Ids forgotten for want of memory prove nothing.
    const bool forgotten
        = seen_.size() >= seen_max_ && seen_.front().at > due.until - config_.iwant_followup;
    if (came || forgotten || !alive(due.peer)) continue;
    ++counters_.promises_broken;
    blame_behaviour(due.peer.slot);
  }
}

// -- mesh maintenance (gossipsub 1.1) ---

void gossip_core::impl::balance(topic_slot topic) {
  topic_state& t = *topics_[topic];
  std::vector<peer_slot> bad;
  for (const mesh_entry& member : t.mesh)
    if (!above(member.peer, 0)) bad.push_back(member.peer);
  for (const peer_slot slot : bad) prune(topic, slot, config_.prune_backoff, false);
  if (t.mesh.size() < config_.degree_low) {
    for (const peer_slot slot : graft_candidates(t, config_.degree - t.mesh.size()))
      graft(topic, slot);
  }
  if (t.mesh.size() > config_.degree_high) cut_back(topic);
  const auto outbound = static_cast<std::size_t>(std::ranges::count_if(
      t.mesh, [&](const mesh_entry& member) { return peers_[member.peer].known.outbound; }));
  if (t.mesh.size() >= config_.degree_low && outbound < config_.degree_out) {
    for (const peer_slot slot : graft_candidates(t, config_.degree_out - outbound, true))
      graft(topic, slot);
  }
  if (beat_ % config_.opportunistic_graft_ticks == 0) opportunistic_graft(topic);
  keep_parent(t);
  tend_tree(topic);
}

/// Keeps `degree_score` by score, fills up at random, and sees to the outbound ones: peers that
/// came by themselves must not be able to take all the places.
void gossip_core::impl::cut_back(topic_slot topic) {
  topic_state& t = *topics_[topic];
  std::vector<peer_slot> order;
  for (const mesh_entry& member : t.mesh) order.push_back(member.peer);
  for (std::size_t i = order.size() - 1; i > 0; --i)
    std::swap(order[i], order[random_.below(i + 1)]);
  std::ranges::stable_sort(
      order, [&](peer_slot a, peer_slot b) { return peers_[a].score > peers_[b].score; });
  for (std::size_t i = order.size() - 1; i > config_.degree_score; --i) {
    const std::size_t other = config_.degree_score + random_.below(i + 1 - config_.degree_score);
    std::swap(order[i], order[other]);
  }
  // What sends is worth more than what merely announces.
  std::stable_partition(order.begin() + static_cast<std::ptrdiff_t>(config_.degree_score),
                        order.end(), [&](peer_slot slot) {
                          const mesh_entry& member = *t.member(slot);
                          return member.eager();
                        });
  const auto is_outbound = [&](peer_slot slot) { return peers_[slot].known.outbound; };
  const auto kept_end = order.begin() + config_.degree;
  auto outbound = static_cast<std::size_t>(std::count_if(order.begin(), kept_end, is_outbound));
  for (auto spare = kept_end; spare != order.end() && outbound < config_.degree_out; ++spare) {
    if (!is_outbound(*spare)) continue;
    const auto place
        = std::find_if_not(std::make_reverse_iterator(kept_end), order.rend(), is_outbound);
    if (place == order.rend()) break;
    std::iter_swap(place, spare);
    ++outbound;
  }
  for (auto gone = kept_end; gone != order.end(); ++gone)
    prune(topic, *gone, config_.prune_backoff, true);
}

void gossip_core::impl::opportunistic_graft(topic_slot topic) {
  topic_state& t = *topics_[topic];
  if (t.mesh.size() < 2) return;
  std::vector<std::int64_t> scores;
  for (const mesh_entry& member : t.mesh) scores.push_back(peers_[member.peer].score);
  std::ranges::sort(scores);
  const std::int64_t median = scores[scores.size() / 2];
  if (median >= config_.score.opportunistic_graft_threshold * 1000) return;
  const auto better = choose(t, config_.opportunistic_graft_peers, [&](peer_slot slot) {
    return !t.member(slot) && peers_[slot].score > median && above(slot, 0)
           && !backing_off(t, peers_[slot].known.peer);
  });
  for (const peer_slot slot : better) graft(topic, slot);
}

void gossip_core::impl::keep_fanout(topic_slot topic) {
  topic_state& t = *topics_[topic];
  if (!t.last_publish || now_ - *t.last_publish >= config_.fanout_ttl) {
    t.fanout.clear();
    return;
  }
  std::erase_if(t.fanout,
                [&](peer_slot slot) { return !above(slot, config_.score.publish_threshold); });
  if (t.fanout.size() >= config_.degree) return;
  const auto chosen = fanout_candidates(t, config_.degree - t.fanout.size());
  t.fanout.insert(t.fanout.end(), chosen.begin(), chosen.end());
  std::ranges::sort(t.fanout);
}

// -- gossip ---

/// IHAVE of the last windows to some peers outside of the mesh.
void gossip_core::impl::emit_gossip() {
  std::vector<std::vector<bytes_view>> by_topic(topics_.size());
  for (std::size_t n = cache_.size(); n-- > 0;) {
    const cached_message& held = cache_.at(n);
    if (held.beat + config_.history_gossip < beat_) break;
    by_topic[held.topic].push_back(held.id.bytes());
  }
  for (topic_slot topic = 0; topic < by_topic.size(); ++topic) {
    if (by_topic[topic].empty()) continue;
    if (topics_[topic]->subscribed || !topics_[topic]->fanout.empty())
      send_ihave(topic, by_topic[topic]);
  }
}

void gossip_core::impl::send_ihave(topic_slot topic, std::vector<bytes_view>& ids) {
  const topic_state& t = *topics_[topic];
  const std::string& name = *t.name;
  const std::size_t overhead = name.size() + 16;
  std::size_t bytes = 0;
  for (const bytes_view id : ids) bytes += rpc_writer::id_bytes(id.size());
  const bool one_for_all = ids.size() <= config_.ihave_ids_max && bytes <= room_for_ids(overhead);
  chunk_view common;
  for (const peer_slot slot : gossip_candidates(t)) {
    if (one_for_all && peers_[slot].outgoing == 0) {
      if (common.empty()) {
        shared_.ihave(name, ids);
        common = shared_.take();
      }
      counters_.ihave_ids_sent += ids.size();
      outgoing_to(slot).common = common;
      continue;
    }
    std::size_t count = ids.size();
    if (count > config_.ihave_ids_max) {
      // Another part to each, so that together they learn of all.
      count = config_.ihave_ids_max;
      for (std::size_t i = 0; i < count; ++i)
        std::swap(ids[i], ids[i + random_.below(ids.size() - i)]);
    }
    counters_.ihave_ids_sent += count;
    in_parts(slot, std::span(ids).first(count), overhead,
             [&](rpc_writer& to, std::span<const bytes_view> part) { to.ihave(name, part); });
  }
}

void gossip_core::impl::shift_cache() {
  while (!cache_.empty() && cache_.front().beat + config_.history <= beat_) evict_cached();
}

void gossip_core::impl::publish_gauges() {
  counters_.topics.set(static_cast<std::int64_t>(by_topic_.size()));
  counters_.subscribed.set(
      std::ranges::count_if(topics_, [](const auto& topic) { return topic && topic->subscribed; }));
  counters_.seen_entries.set(static_cast<std::int64_t>(seen_.size()));
  counters_.seen_bytes.set(
      static_cast<std::int64_t>(seen_.size() * fifo_table<seen_message>::entry_bytes));
  counters_.cache_entries.set(static_cast<std::int64_t>(cache_.size()));
  counters_.cache_bytes.set(static_cast<std::int64_t>(cache_bytes_));
  counters_.wanted.set(static_cast<std::int64_t>(wants_.size()));
}

}  // namespace weft::gossip
