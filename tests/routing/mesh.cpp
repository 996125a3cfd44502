// SPDX-License-Identifier: MIT
#include "tests/routing/mesh.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>

namespace weft::routing::test {

crypto::ed25519_signature toy_crypto::make(const ed25519_public_key& key, bytes_view text) {
  byte_buffer all(key.begin(), key.end());
  append(all, text);
  crypto::ed25519_signature signature;
  for (std::size_t i = 0; i < signature.size(); i += 8) {
    const std::uint64_t word = siphash_1_3({0x7365637265740000u + i, 42}, all);
    std::memcpy(signature.data() + i, &word, 8);
  }
  return signature;
}

result<void> toy_crypto::verify(const ed25519_public_key& key, bytes_view text,
                                bytes_view signature) const {
  const auto wanted = make(key, text);
  if (!std::equal(wanted.begin(), wanted.end(), signature.begin(), signature.end()))
    return fail(ec::bad_signature);
  return {};
}

ed25519_public_key key_of(std::uint64_t number) {
  rng source(number * 2654435761u + 17);
  ed25519_public_key key;
  for (auto& byte : key) byte = static_cast<std::uint8_t>(source.below(256));
  return key;
}

routing_config quick_config() {
  using namespace std::chrono_literals;
  routing_config config;
  config.refresh_interval = 20s;
  config.lifetime = 60s;
  config.clock_skew_max = 5s;
  config.ack_timeout = 1s;
  config.sweep_interval = 1s;
  config.hold_down = 5s;
  config.request_interval = 500ms;
  return config;
}

mesh::mesh(std::uint64_t seed, routing_config config) : random(seed), config_(config) {}
mesh::~mesh() = default;

std::size_t mesh::add() {
  const std::size_t n = add_puppet();
  nodes_[n]->puppet = false;
  nodes_[n]->skew = std::chrono::milliseconds(random.below(2000));
  boot(n);
  return n;
}

std::size_t mesh::add_puppet() {
  auto made = std::make_unique<node>();
  made->key = key_of(nodes_.size());
  made->id = peer_id::from_ed25519(made->key);
  made->crypto = std::make_unique<toy_crypto>(made->key);
  made->puppet = true;
  by_id_[made->id] = nodes_.size();
  nodes_.push_back(std::move(made));
  return nodes_.size() - 1;
}

wall_time mesh::wall(std::size_t n) const {
  return wall_time(std::chrono::hours(24 * 365 * 50) + now_.time_since_epoch() + nodes_[n]->skew);
}

void mesh::boot(std::size_t n) {
  node& of = *nodes_[n];
  of.alive = true;
  ++of.boot;
  of.core = std::make_unique<routing_core>(of.key, *of.crypto, config_, random.fork(n + 1),
                                           of.counters);
  of.core->start(wall(n), now_, out_);
  of.snapshot = of.core->snapshot();
  drain(n);
}

void mesh::push(duration in, kind what, std::size_t from, std::size_t to, std::uint64_t over,
                chunk_view body) {
  events_.push({now_ + in, order_++, what, from, to, over, std::move(body)});
}

void mesh::join(std::size_t a, std::size_t b, duration delay) {
  session& s = sessions_[ends(a, b)];
  s.id = next_session_++;
  s.delay = delay;
  push(duration(static_cast<duration::rep>(random.below(2'000'000))), kind::up, a, b, s.id);
  push(duration(static_cast<duration::rep>(random.below(2'000'000))), kind::up, b, a, s.id);
}

void mesh::cut(std::size_t a, std::size_t b) {
  session& s = sessions_[ends(a, b)];
  if (s.id == 0) return;
  for (const auto& [x, y] : {pair{a, b}, pair{b, a}})
    push(duration(static_cast<duration::rep>(
             random.below(static_cast<std::uint64_t>(notice_max.count()) + 1))),
         kind::down, x, y, s.id);
  s.id = 0;
  paths_changed_ = true;
}

void mesh::crash(std::size_t n) {
  for (auto& [link, s] : sessions_)
    if (link.first == n || link.second == n) cut(link.first, link.second);
  nodes_[n]->alive = false;
  nodes_[n]->core.reset();
  nodes_[n]->snapshot.reset();
  for (auto& [link, s] : sessions_)
    if (link.first == n || link.second == n) s.seen.erase(n);
}

void mesh::restart(std::size_t n) { boot(n); }

void mesh::restart_in_place(std::size_t n, duration back) {
  nodes_[n]->skew -= back;
  boot(n);
  for (auto& [link, s] : sessions_) {
    if (link.first != n && link.second != n) continue;
    if (s.id == 0 || s.seen[n] != s.id) continue;
    const std::size_t other = link.first == n ? link.second : link.first;
    nodes_[n]->core->on_neighbour_up(nodes_[other]->id, s.delay * 2, wall(n), now_, out_);
    drain(n);
  }
  paths_changed_ = true;
}

bool mesh::arrives(const session& s, const event& e) const {
  return s.id == e.session || (late_frames && s.id != 0);
}

bool mesh::linked(std::size_t a, std::size_t b) const {
  const auto found = sessions_.find(ends(a, b));
  return found != sessions_.end() && found->second.id != 0;
}

bool mesh::live(std::size_t a, std::size_t b) const {
  const auto found = sessions_.find(ends(a, b));
  if (found == sessions_.end() || found->second.id == 0) return false;
  const session& s = found->second;
  const auto sees = [&](std::size_t end) {
    const auto at = s.seen.find(end);
    return at != s.seen.end() && at->second == s.id;
  };
  return nodes_[a]->alive && nodes_[b]->alive && sees(a) && sees(b);
}

void mesh::transmit(std::size_t from, const send& s) {
  const std::size_t to = number_of(s.peer);
  session& over = sessions_[ends(from, to)];
  const auto view = over.seen.find(from);
  if (view == over.seen.end() || view->second != over.id || over.id == 0) return;
  ++frames_;
  if (random.unit() < faults.loss) return;
  const int copies = random.unit() < faults.duplicate ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    duration delay = over.delay;
    if (random.unit() < faults.reorder)
      delay += duration(static_cast<duration::rep>(random.below(300'000'000)));
    push(delay, kind::frame, from, to, over.id, s.body);
  }
}

