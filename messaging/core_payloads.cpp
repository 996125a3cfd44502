// SPDX-License-Identifier: MIT
#include "messaging/core_state.hpp"

#include <algorithm>
#include <cstring>

namespace weft::messaging {

// -- sending ---

bytes_view core_state::memory_fragment(const outgoing& m, std::uint32_t index) const {
  const payload_shape& shape = m.large->shape;
  return m.body.bytes().subspan(std::size_t{index} * shape.fragment_bytes, shape.bytes_of(index));
}

std::optional<std::uint32_t> core_state::peek_fragment(large_payload& l) const {
  while (!l.again.empty() && l.acked[l.again.front()]) l.again.pop_front();
  if (!l.again.empty()) return l.again.front();
  if (l.probing && l.probe_sent) return std::nullopt;
  while (l.next < l.acked.size() && l.acked[l.next]) ++l.next;
  if (l.next < l.acked.size()) return l.next;
  return std::nullopt;
}

void core_state::take_fragment(large_payload& l) {
  if (!l.again.empty()) {
    l.again.pop_front();
    ++metrics_.retransmitted;
    return;
  }
  ++l.next;
  l.probe_sent = true;
}

void core_state::read_ahead(const lane& to, handle h, const step& s) {
  const outgoing& m = messages_[h.index];
  large_payload& l = *m.large;
  while (l.reads + l.ready.size() < config_.payload_reads_max
         && to.in_flight_bytes < config_.window_bytes) {
    const auto index = peek_fragment(l);
    if (!index) return;
    take_fragment(l);
    ++l.reads;
    s.out.store.operations.emplace_back(
        read_outbound{m.id, l.file, std::uint64_t{*index} * l.shape.fragment_bytes,
                      l.shape.bytes_of(*index)},
        h.pack(), *index);
  }
}

bool core_state::pump_payload(std::uint32_t peer, handle h, const step& s) {
  const outgoing* m = message_of(h);
  if (!m || m->storing) return false;
  const lane& to = peers_[peer]->lanes[m->klass];
  large_payload& l = *m->large;
  // An eighth of the window stays free for small messages.
  const bool room = to.in_flight < to.window
                    && to.in_flight_bytes + l.shape.fragment_bytes
                           <= config_.window_bytes - config_.window_bytes / 8;
  if (l.file.empty()) {
    const auto index = peek_fragment(l);
    if (!index || !room) return false;
    if (!transmit_one(peer, {h, *index}, memory_fragment(*m, *index), s)) return false;
    take_fragment(l);
    return true;
  }
  read_ahead(to, h, s);
  if (l.ready.empty() || !room) return false;
  const large_payload::piece& next = l.ready.front();
  if (!l.acked[next.index] && !transmit_one(peer, {h, next.index}, next.data, s)) return false;
  l.ready.pop_front();
  return true;
}

void core_state::pump_payloads(std::uint32_t peer, const step& s) {
  for (bool progress = true; progress;) {
    progress = false;
    for (const lane& l : peers_[peer]->lanes.items)
      for (const handle h : l.payloads) progress = pump_payload(peer, h, s) || progress;
  }
}

handle core_state::find_payload(std::uint32_t peer, const message_id& id) {
  for (const lane& l : peers_[peer]->lanes.items)
    for (const handle h : l.payloads)
      if (messages_[h.index].id == id) return h;
  return {};
}

void core_state::report_outbound(outgoing& m, bool last, const step& s) {
  large_payload& l = *m.large;
  if (!last && l.acked_count < l.reported + config_.progress_step) return;
  l.reported = l.acked_count;
  const std::uint64_t done
      = std::min(l.shape.size, std::uint64_t{l.acked_count} * l.shape.fragment_bytes);
  s.out.progresses.push_back({m.id, peers_[m.peer]->id, true, done, l.shape.size});
}

void core_state::fragment_acked(handle h, std::uint32_t index, const step& s) {
  outgoing& m = messages_[h.index];
  large_payload& l = *m.large;
  l.probing = false;
  if (l.acked[index]) return;
  l.acked[index] = true;
  ++l.acked_count;
  if (l.acked_count == l.acked.size()) l.settled = s.now;
  report_outbound(m, false, s);
}

void core_state::on_have(std::uint32_t peer, const ack_have& have, const step& s) {
  const handle h = find_payload(peer, have.id);
  if (!message_of(h)) return;
  large_payload& l = *messages_[h.index].large;
  const auto count = static_cast<std::uint32_t>(l.acked.size());
  if (l.asked && l.acked_count == count && have.prefix < count) {
    // The receiver gave the pieces up in the meantime.
    l.acked.assign(count, false);
    l.acked_count = 0;
    l.next = 0;
    l.have = 0;
    l.asked = false;
    l.settled.reset();
  }
  for (; l.have < have.prefix && l.have < count; ++l.have) fragment_acked(h, l.have, s);
  l.probing = false;
}

void core_state::on_done(std::uint32_t peer, const ack_done& done, const step& s) {
  const handle h = find_payload(peer, done.id);
  outgoing* m = message_of(h);
  if (!m) return;
  if (done.verdict == payload_verdict::complete) {
    m->large->acked_count = static_cast<std::uint32_t>(m->large->acked.size());
    report_outbound(*m, true, s);
    finish(h, receipt_status::delivered, ec::none, done.hops, ack_in_.sealed, s);
    return;
  }
  const ec why = done.verdict == payload_verdict::bad_digest ? ec::corrupt : ec::oversized;
  finish(h, receipt_status::failed, why, done.hops, ack_in_.sealed, s);
}

// -- receiving ---

ec core_state::refuse_fragment(std::uint32_t channel, const envelope_header& header,
                               const payload_head& head, payload_verdict verdict, const step& s) {
  owe_ack(token_of(channel), header.sequence, header.hops(), s.wall, s);
  owe_done(token_of(channel), head.id, verdict, header.hops(), s);
  return ec::none;
}

ec core_state::on_fragment(std::uint32_t channel, const envelope_header& header,
                           const payload_head& head, chunk_view data, const step& s) {
  const std::uint32_t peer = channels_[channel]->peer;
  peer_state& p = *peers_[peer];
  const bool durable = head.klass == message_class::durable;
  if (data.size() != head.shape.bytes_of(head.index))
    return drop(drop_reason::fragment_mismatch, ec::malformed);
  if (head.shape.size
      > (durable ? config_.durable_payload_bytes_max : config_.volatile_payload_bytes_max)) {
    refuse_fragment(channel, header, head, payload_verdict::refused, s);
    return drop(drop_reason::oversized, ec::oversized);
  }
  if (durable && head.created < s.wall - config_.durable_lifetime - config_.clock_skew)
    return drop(drop_reason::stale, ec::stale);
  if (!durable && head.id.counter() > std::uint64_t{1} << 62)
    return drop(drop_reason::malformed, ec::malformed);
  if (!durable && seen_volatile(p, head.id, false, s)) {
    ++metrics_.duplicates;
    return refuse_fragment(channel, header, head, payload_verdict::complete, s);
  }
  const auto at = need_reassembly(peer, head, s);
  if (at == reassemblies_.end()) return drop(drop_reason::reassembly_limit, ec::limit);
  reassembly& r = at->second;
  if (r.shape != head.shape || r.klass != head.klass)
    return drop(drop_reason::fragment_mismatch, ec::protocol_violation);
  ++metrics_.fragments_received;
  r.touched = s.now;
  r.created = head.created;
  r.hops = header.hops();
  r.channel = token_of(channel);
  if (r.got[head.index]) {
    ++metrics_.duplicates;
    owe_ack(r.channel, header.sequence, r.hops, s.wall, s);
    owe_have(r.channel, head.id, r.prefix, s);
    return ec::none;
  }
  return durable ? durable_fragment(at, header.sequence, head, std::move(data), s)
                 : volatile_fragment(at, header.sequence, head, data, s);
}

core_state::payload_table::iterator core_state::need_reassembly(std::uint32_t peer,
                                                                const payload_head& head,
                                                                const step& s) {
  peer_state& p = *peers_[peer];
  const payload_key key{p.id, head.id};
  if (const auto at = reassemblies_.find(key); at != reassemblies_.end()) return at;
  const bool durable = head.klass == message_class::durable;
  std::size_t& own = p.lanes[head.klass].reassemblies;
  std::size_t& all = reassembling_[head.klass];
  if (reassemblies_.size() >= config_.reassemblies_max
      || all >= config_.reassemblies_max - config_.reassemblies_max / 8
      || own >= config_.reassemblies_per_peer_max
      || (!durable && reassembly_bytes_ + head.shape.size > config_.reassembly_memory_max))
    return reassemblies_.end();
  reassembly r;
  r.shape = head.shape;
  r.klass = head.klass;
  r.got.resize(head.shape.fragments());
  if (durable) {
    r.storing.resize(r.got.size());
  } else {
    r.buffer = chunk::allocate(static_cast<std::size_t>(head.shape.size));
    reassembly_bytes_ += head.shape.size;
  }
  ++own;
  ++all;
  need_sweep(s.now);
  const auto at = reassemblies_.emplace(key, std::move(r)).first;
  metrics_.reassemblies.set(static_cast<std::int64_t>(reassemblies_.size()));
  metrics_.reassembly_bytes.set(static_cast<std::int64_t>(reassembly_bytes_));
  return at;
}

void core_state::drop_reassembly(payload_table::iterator at) {
  if (at->second.buffer) reassembly_bytes_ -= at->second.shape.size;
  if (const auto peer = by_peer_.find(at->first.first); peer != by_peer_.end())
    --peers_[peer->second]->lanes[at->second.klass].reassemblies;
  --reassembling_[at->second.klass];
  reassemblies_.erase(at);
  metrics_.reassemblies.set(static_cast<std::int64_t>(reassemblies_.size()));
  metrics_.reassembly_bytes.set(static_cast<std::int64_t>(reassembly_bytes_));
}

void core_state::report_inbound(const payload_key& key, reassembly& r, const step& s) {
  if (!r.complete() && r.got_count < r.reported + config_.progress_step) return;
  r.reported = r.got_count;
  const std::uint64_t done
      = std::min(r.shape.size, std::uint64_t{r.got_count} * r.shape.fragment_bytes);
  s.out.progresses.push_back({key.second, key.first, false, done, r.shape.size});
}

ec core_state::volatile_fragment(payload_table::iterator at, std::uint64_t sequence,
                                 const payload_head& head, bytes_view data, const step& s) {
  reassembly& r = at->second;
  std::memcpy(r.buffer.mutable_data() + std::size_t{head.index} * r.shape.fragment_bytes,
              data.data(), data.size());
  r.mark(head.index);
  owe_ack(r.channel, sequence, r.hops, s.wall, s);
  owe_have(r.channel, head.id, r.prefix, s);
  report_inbound(at->first, r, s);
  if (r.complete()) complete_volatile(at, s);
  return ec::none;
}

void core_state::complete_volatile(payload_table::iterator at, const step& s) {
  reassembly& r = at->second;
  const auto& [sender, id] = at->first;
  const auto size = static_cast<std::size_t>(r.shape.size);
  if (crypto::sha256({r.buffer.data(), size}) != r.shape.digest) {
    ++metrics_.dropped[drop_reason::digest_mismatch];
    owe_done(r.channel, id, payload_verdict::bad_digest, r.hops, s);
  } else {
    owe_done(r.channel, id, payload_verdict::complete, r.hops, s);
    if (const auto peer = by_peer_.find(sender); peer != by_peer_.end())
      seen_volatile(*peers_[peer->second], id, true, s);
    ++metrics_.delivered;
    s.out.deliveries.push_back({sender,
                                id,
                                r.klass,
                                r.created,
                                s.wall,
                                r.hops,
                                chunk_view{r.buffer, 0, size},
                                r.shape.size,
                                {},
                                0});
  }
  drop_reassembly(at);
}

ec core_state::durable_fragment(payload_table::iterator at, std::uint64_t sequence,
                                const payload_head& head, chunk_view data, const step& s) {
  reassembly& r = at->second;
  if (r.storing[head.index]) {
    ++metrics_.duplicates;
    return ec::none;
  }
  if (storing_messages_ >= config_.storing_messages_max
      || storing_bytes_ + data.size() > config_.storing_bytes_max)
    return drop(drop_reason::store_busy, ec::queue_full);
  storing_messages_ += 1;
  storing_bytes_ += data.size();
  metrics_.storing.set(static_cast<std::int64_t>(storing_messages_));
  r.storing[head.index] = true;
  s.out.store.operations.emplace_back(
      write_fragment{at->first.first, head.id, head.shape, head.index, std::move(data)}, r.channel,
      sequence);
  return ec::none;
}

void core_state::complete_durable(const payload_key& key, reassembly& r, const step& s) {
  r.completing = true;
  s.out.store.operations.emplace_back(
      complete_payload{key.first, key.second, r.shape, r.created, s.wall, r.hops}, r.channel);
}

}  // namespace weft::messaging
