// SPDX-License-Identifier: MIT
#include "messaging/core_state.hpp"

#include <algorithm>

namespace weft::messaging {

void core_state::on_stored(store_batch&& batch, const step& s) {
  struct visitor {
    core_state& core;
    store_operation& op;
    const step& s;
    void operator()(const append_outbound&) const { core.stored_outbound_message(op, s); }
    void operator()(const read_outbound&) const { core.stored_read(op, s); }
    void operator()(const append_inbound&) const { core.stored_inbound_message(op, s); }
    void operator()(const write_fragment&) const { core.stored_fragment(op, s); }
    void operator()(const complete_payload&) const { core.stored_payload(op, s); }
    // Nothing waits for these. A row that stays is sent, shown or refused once more after a
    // restart, which is harmless.
    void operator()(const remove_outbound&) const {}
    void operator()(const drop_payload&) const {}
    void operator()(const mark_shown&) const {}
    void operator()(const remember_channel&) const {}
  };
  for (store_operation& op : batch.operations) std::visit(visitor{*this, op, s}, op.action);
  pump_touched(s);
}

void core_state::stored_outbound_message(store_operation& op, const step& s) {
  const handle h = handle::unpack(op.token);
  outgoing* m = message_of(h);
  if (!m || !m->storing) return;
  if (op.outcome != ec::none) {
    ++metrics_.dropped[drop_reason::store_refused];
    finish(h, receipt_status::failed, op.outcome, 0, {}, s);
    return;
  }
  m->storing = false;
  peer_state& p = *peers_[m->peer];
  s.out.receipts.push_back(
      {m->id, p.id, receipt_status::stored, ec::none, 0, s.now - m->accepted, {}});
  if (!m->large) p.lanes[message_class::durable].waiting.push_back(h);
  touch(m->peer);
}

void core_state::stored_read(store_operation& op, const step& s) {
  const handle h = handle::unpack(op.token);
  outgoing* m = message_of(h);
  if (!m || !m->large) return;
  large_payload& l = *m->large;
  if (l.reads > 0) --l.reads;
  const auto index = static_cast<std::uint32_t>(op.token2);
  if (op.outcome == ec::none && index < l.acked.size()
      && op.data.size() == l.shape.bytes_of(index)) {
    l.ready.push_back({index, std::move(op.data)});
    touch(m->peer);
    return;
  }
  if (op.outcome == ec::queue_full && index < l.acked.size()) {
    l.again.push_back(index);
    return;
  }
  ++metrics_.dropped[drop_reason::store_refused];
  finish(h, receipt_status::failed, op.outcome == ec::none ? ec::corrupt : op.outcome, 0, {}, s);
}

void core_state::stored_inbound_message(store_operation& op, const step& s) {
  auto& row = std::get<append_inbound>(op.action);
  storing_messages_ -= 1;
  storing_bytes_ -= row.body.size();
  metrics_.storing.set(static_cast<std::int64_t>(storing_messages_));
  if (op.outcome != ec::none) {
    // Not acknowledged: the sender keeps it and tries again.
    ++metrics_.dropped[drop_reason::store_refused];
    return;
  }
  owe_ack(op.token, op.token2, row.hops, row.received, s);
  if (op.duplicate) {
    ++metrics_.duplicates;
    return;
  }
  ++metrics_.delivered;
  const std::size_t size = row.body.size();
  s.out.deliveries.push_back({row.sender,
                              row.id,
                              message_class::durable,
                              row.created,
                              row.received,
                              row.hops,
                              std::move(row.body),
                              size,
                              {},
                              op.row});
}

void core_state::stored_fragment(store_operation& op, const step& s) {
  const auto& piece = std::get<write_fragment>(op.action);
  storing_messages_ -= 1;
  storing_bytes_ -= piece.data.size();
  metrics_.storing.set(static_cast<std::int64_t>(storing_messages_));
  const auto at = reassemblies_.find({piece.sender, piece.id});
  const bool known = at != reassemblies_.end() && at->second.shape == piece.shape;
  if (known && !at->second.storing.empty()) at->second.storing[piece.index] = false;
  if (op.outcome != ec::none) {
    ++metrics_.dropped[drop_reason::store_refused];
    return;
  }
  const std::uint8_t hops = known ? at->second.hops : std::uint8_t{1};
  owe_ack(op.token, op.token2, hops, s.wall, s);
  if (op.duplicate) {
    ++metrics_.duplicates;
    owe_done(op.token, piece.id, payload_verdict::complete, hops, s);
    if (known && !at->second.completing) drop_reassembly(at);
    return;
  }
  if (!known) return;
  reassembly& r = at->second;
  if (!r.got[piece.index]) r.mark(piece.index);
  owe_have(op.token, piece.id, r.prefix, s);
  report_inbound(at->first, r, s);
  if (r.complete() && !r.completing) complete_durable(at->first, r, s);
}

void core_state::stored_payload(store_operation& op, const step& s) {
  const auto& row = std::get<complete_payload>(op.action);
  const auto at = reassemblies_.find({row.sender, row.id});
  if (at == reassemblies_.end()) return;
  if (op.outcome != ec::none && op.outcome != ec::corrupt) {
    ++metrics_.dropped[drop_reason::store_refused];
    at->second.completing = false;  // the sweep asks again
    return;
  }
  const std::uint64_t channel = at->second.channel;
  if (op.outcome == ec::corrupt) {
    ++metrics_.dropped[drop_reason::digest_mismatch];
    owe_done(channel, row.id, payload_verdict::bad_digest, row.hops, s);
  } else {
    owe_done(channel, row.id, payload_verdict::complete, row.hops, s);
    if (op.duplicate) {
      ++metrics_.duplicates;
    } else {
      ++metrics_.delivered;
      s.out.deliveries.push_back({row.sender,
                                  row.id,
                                  message_class::durable,
                                  row.created,
                                  row.received,
                                  row.hops,
                                  {},
                                  row.shape.size,
                                  std::move(op.file_path),
                                  op.row});
    }
  }
  drop_reassembly(at);
}

void core_state::restore_outbound(stored_outbound&& row, const step& s) {
  const auto peer = need_peer(row.to, s);
  if (!peer) {
    s.out.store.operations.emplace_back(remove_outbound{row.id});
    s.out.receipts.push_back(
        {row.id, row.to, receipt_status::failed, peer.error().code, 0, {}, {}});
    return;
  }
  lane& l = peers_[*peer]->lanes[message_class::durable];
  const handle h = add_message(*peer);
  outgoing& m = messages_[h.index];
  m.klass = message_class::durable;
  m.id = row.id;
  m.hop_limit = row.hop_limit ? row.hop_limit : config_.default_hop_limit;
  m.created = row.created;
  m.accepted = s.now;
  m.body = std::move(row.body);
  if (row.file.size > 0) {
    m.large = std::make_unique<large_payload>();
    m.large->shape = {row.file.size, config_.fragment_bytes, row.file.digest};
    m.large->file = std::move(row.file.name);
    m.large->acked.resize(m.large->shape.fragments());
    m.large->probing = true;
    l.payloads.push_back(h);
  } else {
    l.waiting.push_back(h);
  }
  hold(m);
  touch(*peer);
}

void core_state::restore(stored_state&& state, const step& s) {
  for (remember_channel& c : state.channels) {
    if (c.expires <= s.wall) continue;
    if (remembered_.size() >= config_.remembered_channels_max) break;
    if (remembered_.emplace(c.channel, c.expires).second) remembered_order_.push_back(c.channel);
  }
  std::stable_sort(state.outbound.begin(), state.outbound.end(),
                   [](const auto& a, const auto& b) { return a.created < b.created; });
  for (stored_outbound& row : state.outbound) restore_outbound(std::move(row), s);
  for (stored_inbound& row : state.inbound)
    s.out.deliveries.push_back({row.sender, row.id, message_class::durable, row.created,
                                row.received, row.hops, std::move(row.body), row.size,
                                std::move(row.file_path), row.row});
  for (stored_reassembly& row : state.reassemblies) {
    const auto peer = need_peer(row.sender, s);
    if (!peer || row.received.size() * 8 < row.shape.fragments()) continue;
    reassembly r;
    r.shape = row.shape;
    r.klass = message_class::durable;
    r.got.resize(row.shape.fragments());
    r.storing.resize(r.got.size());
    r.touched = s.now;
    r.created = s.wall;
    for (std::uint32_t i = 0; i < r.got.size(); ++i)
      if (row.received[i / 8] >> (i % 8) & 1) r.mark(i);
    if (reassemblies_.emplace(payload_key{row.sender, row.id}, std::move(r)).second) {
      ++peers_[*peer]->lanes[message_class::durable].reassemblies;
      ++reassembling_[message_class::durable];
    }
  }
  metrics_.reassemblies.set(static_cast<std::int64_t>(reassemblies_.size()));
  need_sweep(s.now);
  pump_touched(s);
}

}  // namespace weft::messaging
