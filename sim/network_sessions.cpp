// SPDX-License-Identifier: MIT
#include "sim/network.hpp"

#include <algorithm>
#include <utility>

/// Life of a session, as transport/io does it: doubled ones are reduced, ends notice their peer's
/// end in the way and at the time QUIC lets them.
namespace weft::sim {

using transport::close_reason;
using transport::direction;

namespace {

// What transport/io's endpoint uses.
constexpr duration supersede_grace = std::chrono::milliseconds(500);
constexpr duration supersede_max = std::chrono::seconds(30);
constexpr duration crossing_span = std::chrono::seconds(5);
constexpr duration tick = std::chrono::seconds(1);

}  // namespace

std::uint32_t network::new_link(node_index from, node_index to) {
  std::uint32_t place = 0;
  if (free_links_.empty()) {
    place = static_cast<std::uint32_t>(links_.add());
  } else {
    place = free_links_.back();
    free_links_.pop_back();
  }
  link& l = links_[place];
  const std::uint32_t generation = l.generation + 1;
  l = link{};
  l.generation = generation;
  l.ends[0].node = from;
  l.ends[1].node = to;
  for (auto& end : l.ends) {
    end.window = config_.window_initial_bytes;
    end.started = time_.now();
    if (end.node != no_node)
      end.up_bytes_per_second = members_[end.node]->who.where.up_bytes_per_second;
  }
  if (to != no_node) l.one_way = delay_between(from, to);
  return place;
}

void network::free_when_over(std::uint32_t place) {
  link& l = links_[place];
  if (l.ends[0].state != end_state::gone || l.ends[1].state != end_state::gone) return;
  free_links_.push_back(place);
  // Events that still name it find nobody.
  ++l.generation;
}

void network::begin_session(std::uint32_t place, std::uint8_t e) {
  link& l = links_[place];
  link_end& end = l.ends[e];
  member& m = *members_[end.node];
  const node_index peer = l.ends[1 - e].node;
  end.state = end_state::up;
  end.side = e == 0 ? direction::outbound : direction::inbound;
  end.session = next_session_++;
  end.confirmed_at = time_.now();
  if (e == 1) ++m.callers[members_[peer]->who.address.address];
  ++totals_.sessions;
  peer_slot* slot = slot_of(m, peer);
  if (slot == nullptr) {
    slot = &m.peers.add(keys_[peer]);
    slot->peer = peer;
  } else {
    ++totals_.doubled_sessions;
  }
  if (slot->links.size() >= config_.bounds.sessions_per_peer_max) {
    ++metrics_.limit_rejections[transport::limit_kind::sessions_per_peer];
    const std::uint32_t oldest = slot->links.front();
    close(oldest, end_of(links_[oldest], end.node), close_reason::superseded, "older session");
    slot = slot_of(m, peer);
  }
  slot->links.push_back(place);
  ++m.sessions;
  choose(m, *slot);
  if (slot->links.size() > 1) {
    event later;
    later.kind = event_kind::reduce;
    later.node = m.self;
    later.number = peer;
    time_.in(tick, std::move(later));
  }
}

/// Of two sessions to one peer, the one that both sides will settle on.
std::uint32_t network::better(const member& m, node_index peer, std::uint32_t a,
                              std::uint32_t b) const {
  const link_end& x = links_[a].ends[end_of(links_[a], m.self)];
  const link_end& y = links_[b].ends[end_of(links_[b], m.self)];
  const duration apart = x.confirmed_at > y.confirmed_at ? x.confirmed_at - y.confirmed_at
                                                         : y.confirmed_at - x.confirmed_at;
  const bool lower = m.who.id < ids_[peer];
  if (x.side != y.side && apart < crossing_span)
    return (x.side == direction::outbound) == lower ? a : b;
  return x.confirmed_at >= y.confirmed_at ? a : b;
}

void network::choose(member& m, peer_slot& slot) {
  slot.chosen = slot.links.front();
  for (const std::uint32_t place : slot.links)
    slot.chosen = better(m, slot.peer, slot.chosen, place);
  for (const std::uint32_t place : slot.links) {
    link_end& end = links_[place].ends[end_of(links_[place], m.self)];
    if (place == slot.chosen)
      end.superseded_at = {};
    else if (end.superseded_at == instant{})
      end.superseded_at = time_.now();
  }
  if (slot.waiting && !slot.waiting->queue.empty())
    enqueue(slot.chosen, end_of(links_[slot.chosen], m.self));
}

void network::on_reduce(const event& e) {
  member& m = *members_[e.node];
  const auto peer = static_cast<node_index>(e.number);
  peer_slot* slot = slot_of(m, peer);
  if (!m.alive || slot == nullptr || slot->links.size() < 2) return;
  const bool decides = m.who.id < ids_[peer];
  for (const std::uint32_t place : std::vector(slot->links)) {
    const link_end& end = links_[place].ends[end_of(links_[place], m.self)];
    if (end.superseded_at == instant{}) continue;
    const duration age = time_.now() - end.superseded_at;
    const bool quiet
        = end.transfers.empty() && end.asked.empty() && end.pushed.empty() && end.unanswered == 0;
    if ((decides && age >= supersede_grace && quiet) || age >= supersede_max)
      close(place, end_of(links_[place], m.self), close_reason::superseded, "doubled session");
  }
  if (slot_of(m, peer)->links.size() < 2) return;
  event again;
  again.kind = event_kind::reduce;
  again.node = m.self;
  again.number = peer;
  time_.in(tick, std::move(again));
}

// -- ends of sessions ---

void network::end_session(std::uint32_t place, std::uint8_t e, close_reason reason,
                          std::string detail) {
  link& l = links_[place];
  link_end& end = l.ends[e];
  if (end.state != end_state::up) return;
  member& m = *members_[end.node];
  const node_index peer = l.ends[1 - e].node;
  end.state = end_state::gone;
  drop_streams(l, e);
  if (end.side == direction::inbound) {
    const auto at = m.callers.find(members_[peer]->who.address.address);
    if (at != m.callers.end() && --at->second == 0) m.callers.erase(at);
  }
  peer_slot* slot = slot_of(m, peer);
  std::erase(slot->links, place);
  --m.sessions;
  if (slot->links.empty()) {
    const auto session = end.session;
    raise(m.self, transport::session_down_event{ids_[peer], session, reason, std::move(detail)});
    m.peers.remove(slot);
  } else if (slot->chosen == place) {
    choose(m, *slot);
    const link& next = links_[slot->chosen];
    const link_end& own = next.ends[end_of(next, m.self)];
    raise(m.self, transport::session_up_event{ids_[peer], own.session, own.side,
                                              members_[peer]->listen_with_peer,
                                              own.confirmed_at - own.started, 0});
  }
  free_when_over(place);
}

/// Ends a session at one side and tells the other.
void network::close(std::uint32_t place, std::uint8_t e, close_reason reason, std::string detail) {
  link& l = links_[place];
  const auto other = static_cast<std::uint8_t>(1 - e);
  const bool told = l.ends[other].state == end_state::up && !(faulty_ && blocked(l, e));
  if (told) answer_later(event_kind::close, l, place, other, 0, travel(l, l.ends[e], 0));
  end_session(place, e, reason, std::move(detail));
  if (!told && links_[place].ends[other].state == end_state::up) reconsider(place);
}

void network::send_reset(std::uint32_t place, std::uint8_t to, duration wait) {
  link& l = links_[place];
  if (l.ends[to].state != end_state::up) return;
  l.ends[to].reset_due = true;
  answer_later(event_kind::close, l, place, to, 1, wait);
}

void network::on_close(const event& e) {
  link* l = find_link(e);
  if (l == nullptr || !members_[e.node]->alive || l->ends[e.end].state != end_state::up) return;
  const bool reset = e.number != 0;
  l->ends[e.end].reset_due = false;
  // A reset can be lost on the way like anything else.
  if (faulty_ && blocked(*l, static_cast<std::uint8_t>(1 - e.end))) return reconsider(e.link);
  if (reset) ++totals_.sessions_reset;
  end_session(e.link, e.end, reset ? close_reason::reset : close_reason::remote, {});
}

void network::disconnect(node_index node, const peer_id& peer, const std::string& reason) {
  peer_slot* slot = members_[node]->peers.find(key_of(peer));
  if (slot == nullptr) return;
  for (const std::uint32_t place : std::vector(slot->links))
    close(place, end_of(links_[place], node), close_reason::local, reason);
}

void network::ping(node_index node, const transport::ping_command& c) {
  peer_slot* slot = members_[node]->peers.find(key_of(c.peer));
  if (slot == nullptr) return raise(node, transport::ping_event{c.id, c.peer, fail(ec::not_found)});
  link& l = links_[slot->chosen];
  answer_later(event_kind::pong, l, slot->chosen, end_of(l, node), c.id, l.round_trip());
}

void network::on_identify(const event& e) {
  link* l = find_link(e);
  if (l == nullptr || !members_[e.node]->alive || l->ends[e.end].state != end_state::up) return;
  member& m = *members_[e.node];
  // What was raised before comes before.
  tell_pending(m);
  auto& told = members_[l->ends[1 - e.end].node]->introduction;
  std::get<transport::identified_event>(told.front()).info.observed_address = m.listen;
  m.to.on_events(told);
}

}  // namespace weft::sim
