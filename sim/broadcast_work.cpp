// SPDX-License-Identifier: MIT
#include "sim/broadcast_work.hpp"

#include <algorithm>
#include <cstring>
#include <queue>
#include <utility>

namespace weft::sim {

namespace {

constexpr std::size_t bounds_max = 24;

chunk_view make_body(std::uint32_t number, std::size_t size) {
  chunk whole = chunk::allocate(size);
  std::uint64_t word = number;
  for (std::size_t i = 0; i < size; ++i) {
    if (i % 8 == 0) word = mix(word, i);
    whole.mutable_data()[i] = static_cast<std::uint8_t>(word >> (i % 8 * 8));
  }
  std::memcpy(whole.mutable_data(), &number, sizeof(number));
  return {std::move(whole), 0, size};
}

std::optional<std::uint32_t> number_of(bytes_view body) {
  std::uint32_t number = 0;
  if (body.size() < sizeof(number)) return std::nullopt;
  std::memcpy(&number, body.data(), sizeof(number));
  return number;
}

}  // namespace

broadcast_work::broadcast_work(const scenario& s, const phase_times& phases, population& nodes,
                               rng random)
    : scenario_(s), nodes_(nodes), random_(random) {
  const auto count = s.broadcast.during_faults;
  for (std::uint32_t i = 0; i < count; ++i)
    messages_.push_back(
        {phases.faults + s.phases.faults * static_cast<int>(i) / static_cast<int>(count), false,
         false, no_node});
  steady_from_ = messages_.size() + s.broadcast.messages / 4;
  for (std::uint32_t i = 0; i < s.broadcast.messages; ++i)
    messages_.push_back(
        {phases.liveness + s.broadcast.interval * static_cast<int>(i), true, false, no_node});
  arrivals_.resize(messages_.size() * nodes_.size());
}

std::optional<duration> broadcast_work::next() const {
  if (next_ == messages_.size()) return std::nullopt;
  return messages_[next_].at;
}

duration broadcast_work::ends() const {
  return messages_.empty() ? duration{} : messages_.back().at + scenario_.phases.patience;
}

node_index broadcast_work::choose_publisher(const message&) {
  const std::uint32_t few = scenario_.broadcast.publishers;
  if (few != 0) {
    const auto n = static_cast<node_index>(next_ % std::min(few, nodes_.founders()));
    if (nodes_.running(n)) return n;
  }
  return nodes_.random_live(random_);
}

void broadcast_work::publish_next() {
  if (next_ == steady_from_) steady_begin_ = count();
  const auto number = static_cast<std::uint32_t>(next_);
  message& m = messages_[next_];
  m.publisher = choose_publisher(m);
  ++next_;
  if (m.publisher == no_node) return;
  m.at = nodes_.time().elapsed();
  const std::size_t stride = std::max<std::size_t>(1, messages_.size() / bounds_max);
  if (m.liveness && number % stride == stride / 2) measure_bound(number);
  sim_node& node = nodes_[m.publisher];
  at(number, m.publisher) = {duration{}, node.life(), 0};
  m.published = node.publish(number, make_body(number, scenario_.broadcast.bytes)).has_value();
  if (!m.published) ++refused_;
}

std::string broadcast_work::on_delivered(node_index node, const gossip::delivery& d) {
  const auto number = number_of(d.data);
  if (!number || *number >= messages_.size() || d.data.size() != scenario_.broadcast.bytes)
    return "node " + std::to_string(node) + " was given a message that nobody published";
  message& m = messages_[*number];
  arrival& a = at(*number, node);
  const std::uint32_t life = nodes_[node].life();
  if (a.life == life)
    return "node " + std::to_string(node) + " was given message " + std::to_string(*number)
           + " twice";
  const node_index via = nodes_.net().find(d.via);
  const bool known = via != no_node && at(*number, via).at != duration::max();
  const std::uint16_t hop = known ? static_cast<std::uint16_t>(at(*number, via).hop + 1) : 0;
  // A node that lost its memory may be given it again; the first time is what counts.
  const duration took = nodes_.time().elapsed() - m.at;
  a = {std::min(a.at, took), life, hop};
  return {};
}

// -- what is owed ---

bool broadcast_work::owes(const message& m) const {
  if (!m.published || (!m.liveness && !scenario_.owed_during_faults())) return false;
  const instant at = timeline::origin + m.at;
  return nodes_.stayed(m.publisher, at - joining_time, at + scenario_.phases.patience);
}

bool broadcast_work::owed(const message& m, node_index node) const {
  const instant at = timeline::origin + m.at;
  return node != m.publisher
         && nodes_.stayed(node, at - joining_time, at + scenario_.phases.patience);
}

std::string broadcast_work::first_missing() const {
  for (std::uint32_t number = 0; number < messages_.size(); ++number) {
    const message& m = messages_[number];
    if (!owes(m)) continue;
    for (node_index n = 0; n < nodes_.size(); ++n)
      if (owed(m, n) && at(number, n).at > scenario_.phases.patience)
        return "message " + std::to_string(number) + " of node " + std::to_string(m.publisher)
               + ", published at " + std::to_string(to_seconds(m.at)) + " s, "
               + (at(number, n).at == duration::max() ? "never came to node "
                                                      : "came too late to node ")
               + std::to_string(n);
  }
  return {};
}

// -- figures ---

broadcast_work::counts broadcast_work::count() const {
  counts out;
  for (node_index n = 0; n < nodes_.size(); ++n) {
    if (!nodes_.running(n)) continue;
    const auto& c = nodes_[n].gossip_counters();
    out.first += c.first_messages.value();
    out.again += c.duplicate_messages.value();
  }
  out.wire_bytes = nodes_.net().bytes_of(gossip_protocol) + nodes_.net().bytes_of(push_protocol);
  return out;
}

/// Dijkstra over the sessions there are, from the publisher.
void broadcast_work::measure_bound(std::uint32_t number) {
  bound b;
  b.number = number;
  b.least.assign(nodes_.size(), duration::max());
  using step = std::pair<duration, node_index>;
  std::priority_queue<step, std::vector<step>, std::greater<>> open;
  const node_index from = messages_[number].publisher;
  b.least[from] = {};
  open.emplace(duration{}, from);
  while (!open.empty()) {
    const auto [far, node] = open.top();
    open.pop();
    if (far > b.least[node]) continue;
    for (const node_index peer : nodes_.net().peers_of(node)) {
      const duration next = far + nodes_.net().delay_between(node, peer);
      if (next >= b.least[peer]) continue;
      b.least[peer] = next;
      open.emplace(next, peer);
    }
  }
  bounds_.push_back(std::move(b));
}

broadcast_figures broadcast_work::figures() const {
  broadcast_figures out;
  out.refused = refused_;
  std::vector<double> times;
  std::vector<double> everywhere;
  std::vector<double> hops;
  std::uint64_t steady = 0;
  for (std::uint32_t number = 0; number < messages_.size(); ++number) {
    const message& m = messages_[number];
    if (!m.published) continue;
    ++out.published;
    const bool owing = owes(m);
    duration last{};
    std::uint16_t hop = 0;
    for (node_index n = 0; n < nodes_.size(); ++n) {
      const arrival& a = at(number, n);
      if (n == m.publisher) continue;
      const bool came = a.at != duration::max();
      if (came) ++out.delivered;
      if (came && number >= steady_from_) ++steady;
      if (!owing || !owed(m, n)) continue;
      ++out.owed;
      if (!came) continue;
      if (a.at <= scenario_.phases.patience) ++out.in_time;
      if (a.at > last) hop = a.hop;
      last = std::max(last, a.at);
      if (m.liveness) times.push_back(to_seconds(a.at));
    }
    if (!owing || !m.liveness) continue;
    everywhere.push_back(to_seconds(last));
    hops.push_back(hop);
  }
  const counts now = count();
  const auto first = now.first - steady_begin_.first;
  if (first != 0 && now.first > steady_begin_.first)
    out.redundancy
        = static_cast<double>(now.again - steady_begin_.again) / static_cast<double>(first);
  if (steady != 0)
    out.bytes_redundancy = static_cast<double>(now.wire_bytes - steady_begin_.wire_bytes)
                               / static_cast<double>(steady * scenario_.broadcast.bytes)
                           - 1;
  out.delivery_seconds = metrics::summarize(std::move(times));
  out.everywhere_seconds = metrics::summarize(std::move(everywhere));
  out.last_hop = metrics::summarize(std::move(hops));
  bound_figures(out);
  return out;
}

void broadcast_work::bound_figures(broadcast_figures& out) const {
  std::vector<double> least;
  std::vector<double> least_last;
  std::vector<double> own;
  std::vector<double> own_last;
  for (const auto& b : bounds_) {
    const message& m = messages_[b.number];
    if (!owes(m)) continue;
    duration last{};
    duration last_own{};
    for (node_index n = 0; n < nodes_.size(); ++n) {
      const arrival& a = at(b.number, n);
      if (!owed(m, n) || b.least[n] == duration::max() || a.at == duration::max()) continue;
      least.push_back(to_seconds(b.least[n]));
      own.push_back(to_seconds(a.at));
      last = std::max(last, b.least[n]);
      last_own = std::max(last_own, a.at);
    }
    least_last.push_back(to_seconds(last));
    own_last.push_back(to_seconds(last_own));
  }
  out.bound_seconds = metrics::summarize(std::move(least));
  out.bound_everywhere_seconds = metrics::summarize(std::move(least_last));
  out.bound_delivery_seconds = metrics::summarize(std::move(own));
  out.bound_delivery_everywhere_seconds = metrics::summarize(std::move(own_last));
}

}  // namespace weft::sim
