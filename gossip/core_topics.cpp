// SPDX-License-Identifier: MIT
#include "gossip/core_impl.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace weft::gossip {

namespace {

auto position(auto& mesh, peer_slot peer) noexcept {
  return std::ranges::lower_bound(mesh, peer, {}, &mesh_entry::peer);
}

}  // namespace

mesh_entry* topic_state::member(peer_slot peer) noexcept {
  const auto found = position(mesh, peer);
  return found != mesh.end() && found->peer == peer ? &*found : nullptr;
}

const mesh_entry* topic_state::member(peer_slot peer) const noexcept {
  const auto found = position(mesh, peer);
  return found != mesh.end() && found->peer == peer ? &*found : nullptr;
}

bool topic_state::has_peer(peer_slot peer) const noexcept {
  return std::ranges::binary_search(peers, peer);
}

// -- the table of topics ---

std::optional<topic_slot> gossip_core::impl::find_topic(bytes_view name) const {
  const auto found = by_topic_.find(as_text(name));
  if (found == by_topic_.end()) return std::nullopt;
  return found->second;
}

/// An existing or a new topic; none when the table is full.
std::optional<topic_slot> gossip_core::impl::make_topic(std::string_view name) {
  if (const auto known = find_topic(as_bytes(name))) return known;
  if (by_topic_.size() >= config_.topics_max) return std::nullopt;
  topic_slot slot;
  if (free_topics_.empty()) {
    slot = static_cast<topic_slot>(topics_.size());
    topics_.emplace_back();
  } else {
    slot = free_topics_.back();
    free_topics_.pop_back();
  }
  topics_[slot] = std::make_unique<topic_state>();
  topics_[slot]->name = std::make_shared<const std::string>(name);
  by_topic_.emplace(name, slot);
  return slot;
}

/// Forgets a topic nobody has to do with any more.
void gossip_core::impl::release_topic(topic_slot topic) {
  const topic_state* t = topics_[topic].get();
  if (t == nullptr || t->subscribed || !t->peers.empty() || !t->fanout.empty()
      || !t->backoff.empty() || t->check || t->outside || t->held > 0)
    return;
  if (t->tree.timer != 0) tree_timers_.cancel(t->tree.timer);
  by_topic_.erase(*t->name);
  topics_[topic].reset();
  free_topics_.push_back(topic);
}

result<topic_state*> gossip_core::impl::topic_for_rules(std::string_view name) {
  if (name.empty() || name.size() > config_.topic_bytes_max)
    return fail(ec::bad_argument,
                "a topic's name has 1 to " + std::to_string(config_.topic_bytes_max) + " bytes");
  const auto slot = make_topic(name);
  if (!slot)
    return fail(ec::limit,
                "gossip topics_max (" + std::to_string(config_.topics_max) + ") is reached");
  return topics_[*slot].get();
}

void gossip_core::impl::settle_topic(std::string_view name) {
  if (const auto slot = find_topic(as_bytes(name))) release_topic(*slot);
}

// -- the application's subscriptions ---

result<void> gossip_core::impl::subscribe(std::string_view name) {
  WEFT_TRY(topic_state * of, topic_for_rules(name));
  topic_state& t = *of;
  if (t.subscribed) return fail(ec::exists, "the topic is followed already");
  t.subscribed = true;
  t.first = t.duplicates = t.first_bytes = t.duplicate_bytes = 0;
  for (peer_slot slot = 0; slot < peers_.size(); ++slot)
    if (peers_[slot].up) control_to(slot, name.size() + 16).subscribe(true, name);
  const topic_slot topic = *find_topic(as_bytes(name));
  const auto fanout = std::move(t.fanout);
  t.fanout.clear();
  for (const peer_slot slot : fanout) {
    const bool usable = above(slot, 0) && !backing_off(t, peers_[slot].known.peer);
    if (usable && t.mesh.size() < config_.degree) graft(topic, slot);
  }
  if (t.mesh.size() < config_.degree)
    for (const peer_slot slot : graft_candidates(t, config_.degree - t.mesh.size()))
      graft(topic, slot);
  return {};
}

result<void> gossip_core::impl::unsubscribe(std::string_view name) {
  const auto topic = find_topic(as_bytes(name));
  if (!topic || !topics_[*topic]->subscribed)
    return fail(ec::not_found, "the topic is not followed");
  topic_state& t = *topics_[*topic];
  while (!t.mesh.empty()) prune(*topic, t.mesh.back().peer, config_.unsubscribe_backoff, true);
  t.subscribed = false;
  if (t.tree.timer != 0) tree_timers_.cancel(t.tree.timer);
  t.tree = {};
  for (peer_slot slot = 0; slot < peers_.size(); ++slot)
    if (peers_[slot].up) control_to(slot, name.size() + 16).subscribe(false, name);
  drop_wants_of(*topic);
  release_topic(*topic);
  return {};
}

// -- mesh ---

bool gossip_core::impl::backing_off(const topic_state& t, const peer_id& peer) const {
  const auto found = t.backoff.find(peer);
  return found != t.backoff.end() && now_ < found->second;
}

void gossip_core::impl::back_off(topic_state& t, const peer_id& peer, duration time) {
  const instant until = now_ + time;
  if (const auto known = t.backoff.find(peer); known != t.backoff.end()) {
    known->second = std::max(known->second, until);
    return;
  }
  if (t.backoff.size() >= config_.backoffs_per_topic_max) {
    drop(drop_reason::backoff_limit);
    t.backoff.erase(
        std::ranges::min_element(t.backoff, {}, [](const auto& entry) { return entry.second; }));
  }
  t.backoff.emplace(peer, until);
}

