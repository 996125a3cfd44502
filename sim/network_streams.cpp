// SPDX-License-Identifier: MIT
#include "sim/network.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

/// Requests with their answers, and pushes: items on streams of their own.
namespace weft::sim {

using transport::frame_fate;

namespace {

constexpr std::size_t unwanted_max = 256;

/// A push as its receiver sees it: tag and body in one piece. The one copy a receiver of the real
/// transport makes too.
chunk_view behind_tag(std::uint64_t tag, const chunk_view& body) {
  chunk whole = chunk::allocate(8 + body.size());
  for (std::size_t i = 0; i < 8; ++i)
    whole.mutable_data()[i] = static_cast<std::uint8_t>(tag >> (56 - 8 * i));
  std::memcpy(whole.mutable_data() + 8, body.data(), body.size());
  return {std::move(whole), 0, 8 + body.size()};
}

}  // namespace

/// An event at one end of a link that takes no access link: an acknowledgement, a reset, a
/// time-out.
void network::answer_later(event_kind kind, const link& l, std::uint32_t place, std::uint8_t to,
                           std::uint64_t number, duration wait) {
  event e;
  e.kind = kind;
  e.end = to;
  e.node = l.ends[to].node;
  e.link = place;
  e.generation = l.generation;
  e.number = number;
  time_.in(wait, std::move(e));
}

/// Opens a stream of its own for `what`. When there is a choice of names, its content leaves once
/// one is agreed on; else together with the only one.
void network::open_stream(std::uint32_t place, std::uint8_t e, item&& what) {
  link& l = links_[place];
  if (config_.negotiation_round_trips == 0 || protocols_[what.protocol].names.size() == 1) {
    l.ends[e].transfers.push_back(std::move(what));
    return enqueue(place, e);
  }
  event later;
  later.kind = event_kind::stream_open;
  later.protocol = what.protocol;
  later.end = e;
  later.node = l.ends[e].node;
  later.link = place;
  later.generation = l.generation;
  later.number = what.number;
  later.body = std::move(what.body);
  time_.in(
      travel(l, l.ends[e], 0) + l.one_way + l.round_trip() * (config_.negotiation_round_trips - 1),
      std::move(later));
}

void network::on_stream_open(event& e, link& l) {
  const bool asks = exchanges_.find(e.number) != nullptr;
  const bool push = speaks(e.protocol, transport::stream_kind::push);
  if (push ? pushes_.find(e.number) == nullptr : !asks) return;
  l.ends[e.end].transfers.push_back(
      {push ? event_kind::push : event_kind::request, e.protocol, e.number, std::move(e.body), 0});
  enqueue(e.link, e.end);
}

// -- requests ---

void network::ask(node_index from, transport::request_command& c) {
  const auto refuse = [&](ec why) {
    ++metrics_.request_failures;
    raise(from, transport::response_event{c.id, fail(why)});
  };
  peer_slot* slot = members_[from]->peers.find(key_of(c.peer));
  if (!speaks(c.protocol, transport::stream_kind::exchange)) return refuse(ec::unsupported);
  if (slot == nullptr) return refuse(ec::not_found);
  if (c.body.size() > protocols_[c.protocol].frame_bytes_max) return refuse(ec::oversized);
  const std::uint32_t place = slot->chosen;
  link& l = links_[place];
  if (l.streams >= config_.bounds.outbound_streams_per_session_max) {
    ++metrics_.limit_rejections[transport::limit_kind::outbound_streams];
    return refuse(ec::limit);
  }
  const std::uint8_t e = end_of(l, from);
  const std::uint64_t number = exchanges_.add();
  exchange& x = *exchanges_.find(number);
  x.answered = c.answered;
  x.asker = e;
  x.protocol = c.protocol;
  x.link = place;
  x.id = c.id;
  ++l.streams;
  l.ends[e].asked.push_back(number);
  answer_later(event_kind::request_timeout, l, place, e, number, c.timeout);
  open_stream(place, e, {event_kind::request, c.protocol, number, std::move(c.body), 0});
}

void network::on_request(event& e, link& l) {
  exchange* x = exchanges_.find(e.number);
  if (x == nullptr) return;
  const std::uint8_t asker = x->asker;
  link_end& here = l.ends[e.end];
  if (here.unanswered >= config_.bounds.requests_per_session_max) {
    ++metrics_.limit_rejections[transport::limit_kind::requests];
    return answer_later(event_kind::request_refused, l, e.link, asker, e.number, l.one_way);
  }
  ++totals_.requests;
  ++here.unanswered;
  x->with_responder = true;
  if (!x->answered) answer_later(event_kind::request_done, l, e.link, asker, e.number, l.one_way);
  now_event(*members_[e.node], transport::request_event{e.number, ids_[l.ends[asker].node],
                                                        e.protocol, std::move(e.body)});
}

void network::respond(node_index from, transport::respond_command& c) {
  exchange* x = exchanges_.find(c.token);
  if (x == nullptr || !x->with_responder) return;
  link& l = links_[x->link];
  const auto e = static_cast<std::uint8_t>(1 - x->asker);
  if (l.ends[e].node != from || l.ends[e].state != end_state::up) return;
  x->with_responder = false;
  --l.ends[e].unanswered;
  if (!x->answered) return;
  if (!c.body || c.body->size() > protocols_[x->protocol].frame_bytes_max)
    return answer_later(event_kind::request_refused, l, x->link, x->asker, c.token, l.one_way);
  l.ends[e].transfers.push_back(
      {event_kind::response, x->protocol, c.token, std::move(*c.body), 0});
  enqueue(x->link, e);
}

void network::on_response(event& e, link&) {
  if (exchanges_.find(e.number) == nullptr) return;
  ++totals_.responses;
  finish_request(e.number, std::move(e.body));
}

/// The asker has its answer or has given up; what the responder says later is not heard.
void network::finish_request(std::uint64_t number, result<chunk_view> body) {
  exchange* x = exchanges_.find(number);
  if (x == nullptr) return;
  link& l = links_[x->link];
  link_end& asker = l.ends[x->asker];
  if (x->with_responder) --l.ends[1 - x->asker].unanswered;
  --l.streams;
  std::erase(asker.asked, number);
  if (!body) {
    ++metrics_.request_failures;
    std::erase_if(asker.transfers, [&](const item& i) {
      return i.kind == event_kind::request && i.number == number;
    });
  }
  const transport::request_id id = x->id;
  exchanges_.remove(number);
  member& m = *members_[asker.node];
  if (m.alive) now_event(m, transport::response_event{id, std::move(body)});
}

// -- pushes ---

void network::push(node_index from, transport::push_command& c) {
  peer_slot* slot = members_[from]->peers.find(key_of(c.peer));
  const bool known = speaks(c.protocol, transport::stream_kind::push);
  if (slot == nullptr || !known || c.body.size() > protocols_[c.protocol].frame_bytes_max) {
    const node_index peer = find(c.peer);
    if (peer != no_node) tell(from, peer, c.protocol, c.tag, frame_fate::dropped);
    return;
  }
  const node_index peer = slot->peer;
  const std::uint32_t place = slot->chosen;
  link& l = links_[place];
  if (l.streams >= config_.bounds.outbound_streams_per_session_max) {
    ++metrics_.limit_rejections[transport::limit_kind::outbound_streams];
    return tell(from, peer, c.protocol, c.tag, frame_fate::dropped);
  }
  const std::uint8_t e = end_of(l, from);
  const std::uint64_t number = pushes_.add();
  push_record& p = *pushes_.find(number);
  p.sender = e;
  p.protocol = c.protocol;
  p.link = place;
  p.tag = c.tag;
  ++l.streams;
  l.ends[e].pushed.push_back(number);
  answer_later(event_kind::push_timeout, l, place, e, number, c.timeout);
  auto& unwanted = members_[peer]->unwanted;
  const auto called_off = std::find(unwanted.begin(), unwanted.end(), std::pair(from, c.tag));
  if (called_off != unwanted.end()) {
    unwanted.erase(called_off);
    answer_later(event_kind::push_refused, l, place, e, number, l.round_trip());
  }
  open_stream(place, e, {event_kind::push, c.protocol, number, std::move(c.body), 0});
}

void network::cancel_push(node_index from, transport::cancel_push_command& c) {
  peer_slot* slot = members_[from]->peers.find(key_of(c.peer));
  if (slot == nullptr) return;
  for (const std::uint32_t place : slot->links) {
    link& l = links_[place];
    const std::uint8_t here = end_of(l, from);
    const auto sender = static_cast<std::uint8_t>(c.inbound ? 1 - here : here);
    for (const std::uint64_t number : l.ends[sender].pushed) {
      push_record& p = *pushes_.find(number);
      if (p.tag != c.tag || p.protocol != c.protocol || p.arrived) continue;
      if (!c.inbound) return finish_push(number, frame_fate::dropped);
      ++totals_.pushes_called_off;
      return answer_later(event_kind::push_refused, l, place, sender, number, l.one_way);
    }
  }
  if (!c.inbound) return;
  auto& unwanted = members_[from]->unwanted;
  unwanted.emplace_back(slot->peer, c.tag);
  if (unwanted.size() > unwanted_max) unwanted.pop_front();
}

void network::on_push(event& e, link& l) {
  push_record* p = pushes_.find(e.number);
  if (p == nullptr) return;
  p->arrived = true;
  ++totals_.pushes;
  answer_later(event_kind::push_done, l, e.link, p->sender, e.number, l.one_way);
  e.body = behind_tag(p->tag, e.body);
  on_frame(e, l);
}

void network::finish_push(std::uint64_t number, frame_fate fate) {
  push_record* p = pushes_.find(number);
  if (p == nullptr) return;
  link& l = links_[p->link];
  link_end& sender = l.ends[p->sender];
  --l.streams;
  std::erase(sender.pushed, number);
  std::erase_if(sender.transfers,
                [&](const item& i) { return i.kind == event_kind::push && i.number == number; });
  tell(sender.node, l.ends[1 - p->sender].node, p->protocol, p->tag, fate);
  pushes_.remove(number);
}

// -- answers without a body ---

void network::on_stream_event(event& e) {
  link* l = find_link(e);
  if (l == nullptr || l->ends[e.end].state == end_state::gone || !members_[e.node]->alive) return;
  if (e.kind == event_kind::stream_open) {
    // A negotiation that a partition interrupts goes on after it.
    if (faulty_ && (blocked(*l, 0) || blocked(*l, 1))) return hold(l->ends[e.end], 0, std::move(e));
    return on_stream_open(e, *l);
  }
  const bool from_peer
      = e.kind != event_kind::request_timeout && e.kind != event_kind::push_timeout;
  if (faulty_ && from_peer && blocked(*l, static_cast<std::uint8_t>(1 - e.end))) {
    return hold(l->ends[1 - e.end], 0, std::move(e));
  }
  switch (e.kind) {
    case event_kind::request_timeout:
      return finish_request(e.number, fail(ec::timeout));
    case event_kind::request_refused:
      return finish_request(e.number, fail(ec::reset));
    case event_kind::request_done:
      return finish_request(e.number, chunk_view{});
    case event_kind::push_done:
      return finish_push(e.number, frame_fate::sent);
    case event_kind::push_timeout:
      if (push_record* p = pushes_.find(e.number); p == nullptr || p->arrived) return;
      return finish_push(e.number, frame_fate::dropped);
    case event_kind::push_refused:
      if (push_record* p = pushes_.find(e.number); p == nullptr || p->arrived) return;
      return finish_push(e.number, frame_fate::refused);
    case event_kind::pong: {
      const duration took = l->round_trip();
      return now_event(*members_[e.node],
                       transport::ping_event{e.number, ids_[l->ends[1 - e.end].node], took});
    }
    default:
      return;
  }
}

/// The session of an end is over: what it asked and pushed has failed.
void network::drop_streams(link& l, std::uint8_t e) {
  link_end& end = l.ends[e];
  end.transfers.clear();
  end.held.clear();
  end.held_bytes = 0;
  for (const std::uint64_t number : std::exchange(end.pushed, {})) {
    push_record* p = pushes_.find(number);
    tell(end.node, l.ends[1 - e].node, p->protocol, p->tag, frame_fate::dropped);
    --l.streams;
    pushes_.remove(number);
  }
  for (const std::uint64_t number : std::exchange(end.asked, {})) {
    exchange* x = exchanges_.find(number);
    if (x->with_responder) --l.ends[1 - e].unanswered;
    --l.streams;
    ++metrics_.request_failures;
    raise(end.node, transport::response_event{x->id, fail(ec::closed)});
    exchanges_.remove(number);
  }
}

}  // namespace weft::sim
