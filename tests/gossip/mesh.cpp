// SPDX-License-Identifier: MIT
#include "tests/gossip/mesh.hpp"

#include "gossip/message.hpp"

#include <algorithm>

namespace weft::gossip::test {

mesh::mesh(std::uint64_t seed, gossip_config config, link_model links)
    : random(seed), config_(std::move(config)), links_(links) {}
mesh::~mesh() = default;

std::size_t mesh::add() { return add({}); }

std::size_t mesh::add(traits t) {
  const std::size_t n = add_puppet(t);
  node& made = *nodes_[n];
  made.core = std::make_unique<gossip_core>(made.id, *made.crypto, config_, random.fork(n + 1),
                                            made.counters);
  // Heartbeats of a real network are not in step.
  now_ += std::chrono::microseconds(random.below(1000));
  made.core->start(wall_time(std::chrono::hours(24 * 365 * 50) + now_.time_since_epoch()), now_,
                   out_);
  drain(n);
  return n;
}

std::size_t mesh::add_puppet(traits t) {
  auto made = std::make_unique<node>();
  made->id = id_of(nodes_.size());
  made->is = t;
  made->crypto = std::make_unique<toy_crypto>(made->id);
  by_id_[made->id] = nodes_.size();
  nodes_.push_back(std::move(made));
  return nodes_.size() - 1;
}

neighbour mesh::known(std::size_t n, std::size_t other, bool outbound) const {
  neighbour peer;
  peer.peer = nodes_[other]->id;
  peer.speaks = nodes_[other]->is.speaks;
  peer.weft = nodes_[other]->is.weft;
  peer.address = nodes_[other]->is.address;
  peer.outbound = outbound;
  peer.rtt = nodes_[n]->links.at(other) * 2;
  return peer;
}

void mesh::join(std::size_t a, std::size_t b) {
  if (a == b || nodes_[a]->links.contains(b)) return;
  const auto range = static_cast<std::uint64_t>((links_.delay_max - links_.delay_min).count()) + 1;
  const duration delay
      = links_.delay_min + duration(static_cast<duration::rep>(random.below(range)));
  nodes_[a]->links[b] = nodes_[b]->links[a] = delay;
  for (const auto& [n, other] : {std::pair{a, b}, std::pair{b, a}}) {
    if (!nodes_[n]->core) continue;
    nodes_[n]->core->on_peer_up(known(n, other, n == a), now_, out_);
    drain(n);
  }
}

void mesh::join_at_random(std::size_t count) {
  for (std::size_t n = 0; n < nodes_.size(); ++n)
    for (std::size_t i = 0; i < count; ++i) join(n, random.below(nodes_.size()));
}

void mesh::part(std::size_t a, std::size_t b) {
  nodes_[a]->links.erase(b);
  nodes_[b]->links.erase(a);
  for (const auto& [n, other] : {std::pair{a, b}, std::pair{b, a}}) {
    if (!nodes_[n]->core || !nodes_[n]->alive) continue;
    nodes_[n]->core->on_peer_down(nodes_[other]->id, now_, out_);
    drain(n);
  }
}

void mesh::crash(std::size_t n) {
  nodes_[n]->alive = false;
  for (const auto& [other, delay] : nodes_[n]->links)
    schedule(now_ + links_.notice, kind::down, n, other);
}

void mesh::subscribe_all(std::string_view topic) {
  for (std::size_t n = 0; n < nodes_.size(); ++n)
    if (nodes_[n]->core)
      with(n, [&](gossip_core& core, outbox& out) {
        static_cast<void>(core.subscribe(topic, now_, out));
      });
}

std::size_t mesh::publish(std::size_t n, std::string_view topic, chunk_view body) {
  const std::size_t index = spreads_.size();
  spread made;
  made.publisher = n;
  made.at = made.last = now_;
  made.ticket = index + 1;
  made.hops[n] = 0;
  with(n, [&](gossip_core& core, outbox& out) {
    const auto id = core.publish(made.ticket, topic, body, now_, out);
    if (id)
      made.id = *id;
    else
      fault = "publish: " + to_string(id.error());
    by_message_[made.id] = index;
    spreads_.push_back(made);
  });
  return index;
}

void mesh::with(std::size_t n, const std::function<void(gossip_core&, outbox&)>& act) {
  act(*nodes_[n]->core, out_);
  drain(n);
}

std::size_t mesh::live() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(nodes_, [](const auto& each) { return each->alive && each->core; }));
}