/// Up to `count` of the topic's peers that `accept` takes, in random order.
std::vector<peer_slot> gossip_core::impl::choose(const topic_state& t, std::size_t count,
                                                 const std::function<bool(peer_slot)>& accept) {
  std::vector<peer_slot> chosen;
  for (const peer_slot slot : t.peers)
    if (accept(slot)) chosen.push_back(slot);
  const std::size_t wanted = std::min(count, chosen.size());
  for (std::size_t i = 0; i < wanted; ++i)
    std::swap(chosen[i], chosen[i + random_.below(chosen.size() - i)]);
  chosen.resize(wanted);
  return chosen;
}

std::vector<peer_slot> gossip_core::impl::graft_candidates(const topic_state& t, std::size_t count,
                                                           bool outbound_only) {
  return choose(t, count, [&](peer_slot slot) {
    return !t.member(slot) && above(slot, 0) && !backing_off(t, peers_[slot].known.peer)
           && (!outbound_only || peers_[slot].known.outbound);
  });
}

std::vector<peer_slot> gossip_core::impl::gossip_candidates(const topic_state& t) {
  const auto eligible = [&](peer_slot slot) {
    return !t.member(slot) && !std::ranges::binary_search(t.fanout, slot)
           && above(slot, config_.score.gossip_threshold);
  };
  const auto all = static_cast<std::size_t>(std::ranges::count_if(t.peers, eligible));
  return choose(t, std::max<std::size_t>(config_.degree_lazy, all * config_.gossip_percent / 100),
                eligible);
}

std::vector<peer_slot> gossip_core::impl::fanout_candidates(const topic_state& t,
                                                            std::size_t count) {
  return choose(t, count, [&](peer_slot slot) {
    return !std::ranges::binary_search(t.fanout, slot)
           && above(slot, config_.score.publish_threshold);
  });
}

void gossip_core::impl::enter_mesh(topic_slot topic, peer_slot slot) {
  topic_state& t = *topics_[topic];
  mesh_entry entry;
  entry.peer = slot;
  entry.since = now_;
  auto& member = *t.mesh.insert(position(t.mesh, slot), entry);
  counters_.mesh.add(1);
  if (peers_[slot].meshes++ == 0) out_->mesh_changes.push_back({peers_[slot].known.peer, true});
  // The tree is there already; the next wave shows whether the newcomer is nearer.
  if (peers_[slot].weft && (is_root(t) || t.tree.parent.slot != no_peer)) choke(t, member);
}

void gossip_core::impl::leave_mesh(topic_state& t, peer_slot slot) {
  const auto found = position(t.mesh, slot);
  if (found == t.mesh.end() || found->peer != slot) return;
  // What comes only by asking now need not prove that it does so twice.
  if (found->eager()) t.pulled_in_row = std::max(t.pulled_in_row, config_.lazy.heal_after);
  t.mesh.erase(found);
  counters_.mesh.add(-1);
  if (--peers_[slot].meshes == 0) out_->mesh_changes.push_back({peers_[slot].known.peer, false});
}

void gossip_core::impl::graft(topic_slot topic, peer_slot slot) {
  const std::string& name = *topics_[topic]->name;
  control_to(slot, name.size() + 16).graft(name);
  ++counters_.grafts_sent;
  enter_mesh(topic, slot);
}

/// Takes a peer out of the mesh and says so.
void gossip_core::impl::prune(topic_slot topic, peer_slot slot, duration backoff, bool exchange) {
  leave_mesh(*topics_[topic], slot);
  refuse(topic, slot, backoff, exchange);
}

/// Says PRUNE, and keeps the back-off that it asks for.
void gossip_core::impl::refuse(topic_slot topic, peer_slot slot, duration backoff, bool exchange) {
  topic_state& t = *topics_[topic];
  peer_state& peer = peers_[slot];
  back_off(t, peer.known.peer, backoff);
  ++counters_.prunes_sent;
  std::vector<exchange_entry> others;
  std::size_t bytes = t.name->size() + 32;
  if (exchange && config_.exchange_peers > 0 && peer.known.speaks != version::v1_0
      && above(slot, 0)) {
    const auto chosen = choose(t, config_.exchange_peers, [&](peer_slot other) {
      return other != slot && above(other, 0) && !peers_[other].known.signed_record.empty();
    });
    for (const peer_slot other : chosen) {
      const neighbour& known = peers_[other].known;
      const std::size_t more = known.peer.bytes().size() + known.signed_record.size() + 16;
      if (bytes + more > config_.control_bytes_max) break;
      bytes += more;
      others.push_back({known.peer.bytes(), known.signed_record});
    }
  }
  std::optional<std::uint64_t> seconds;
  if (peer.known.speaks != version::v1_0)
    seconds = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(backoff).count());
  control_to(slot, bytes).prune(*t.name, seconds, others);
}

/// After a loss: something must arrive unasked, and from enough sides, now rather than at the next
/// heartbeat.
void gossip_core::impl::repair(topic_slot topic) {
  topic_state& t = *topics_[topic];
  if (!t.subscribed) return;
  keep_parent(t);
  if (t.mesh.size() >= config_.degree_low) return;
  for (const peer_slot slot : graft_candidates(t, config_.degree - t.mesh.size()))
    graft(topic, slot);
}

}  // namespace weft::gossip
