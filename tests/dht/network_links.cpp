// SPDX-License-Identifier: MIT
#include "dht/kad_id.hpp"
#include "dht/message.hpp"
#include "tests/dht/network.hpp"

#include <algorithm>

// Sessions, messages and lies.
namespace weft::dht::test {

namespace {

using namespace std::chrono_literals;

constexpr duration repeat_delay = 300ms;

}  // namespace

void network::dispatch(std::size_t n, query q) {
  auto f = std::make_shared<flight>();
  f->from = n;
  f->boot = nodes_[n]->boot;
  f->deadline = now_ + q.timeout;
  f->what = std::move(q);
  const auto known = by_id_.find(f->what.to.peer);
  f->to = known == by_id_.end() ? nodes_.size() : known->second;
  hash_ = (hash_ ^ (f->to * 1'000'003 + n)) * 0x100000001b3u;
  hash_ ^= static_cast<std::uint64_t>(now_.time_since_epoch().count());
  if (f->to < nodes_.size() && nodes_[n]->sessions.contains(f->to))
    transmit(f);
  else
    dial(f);
}

void network::dial(std::shared_ptr<flight> f) {
  // Addresses are tried side by side: the true one wins, otherwise the last failure counts.
  std::optional<std::size_t> reached;
  bool stranger = false;
  for (const auto& address : f->what.to.addresses) {
    const auto owner = by_address_.find(as_text(address.bytes()));
    if (owner == by_address_.end() || !nodes_[owner->second]->alive) continue;
    if (owner->second == f->to)
      reached = owner->second;
    else
      stranger = true;
  }
  if (reached) {
    const duration round_trip = one_way(f->from, f->to) + one_way(f->to, f->from);
    at(now_ + round_trip, [this, f, round_trip] {
      if (nodes_[f->from]->boot != f->boot) return;
      if (!nodes_[f->to]->alive) return respond(f, fail(ec::unreachable));
      session_up(f->from, f->to, round_trip);
      transmit(f);
    });
    return;
  }
  const bool only_strangers = stranger && f->what.to.addresses.size() == 1;
  const duration wait
      = only_strangers ? options_.delay * 2 : std::min(options_.dial_timeout, f->what.timeout);
  at(now_ + wait, [this, f] { respond(f, fail(ec::unreachable)); });
}

void network::use_session(std::size_t a, std::size_t b) {
  if (options_.unused_timeout == duration::zero()) return;
  for (const auto& [n, peer] : {std::pair{a, b}, std::pair{b, a}})
    if (const auto s = nodes_[n]->sessions.find(peer); s != nodes_[n]->sessions.end())
      s->second = now_;
  at(now_ + options_.unused_timeout, [this, a, b, used = now_] {
    const auto s = nodes_[a]->sessions.find(b);
    if (s == nodes_[a]->sessions.end() || s->second != used) return;
    drop_session(a, b);
    drop_session(b, a);
  });
}

void network::drop_session(std::size_t a, std::size_t b) {
  node& x = *nodes_[a];
  if (x.sessions.erase(b) == 0 || !x.alive) return;
  outbox out;
  x.core->on_peer_gone(nodes_[b]->id, now_, out);
}

void network::session_up(std::size_t a, std::size_t b, duration round_trip) {
  node& x = *nodes_[a];
  node& y = *nodes_[b];
  if (!x.alive || !y.alive) return;
  const bool fresh = x.sessions.emplace(b, now_).second;
  const bool fresh_there = y.sessions.emplace(a, now_).second;
  use_session(a, b);
  const auto greet = [this, round_trip](std::size_t n, std::size_t peer) {
    node& me = *nodes_[n];
    outbox out;
    me.core->on_peer_up(nodes_[peer]->id, nodes_[peer]->address, round_trip, now_, out);
    // identify is answered one round trip later
    at(now_ + round_trip, [this, n, peer, boot = me.boot, there = nodes_[peer]->boot] {
      node& you = *nodes_[peer];
      if (nodes_[n]->boot != boot || you.boot != there || !nodes_[n]->sessions.contains(peer))
        return;
      outbox effects;
      nodes_[n]->core->on_peer_seen({you.id, {you.address}}, you.server, now_, effects);
      for (auto& q : effects.queries) dispatch(n, std::move(q));
      arm(n);
    });
  };
  if (fresh) greet(a, b);
  if (fresh_there) greet(b, a);
}

void network::transmit(std::shared_ptr<flight> f) {
  node& x = *nodes_[f->from];
  x.core->on_query_sent(f->what.id, now_);
  ++requests_;
  use_session(f->from, f->to);
  duration way = one_way(f->from, f->to);
  if (random.unit() < options_.loss) way += repeat_delay;
  at(f->deadline, [this, f] {
    if (f->what.id != 0) respond(f, fail(ec::timeout));
  });
  at(now_ + way, [this, f] {
    node& y = *nodes_[f->to];
    if (!y.alive || f->what.id == 0) return;
    const auto body = answer_of(*f);
    if (y.lies == lie::silence) return;
    duration back = one_way(f->to, f->from);
    if (random.unit() < options_.loss) back += repeat_delay;
    result<chunk_view> end = fail(ec::closed);
    if (body)
      end = *body;
    else if (!f->what.answered)
      end = chunk_view{};
    at(now_ + back, [this, f, end] {
      if (f->what.id != 0) respond(f, end);
    });
  });
}

void network::respond(std::shared_ptr<flight> f, result<chunk_view> body) {
  node& x = *nodes_[f->from];
  const query_id id = f->what.id;
  f->what.id = 0;
  if (x.boot != f->boot || !x.alive) return;
  outbox out;
  x.core->on_response(id, std::move(body), wall(), now_, out);
  for (auto& op : out.store) store(f->from, op);
  for (auto& end : out.finished) x.finished[end.id] = std::move(end.result);
  for (auto& q : out.queries) dispatch(f->from, std::move(q));
  arm(f->from);
}

std::optional<chunk_view> network::answer_of(const flight& f) {
  node& y = *nodes_[f.to];
  if (y.lies == lie::invented_peers || y.lies == lie::conspiracy) return false_answer(f);
  outbox out;
  y.core->on_request(next_token_++, nodes_[f.from]->id, f.what.body, wall(), now_, out);
  for (auto& op : out.store) store(f.to, op);
  for (auto& q : out.queries) dispatch(f.to, std::move(q));
  arm(f.to);
  return out.answers.empty() ? std::nullopt : out.answers.front().body;
}

std::optional<chunk_view> network::false_answer(const flight& f) {
  dht_config wide = options_.config;
  message asked;
  if (!decode(f.what.body, wide, asked)) return std::nullopt;
  message_writer out(asked.type, asked.key);
  const kad_id target = kad_id::of(asked.key);
  if (asked.type == message_type::get_value) out.record(asked.key, as_bytes("0:not valid"), wall());
  if (nodes_[f.to]->lies == lie::conspiracy) {
    std::vector<std::size_t> liars;
    for (std::size_t n = 0; n < nodes_.size(); ++n)
      if (nodes_[n]->lies == lie::conspiracy && n != f.from) liars.push_back(n);
    std::sort(liars.begin(), liars.end(), [&](std::size_t a, std::size_t b) {
      return (kad_id::of(id(a)) ^ target) < (kad_id::of(id(b)) ^ target);
    });
    if (liars.size() > 19) liars.resize(19);
    for (const std::size_t n : liars)
      out.closer(id(n), {&address(n), 1}, connection_kind::connected, 65536);
    const auto wanted = peer_id::from_bytes(asked.key);
    const multiaddr nowhere = *multiaddr::parse("/ip4/198.51.100.1/udp/1/quic-v1");
    if (asked.type == message_type::find_node && wanted)
      out.closer(*wanted, {&nowhere, 1}, connection_kind::connected, 65536);
    return out.finish();
  }
  // Ids as near to the target as a hundred tries find.
  std::vector<std::pair<kad_id, peer_id>> invented;
  for (std::size_t i = 0; i < 100; ++i) {
    ed25519_public_key key{};
    for (auto& byte : key) byte = static_cast<std::uint8_t>(random.next());
    const peer_id made = peer_id::from_ed25519(key);
    invented.emplace_back(kad_id::of(made) ^ target, made);
  }
  std::sort(invented.begin(), invented.end());
  for (std::size_t i = 0; i < 20; ++i) {
    ip_endpoint at{};
    at.address = {203, 0, 113, static_cast<std::uint8_t>(random.below(250))};
    at.port = 1;
    const multiaddr nowhere = multiaddr::quic_v1(at);
    out.closer(invented[i].second, {&nowhere, 1}, connection_kind::connected, 65536);
  }
  return out.finish();
}

}  // namespace weft::dht::test
