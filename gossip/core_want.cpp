// SPDX-License-Identifier: MIT
#include "gossip/core_impl.hpp"

#include <algorithm>
#include <utility>

namespace weft::gossip {

namespace {

constexpr duration patience_min = std::chrono::milliseconds(20);
constexpr duration patience_unknown = std::chrono::milliseconds(300);
constexpr duration patience_max = std::chrono::seconds(2);
constexpr duration push_patience_max = std::chrono::seconds(10);
/// The same peer is asked again only when its answer must have been lost.
constexpr duration ask_again = std::chrono::seconds(1);
/// Requests for one message until the next announcement brings it up again.
constexpr std::uint32_t requests_max = 16;

}  // namespace

duration gossip_core::impl::grace(const topic_state& t) const {
  if (!t.lag.known()) return config_.lazy.grace_initial;
  return std::clamp(t.lag.peak() * 3 / 2, config_.lazy.grace_min, config_.lazy.grace_max);
}

/// How long an asked peer may take before another one is asked.
duration gossip_core::impl::patience(const want_source& source, std::uint64_t length) const {
  const estimator& rtt = peers_[source.peer.slot].rtt;
  const duration base = rtt.known()
                            ? std::clamp(rtt.bound() + rtt.mean() / 2, patience_min, patience_max)
                            : patience_unknown;
  if (source.tag == 0) return base;
  const duration per_byte
      = byte_time_.known() ? byte_time_.bound() : duration(config_.lazy.push_byte_time_initial_ns);
  const auto bytes
      = static_cast<duration::rep>(std::min<std::uint64_t>(length, config_.frame_bytes_max));
  return std::min(base + per_byte * bytes * 2, push_patience_max);
}

// -- the table of wanted messages ---

/// Notes that a peer has a message; both null when the table is full.
std::pair<want*, want_source*> gossip_core::impl::want_from(peer_slot slot, topic_slot topic,
                                                            std::uint64_t hash,
                                                            const message_id& id) {
  auto found = wants_.find(hash);
  if (found == wants_.end()) {
    if (wants_.size() >= config_.wanted_max) {
      drop(drop_reason::wanted_full);
      return {nullptr, nullptr};
    }
    found = wants_.try_emplace(hash).first;
    found->second.id = id;
    found->second.topic = topic;
    found->second.first = now_;
    arm(found->second, hash, grace(*topics_[topic]));
  }
  want& w = found->second;
  const peer_ref peer = ref(slot);
  for (want_source& each : w.all())
    if (each.peer == peer) return {&w, &each};
  if (w.source_count == want::sources_max) return {&w, nullptr};
  want_source& added = w.sources[w.source_count++];
  added = {};
  added.peer = peer;
  added.announced = now_;
  return {&w, &added};
}

void gossip_core::impl::arm(want& w, std::uint64_t hash, duration in) {
  if (w.timer != 0) want_timers_.cancel(w.timer);
  w.timer = want_timers_.arm(now_ + in, hash);
}

void gossip_core::impl::drop_want(std::uint64_t hash) {
  const auto found = wants_.find(hash);
  if (found->second.timer != 0) want_timers_.cancel(found->second.timer);
  wants_.erase(found);
}

void gossip_core::impl::drop_wants_of(topic_slot topic) {
  std::vector<std::uint64_t> gone;
  for (auto& [hash, w] : wants_)
    if (w.topic == topic) gone.push_back(hash);
  std::ranges::sort(gone);
  for (const std::uint64_t hash : gone) {
    for (want_source& source : wants_.at(hash).all()) cancel_inbound(source);
    drop_want(hash);
  }
}

/// A peer left: what it was to bring is asked of others at once.
void gossip_core::impl::forget_source(peer_slot slot) {
  std::vector<std::uint64_t> orphans;
  for (auto& [hash, w] : wants_)
    for (want_source& source : w.all())
      if (source.peer.slot == slot && source.asked) orphans.push_back(hash);
  std::ranges::sort(orphans);
  for (const std::uint64_t hash : orphans) arm(wants_.at(hash), hash, duration::zero());
}

void gossip_core::impl::cancel_inbound(want_source& source) {
  if (source.inbound == 0) return;
  if (alive(source.peer))
    out_->cancels.push_back({peers_[source.peer.slot].known.peer, source.inbound, true});
  source.inbound = 0;
}

bool gossip_core::impl::expected_push(peer_slot slot, std::uint64_t tag) const {
  if (rpc_.messages.empty()) return false;
  const auto id = identify(rpc_.messages.front().fields, config_);
  if (!id) return false;
  const auto found = wants_.find(hash_of(id->bytes()));
  if (found == wants_.end()) return false;
  const want& w = found->second;
  return std::any_of(
      w.sources.begin(), w.sources.begin() + static_cast<std::ptrdiff_t>(w.source_count),
      [&](const want_source& each) { return each.peer == ref(slot) && each.inbound == tag; });
}

// -- announcements ---

void gossip_core::impl::take_announcements(peer_slot slot) {
  peer_state& peer = peers_[slot];
  std::size_t left = rpc_.announcements.size();
  for (const announcement_entry& entry : rpc_.announcements) {
    if (peer.announcements >= config_.announcements_max)
      return drop(drop_reason::announcements, left);
    --left;
    ++peer.announcements;
    ++counters_.announcements_received;
    take_announcement(slot, entry);
  }
}

void gossip_core::impl::take_announcement(peer_slot slot, const announcement_entry& entry) {
  const auto topic = find_topic(entry.topic);
  if (!topic || !topics_[*topic]->subscribed) return;
  const auto id = message_id::from(entry.id);
  const bool odd_tag = entry.tag >= asked_bit || (entry.pushing && entry.tag == 0);
  if (!id || odd_tag || entry.length > config_.frame_bytes_max) return drop(drop_reason::oversized);
  const std::uint64_t hash = hash_of(entry.id);
  mark_unwanted(peers_[slot], hash);
  if (seen_.find(hash)) {
    if (entry.pushing) out_->cancels.push_back({peers_[slot].known.peer, entry.tag, true});
    return;
  }
  const auto [w, source] = want_from(slot, *topic, hash, *id);
  if (source == nullptr) return;
  if (entry.tag != 0) {
    source->tag = entry.tag;
    w->length = entry.length;
  }
  if (entry.pushing) take_pushing(slot, entry, *w, *source);
}

/// The message itself is under way from this peer: welcome, unless another copy already is.
void gossip_core::impl::take_pushing(peer_slot slot, const announcement_entry& entry, want& w,
                                     want_source& source) {
  topic_state& t = *topics_[w.topic];
  const bool under_way = std::ranges::any_of(w.all(), [&](const want_source& each) {
    return &each != &source && each.inbound != 0 && alive(each.peer);
  });
  if (under_way) {
    out_->cancels.push_back({peers_[slot].known.peer, entry.tag, true});
    return;
  }
  if (source.inbound != 0) return;
  measure_lead(t, w, source);
  source.inbound = entry.tag;
  source.asked = true;
  source.asked_at = now_;
  ++w.requests;
  arm(w, hash_of(w.id.bytes()), patience(source, w.length));
}

// -- asking ---

void gossip_core::impl::want_due(std::uint64_t hash) {
  const auto found = wants_.find(hash);
  if (found == wants_.end()) return;
  want& w = found->second;
  w.timer = 0;
  want_source* source = w.requests < requests_max ? next_source(w) : nullptr;
  if (source != nullptr && source->asked && now_ - source->asked_at < ask_again)
    return arm(w, hash, source->asked_at + ask_again - now_);
  if (source != nullptr) return ask(w, hash, *source);
  for (want_source& each : w.all()) cancel_inbound(each);
  drop_want(hash);
}

/// The first one not asked yet, else the one asked longest ago.
want_source* gossip_core::impl::next_source(want& w) {
  want_source* next = nullptr;
  for (want_source& each : w.all()) {
    if (!alive(each.peer)) continue;
    const peer_slot slot = each.peer.slot;
    if (peers_[slot].graylisted || !above(slot, config_.score.gossip_threshold)) continue;
    if (!each.asked) return &each;
    if (next == nullptr || each.asked_at < next->asked_at) next = &each;
  }
  return next;
}

void gossip_core::impl::ask(want& w, std::uint64_t hash, want_source& source) {
  const peer_slot slot = source.peer.slot;
  ++counters_.pulls;
  if (w.requests > 0) ++counters_.hedges;
  if (source.tag != 0) {
    // One hedge beside the copy that is late; the one before it has had its time.
    want_source* oldest = nullptr;
    std::size_t under_way = 0;
    for (want_source& each : w.all()) {
      if (each.inbound == 0) continue;
      ++under_way;
      if (oldest == nullptr || each.asked_at < oldest->asked_at) oldest = &each;
    }
    if (under_way >= 2 || source.inbound != 0) cancel_inbound(source.inbound ? source : *oldest);
    source.inbound = asked_bit | next_pull_++;
    control_to(slot, 32).pull({source.tag, source.inbound});
  } else {
    outgoing_to(slot).iwant.push_back(w.id);
  }
  source.asked = true;
  source.asked_at = now_;
  const duration base = patience(source, w.length);
  arm(w, hash, base * (1 << std::min<std::uint32_t>(w.requests, 4)));
  ++w.requests;
}

// -- arrival ---

/// The eager copy is here, or under way: how far the announcements were ahead of it.
void gossip_core::impl::measure_lead(topic_state& t, want& w, const want_source& eager) {
  if (&eager == &w.sources[0] && w.source_count == 1 && eager.announced == now_) return;
  t.lag.sample(now_ - w.first);
}

bool gossip_core::impl::settle_want(std::uint64_t hash, peer_slot from) {
  const auto found = wants_.find(hash);
  if (found == wants_.end()) return false;
  want& w = found->second;
  topic_state& t = *topics_[w.topic];
  const peer_ref sender = ref(from);
  want_source* by = nullptr;
  bool asked_any = false;
  for (want_source& each : w.all()) {
    asked_any = asked_any || each.asked;
    if (each.peer == sender) by = &each;
  }
  const bool pulled = by != nullptr && by->asked && !(by->inbound != 0 && by->inbound < asked_bit);
  if (by != nullptr && by->asked) measure_answer(w, *by);
  if (by == nullptr || !by->asked) {
    static const want_source unannounced;
    measure_lead(t, w, by != nullptr ? *by : unannounced);
    if (asked_any) ++counters_.pulls_needless;
  }
  for (want_source& each : w.all())
    if (&each != by) cancel_inbound(each);
  drop_want(hash);
  return pulled;
}

void gossip_core::impl::measure_answer(const want& w, const want_source& by) {
  const duration took = now_ - by.asked_at;
  estimator& rtt = peers_[by.peer.slot].rtt;
  if (by.tag == 0) return rtt.sample(took);
  if (w.length == 0) return;
  byte_time_.sample(std::max(took - rtt.mean(), duration::zero())
                    / static_cast<duration::rep>(w.length));
}

/// A message came only because it was asked for. Once that may be a slow path; again, whoever had
/// it in time sends unasked from now on.
void gossip_core::impl::heal(topic_slot topic, peer_slot by) {
  topic_state& t = *topics_[topic];
  if (t.pulled_in_row < config_.lazy.heal_after) return;
  if (mesh_entry* member = t.member(by)) {
    if (member->choked_by_us) unchoke(t, *member);
    return;
  }
  const bool delivering = std::ranges::any_of(t.mesh, [&](const mesh_entry& member) {
    return member.last_first && now_ - *member.last_first < config_.heartbeat * 2;
  });
  const bool room = t.mesh.size() < (delivering ? config_.degree : config_.degree_high);
  if (t.healed || !room || !t.has_peer(by) || !above(by, 0)
      || backing_off(t, peers_[by].known.peer))
    return;
  t.healed = true;
  graft(topic, by);
}

}  // namespace weft::gossip
