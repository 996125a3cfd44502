// SPDX-License-Identifier: MIT
#include "sim/network.hpp"

#include <algorithm>
#include <utility>

/// Partitions, clogs, and what QUIC makes of silence.
namespace weft::sim {

using transport::close_reason;

bool network::blocked(node_index from, node_index to) const {
  const member& a = *members_[from];
  const member& b = *members_[to];
  return faulty_
         && (a.clogged || b.clogged || blocked_[a.side][b.side]
             || clogged_pairs_.contains({from, to}));
}

bool network::blocked(const link& l, std::uint8_t from) const {
  return blocked(l.ends[from].node, l.ends[1 - from].node);
}

void network::clog_link(node_index from, node_index to, bool clogged) {
  if (clogged)
    clogged_pairs_.insert({from, to});
  else
    clogged_pairs_.erase({from, to});
}

void network::heal() {
  for (auto& row : blocked_) row.fill(false);
  for (auto& m : members_) m->clogged = false;
  clogged_pairs_.clear();
  reconsider();
}

void network::reconsider() {
  faulty_ = !clogged_pairs_.empty();
  for (const auto& row : blocked_)
    faulty_ = faulty_ || std::find(row.begin(), row.end(), true) != row.end();
  for (const auto& m : members_) faulty_ = faulty_ || m->clogged;
  for (std::uint32_t place = 0; place < links_.size(); ++place) reconsider(place);
}

/// What each end of a session hears of the other by now.
void network::reconsider(std::uint32_t place) {
  link& l = links_[place];
  for (std::uint8_t e = 0; e < 2; ++e) {
    link_end& end = l.ends[e];
    if (end.state != end_state::up) continue;
    const auto other = static_cast<std::uint8_t>(1 - e);
    const link_end& peer = l.ends[other];
    const bool alive = members_[peer.node]->alive;
    const bool forgotten = peer.state == end_state::gone;
    bool hears = alive && !forgotten && !blocked(l, other);
    if (alive && forgotten && !blocked(l, e) && !blocked(l, other)) {
      // The next packet, at the latest a keep-alive, is answered with a stateless reset.
      hears = true;
      const auto most = static_cast<std::uint64_t>(config_.bounds.keep_alive.count()) + 1;
      const duration wait(static_cast<duration::rep>(random_.below(most)));
      if (!end.reset_due) send_reset(place, e, wait + l.round_trip());
    }
    if (hears) {
      end.silent_at = {};
    } else if (end.silent_at == instant{}) {
      const auto most = static_cast<std::uint64_t>(config_.bounds.keep_alive.count()) + 1;
      const duration heard(static_cast<duration::rep>(random_.below(most)));
      const duration wait = config_.bounds.idle_timeout - heard;
      end.silent_at = time_.now() + wait;
      answer_later(event_kind::silence, l, place, e, 0, wait);
    }
    if (!end.held.empty() && !blocked(l, e)) release(place, e);
  }
}

void network::on_silence(const event& e) {
  link* l = find_link(e);
  if (l == nullptr || !members_[e.node]->alive) return;
  if (l->ends[e.end].state != end_state::up || l->ends[e.end].silent_at != time_.now()) return;
  ++totals_.sessions_silent;
  end_session(e.link, e.end, close_reason::idle, {});
  // Silently: the other end learns of it when its own packets are not answered.
  if (l->ends[1 - e.end].state == end_state::up) reconsider(e.link);
}

void network::hold(link_end& end, std::size_t bytes, event&& arrival) {
  ++totals_.held;
  if (end.held.empty()) end.held_since = time_.now();
  end.held_bytes += bytes;
  end.held.push_back(std::move(arrival));
}

/// The way is free again: the sender's next probe finds out. Probes are as far apart as the
/// outage is long, since their distance doubles.
void network::release(std::uint32_t place, std::uint8_t e) {
  link& l = links_[place];
  link_end& end = l.ends[e];
  const duration outage
      = std::min<duration>(time_.now() - end.held_since, std::chrono::seconds(20));
  const duration probe(static_cast<duration::rep>(
      random_.below(static_cast<std::uint64_t>(outage.count() / 2) + 1)));
  instant at = time_.now() + probe;
  for (event& arrival : std::exchange(end.held, {})) {
    at += duration(1);
    instant arrives = at + l.one_way;
    if (arrival.kind == event_kind::frame) {
      lane& way = end.lanes[arrival.protocol];
      arrives = way.last_arrival = std::max(arrives, way.last_arrival + duration(1));
    }
    time_.at(arrives, std::move(arrival));
  }
  end.held_bytes = 0;
  end.window = config_.window_initial_bytes;
  enqueue(place, e);
}

std::string network::first_violation() const {
  const auto name = [this](const link& l, std::uint8_t e) {
    return "node " + std::to_string(l.ends[e].node) + ", session to node "
           + std::to_string(l.ends[1 - e].node) + ": ";
  };
  const std::size_t slack = config_.segment_bytes + config_.overhead_bytes;
  for (std::uint32_t place = 0; place < links_.size(); ++place)
    for (std::uint8_t e = 0; e < 2; ++e) {
      const link& l = links_[place];
      const link_end& end = l.ends[e];
      if (end.state != end_state::up) continue;
      if (end.unhandled_bytes > config_.receive_window_bytes + slack)
        return name(l, e) + "more bytes under way than the receiver's window";
      if (end.held_bytes > config_.window_max_bytes + slack)
        return name(l, e) + "more bytes held than the congestion window";
      if (end.unanswered > config_.bounds.requests_per_session_max)
        return name(l, e) + "more unanswered requests than the limit";
      if (l.streams > 2 * config_.bounds.outbound_streams_per_session_max)
        return name(l, e) + "more streams than the limit";
    }
  for (const auto& m : members_) {
    if (m->dials > config_.bounds.dials_max)
      return "node " + std::to_string(m->self) + ": more dials than the limit";
    for (const auto& s : m->peers)
      if (s.waiting && s.waiting->queue.bytes() > config_.bounds.queue.bytes_max)
        return "node " + std::to_string(m->self) + ": a queue is longer than its limit";
  }
  return {};
}

}  // namespace weft::sim
