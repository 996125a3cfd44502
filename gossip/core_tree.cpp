// SPDX-License-Identifier: MIT
#include "gossip/core_impl.hpp"

#include <algorithm>
#include <utility>

/// The tree of a topic: which edges of the mesh carry messages as they come, and which announce.
///
/// A publisher sends a wave through the whole mesh every few seconds. Each node passes the wave's
/// first copy on and takes its sender as parent; an edge that neither end has chosen is lazy. A
/// parent had the wave before its child, so one wave makes no circle, and it reaches no dead node,
/// so it is also how the tree heals. What the tree fails to bring is announced over the lazy edges:
/// delivery never depends on it.
namespace weft::gossip {

// -- the root ---

/// The same at all nodes.
std::uint64_t gossip_core::impl::tree_key(const topic_state& t, const peer_id& root) const {
  byte_buffer text(t.name->begin(), t.name->end());
  append(text, root.bytes());
  return siphash_1_3({0, 0}, text);
}

bool gossip_core::impl::tree_alive(const topic_state& t) const {
  return t.tree.known && now_ - t.tree.taken < config_.lazy.wave_interval * 5 / 2;
}

bool gossip_core::impl::has_weft_member(const topic_state& t) const {
  return std::ranges::any_of(t.mesh,
                             [&](const mesh_entry& member) { return peers_[member.peer].weft; });
}

/// This node publishes: the best place for the root, if there is none.
void gossip_core::impl::begin_tree(topic_slot topic) {
  const topic_state& t = *topics_[topic];
  if (!tree_alive(t) && has_weft_member(t)) wave(topic);
}

void gossip_core::impl::tend_tree(topic_slot topic) {
  topic_state& t = *topics_[topic];
  const auto recent
      = [&](const std::optional<instant>& at) { return at && now_ - *at < config_.lazy.tree_idle; };
  if (!recent(t.last_message) || !has_weft_member(t)) return;
  if (is_root(t)) {
    if (now_ - t.tree.taken >= config_.lazy.wave_interval) wave(topic);
    return;
  }
  if (tree_alive(t)) {
    t.rootless_since.reset();
    return;
  }
  if (!t.rootless_since) t.rootless_since = now_;
  // In an order that all see, so that mostly one begins.
  const auto share = static_cast<duration::rep>(tree_key(t, self_) >> 56);
  const duration patience = recent(t.last_publish)
                                ? duration::zero()
                                : config_.lazy.root_delay * (256 + 3 * share) / 256;
  if (now_ - *t.rootless_since >= patience) wave(topic);
}

void gossip_core::impl::wave(topic_slot topic) {
  topic_state& t = *topics_[topic];
  t.rootless_since.reset();
  t.tree.root = self_;
  t.tree.key = tree_key(t, self_);
  t.tree.sequence = ++next_wave_;
  t.tree.taken = now_;
  t.tree.known = true;
  for (mesh_entry& member : t.mesh) member.beacon_at.reset();
  set_parent(t, {});
  pass_wave(t, no_peer);
}

void gossip_core::impl::pass_wave(topic_state& t, peer_slot except) {
  chunk_view frame;
  for (const mesh_entry& member : t.mesh) {
    if (member.peer == except || !peers_[member.peer].weft) continue;
    if (frame.empty()) {
      shared_.beacon({as_bytes(*t.name), t.tree.root.bytes(), t.tree.sequence});
      frame = shared_.take();
    }
    ++counters_.waves_sent;
    emit(member.peer, send_class::control, frame);
  }
}

// -- everybody else ---

void gossip_core::impl::take_beacons(peer_slot slot) {
  for (const beacon_entry& entry : rpc_.beacons) {
    ++counters_.waves_received;
    const auto topic = find_topic(entry.topic);
    if (!topic || !topics_[*topic]->subscribed || !topics_[*topic]->member(slot)) continue;
    const auto root = peer_id::from_bytes(entry.root);
    if (!root) {
      drop(drop_reason::malformed);
    } else if (*root != self_) {
      take_beacon(slot, *topic, *root, entry.sequence);
    }
  }
}

void gossip_core::impl::take_beacon(peer_slot slot, topic_slot topic, const peer_id& root,
                                    std::uint64_t sequence) {
  topic_state& t = *topics_[topic];
  tree_state& tree = t.tree;
  const bool same = tree.known && tree.root == root;
  if (same && sequence <= tree.sequence) {
    if (sequence == tree.sequence) second_copy(t, slot);
    return;
  }
  const std::uint64_t key = same ? tree.key : tree_key(t, root);
  if (!same && tree_alive(t) && key >= tree.key) return;
  if (!may_take_wave(t)) return drop(drop_reason::waves);
  tree.root = root;
  tree.key = key;
  tree.sequence = sequence;
  tree.taken = now_;
  tree.known = true;
  for (mesh_entry& member : t.mesh) member.beacon_at.reset();
  t.member(slot)->beacon_at = now_;
  pass_wave(t, slot);
  const bool has_parent = alive(tree.parent) && t.member(tree.parent.slot);
  if (!has_parent) return set_parent(t, ref(slot));
  if (tree.parent.slot == slot) return settle_parent(t);
  // A parent whose copy comes within less than its way here had it before this node had: it is no
  // child, and not worth a change.
  tree.nearer = ref(slot);
  if (tree.timer != 0) tree_timers_.cancel(tree.timer);
  tree.timer = tree_timers_.arm(now_ + peers_[tree.parent.slot].rtt.mean() / 4, topic);
}

void gossip_core::impl::second_copy(topic_state& t, peer_slot slot) {
  mesh_entry& member = *t.member(slot);
  if (!member.beacon_at) member.beacon_at = now_;
  if (t.tree.parent == ref(slot)) settle_parent(t);
}

/// The parent stays.
void gossip_core::impl::settle_parent(topic_state& t) { set_parent(t, t.tree.parent); }

void gossip_core::impl::tree_due(topic_slot topic) {
  topic_state& t = *topics_[topic];
  t.tree.timer = 0;
  const peer_ref nearer = std::exchange(t.tree.nearer, {});
  if (alive(nearer) && t.member(nearer.slot)) set_parent(t, nearer);
}

/// A root may start waves faster than agreed, and anybody may invent roots: a wave costs every
/// node.
bool gossip_core::impl::may_take_wave(topic_state& t) {
  tree_state& tree = t.tree;
  const duration step = config_.lazy.wave_interval / 2;
  const auto earned = (now_ - tree.waves_at) / step;
  if (earned >= config_.lazy.wave_burst) {
    tree.waves_left = config_.lazy.wave_burst;
    tree.waves_at = now_;
  } else {
    tree.waves_left
        = std::min(tree.waves_left + static_cast<std::uint32_t>(earned), config_.lazy.wave_burst);
    tree.waves_at += step * earned;
  }
  if (tree.waves_left == 0) return false;
  --tree.waves_left;
  return true;
}

// -- edges ---

/// One parent, or none at the root; every other edge is lazy as far as this node is concerned.
void gossip_core::impl::set_parent(topic_state& t, peer_ref parent) {
  t.tree.parent = parent;
  t.tree.nearer = {};
  if (t.tree.timer != 0) tree_timers_.cancel(std::exchange(t.tree.timer, 0));
  for (mesh_entry& member : t.mesh) {
    if (!peers_[member.peer].weft) continue;
    const bool chosen = ref(member.peer) == parent;
    if (chosen && member.choked_by_us) unchoke(t, member);
    if (!chosen && !member.choked_by_us) choke(t, member);
  }
}

/// A lost parent is replaced by whoever had the last wave next: hardly a child.
void gossip_core::impl::keep_parent(topic_state& t) {
  if (!t.tree.known || is_root(t)) return;
  if (alive(t.tree.parent) && t.member(t.tree.parent.slot)) return;
  t.tree.parent = {};
  mesh_entry* next = nullptr;
  const auto before = [&](const mesh_entry& a, const mesh_entry& b) {
    const auto rank = [&](const mesh_entry& m) {
      const estimator& rtt = peers_[m.peer].rtt;
      return std::pair(m.beacon_at.value_or(instant::max()),
                       rtt.known() ? rtt.mean() : duration::max());
    };
    return rank(a) < rank(b);
  };
  for (mesh_entry& member : t.mesh) {
    if (!peers_[member.peer].weft) continue;
    if (next == nullptr || before(member, *next)) next = &member;
  }
  if (next == nullptr) return;
  t.tree.parent = ref(next->peer);
  if (next->choked_by_us) unchoke(t, *next);
}

void gossip_core::impl::choke(topic_state& t, mesh_entry& member) {
  member.choked_by_us = true;
  ++counters_.chokes_sent;
  control_to(member.peer, t.name->size() + 16).choke(*t.name);
}

void gossip_core::impl::unchoke(topic_state& t, mesh_entry& member) {
  member.choked_by_us = false;
  ++counters_.unchokes_sent;
  control_to(member.peer, t.name->size() + 16).unchoke(*t.name);
}

void gossip_core::impl::take_choking(peer_slot slot) {
  const auto set = [&](bytes_view name, bool choked) {
    const auto topic = find_topic(name);
    if (!topic) return;
    if (mesh_entry* member = topics_[*topic]->member(slot)) member->choked_by_peer = choked;
  };
  for (const bytes_view name : rpc_.chokes) {
    ++counters_.chokes_received;
    set(name, true);
  }
  for (const bytes_view name : rpc_.unchokes) {
    ++counters_.unchokes_received;
    set(name, false);
  }
}

}  // namespace weft::gossip