void mesh::send_raw(std::size_t from, std::size_t to, const chunk_view& rpc) {
  schedule(arrive(from, to, now_, true), kind::frame, from, to, 0, rpc);
}

void mesh::push_raw(std::size_t from, std::size_t to, std::uint64_t tag, const chunk_view& rpc) {
  schedule(arrive(from, to, now_, false), kind::push, from, to, tag, rpc, fate::sent, now_);
}

// -- time and transport ---

void mesh::schedule(instant at, kind what, std::size_t from, std::size_t to, std::uint64_t tag,
                    chunk_view body, fate told, instant begun) {
  events_.push({at, order_++, what, from, to, tag, told, std::move(body), begun});
}

/// When the last byte is on the wire.
instant mesh::leave(std::size_t from, std::size_t bytes) {
  if (links_.uplink == 0) return now_;
  node& of = *nodes_[from];
  of.uplink_free = std::max(of.uplink_free, now_)
                   + duration(static_cast<duration::rep>(bytes * 1'000'000'000 / links_.uplink));
  return of.uplink_free;
}

instant mesh::arrive(std::size_t from, std::size_t to, instant left, bool ordered) {
  const auto link = nodes_[from]->links.find(to);
  instant at = left + (link == nodes_[from]->links.end() ? links_.delay_max : link->second);
  if (links_.jitter > duration::zero())
    at += duration(static_cast<duration::rep>(
        random.below(static_cast<std::uint64_t>(links_.jitter.count()))));
  if (!ordered) return at;
  instant& last = last_arrival_[{from, to}];
  return last = std::max(last, at);
}

void mesh::drain(std::size_t n) {
  record(n);
  transmit(n);
  out_.clear();
  arm(n);
}

void mesh::transmit(std::size_t n) {
  for (send& s : out_.sends) {
    const std::size_t to = by_id_.at(s.peer);
    const bool linked = nodes_[n]->links.contains(to);
    if (s.tag != 0)
      schedule(now_, kind::fate, to, n, s.tag, {}, linked ? fate::sent : fate::dropped);
    if (!linked) continue;
    const instant left = leave(n, s.body.size());
    schedule(arrive(n, to, left, true), kind::frame, n, to, s.tag, std::move(s.body));
  }
  for (push& p : out_.pushes) {
    const std::size_t to = by_id_.at(p.peer);
    if (!nodes_[n]->links.contains(to)) {
      schedule(now_, kind::push_fate, to, n, p.tag, {}, fate::dropped);
      continue;
    }
    const instant begun = std::max(now_, nodes_[n]->uplink_free);
    const instant left = leave(n, p.body.size());
    schedule(arrive(n, to, left, false), kind::push, n, to, p.tag, std::move(p.body), fate::sent,
             begun);
  }
  for (const push_cancel& c : out_.cancels) {
    const std::size_t to = by_id_.at(c.peer);
    if (nodes_[n]->links.contains(to))
      schedule(arrive(n, to, now_, false), kind::cancel, n, to, c.tag);
  }
}

void mesh::record(std::size_t n) {
  node& of = *nodes_[n];
  const auto keep = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  for (const delivery& d : out_.deliveries) {
    if (!of.seen.insert(d.id).second) fault = "node " + std::to_string(n) + " delivered twice";
    if (!of.core->subscribed(*d.topic)) fault = "delivered in a topic that is not followed";
    const auto known = by_message_.find(d.id);
    if (known == by_message_.end()) continue;
    spread& s = spreads_[known->second];
    if (n == s.publisher) fault = "delivered to its publisher";
    const auto via = s.hops.find(by_id_.at(d.via));
    const std::uint32_t hops = via == s.hops.end() ? 0 : via->second + 1;
    s.hops[n] = hops;
    s.hops_max = std::max(s.hops_max, hops);
    ++s.delivered;
    s.last = now_;
  }
  if (keep_deliveries) keep(of.deliveries, out_.deliveries);
  keep(of.validations, out_.validations);
  keep(of.outcomes, out_.outcomes);
  keep(of.expulsions, out_.expulsions);
  keep(of.connects, out_.connects);
}

void mesh::arm(std::size_t n) {
  node& of = *nodes_[n];
  const auto next = of.core->next_deadline();
  if (!next || (of.timer && *of.timer <= *next)) return;
  of.timer = std::max(*next, now_);
  schedule(*of.timer, kind::timer, n, n);
}

void mesh::handle(event&& e) {
  node& to = *nodes_[e.to];
  if (!to.alive) return;
  if (e.what == kind::timer) {
    if (to.timer != e.at) return;
    to.timer.reset();
    to.core->on_deadline(now_, out_);
    return drain(e.to);
  }
  if (e.what == kind::push) return handle_push(std::move(e));
  if (e.what == kind::cancel) {
    to.called_off.insert({e.from, e.tag});
    if (!to.core) to.cancels.push_back({nodes_[e.from]->id, e.tag, true});
    return;
  }
  if (!to.core) {
    if (e.what == kind::frame)
      to.received.push_back({nodes_[e.from]->id, send_class::control, std::move(e.body), e.tag});
    return;
  }
  const peer_id& from = nodes_[e.from]->id;
  switch (e.what) {
    case kind::frame:
      // A crashed node's last words are still under way.
      if (to.links.contains(e.from)) to.core->on_frame(from, e.body, now_, out_);
      break;
    case kind::fate:
      to.core->on_fate(from, e.tag, e.fate_told, now_, out_);
      break;
    case kind::push_fate:
      to.core->on_push_fate(from, e.tag, e.fate_told, now_, out_);
      break;
    case kind::down:
      to.links.erase(e.from);
      to.core->on_peer_down(from, now_, out_);
      break;
    default:
      break;
  }
  drain(e.to);
}

/// At its arrival it is known whether, and how late, the receiver's cancellation met it.
void mesh::handle_push(event&& e) {
  node& from = *nodes_[e.from];
  node& to = *nodes_[e.to];
  const bool cancelled = from.called_off.erase({e.to, e.tag}) > 0;
  const duration back = from.links.contains(e.to) ? from.links[e.to] : duration::zero();
  if (from.alive)
    schedule(now_ + back, kind::push_fate, e.to, e.from, e.tag, {},
             cancelled ? fate::refused : fate::sent);
  if (cancelled) {
    wasted_push_bytes += e.body.size();
    return;
  }
  if (!to.links.contains(e.from)) return;
  byte_buffer tagged(8 + e.body.size());
  const auto tag = write_sequence(e.tag);
  std::copy(tag.begin(), tag.end(), tagged.begin());
  std::copy(e.body.bytes().begin(), e.body.bytes().end(), tagged.begin() + 8);
  if (!to.core) {
    to.received.push_back({from.id, send_class::answer, chunk_view::copy(tagged), e.tag});
    return;
  }
  to.core->on_push(from.id, chunk_view::copy(tagged), now_, out_);
  drain(e.to);
}

void mesh::run(duration span) {
  const instant end = now_ + span;
  while (!events_.empty() && events_.top().at <= end) {
    event e = events_.top();
    events_.pop();
    now_ = std::max(now_, e.at);
    handle(std::move(e));
  }
  now_ = end;
}

std::uint64_t mesh::total(metrics::counter gossip_metrics::*counter) const {
  std::uint64_t sum = 0;
  for (const auto& each : nodes_)
    if (each->core && each->alive) sum += (each->counters.*counter).value();
  return sum;
}

mesh::redundancy mesh::take_redundancy() {
  const std::uint64_t first = total(&gossip_metrics::first_messages);
  const std::uint64_t again = total(&gossip_metrics::duplicate_messages);
  const std::uint64_t first_bytes = total(&gossip_metrics::first_bytes);
  const std::uint64_t again_bytes = total(&gossip_metrics::duplicate_bytes);
  redundancy r;
  const auto ratio = [](std::uint64_t a, std::uint64_t b) {
    return b == 0 ? 0.0 : static_cast<double>(a) / static_cast<double>(b);
  };
  r.copies = ratio(again - counted_again_, first - counted_first_);
  r.bytes = ratio(again_bytes - counted_again_bytes_ + wasted_push_bytes,
                  first_bytes - counted_first_bytes_);
  counted_first_ = first;
  counted_again_ = again;
  counted_first_bytes_ = first_bytes;
  counted_again_bytes_ = again_bytes;
  wasted_push_bytes = 0;
  return r;
}

}  // namespace weft::gossip::test
