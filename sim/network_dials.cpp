// SPDX-License-Identifier: MIT
#include "sim/network.hpp"

#include <algorithm>
#include <utility>

/// Dials and handshakes. A client hello, the server's flight and the client's confirm the server
/// after one and a half round trips, the dialler after two.
namespace weft::sim {

using transport::close_reason;

namespace {

// RFC 9002 section 6.2.2: without a measured round trip the first repetition waits a second.
constexpr duration first_repetition = std::chrono::seconds(1);

}  // namespace

void network::dial(node_index from, transport::dial_command& c) {
  member& m = *members_[from];
  ++totals_.dials;
  const auto refuse = [&](error why) {
    ++totals_.dials_failed;
    raise(from, transport::dial_failed_event{c.id, c.expected, std::move(why)});
  };
  if (m.draining) return refuse(ec::stopping);
  if (c.expected && *c.expected == m.who.id)
    return refuse({ec::bad_argument, "this is the node itself"});
  const node_index wanted = c.expected ? find(*c.expected) : no_node;
  if (peer_slot* slot = wanted == no_node ? nullptr : slot_of(m, wanted); slot != nullptr) {
    const link& l = links_[slot->chosen];
    const link_end& end = l.ends[end_of(l, from)];
    return raise(from, transport::session_up_event{*c.expected, end.session, end.side,
                                                   members_[wanted]->listen_with_peer,
                                                   end.confirmed_at - end.started, c.id});
  }
  if (m.dials >= config_.bounds.dials_max) {
    ++metrics_.limit_rejections[transport::limit_kind::dials];
    return refuse({ec::limit, "too many dials at once"});
  }
  const std::uint64_t number = dials_.add();
  dial_record& d = *dials_.find(number);
  d.node = from;
  d.id = c.id;
  d.expected = c.expected;
  d.addresses = std::move(c.addresses);
  if (d.addresses.size() > config_.bounds.dial_addresses_max)
    d.addresses.resize(config_.bounds.dial_addresses_max);
  ++m.dials;
  dial_next(number);
}

void network::dial_next(std::uint64_t number) {
  dial_record& d = *dials_.find(number);
  ++d.step;
  while (d.next < d.addresses.size()) {
    if (error why = try_address(number, d, d.addresses[d.next++]); why.code != ec::none) {
      d.last = std::move(why);
      continue;
    }
    if (d.next == d.addresses.size()) return;
    event later;
    later.kind = event_kind::dial_step;
    later.node = d.node;
    later.link = d.step;
    later.number = number;
    return time_.in(config_.bounds.dial_stagger, std::move(later));
  }
  if (d.attempts.empty()) give_up_dial(number);
}

void network::give_up_dial(std::uint64_t number) {
  const dial_record d = std::move(*dials_.find(number));
  dials_.remove(number);
  --members_[d.node]->dials;
  ++totals_.dials_failed;
  raise(d.node, transport::dial_failed_event{d.id, d.expected, d.last});
}

error network::try_address(std::uint64_t number, dial_record& d, const multiaddr& address) {
  const auto endpoint = address.quic_v1_endpoint();
  if (!endpoint) return {ec::unsupported, address.to_string() + " is not a quic-v1 address"};
  const auto expected = d.expected ? d.expected : address.peer();
  if (address.peer() && expected && *address.peer() != *expected)
    return {ec::wrong_peer, address.to_string() + " names another peer"};
  const node_index target = at_address(*endpoint);
  if (target == d.node) return {ec::bad_argument, "this is the node itself"};
  const std::uint32_t place = new_link(d.node, target);
  link& l = links_[place];
  l.ends[0].state = end_state::opening;
  l.dial = number;
  l.address = address;
  d.attempts.push_back(place);
  answer_later(event_kind::dial_step, l, place, 0, number, config_.bounds.handshake_timeout);
  if (target == no_node || !answers(*members_[target]) || blocked(d.node, target)
      || blocked(target, d.node))
    return {};
  const duration work = config_.handshake_work;
  duration repeated{};
  for (int flight = 0; flight < 3; ++flight)
    if (random_.below(1'000'000) < config_.loss_per_million)
      repeated += flight == 0 ? first_repetition : l.round_trip() * 3 / 2;
  if (expected && members_[target]->who.id != *expected)
    answer_later(event_kind::confirm, l, place, 0, 1, l.round_trip() + work + repeated);
  else
    answer_later(event_kind::accept, l, place, 1, 0, l.one_way * 3 + work * 2 + repeated);
  return {};
}

node_index network::at_address(const ip_endpoint& endpoint) const {
  const auto at = by_address_.find(endpoint);
  return at == by_address_.end() ? no_node : at->second;
}

bool network::answers(const member& m) const { return m.alive && m.reachable && !m.draining; }

/// A dialler's side of a handshake that comes to nothing.
void network::end_attempt(std::uint32_t place) {
  link& l = links_[place];
  if (l.ends[0].state != end_state::opening) return;
  l.ends[0].state = end_state::gone;
  if (l.ends[1].state == end_state::up)
    reconsider(place);
  else
    free_when_over(place);
}

void network::attempt_failed(std::uint32_t place, error why) {
  const std::uint64_t number = links_[place].dial;
  end_attempt(place);
  dial_record* d = dials_.find(number);
  if (d == nullptr) return;
  std::erase(d->attempts, place);
  // What a node answered says more than silence.
  if (d->last.code == ec::unreachable || why.code != ec::timeout) d->last = std::move(why);
  if (d->next < d->addresses.size()) return dial_next(number);
  if (d->attempts.empty()) give_up_dial(number);
}

void network::on_dial_step(const event& e) {
  if (e.generation == 0) {
    dial_record* d = dials_.find(e.number);
    if (d != nullptr && d->step == e.link) dial_next(e.number);
    return;
  }
  link* l = find_link(e);
  if (l == nullptr || l->ends[0].state != end_state::opening) return;
  attempt_failed(e.link, {ec::timeout, "no answer"});
}

bool network::refuses(const member& m, const link& l) const {
  const auto& bounds = config_.bounds;
  if (m.sessions >= bounds.sessions_max) return true;
  const auto at = m.callers.find(members_[l.ends[0].node]->who.address.address);
  return at != m.callers.end() && at->second >= bounds.sessions_per_address_max;
}

void network::on_accept(event& e) {
  link* l = find_link(e);
  if (l == nullptr || l->ends[0].state != end_state::opening) return;
  member& m = *members_[e.node];
  if (!answers(m) || blocked(*l, 0) || blocked(*l, 1)) return;
  if (refuses(m, *l)) {
    ++metrics_.limit_rejections[transport::limit_kind::sessions];
    return answer_later(event_kind::confirm, *l, e.link, 0, 2, l->one_way);
  }
  answer_later(event_kind::confirm, *l, e.link, 0, 0, l->one_way + config_.reactor_delay);
  answer_later(event_kind::identify, *l, e.link, 1, 0, l->round_trip() + config_.reactor_delay);
  begin_session(e.link, 1);
  const link_end& end = l->ends[1];
  const member& peer = *members_[l->ends[0].node];
  now_event(m,
            transport::session_up_event{peer.who.id, end.session, end.side, peer.listen_with_peer,
                                        end.confirmed_at - end.started, 0});
}

void network::on_confirm(event& e) {
  link* l = find_link(e);
  if (l == nullptr || l->ends[0].state != end_state::opening || blocked(*l, 1)) return;
  if (e.number == 1) return attempt_failed(e.link, {ec::wrong_peer, "another peer answered"});
  if (e.number == 2) return attempt_failed(e.link, {ec::reset, "the peer takes no more sessions"});
  member& m = *members_[e.node];
  answer_later(event_kind::identify, *l, e.link, 0, 0, config_.reactor_delay);
  transport::request_id answered = 0;
  if (dial_record* d = dials_.find(l->dial); d != nullptr) {
    answered = d->id;
    const auto others = d->attempts;
    dials_.remove(l->dial);
    --m.dials;
    for (const std::uint32_t other : others)
      if (other != e.link) end_attempt(other);
  }
  begin_session(e.link, 0);
  const link_end& end = l->ends[0];
  const peer_id& peer = members_[l->ends[1].node]->who.id;
  now_event(m, transport::session_up_event{peer, end.session, end.side, l->address.with_peer(peer),
                                           end.confirmed_at - end.started, answered});
}

}  // namespace weft::sim
