// SPDX-License-Identifier: MIT
#include "messaging/core_state.hpp"

#include <algorithm>
#include <cstring>

namespace weft::messaging {

namespace {

/// Message counters stay far from wrapping.
constexpr std::uint64_t counter_max = std::uint64_t{1} << 62;
/// Volatile streams remembered per sender: two per process of it.
constexpr std::size_t streams_max = 4;

}  // namespace

ec core_state::drop(drop_reason reason, ec code) {
  ++metrics_.dropped[reason];
  return code;
}

ec core_state::on_frame(const peer_id& from, const chunk_view& frame, const step& s) {
  if (frame.size() > frame_bytes_max) return drop(drop_reason::oversized, ec::oversized);
  const auto header = envelope_header::decode(frame);
  if (!header) return drop(drop_reason::malformed, header.error().code);
  if (header->destination != identity_.public_key) return forward(from, *header, frame, s);
  const auto known = by_channel_.find(header->channel);
  if (known != by_channel_.end()) return on_sealed(known->second, *header, frame, s);
  if (header->kind == frame_kind::open) return on_open(from, *header, frame, s);
  return drop(drop_reason::unknown_channel, ec::not_found);
}

ec core_state::forward(const peer_id& from, const envelope_header& header, const chunk_view& frame,
                       const step& s) {
  if (!config_.forward) return drop(drop_reason::wrong_destination, ec::wrong_destination);
  if (header.remaining == 0 || header.hop_limit > config_.hop_limit_max)
    return drop(drop_reason::hop_limit, ec::hop_limit);
  const auto hop = hops_.next_hop(peer_id::from_ed25519(header.destination));
  if (!hop) return drop(drop_reason::no_route, ec::unreachable);
  if (*hop == from || *hop == identity_.id) return drop(drop_reason::loop, ec::hop_limit);
  chunk copy = chunk::allocate(frame.size());
  std::memcpy(copy.mutable_data(), frame.data(), frame.size());
  copy.mutable_data()[remaining_offset] = static_cast<std::uint8_t>(header.remaining - 1);
  ++metrics_.forwarded;
  metrics_.forwarded_bytes += frame.size();
  s.out.transmits.push_back(
      {*hop, chunk_view{std::move(copy), 0, frame.size()}, frame.size() > 8 * 1024});
  return ec::none;
}

bool core_state::fresh_time(wall_time sealed, const step& s) const {
  return sealed <= s.wall + config_.clock_skew
         && sealed >= s.wall - config_.clock_skew - config_.frame_age_max;
}

bool core_state::allow_open(const peer_id& from, const step& s) {
  const duration cost = duration{std::chrono::seconds{1}} / config_.opens_per_second;
  const auto [at, first] = allowances_.try_emplace(from);
  open_allowance& a = at->second;
  a.credit = first ? cost * config_.opens_burst
                   : std::min(a.credit + (s.now - a.filled), cost * config_.opens_burst);
  a.filled = s.now;
  if (a.credit < cost) return false;
  a.credit -= cost;
  return true;
}

void core_state::remember(const channel_id& id, wall_time sealed, const step& s) {
  while (remembered_.size() >= config_.remembered_channels_max) {
    const auto oldest = remembered_.find(remembered_order_.front());
    if (oldest != remembered_.end()) {
      // What is forgotten before its time must not be accepted again: openings this old are refused
      // from now on.
      remembered_floor_ = std::max(remembered_floor_,
                                   oldest->second - config_.clock_skew * 2 - config_.frame_age_max);
      remembered_.erase(oldest);
    }
    remembered_order_.pop_front();
  }
  const wall_time expires = sealed + config_.clock_skew * 2 + config_.frame_age_max;
  if (!remembered_.emplace(id, expires).second) return;
  remembered_order_.push_back(id);
  need_sweep(s.now);
}

ec core_state::on_open(const peer_id& from, const envelope_header& header, const chunk_view& frame,
                       const step& s) {
  if (remembered_.contains(header.channel)) return drop(drop_reason::replayed, ec::replayed);
  if (!allow_open(from, s)) return drop(drop_reason::open_rate, ec::limit);
  auto opened = channel::respond(identity_, header, frame, secrets_);
  if (!opened) {
    ++metrics_.open_failures;
    switch (opened.error().code) {
      case ec::bad_signature:
        return drop(drop_reason::bad_signature, ec::bad_signature);
      case ec::bad_key:
        return drop(drop_reason::bad_key, ec::bad_key);
      default:
        return drop(drop_reason::bad_seal, opened.error().code);
    }
  }
  const auto head = payload_head::decode(opened->payload);
  if (!head) return drop(drop_reason::malformed, head.error().code);
  if (!fresh_time(head->sealed, s) || head->sealed <= remembered_floor_)
    return drop(drop_reason::stale, ec::stale);
  const auto peer = need_peer(opened->sender, s);
  if (!peer) return drop(drop_reason::peer_limit, ec::limit);
  remember(header.channel, head->sealed, s);
  s.out.store.operations.emplace_back(
      remember_channel{header.channel, remembered_.find(header.channel)->second});
  ++metrics_.channels_accepted;
  ++metrics_.received;
  metrics_.received_bytes += frame.size();
  const std::uint32_t index = add_channel(std::move(opened->keys), *peer, s);
  channels_[index]->window.mark(header.sequence);
  channels_[index]->reply_hop_limit = std::max(header.hop_limit, config_.default_hop_limit);
  return on_payload(index, header, opened->payload, s);
}

ec core_state::on_sealed(std::uint32_t channel, const envelope_header& header,
                         const chunk_view& frame, const step& s) {
  channel_state& c = *channels_[channel];
  using verdict = replay_window<channel_state::window_bits>::verdict;
  if (c.window.check(header.sequence) != verdict::fresh)
    return drop(drop_reason::replayed, ec::replayed);
  auto payload = c.keys.open(header, frame);
  if (!payload) {
    ++metrics_.open_failures;
    return drop(drop_reason::bad_seal, payload.error().code);
  }
  c.window.mark(header.sequence);
  c.used = s.now;
  peers_[c.peer]->used = s.now;
  ++metrics_.received;
  metrics_.received_bytes += frame.size();
  if (c.keys.confirmed() && !c.confirmed) c.confirmed = s.now;
  return on_payload(channel, header, *payload, s);
}

ec core_state::on_payload(std::uint32_t channel, const envelope_header& header,
                          const chunk_view& payload, const step& s) {
  const auto head = payload_head::decode(payload);
  if (!head) return drop(drop_reason::malformed, head.error().code);
  if (!fresh_time(head->sealed, s)) return drop(drop_reason::stale, ec::stale);
  switch (head->kind) {
    case payload_kind::acknowledgement:
      return on_acknowledgement(channel, payload, s);
    case payload_kind::message:
      return on_message(channel, header, *head, payload.part(head->size), s);
    case payload_kind::fragment:
      return on_fragment(channel, header, *head, payload.part(head->size), s);
  }
  return drop(drop_reason::malformed, ec::malformed);
}

bool core_state::seen_volatile(peer_state& p, const message_id& id, bool mark, const step& s) {
  const std::uint64_t name = id.stream();
  auto at = std::find_if(p.streams.begin(), p.streams.end(),
                         [&](const auto& v) { return v->stream == name; });
  if (at == p.streams.end()) {
    if (!mark) return false;
    if (p.streams.size() >= streams_max) {
      at = std::min_element(p.streams.begin(), p.streams.end(),
                            [](const auto& a, const auto& b) { return a->used < b->used; });
      *at = std::make_unique<volatile_stream>();
    } else {
      p.streams.push_back(std::make_unique<volatile_stream>());
      at = p.streams.end() - 1;
    }
    (*at)->stream = name;
  }
  volatile_stream& v = **at;
  v.used = s.now;
  using verdict = replay_window<volatile_stream::window_bits>::verdict;
  if (v.window.check(id.counter()) != verdict::fresh) return true;
  if (mark) v.window.mark(id.counter());
  return false;
}

ec core_state::on_message(std::uint32_t channel, const envelope_header& header,
                          const payload_head& head, chunk_view body, const step& s) {
  peer_state& p = *peers_[channels_[channel]->peer];
  const std::uint64_t token = token_of(channel);
  if (head.klass == message_class::volatile_) {
    if (head.id.counter() > counter_max) return drop(drop_reason::malformed, ec::malformed);
    owe_ack(token, header.sequence, header.hops(), s.wall, s);
    if (seen_volatile(p, head.id, true, s)) {
      ++metrics_.duplicates;
      return ec::none;
    }
    ++metrics_.delivered;
    const std::size_t size = body.size();
    s.out.deliveries.push_back({p.id,
                                head.id,
                                head.klass,
                                head.created,
                                s.wall,
                                header.hops(),
                                std::move(body),
                                size,
                                {},
                                0});
    return ec::none;
  }
  if (head.created < s.wall - config_.durable_lifetime - config_.clock_skew)
    return drop(drop_reason::stale, ec::stale);
  if (storing_messages_ >= config_.storing_messages_max
      || storing_bytes_ + body.size() > config_.storing_bytes_max)
    return drop(drop_reason::store_busy, ec::queue_full);
  storing_messages_ += 1;
  storing_bytes_ += body.size();
  metrics_.storing.set(static_cast<std::int64_t>(storing_messages_));
  s.out.store.operations.emplace_back(
      append_inbound{p.id, head.id, head.created, s.wall, header.hops(), std::move(body)}, token,
      header.sequence);
  return ec::none;
}

}  // namespace weft::messaging
