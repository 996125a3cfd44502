// SPDX-License-Identifier: MIT
#include "messaging/core_state.hpp"

#include <algorithm>

namespace weft::messaging {

namespace {

/// How often expired things are looked for.
constexpr duration sweep_interval = std::chrono::seconds{1};
/// Frames under the HPKE context may still arrive this long after the mixed keys are in use.
constexpr duration opening_grace = std::chrono::seconds{10};
constexpr std::uint32_t backoff_max = 16;
constexpr std::size_t allowances_max = 16 * 1024;

}  // namespace

duration core_state::timeout_of(const lane& l) const {
  return l.rtt.timeout(config_.rto_initial, config_.rto_min, config_.rto_max);
}

duration core_state::patience_of(const lane& l) const {
  return std::min(timeout_of(l) * (std::int64_t{1} << l.backoff), config_.rto_max);
}

std::optional<instant> core_state::oldest_flight(const peer_state& p, message_class klass) const {
  std::optional<instant> oldest;
  for (const std::uint32_t index : p.channels) {
    const flight_queue& flights = channels_[index]->flights[klass];
    if (!flights.empty() && (!oldest || flights[0].sent < *oldest)) oldest = flights[0].sent;
  }
  return oldest;
}

void core_state::arm(std::uint32_t peer, message_class klass) {
  lane& l = peers_[peer]->lanes[klass];
  const auto oldest = oldest_flight(*peers_[peer], klass);
  l.timer_armed = oldest.has_value();
  if (oldest)
    timers_.arm(*oldest + patience_of(l), handle{peer, static_cast<std::uint32_t>(klass)}.pack());
}

void core_state::on_timeout(std::uint32_t peer, message_class klass, const step& s) {
  peer_state& p = *peers_[peer];
  lane& l = p.lanes[klass];
  const auto oldest = oldest_flight(p, klass);
  if (!oldest || s.now < *oldest + patience_of(l)) {
    arm(peer, klass);
    return;
  }
  l.timer_armed = false;
  l.backoff = std::min(l.backoff + 1, backoff_max);
  l.timeouts += 1;
  l.window = config_.probe_messages;
  if (l.timeouts % config_.reopen_after_timeouts == 0)
    p.preferred = no_index;  // it may have lost its keys
  else if (p.preferred != no_index)
    channels_[p.preferred]->open_sent = false;  // the opening itself may be what was lost
  lose_lane(peer, klass);
  pump(peer, s);
  if (!l.timer_armed) arm(peer, klass);
}

void core_state::lose(flight& f, lane& l) {
  f.done = true;
  l.in_flight -= 1;
  l.in_flight_bytes -= f.bytes;
  in_flight_ -= 1;
  metrics_.in_flight.set(static_cast<std::int64_t>(in_flight_));
  if (message_of(f.what.message)) l.again.push_back(f.what);
}

void core_state::lose_queue(flight_queue& q, lane& l) {
  for (std::size_t i = 0; i < q.size(); ++i)
    if (!q[i].done) lose(q[i], l);
  q.trim();
}

void core_state::lose_channel(channel_state& c) {
  for (const message_class klass : both_classes)
    lose_queue(c.flights[klass], peers_[c.peer]->lanes[klass]);
}

void core_state::lose_lane(std::uint32_t peer, message_class klass) {
  peer_state& p = *peers_[peer];
  for (const std::uint32_t index : p.channels)
    lose_queue(channels_[index]->flights[klass], p.lanes[klass]);
}

bool core_state::refuses(const peer_state& p, message_class klass) const {
  // It has answered since, but not these.
  const auto oldest = oldest_flight(p, klass);
  return oldest && p.heard && *p.heard > *oldest;
}

void core_state::retry(std::uint32_t peer, const step& s) {
  peer_state& p = *peers_[peer];
  if (p.held_messages() == 0) return;
  for (const message_class klass : both_classes) {
    lane& l = p.lanes[klass];
    if (l.backoff == 0 || refuses(p, klass)) continue;
    l.backoff = 0;
    if (p.preferred != no_index) channels_[p.preferred]->open_sent = false;
    lose_lane(peer, klass);
  }
  pump(peer, s);
}

void core_state::on_peer_up(const peer_id& peer, const step& s) {
  if (const auto at = by_peer_.find(peer); at != by_peer_.end()) {
    peer_state& p = *peers_[at->second];
    if (p.went_down) p.preferred = no_index;
    p.went_down = false;
    p.heard.reset();
  }
  on_route_change(s);
}

void core_state::on_peer_down(const peer_id& peer, const step& s) {
  allowances_.erase(peer);
  for (std::uint32_t i = 0; i < peers_.size(); ++i) {
    if (!peers_[i]) continue;
    peer_state& p = *peers_[i];
    if (p.id == peer) p.went_down = true;
    if (p.last_hop != peer || p.held_messages() == 0) continue;
    // What was queued on that session is gone.
    if (p.preferred != no_index) channels_[p.preferred]->open_sent = false;
    for (const message_class klass : both_classes) lose_lane(i, klass);
    pump(i, s);
  }
}

void core_state::on_route_change(const step& s) {
  for (std::uint32_t i = 0; i < peers_.size(); ++i)
    if (peers_[i]) retry(i, s);
}

void core_state::touch(std::uint32_t peer) {
  if (peers_[peer]->touched) return;
  peers_[peer]->touched = true;
  touched_.push_back(peer);
}

void core_state::pump_touched(const step& s) {
  for (const std::uint32_t peer : touched_) {
    peers_[peer]->touched = false;
    pump(peer, s);
  }
  touched_.clear();
}

void core_state::need_sweep(instant now) {
  if (!sweep_at_) sweep_at_ = now + sweep_interval;
}

std::optional<instant> core_state::next_deadline() const {
  std::optional<instant> next = timers_.next();
  const auto consider = [&](instant at) {
    if (!next || at < *next) next = at;
  };
  if (sweep_at_) consider(*sweep_at_);
  for (const std::uint32_t index : ack_list_)
    if (channels_[index]->owes_ack()) consider(channels_[index]->acked + config_.ack_interval);
  return next;
}

void core_state::on_deadline(const step& s) {
  while (const auto key = timers_.expire(s.now)) {
    const auto [peer, lane_number] = handle::unpack(*key);
    const auto klass = static_cast<message_class>(lane_number);
    if (peer < peers_.size() && peers_[peer] && peers_[peer]->lanes[klass].timer_armed)
      on_timeout(peer, klass, s);
  }
  if (sweep_at_ && *sweep_at_ <= s.now) {
    sweep_at_.reset();
    sweep(s);
  }
  on_batch_end(s);
}

void core_state::sweep(const step& s) {
  sweep_messages(s);
  sweep_channels(s);
  sweep_reassemblies(s);
  while (!remembered_order_.empty()) {
    const auto at = remembered_.find(remembered_order_.front());
    if (at != remembered_.end() && at->second > s.wall) break;
    if (at != remembered_.end()) remembered_.erase(at);
    remembered_order_.pop_front();
  }
  if (allowances_.size() > allowances_max) allowances_.clear();
  if (!by_peer_.empty() || !reassemblies_.empty() || !remembered_.empty()) need_sweep(s.now);
}

void core_state::sweep_messages(const step& s) {
  for (std::uint32_t i = 0; i < messages_.size(); ++i) {
    outgoing& m = messages_[i];
    if (!m.used || m.storing) continue;
    const bool durable = m.klass == message_class::durable;
    const bool expired = durable ? s.wall - m.created >= config_.durable_lifetime
                                 : s.now - m.accepted >= config_.volatile_lifetime;
    if (expired) {
      ++metrics_.dropped[drop_reason::expired];
      const bool route = hops_.next_hop(peers_[m.peer]->id).has_value();
      finish({i, m.generation}, receipt_status::failed, route ? ec::timeout : ec::unreachable, 0,
             {}, s);
      continue;
    }
    if (!m.large || !m.large->settled) continue;
    // Every fragment is there but the verdict got lost: the last fragment asks for it.
    if (s.now - *m.large->settled < timeout_of(peers_[m.peer]->lanes[m.klass]) + sweep_interval)
      continue;
    large_payload& l = *m.large;
    const auto last = static_cast<std::uint32_t>(l.acked.size() - 1);
    l.acked[last] = false;
    --l.acked_count;
    l.settled.reset();
    l.asked = true;
    l.again.push_back(last);
  }
  for (std::uint32_t i = 0; i < peers_.size(); ++i) {
    if (!peers_[i]) continue;
    peer_state& p = *peers_[i];
    // Others may have made the room it was refused for.
    for (const message_class klass : both_classes) tell_writable(p, klass, p.lanes[klass], s);
    if (p.held_messages() == 0) continue;
    for (lane& l : p.lanes.items) compact(l);
    pump(i, s);
  }
}

void core_state::compact(lane& l) {
  // Ended messages leave their handles behind; while nothing is sent nobody would take them out.
  const auto keep_live = [&](auto& queue, auto message) {
    for (std::size_t n = queue.size(); n > 0; --n) {
      auto item = queue.front();
      queue.pop_front();
      if (message_of(message(item))) queue.push_back(item);
    }
  };
  if (l.waiting.size() > l.held_messages) keep_live(l.waiting, [](const handle& h) { return h; });
  if (l.again.size() > l.held_messages) keep_live(l.again, [](const work& w) { return w.message; });
}

void core_state::sweep_channels(const step& s) {
  for (std::uint32_t i = 0; i < channels_.size(); ++i) {
    if (!channels_[i]) continue;
    channel_state& c = *channels_[i];
    if (!c.keys.initiator() && c.confirmed && s.now - *c.confirmed >= opening_grace)
      c.keys.forget_opening();
    if (s.now - c.used >= config_.idle_timeout) drop_channel(i);
  }
  for (std::uint32_t i = 0; i < peers_.size(); ++i) {
    if (!peers_[i]) continue;
    const peer_state& p = *peers_[i];
    if (p.held_messages() == 0 && !p.reassembles() && p.channels.empty()
        && s.now - p.used >= config_.idle_timeout)
      forget_peer(i);
  }
}

void core_state::sweep_reassemblies(const step& s) {
  for (auto at = reassemblies_.begin(); at != reassemblies_.end();) {
    const auto here = at++;
    reassembly& r = here->second;
    const bool durable = r.klass == message_class::durable;
    if (durable && r.complete()) {
      if (!r.completing) complete_durable(here->first, r, s);
      continue;
    }
    const duration limit
        = durable ? config_.durable_reassembly_timeout : config_.volatile_reassembly_timeout;
    if (s.now - r.touched < limit) continue;
    ++metrics_.dropped[drop_reason::reassembly_timeout];
    if (durable)
      s.out.store.operations.emplace_back(drop_payload{here->first.first, here->first.second});
    drop_reassembly(here);
  }
}

}  // namespace weft::messaging
