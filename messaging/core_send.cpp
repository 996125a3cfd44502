// SPDX-License-Identifier: MIT
#include "messaging/core_state.hpp"

#include <algorithm>

namespace weft::messaging {

namespace {

/// The receiver remembers `volatile_stream::window_bits` ids; half of it leaves room for
/// reordering.
constexpr std::uint64_t span_max = volatile_stream::window_bits / 2;
/// Transmissions a channel may follow behind its oldest unfinished one; above it the channel is
/// given up.
constexpr std::size_t flights_max = 64 * 1024;
/// A frame above this size may wait behind small ones.
constexpr std::size_t bulk_bytes = 8 * 1024;

/// What is left of a limit; a restored outbox may be above it.
constexpr std::size_t rest(std::size_t limit, std::size_t used) noexcept {
  return limit > used ? limit - used : 0;
}

}  // namespace

core_state::held core_state::room_of(message_class klass) const {
  // One lane holds no more than it leaves to all others: a few destinations that take nothing
  // cannot use the totals up.
  const held& own = held_[klass];
  return {std::min({config_.queue_messages_max, rest(config_.class_messages_max(), own.messages),
                    rest(config_.total_messages_max, outstanding())}),
          std::min({config_.queue_bytes_max, rest(config_.class_bytes_max(), own.bytes),
                    rest(config_.total_bytes_max, held_bytes())})};
}

void core_state::tell_writable(const peer_state& p, message_class klass, lane& l, const step& s) {
  const held room = room_of(klass);
  if (!l.refused || l.held_messages * 2 >= room.messages || l.held_bytes * 2 >= room.bytes) return;
  l.refused = false;
  s.out.writable.push_back(p.id);
}

result<std::uint32_t> core_state::admit(const peer_id& to, message_class klass, std::size_t bytes,
                                        bool large, const step& s) {
  if (to == identity_.id) return fail(ec::bad_argument, "a message to ourselves");
  WEFT_TRY(const std::uint32_t index, need_peer(to, s));
  lane& l = peers_[index]->lanes[klass];
  const held room = room_of(klass);
  const bool full = l.held_messages >= room.messages || l.held_bytes + bytes > room.bytes
                    || (large && l.payloads.size() >= config_.payloads_per_peer_max);
  if (full) {
    l.refused = true;
    ++metrics_.dropped[drop_reason::queue_full];
    return fail(ec::queue_full);
  }
  return index;
}

result<message_id> core_state::send(const peer_id& to, chunk_view body, const send_options& options,
                                    const step& s) {
  const bool durable = options.klass == message_class::durable;
  const bool large = body.size() > config_.fragment_bytes;
  if (options.hop_limit > config_.hop_limit_max)
    return fail(ec::bad_argument, "the hop limit is above hop_limit_max");
  if (large && (durable || body.size() > config_.volatile_payload_bytes_max)) {
    ++metrics_.dropped[drop_reason::oversized];
    return fail(ec::oversized, durable ? "a durable payload of this size is sent as a file"
                                       : "the payload is above volatile_payload_bytes_max");
  }
  WEFT_TRY(const std::uint32_t index, admit(to, options.klass, body.size(), large, s));
  peer_state& p = *peers_[index];
  const handle h = add_message(index);
  outgoing& m = messages_[h.index];
  m.klass = options.klass;
  m.hop_limit = options.hop_limit ? options.hop_limit : config_.default_hop_limit;
  m.created = s.wall;
  m.accepted = s.now;
  m.body = std::move(body);
  hold(m);
  if (durable) {
    m.id = message_id::from_parts(p.durable_id, p.durable_count++);
    m.storing = true;
    s.out.store.operations.emplace_back(
        append_outbound{m.id, to, m.hop_limit, m.created, m.body, {}}, h.pack());
    return m.id;
  }
  if (large) {
    m.id = message_id::from_parts(p.payload_id, p.payload_count++);
    m.large = std::make_unique<large_payload>();
    m.large->shape = {m.body.size(), config_.fragment_bytes, crypto::sha256(m.body)};
    m.large->acked.resize(m.large->shape.fragments());
    p.lanes[m.klass].payloads.push_back(h);
  } else {
    m.id = message_id::from_parts(p.volatile_id, p.volatile_count++);
    p.span.push_back(0);
    p.lanes[m.klass].waiting.push_back(h);
  }
  const message_id id = m.id;
  pump(index, s);
  return id;
}

result<message_id> core_state::send_file(const peer_id& to, const payload_file& file,
                                         const send_options& options, const step& s) {
  if (file.size > config_.durable_payload_bytes_max) {
    ++metrics_.dropped[drop_reason::oversized];
    return fail(ec::oversized, "the payload is above durable_payload_bytes_max");
  }
  if (file.size / config_.fragment_bytes >= payload_shape::fragments_max) {
    ++metrics_.dropped[drop_reason::oversized];
    return fail(ec::oversized, "the payload has too many fragments; raise fragment_bytes");
  }
  if (file.size <= config_.fragment_bytes || file.name.empty())
    return fail(ec::bad_argument, "a payload this small is sent as a message");
  if (options.hop_limit > config_.hop_limit_max)
    return fail(ec::bad_argument, "the hop limit is above hop_limit_max");
  WEFT_TRY(const std::uint32_t index, admit(to, message_class::durable, 0, true, s));
  peer_state& p = *peers_[index];
  const handle h = add_message(index);
  outgoing& m = messages_[h.index];
  m.klass = message_class::durable;
  m.hop_limit = options.hop_limit ? options.hop_limit : config_.default_hop_limit;
  m.created = s.wall;
  m.accepted = s.now;
  m.storing = true;
  m.id = message_id::from_parts(p.durable_id, p.durable_count++);
  m.large = std::make_unique<large_payload>();
  m.large->shape = {file.size, config_.fragment_bytes, file.digest};
  m.large->file = file.name;
  m.large->acked.resize(m.large->shape.fragments());
  p.lanes[m.klass].payloads.push_back(h);
  hold(m);
  s.out.store.operations.emplace_back(append_outbound{m.id, to, m.hop_limit, m.created, {}, file},
                                      h.pack());
  return m.id;
}

bool core_state::window_open(const lane& l, const channel_state& c, std::size_t bytes) const {
  std::size_t messages = l.window;
  if (!c.keys.confirmed() && c.keys.initiator())
    messages = std::min(messages, config_.opening_window_messages);
  return l.in_flight < messages && l.in_flight_bytes + bytes <= config_.window_bytes;
}

bool core_state::span_open(const peer_state& p, const outgoing& m) const {
  return m.klass == message_class::durable || m.id.counter() - p.span_base < span_max;
}

bool core_state::transmit_one(std::uint32_t peer, const work& w, bytes_view body, const step& s) {
  peer_state& p = *peers_[peer];
  const auto hop = hops_.next_hop(p.id);
  if (!hop) return false;
  outgoing& m = messages_[w.message.index];
  lane& l = p.lanes[m.klass];
  channel_state* c = sending_channel(peer, s);
  if (c && c->flights[m.klass].size() >= flights_max) {
    drop_channel(p.preferred);
    c = sending_channel(peer, s);
  }
  if (!c || !window_open(l, *c, body.size())) return false;

  payload_head head;
  head.klass = m.klass;
  head.sealed = s.wall;
  head.created = m.created;
  head.id = m.id;
  if (w.fragment != no_fragment) {
    head.kind = payload_kind::fragment;
    head.shape = m.large->shape;
    head.index = w.fragment;
    ++metrics_.fragments_sent;
  }
  std::array<std::uint8_t, payload_head::bytes_max> text;
  const std::size_t head_bytes = head.encode(text);
  auto sealed
      = c->keys.seal(identity_, m.hop_limit, {text.data(), head_bytes}, body, !c->open_sent);
  c->open_sent = true;
  c->used = s.now;
  c->flights[m.klass].push_back(
      {w, static_cast<std::uint16_t>(body.size()), false, s.now, sealed.sequence});
  l.in_flight += 1;
  l.in_flight_bytes += body.size();
  p.last_hop = *hop;
  p.used = s.now;
  metrics_.in_flight.set(static_cast<std::int64_t>(++in_flight_));
  metrics_.sent_bytes += sealed.frame.size();
  if (!m.sent) {
    m.sent = true;
    ++metrics_.sent;
  }
  s.out.transmits.push_back({*hop, std::move(sealed.frame), body.size() > bulk_bytes});
  if (!l.timer_armed) arm(peer, m.klass);
  return true;
}

bool core_state::send_again(std::uint32_t peer, const work& w, const step& s) {
  outgoing* m = message_of(w.message);
  if (!m) return true;
  if (w.fragment != no_fragment) {
    if (!m->large->acked[w.fragment]) m->large->again.push_back(w.fragment);
    return true;
  }
  if (!transmit_one(peer, w, m->body, s)) return false;
  ++metrics_.retransmitted;
  return true;
}

bool core_state::pump_lane(std::uint32_t peer, message_class klass, const step& s) {
  peer_state& p = *peers_[peer];
  lane& l = p.lanes[klass];
  if (l.in_flight >= l.window) return false;
  if (!l.again.empty()) {
    const work w = l.again.front();
    if (!send_again(peer, w, s)) return false;
    l.again.pop_front();
    return true;
  }
  if (l.waiting.empty()) return false;
  const handle h = l.waiting.front();
  const outgoing* m = message_of(h);
  if (m && (!span_open(p, *m) || !transmit_one(peer, {h, no_fragment}, m->body, s))) return false;
  l.waiting.pop_front();
  return true;
}

void core_state::pump(std::uint32_t peer, const step& s) {
  by_class<bool> open{{true, true}};
  while (open[message_class::volatile_] || open[message_class::durable])
    for (const message_class klass : both_classes)
      open[klass] = open[klass] && pump_lane(peer, klass, s);
  pump_payloads(peer, s);
}

}  // namespace weft::messaging
