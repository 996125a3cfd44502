// SPDX-License-Identifier: MIT
#include "gossip/core_impl.hpp"

#include <algorithm>
#include <utility>

namespace weft::gossip {

topic_status gossip_core::impl::status_of(const topic_state& t) const {
  topic_status status;
  status.topic = t.name;
  status.subscribed = t.subscribed;
  status.subscribers = t.peers.size();
  for (const mesh_entry& member : t.mesh) {
    const neighbour& known = peers_[member.peer].known;
    status.mesh.push_back({known.peer, known.outbound, member.choked_by_us, member.choked_by_peer});
  }
  for (const peer_slot slot : t.fanout) status.fanout.push_back(peers_[slot].known.peer);
  std::ranges::sort(status.mesh, {}, &mesh_member::peer);
  std::ranges::sort(status.fanout);
  status.first = t.first;
  status.duplicates = t.duplicates;
  status.first_bytes = t.first_bytes;
  status.duplicate_bytes = t.duplicate_bytes;
  return status;
}

std::vector<topic_status> gossip_core::impl::topics() const {
  std::vector<topic_status> all;
  for (const auto& topic : topics_)
    if (topic) all.push_back(status_of(*topic));
  std::ranges::sort(
      all, [](const topic_status& a, const topic_status& b) { return *a.topic < *b.topic; });
  return all;
}

std::optional<topic_status> gossip_core::impl::topic(std::string_view name) const {
  const auto slot = find_topic(as_bytes(name));
  if (!slot) return std::nullopt;
  return status_of(*topics_[*slot]);
}

std::vector<peer_status> gossip_core::impl::peers() const {
  std::vector<peer_status> all;
  for (peer_slot slot = 0; slot < peers_.size(); ++slot) {
    const peer_state& peer = peers_[slot];
    if (!peer.up) continue;
    all.push_back({peer.known.peer, peer.known.speaks, peer.weft, peer.known.outbound,
                   peer.graylisted, peer.score, peer.topics.size(), peer.rtt.mean()});
  }
  std::ranges::sort(all, {}, &peer_status::peer);
  return all;
}

std::int64_t gossip_core::impl::score(const peer_id& peer) const {
  const peer_slot slot = slot_of(peer);
  return slot == no_peer ? 0 : peers_[slot].score;
}

bool gossip_core::impl::subscribed(std::string_view topic) const {
  const auto slot = find_topic(as_bytes(topic));
  return slot && topics_[*slot]->subscribed;
}

table_sizes gossip_core::impl::sizes() const {
  table_sizes sizes;
  sizes.peers = by_peer_.size();
  sizes.topics = by_topic_.size();
  sizes.subscriptions = subscriptions_;
  for (const auto& topic : topics_) {
    if (!topic) continue;
    sizes.mesh += topic->mesh.size();
    sizes.backoffs += topic->backoff.size();
  }
  sizes.seen = seen_.size();
  sizes.seen_bytes = seen_.size() * fifo_table<seen_message>::entry_bytes;
  sizes.cached = cache_.size();
  sizes.cached_bytes = cache_bytes_;
  sizes.wanted = wants_.size();
  sizes.promises = promises_.size();
  for (peer_slot slot = 0; slot < peers_.size(); ++slot)
    sizes.unwanted += peers_[slot].unwanted.size();
  sizes.validations = validations_.size();
  sizes.publications = publications_.size();
  sizes.retained = retained_.size();
  return sizes;
}

}  // namespace weft::gossip
