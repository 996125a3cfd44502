// SPDX-License-Identifier: MIT
#include "gossip/core_impl.hpp"

#include <algorithm>
#include <utility>

namespace weft::gossip {

/// What this call has for the peer so far.
outgoing& gossip_core::impl::outgoing_to(peer_slot slot) {
  peer_state& peer = peers_[slot];
  if (peer.outgoing == 0) {
    touched_.push_back(slot);
    peer.outgoing = static_cast<std::uint32_t>(touched_.size());
    if (outgoing_.size() < touched_.size()) outgoing_.push_back(std::make_unique<outgoing>());
  }
  return *outgoing_[peer.outgoing - 1];
}

/// The peer's control frame of this call, with room for `bytes` more within the limit.
rpc_writer& gossip_core::impl::control_to(peer_slot slot, std::size_t bytes) {
  outgoing& to = outgoing_to(slot);
  if (!to.common.empty()) emit(slot, send_class::control, std::exchange(to.common, {}));
  if (!to.control.empty() && to.control.size() + bytes > config_.control_bytes_max)
    emit(slot, send_class::control, to.control.take());
  return to.control;
}

void gossip_core::impl::emit(peer_slot slot, send_class klass, chunk_view body, std::uint64_t tag) {
  ++counters_.frames_sent;
  counters_.bytes_sent += body.size();
  out_->sends.push_back({peers_[slot].known.peer, klass, std::move(body), tag});
}

void gossip_core::impl::flush() {
  // A peer's IWANT may touch it again, but only at the end of the list.
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    const peer_slot slot = touched_[i];
    outgoing& to = *outgoing_[i];
    if (!peers_[slot].up) to.forget();
    if (!to.iwant.empty()) flush_iwant(slot);
    if (!to.common.empty()) emit(slot, send_class::control, std::exchange(to.common, {}));
    if (!to.control.empty()) emit(slot, send_class::control, to.control.take());
    peers_[slot].outgoing = 0;
  }
  touched_.clear();
  out_ = nullptr;
}

/// How many bytes of ids leave a control frame below its limit.
std::size_t gossip_core::impl::room_for_ids(std::size_t overhead) const noexcept {
  return config_.control_bytes_max - std::min(config_.control_bytes_max / 2, overhead + 32);
}

/// Adds ids to the peer's control messages in lists that leave them below the limit.
void gossip_core::impl::in_parts(
    peer_slot slot, std::span<const bytes_view> ids, std::size_t overhead,
    const std::function<void(rpc_writer&, std::span<const bytes_view>)>& add) {
  const std::size_t room = room_for_ids(overhead);
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
  const std::vector<message_id>& wanted = outgoing_to(slot).iwant;
  std::vector<bytes_view> ids;
  ids.reserve(wanted.size());
  for (const message_id& id : wanted) ids.push_back(id.bytes());
  in_parts(slot, ids, 16, [](rpc_writer& to, std::span<const bytes_view> part) { to.iwant(part); });
  counters_.iwant_ids_sent += ids.size();
  // One of them stands for all, as in go-libp2p-pubsub: a peer that never answers is found out.
  if (promises_.size() < config_.promises_max) {
    const bytes_view id = ids[random_.below(ids.size())];
    promises_.push_back({hash_of(id), ref(slot), now_ + config_.iwant_followup});
  }
  outgoing_to(slot).iwant.clear();
}

}  // namespace weft::gossip
