// SPDX-License-Identifier: MIT
#include "messaging/core_state.hpp"

#include <algorithm>

namespace weft::messaging {

// -- the sender's side ---

ec core_state::on_acknowledgement(std::uint32_t channel, bytes_view plain, const step& s) {
  if (!ack_in_.decode(plain)) return drop(drop_reason::malformed, ec::malformed);
  ++metrics_.ack_frames_received;
  const std::uint32_t peer = channels_[channel]->peer;
  peer_state& p = *peers_[peer];
  by_class<bool> settled;
  for (const message_class klass : both_classes) settled[klass] = settle_lane(channel, klass, s);
  if (settled[message_class::volatile_] || settled[message_class::durable]) {
    metrics_.in_flight.set(static_cast<std::int64_t>(in_flight_));
    p.heard = s.now;
    for (lane& l : p.lanes.items) l.timeouts = 0;
  }
  for (const ack_have& have : ack_in_.haves) on_have(peer, have, s);
  for (const ack_done& done : ack_in_.dones) on_done(peer, done, s);
  for (const message_class klass : both_classes)
    if (settled[klass]) detect_losses(peer, klass, s);
  pump(peer, s);
  return ec::none;
}

bool core_state::settle_lane(std::uint32_t channel, message_class klass, const step& s) {
  flight_queue& flights = channels_[channel]->flights[klass];
  lane& l = peers_[channels_[channel]->peer]->lanes[klass];
  instant newest{};
  std::size_t settled = 0;
  for (const ack_range& range : ack_in_.ranges) {
    const std::uint64_t end = range.first + range.count;
    for (std::size_t i = flights.find(range.first); i < flights.size(); ++i) {
      flight& f = flights[i];
      if (f.sequence >= end) break;
      if (f.done) continue;
      f.done = true;
      l.in_flight -= 1;
      l.in_flight_bytes -= f.bytes;
      in_flight_ -= 1;
      newest = std::max(newest, f.sent);
      ++settled;
      settle(f, range, s);
    }
  }
  flights.trim();
  if (settled == 0) return false;
  l.rtt.sample(s.now - newest);
  l.backoff = 0;
  l.window = std::min(config_.window_messages, l.window + settled);
  return true;
}

void core_state::settle(flight& f, const ack_range& range, const step& s) {
  if (!message_of(f.what.message)) return;
  if (f.what.fragment == no_fragment)
    finish(f.what.message, receipt_status::delivered, ec::none, range.hops, range.received, s);
  else
    fragment_acked(f.what.message, f.what.fragment, s);
}

void core_state::detect_losses(std::uint32_t peer, message_class klass, const step& s) {
  peer_state& p = *peers_[peer];
  lane& l = p.lanes[klass];
  const duration patience = timeout_of(l);
  bool lost = false;
  for (const std::uint32_t index : p.channels) {
    flight_queue& flights = channels_[index]->flights[klass];
    for (std::size_t i = 0; i < flights.size(); ++i) {
      flight& f = flights[i];
      if (f.done) continue;
      if (s.now - f.sent < patience) break;
      lose(f, l);
      lost = true;
    }
    flights.trim();
  }
  if (lost && s.now - l.window_cut >= patience) {
    l.window = std::max(config_.probe_messages, l.window / 2);
    l.window_cut = s.now;
  }
}

// -- the receiver's side ---

void core_state::owe_ack(std::uint64_t channel, std::uint64_t sequence, std::uint8_t hops,
                         wall_time received, const step& s) {
  channel_state* c = channel_of(channel);
  if (!c) return;
  c->acks.push_back({sequence, hops, received});
  list_ack(handle::unpack(channel).index, s);
}

void core_state::owe_have(std::uint64_t channel, const message_id& id, std::uint32_t prefix,
                          const step& s) {
  channel_state* c = channel_of(channel);
  if (!c) return;
  const auto at = std::find_if(c->haves.begin(), c->haves.end(),
                               [&](const ack_have& h) { return h.id == id; });
  if (at != c->haves.end())
    at->prefix = prefix;
  else
    c->haves.push_back({id, prefix});
  list_ack(handle::unpack(channel).index, s);
}

void core_state::owe_done(std::uint64_t channel, const message_id& id, payload_verdict verdict,
                          std::uint8_t hops, const step& s) {
  channel_state* c = channel_of(channel);
  if (!c) return;
  std::erase_if(c->haves, [&](const ack_have& h) { return h.id == id; });
  std::erase_if(c->dones, [&](const ack_done& d) { return d.id == id; });
  c->dones.push_back({id, verdict, hops});
  list_ack(handle::unpack(channel).index, s);
}

void core_state::list_ack(std::uint32_t channel, const step& s) {
  channel_state& c = *channels_[channel];
  if (!c.ack_listed) {
    c.ack_listed = true;
    ack_list_.push_back(channel);
  }
  if (c.acks.size() >= config_.ack_entries_max || c.haves.size() >= acknowledgement::items_max
      || c.dones.size() >= acknowledgement::items_max)
    send_ack(channel, s);
}

void core_state::build_ranges(channel_state& c) {
  std::sort(c.acks.begin(), c.acks.end(),
            [](const ack_entry& a, const ack_entry& b) { return a.sequence < b.sequence; });
  ack_out_.ranges.clear();
  for (const ack_entry& e : c.acks) {
    if (!ack_out_.ranges.empty()) {
      ack_range& last = ack_out_.ranges.back();
      if (e.sequence < last.first + last.count) continue;
      if (e.sequence == last.first + last.count && e.hops == last.hops) {
        ++last.count;
        last.received = e.received;
        continue;
      }
    }
    ack_out_.ranges.push_back({e.sequence, 1, e.hops, e.received});
  }
}

void core_state::send_ack(std::uint32_t channel, const step& s) {
  channel_state& c = *channels_[channel];
  const peer_state& p = *peers_[c.peer];
  // Without a way back they are dropped: the sender will ask again by sending again.
  if (const auto hop = hops_.next_hop(p.id)) {
    build_ranges(c);
    ack_out_.sealed = s.wall;
    ack_out_.haves.assign(c.haves.begin(), c.haves.end());
    ack_out_.dones.assign(c.dones.begin(), c.dones.end());
    ack_text_.clear();
    ack_out_.encode(ack_text_);
    auto sealed = c.keys.seal(identity_, c.reply_hop_limit, ack_text_, {}, false);
    ++metrics_.ack_frames_sent;
    metrics_.sent_bytes += sealed.frame.size();
    s.out.transmits.push_back({*hop, std::move(sealed.frame), false});
  }
  c.acks.clear();
  c.haves.clear();
  c.dones.clear();
  c.acked = s.now;
  c.used = s.now;
}

void core_state::on_batch_end(const step& s) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < ack_list_.size(); ++i) {
    const std::uint32_t index = ack_list_[i];
    channel_state& c = *channels_[index];
    if (c.owes_ack() && s.now - c.acked < config_.ack_interval) {
      ack_list_[kept++] = index;
      continue;
    }
    if (c.owes_ack()) send_ack(index, s);
    c.ack_listed = false;
  }
  ack_list_.resize(kept);
}

}  // namespace weft::messaging
