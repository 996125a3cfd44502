// SPDX-License-Identifier: MIT
#include "gossip/core_impl.hpp"

#include <algorithm>
#include <utility>

namespace weft::gossip {

namespace {

announcement_entry entry_for(const cached_message& held, bool pushing, std::size_t push_bytes) {
  announcement_entry entry;
  entry.id = held.id.bytes();
  if (held.frame.size() >= push_bytes) {
    entry.length = held.frame.size();
    entry.tag = held.number;
    entry.pushing = pushing;
  }
  return entry;
}

}  // namespace

// -- announcing ---

void gossip_core::impl::announce(peer_slot slot, topic_slot topic, std::uint64_t number) {
  peer_state& peer = peers_[slot];
  // What is not announced now will be by IHAVE.
  if (peer.announcing.size() >= config_.announcements_max) return;
  if (peer.announcing.empty()) announcing_.push_back(slot);
  peer.announcing.push_back({topic, number});
  if (!announce_at_) announce_at_ = now_ + config_.lazy.announce_delay;
}

void gossip_core::impl::flush_announcements() {
  announce_at_.reset();
  std::vector<peer_slot> due;
  due.swap(announcing_);
  // Peers of one mesh are mostly told the same, so the frames made last are tried first.
  std::vector<pending_announcement> last;
  std::vector<chunk_view> frames;
  for (const peer_slot slot : due) {
    peer_state& peer = peers_[slot];
    std::erase_if(peer.announcing, [&](const pending_announcement& each) {
      const cached_message* held = cached_number(each.number);
      return held == nullptr || unwanted(peer, hash_of(held->id.bytes()));
    });
    if (frames.empty() || peer.announcing != last) {
      last = peer.announcing;
      frames = encode_announcements(last);
    }
    counters_.announcements_sent += peer.announcing.size();
    peer.announcing.clear();
    for (const chunk_view& frame : frames) emit(slot, send_class::control, frame);
  }
}

std::vector<chunk_view> gossip_core::impl::encode_announcements(
    std::span<const pending_announcement> list) {
  std::vector<chunk_view> frames;
  std::vector<announcement_entry> group;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const cached_message& held = *cached_number(list[i].number);
    group.push_back(entry_for(held, false, config_.lazy.push_bytes_min));
    bytes += rpc_writer::announcement_bytes(held.id.size());
    const bool last = i + 1 == list.size();
    const bool full = bytes + config_.topic_bytes_max + 256 > config_.control_bytes_max;
    if (!last && !full && list[i + 1].topic == list[i].topic) continue;
    shared_.announce(*topics_[list[i].topic]->name, group);
    group.clear();
    if (!last && shared_.size() + bytes < config_.control_bytes_max / 2) continue;
    frames.push_back(shared_.take());
    bytes = 0;
  }
  return frames;
}

/// Announces a message as being pushed, and pushes it; false when enough is under way to the peer.
bool gossip_core::impl::start_push(peer_slot slot, topic_slot topic, const cached_message& held,
                                   bool counted) {
  peer_state& peer = peers_[slot];
  if (peer.pushes.size() >= config_.lazy.pushes_per_peer_max) return false;
  if (std::ranges::find(peer.pushes, held.number, &outbound_push::tag) != peer.pushes.end())
    return false;
  const announcement_entry entry = entry_for(held, true, config_.lazy.push_bytes_min);
  const std::string& name = *topics_[topic]->name;
  control_to(slot, name.size() + rpc_writer::announcement_bytes(held.id.size()))
      .announce(name, {&entry, 1});
  ++counters_.announcements_sent;
  push_to(slot, {held.number, held.number, counted}, held);
  return true;
}

void gossip_core::impl::push_to(peer_slot slot, const outbound_push& push,
                                const cached_message& held) {
  peer_state& peer = peers_[slot];
  peer.pushes.push_back(push);
  ++counters_.pushes_started;
  ++counters_.frames_sent;
  counters_.bytes_sent += held.frame.size();
  out_->pushes.push_back({peer.known.peer, push.tag, held.frame, config_.lazy.push_timeout});
}

void gossip_core::impl::take_pulls(peer_slot slot) {
  peer_state& peer = peers_[slot];
  constexpr std::uint64_t asked_bit = std::uint64_t{1} << 63;
  for (const pull_entry& pull : rpc_.pulls) {
    const cached_message* known = cached_number(pull.announced);
    // Only large messages are announced with a number; a tag of the peer's own choice must not be
    // one of ours.
    const bool odd
        = (pull.tag & asked_bit) == 0
          || (known != nullptr && known->frame.size() < config_.lazy.push_bytes_min)
          || std::ranges::find(peer.pushes, pull.tag, &outbound_push::tag) != peer.pushes.end();
    if (known == nullptr || odd) {
      drop(drop_reason::pull_unknown);
      continue;
    }
    cached_message& held = *cache_.find(hash_of(known->id.bytes()));
    if (peer.pushes.size() >= config_.lazy.pushes_per_peer_max) {
      drop(drop_reason::pull_limit);
    } else if (may_answer(slot, held)) {
      ++counters_.copies_answered;
      push_to(slot, {pull.tag, held.number, false}, held);
    }
  }
}

}  // namespace weft::gossip