void mesh::send_raw(std::size_t from, std::size_t to, bytes_view body) {
  transmit(from, {nodes_[to]->id, chunk_view::copy(body)});
}

void mesh::drain(std::size_t n) {
  node& of = *nodes_[n];
  if (out_.snapshot_changed) {
    of.snapshot = of.core->snapshot();
    paths_changed_ = true;
  }
  for (const send& s : out_.sends) transmit(n, s);
  of.penalties.insert(of.penalties.end(), out_.penalties.begin(), out_.penalties.end());
  out_.clear();
}

void mesh::handle(const event& e) {
  session& s = sessions_[ends(e.from, e.to)];
  const bool frame = e.what == kind::frame;
  const std::size_t n = frame ? e.to : e.from;
  const std::size_t other = frame ? e.from : e.to;
  node& of = *nodes_[n];
  if (!of.alive) return;
  switch (e.what) {
    case kind::up:
      if (s.id != e.session) return;
      s.seen[n] = e.session;
      paths_changed_ = true;
      if (of.core) of.core->on_neighbour_up(nodes_[other]->id, s.delay * 2, wall(n), now_, out_);
      break;
    case kind::down:
      if (s.seen[n] != e.session) return;  // superseded
      s.seen[n] = 0;
      if (of.core) of.core->on_neighbour_down(nodes_[other]->id, wall(n), now_, out_);
      break;
    case kind::frame:
      if (!arrives(s, e)) return;
      if (s.seen[n] != s.id) {  // this end learns of the session in a moment
        push(std::chrono::milliseconds(1), kind::frame, e.from, e.to, e.session, e.body);
        return;
      }
      if (of.puppet)
        of.received.push_back(to_buffer(e.body));
      else
        of.core->on_frame(nodes_[other]->id, e.body, wall(n), now_, out_);
      break;
  }
  if (of.core) drain(n);
}

