// SPDX-License-Identifier: MIT
#include "gossip/core_impl.hpp"

#include <algorithm>
#include <utility>

namespace weft::gossip {

/// The peer's control frame of this call, with room for `bytes` more within the limit.
rpc_writer& gossip_core::impl::control_to(peer_slot slot, std::size_t bytes) {
  peer_state& peer = peers_[slot];
  if (!peer.touched) {
    peer.touched = true;
    touched_.push_back(slot);
  }
  if (!peer.control.empty() && peer.control.size() + bytes > config_.control_bytes_max)
    emit_control(slot);
  return peer.control;
}

void gossip_core::impl::emit(peer_slot slot, send_class klass, chunk_view body, std::uint64_t tag) {
  ++counters_.frames_sent;
  counters_.bytes_sent += body.size();
  out_->sends.push_back({peers_[slot].known.peer, klass, std::move(body), tag});
}

void gossip_core::impl::emit_control(peer_slot slot) {
  emit(slot, send_class::control, peers_[slot].control.take());
}

void gossip_core::impl::flush() {
  // A peer's IWANT may touch it again, but only at the end of the list.
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    const peer_slot slot = touched_[i];
    peer_state& peer = peers_[slot];
    if (peer.up && !peer.iwant.empty()) flush_iwant(slot);
    if (peer.up && !peer.control.empty()) emit_control(slot);
    peer.touched = false;
  }
  touched_.clear();
  out_ = nullptr;
}

/// Adds ids to the peer's control messages in lists that leave them below the limit.
void gossip_core::impl::in_parts(
    peer_slot slot, std::span<const bytes_view> ids, std::size_t overhead,
    const std::function<void(rpc_writer&, std::span<const bytes_view>)>& add) {
  const std::size_t room
      = config_.control_bytes_max - std::min(config_.control_bytes_max / 2, overhead + 32);
  while (!ids.empty()) {
    std::size_t count = 0;
    std::size_t bytes = 0;
    while (count < ids.size() && bytes + rpc_writer::id_bytes(ids[count].size()) <= room)
      bytes += rpc_writer::id_bytes(ids[count++].size());
    add(control_to(slot, bytes + overhead), ids.first(count));
    ids = ids.subspan(count);
  }
}

void gossip_core::impl::flush_iwant(peer_slot slot) {
  peer_state& peer = peers_[slot];
  std::vector<bytes_view> ids;
  ids.reserve(peer.iwant.size());
  for (const message_id& id : peer.iwant) ids.push_back(id.bytes());
  in_parts(slot, ids, 16, [](rpc_writer& to, std::span<const bytes_view> part) { to.iwant(part); });
  counters_.iwant_ids_sent += ids.size();
  // One of them stands for all, as in go-libp2p-pubsub: a peer that never answers is found out.
  if (promises_.size() < config_.promises_max) {
    const bytes_view id = ids[random_.below(ids.size())];
    promises_.push_back({hash_of(id), ref(slot), now_ + config_.iwant_followup});
  }
  peer.iwant.clear();
}

}  // namespace weft::gossip
