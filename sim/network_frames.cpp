// SPDX-License-Identifier: MIT
#include "sim/network.hpp"

#include <algorithm>
#include <utility>

/// Frames and everything else that takes up an access link.
namespace weft::sim {

using transport::frame_drop;
using transport::frame_fate;

namespace {

constexpr std::size_t packet_bytes = 1200;
constexpr std::size_t window_least_bytes = 2 * packet_bytes;

duration time_to_send(std::size_t bytes, std::uint64_t bytes_per_second) noexcept {
  return duration(static_cast<duration::rep>(bytes * 1'000'000'000U / bytes_per_second));
}

}  // namespace

void network::send(node_index from, transport::send_command& c) {
  member& m = *members_[from];
  const auto drop = [&](frame_drop reason) {
    ++metrics_.frames_dropped[reason];
    const node_index to = c.tag == 0 ? no_node : find(c.peer);
    if (to != no_node) tell(from, to, c.protocol, c.tag, frame_fate::dropped);
  };
  peer_slot* slot = m.peers.find(key_of(c.peer));
  if (slot == nullptr) return drop(frame_drop::no_session);
  if (!speaks(c.protocol, transport::stream_kind::frames)) return drop(frame_drop::unsupported);
  if (c.body.size() > protocols_[c.protocol].frame_bytes_max) return drop(frame_drop::oversized);
  const node_index peer = slot->peer;
  link& l = links_[slot->chosen];
  const std::uint8_t e = end_of(l, from);
  if (goes_at_once(m, *slot, l, l.ends[e], c.protocol, c.body.size() + config_.overhead_bytes)) {
    tell(from, peer, c.protocol, c.tag, frame_fate::sent);
    return say(slot->chosen, e, {event_kind::frame, c.protocol, 0, std::move(c.body), 0});
  }
  if (!slot->waiting)
    slot->waiting = std::make_unique<backlog>(*this, from, peer, config_.bounds.queue, metrics_);
  const std::uint32_t place = slot->chosen;
  slot->waiting->queue.push(c.protocol, c.klass, std::move(c.body), time_.now(), c.tag);
  enqueue(place, e);
}

bool network::goes_at_once(const member& m, const peer_slot& slot, link& l, link_end& end,
                           std::uint8_t protocol, std::size_t bytes) {
  if (slot.waiting && !slot.waiting->queue.empty()) return false;
  if (!end.transfers.empty() || end.lanes[protocol].busy || bytes > config_.segment_bytes)
    return false;
  if (m.up_free > time_.now() + config_.uplink_ahead) return false;
  return window_open(l, end, bytes);
}

/// Whether the congestion window, and what the receiver and a partition hold, leave room.
bool network::window_open(const link& l, link_end& end, std::size_t bytes) {
  const instant now = time_.now();
  if (now - end.round_start >= l.round_trip()) {
    if (end.round_bytes * 2 >= end.window)
      end.window = std::min(end.window * 2, config_.window_max_bytes);
    end.round_bytes = 0;
    end.round_start = now;
  }
  if (end.held_bytes != 0 && end.held_bytes + bytes > end.window) return false;
  if (end.unhandled_bytes != 0 && end.unhandled_bytes + bytes > config_.receive_window_bytes)
    return false;
  return end.round_bytes == 0 || end.round_bytes + bytes <= end.window;
}

/// Says all of a small item at once.
void network::say(std::uint32_t place, std::uint8_t e, item&& what) {
  link& l = links_[place];
  link_end& end = l.ends[e];
  const std::size_t bytes = what.body.size() - what.sent + config_.overhead_bytes;
  const instant left = put_on_wire(*members_[end.node], end, what.protocol, bytes);
  depart(place, e, std::move(what), left);
}

instant network::put_on_wire(member& m, link_end& end, std::uint8_t protocol, std::size_t bytes) {
  end.round_bytes += bytes;
  totals_.bytes += bytes;
  protocol_bytes_[protocol] += bytes;
  m.up_free = std::max(m.up_free, time_.now()) + time_to_send(bytes, end.up_bytes_per_second);
  return m.up_free;
}

/// From the last byte's departure to its arrival: distance, jitter, retransmissions.
duration network::travel(const link& l, link_end& end, std::size_t bytes) {
  const std::uint64_t drawn = random_.next();
  const std::uint64_t jitter_most
      = static_cast<std::uint64_t>(l.one_way.count()) / 1024 * config_.jitter_per_million / 1024;
  duration total = l.one_way + config_.reactor_delay
                   + duration(static_cast<duration::rep>((drawn >> 44) * jitter_most >> 20));
  const std::uint64_t chance = config_.loss_per_million * (bytes / packet_bytes + 1);
  if ((drawn & 0xfffff) * 1'000'000 >= chance << 20) return total;
  // RFC 9002 section 6.2: the probe time-out, which doubles.
  duration again = l.round_trip() * 3 / 2 + std::chrono::milliseconds(25);
  end.window = std::max(end.window / 2, window_least_bytes);
  do {
    ++totals_.packets_lost;
    total += again;
    again *= 2;
  } while (random_.below(1'000'000) < config_.loss_per_million && again < std::chrono::seconds(10));
  return total;
}

void network::depart(std::uint32_t place, std::uint8_t e, item&& what, instant left) {
  link& l = links_[place];
  link_end& end = l.ends[e];
  const std::size_t bytes = what.body.size() + config_.overhead_bytes;
  event arrival;
  arrival.kind = what.kind;
  arrival.protocol = what.protocol;
  arrival.end = static_cast<std::uint8_t>(1 - e);
  arrival.node = l.ends[1 - e].node;
  arrival.link = place;
  arrival.generation = l.generation;
  arrival.number = what.number;
  arrival.body = std::move(what.body);
  const duration negotiation = l.round_trip() * config_.negotiation_round_trips;
  lane& way = end.lanes[what.protocol];
  const bool frame = what.kind == event_kind::frame;
  if (frame && !way.open) {
    way.open = true;
    way.open_at = time_.now() + negotiation;
  }
  if (frame) left = std::max(left, way.open_at);
  instant at = left + travel(l, end, bytes);
  if (frame) at = way.last_arrival = std::max(at, way.last_arrival + duration(1));
  if (members_[arrival.node]->slow != duration{}) {
    arrival.counted = true;
    end.unhandled_bytes += bytes;
  }
  if (!faulty_ || !blocked(l, e)) return time_.at(at, std::move(arrival));
  hold(end, bytes, std::move(arrival));
}

// -- what waits for the access link ---

void network::enqueue(std::uint32_t place, std::uint8_t e) {
  link_end& end = links_[place].ends[e];
  if (end.queued || end.state != end_state::up) return;
  end.queued = true;
  member& m = *members_[end.node];
  m.ring.push_back({place, links_[place].generation, e});
  arm_uplink(m);
}

void network::arm_uplink(member& m) {
  if (m.uplink_pending || m.ring.empty()) return;
  m.uplink_pending = true;
  event e;
  e.kind = event_kind::uplink;
  e.node = m.self;
  time_.at(m.up_free - config_.uplink_ahead, std::move(e));
}

void network::on_uplink(node_index node) {
  member& m = *members_[node];
  m.uplink_pending = false;
  while (!m.ring.empty() && m.up_free <= time_.now() + config_.uplink_ahead) {
    const end_name name = m.ring.front();
    m.ring.pop_front();
    link& l = links_[name.link];
    if (l.generation != name.generation || l.ends[name.end].state != end_state::up) continue;
    l.ends[name.end].queued = false;
    if (step(name.link, name.end) && !l.ends[name.end].queued) {
      l.ends[name.end].queued = true;
      m.ring.push_back(name);
    }
  }
  arm_uplink(m);
}

/// Looks again when the round trip is over; once a second while it is the receiver or a partition
/// that holds things up, as the reactor's tick does for frames that grow too old.
void network::wait_for_window(std::uint32_t place, std::uint8_t e) {
  link& l = links_[place];
  link_end& end = l.ends[e];
  if (std::exchange(end.window_waits, true)) return;
  event later;
  later.kind = event_kind::window;
  later.end = e;
  later.node = end.node;
  later.link = place;
  later.generation = l.generation;
  const bool congested = end.held_bytes == 0 && end.unhandled_bytes == 0;
  time_.at(congested ? end.round_start + l.round_trip() : time_.now() + std::chrono::seconds(1),
           std::move(later));
  peer_slot* slot = slot_of(*members_[end.node], l.ends[1 - e].node);
  if (!congested && slot != nullptr && slot->waiting) slot->waiting->queue.expire(time_.now());
}

/// Sends one piece of what an end has to say; true while it could send more.
bool network::step(std::uint32_t place, std::uint8_t e) {
  link& l = links_[place];
  link_end& end = l.ends[e];
  const bool room = window_open(l, end, 1);
  if (!room) {
    wait_for_window(place, e);
    return false;
  }
  end.frames_turn = !end.frames_turn;
  if (end.frames_turn) return step_frames(place, e) || step_transfer(place, e);
  return step_transfer(place, e) || step_frames(place, e);
}

bool network::step_frames(std::uint32_t place, std::uint8_t e) {
  link_end& end = links_[place].ends[e];
  member& m = *members_[end.node];
  const node_index peer = links_[place].ends[1 - e].node;
  peer_slot* slot = slot_of(m, peer);
  if (slot == nullptr || slot->chosen != place || !slot->waiting) return false;
  transport::protocol_set busy = 0;
  for (std::size_t p = 0; p < protocols_.size(); ++p)
    if (end.lanes[p].busy) busy |= transport::protocol_bit(static_cast<std::uint8_t>(p));
  auto next = slot->waiting->queue.pop(time_.now(), busy);
  if (slot->waiting->queue.empty()) slot->waiting.reset();
  if (!next) return false;
  tell(end.node, peer, next->protocol, next->tag, frame_fate::sent);
  item what{event_kind::frame, next->protocol, 0, std::move(next->body), 0};
  if (what.body.size() + config_.overhead_bytes <= config_.segment_bytes) {
    say(place, e, std::move(what));
  } else {
    end.lanes[what.protocol].busy = true;
    end.transfers.push_back(std::move(what));
  }
  return true;
}

bool network::step_transfer(std::uint32_t place, std::uint8_t e) {
  link& l = links_[place];
  link_end& end = l.ends[e];
  if (end.transfers.empty()) return false;
  item what = std::move(end.transfers.front());
  end.transfers.erase(end.transfers.begin());
  const std::size_t piece
      = std::min(config_.segment_bytes, end.window - std::min(end.round_bytes, end.window - 1));
  if (what.body.size() - what.sent + config_.overhead_bytes > piece) {
    put_on_wire(*members_[end.node], end, what.protocol, piece);
    what.sent += piece;
    end.transfers.push_back(std::move(what));
    return true;
  }
  if (what.kind == event_kind::frame) end.lanes[what.protocol].busy = false;
  say(place, e, std::move(what));
  return true;
}

// -- arrivals ---

/// The receiver's downlink, then its processor if it is a slow one: true when the event happens
/// later and was put back.
bool network::settle(event& e, link& l) {
  if (e.settled) return false;
  member& m = *members_[e.node];
  const instant now = time_.now();
  const std::size_t bytes = e.body.size() + config_.overhead_bytes;
  // The first byte came as much earlier as the sender's link took for the rest.
  const instant first = now - time_to_send(bytes, l.ends[1 - e.end].up_bytes_per_second);
  const instant begin = std::max(first, m.down_free);
  m.down_free = std::max(now, begin + time_to_send(bytes, m.down_bytes_per_second));
  instant ready = m.down_free;
  if (m.slow != duration{}) ready = m.slow_free = std::max(ready, m.slow_free) + m.slow;
  if (ready <= now) return false;
  e.settled = true;
  time_.at(ready, std::move(e));
  return true;
}

void network::on_arrival(event& e) {
  link* l = find_link(e);
  if (l == nullptr) return;
  member& m = *members_[e.node];
  if (m.alive && l->ends[e.end].state == end_state::up && settle(e, *l)) return;
  if (e.counted) {
    link_end& sender = l->ends[1 - e.end];
    sender.unhandled_bytes -= e.body.size() + config_.overhead_bytes;
    enqueue(e.link, static_cast<std::uint8_t>(1 - e.end));
  }
  if (!m.alive) return;
  // An end that knows nothing of the session answers with a reset.
  if (l->ends[e.end].state == end_state::gone)
    return send_reset(e.link, static_cast<std::uint8_t>(1 - e.end), l->one_way);
  switch (e.kind) {
    case event_kind::frame:
      return on_frame(e, *l);
    case event_kind::request:
      return on_request(e, *l);
    case event_kind::response:
      return on_response(e, *l);
    default:
      return on_push(e, *l);
  }
}

void network::on_frame(event& e, link& l) {
  ++totals_.frames;
  member& m = *members_[e.node];
  transport::frame& f = one_frame_.frames.front();
  f.peer = ids_[l.ends[1 - e.end].node];
  f.protocol = e.protocol;
  f.body = std::move(e.body);
  m.to.on_frames(protocols_[e.protocol].concern, one_frame_);
  f.body = {};
}

}  // namespace weft::sim