void mesh::run(duration span) {
  const instant end = now_ + span;
  for (;;) {
    instant next = events_.empty() ? instant::max() : events_.top().at;
    std::optional<std::size_t> due;
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      if (!nodes_[n]->core) continue;
      const auto at = nodes_[n]->core->next_deadline();
      if (at && *at < next) {
        next = *at;
        due = n;
      }
    }
    if (next > end) break;
    now_ = std::max(now_, next);
    if (due) {
      nodes_[*due]->core->on_deadline(wall(*due), now_, out_);
      drain(*due);
    } else {
      const event e = events_.top();
      events_.pop();
      handle(e);
    }
    if (paths_changed_) check_loops();
    paths_changed_ = false;
  }
  now_ = end;
}

std::size_t mesh::number_of(const peer_id& id) const { return by_id_.at(id); }

// -- what must hold ---

bool mesh::cyclic(std::size_t at, const ed25519_public_key& to, std::vector<int>& colour) const {
  colour[at] = 1;
  const node& of = *nodes_[at];
  if (of.alive && of.snapshot && of.key != to) {
    for (const candidate& c : of.snapshot->candidates(to)) {
      const std::size_t next = number_of(of.snapshot->neighbour(c.neighbour).peer);
      if (!live(at, next)) continue;
      if (colour[next] == 1 || (colour[next] == 0 && cyclic(next, to, colour))) return true;
    }
  }
  colour[at] = 2;
  return false;
}

void mesh::check_loops() {
  ++checks_;
  if (!loop_.empty()) return;
  for (std::size_t to = 0; to < nodes_.size(); ++to) {
    std::vector<int> colour(nodes_.size());
    for (std::size_t from = 0; from < nodes_.size(); ++from)
      if (colour[from] == 0 && cyclic(from, nodes_[to]->key, colour))
        loop_ = "loop towards node " + std::to_string(to) + " found from node "
                + std::to_string(from) + " at "
                + std::to_string(to_seconds(now_.time_since_epoch()));
  }
}

std::optional<metric> mesh::follow(std::size_t from, std::size_t to) const {
  metric length = 0;
  std::size_t at = from;
  for (std::size_t hops = 0; at != to; ++hops) {
    if (hops > nodes_.size() || !nodes_[at]->snapshot) return std::nullopt;
    const auto hop = nodes_[at]->snapshot->next_hop(nodes_[to]->key);
    if (!hop) return std::nullopt;
    const std::size_t next = number_of(*hop);
    if (!live(at, next)) return std::nullopt;
    length += link_cost(sessions_.at(ends(at, next)).delay * 2, config_.hop_penalty);
    at = next;
  }
  return length;
}

std::optional<metric> mesh::shortest(std::size_t from, std::size_t to) const {
  std::vector<metric> best(nodes_.size(), infinite_metric);
  best[from] = 0;
  for (std::size_t round = 0; round < nodes_.size(); ++round)
    for (const auto& [link, s] : sessions_) {
      if (!live(link.first, link.second)) continue;
      const metric cost = link_cost(s.delay * 2, config_.hop_penalty);
      best[link.first] = std::min(best[link.first], add_cost(best[link.second], cost));
      best[link.second] = std::min(best[link.second], add_cost(best[link.first], cost));
    }
  if (best[to] == infinite_metric) return std::nullopt;
  return best[to];
}

std::string mesh::differences() const {
  for (std::size_t from = 0; from < nodes_.size(); ++from) {
    if (!nodes_[from]->alive || nodes_[from]->puppet) continue;
    for (std::size_t to = 0; to < nodes_.size(); ++to) {
      if (to == from || nodes_[to]->puppet) continue;
      const bool reachable = shortest(from, to).has_value();
      const bool known = nodes_[from]->snapshot->next_hop(nodes_[to]->key).has_value();
      const bool arrives = follow(from, to).has_value();
      if (reachable != known || reachable != arrives)
        return "from " + std::to_string(from) + " to " + std::to_string(to) + ": "
               + (reachable ? "reachable" : "not reachable") + ", route " + (known ? "yes" : "no")
               + ", arrives " + (arrives ? "yes" : "no");
    }
  }
  return {};
}

}  // namespace weft::routing::test
