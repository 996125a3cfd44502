// SPDX-License-Identifier: MIT
#include "actors/routing_actor.hpp"

#include "actors/protocols.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <utility>

namespace weft::actors {

routing_actor_impl::routing_actor_impl(routing_actor::pointer self, routing_parts parts)
    : self_(self),
      parts_(std::move(parts)),
      core_(parts_.self, *parts_.crypto, parts_.config, parts_.random, *parts_.metrics),
      timer_(self) {
  core_.start(parts_.wall(), now(), out_);
  parts_.board->publish(core_.snapshot());
  finish();
}

routing_actor::behavior_type routing_actor_impl::make_behavior() {
  return {
      [this](const transport::frame_batch_ptr& b) { on_frames(*b); },
      [this](const presence_batch& b) { on_presence(b); },
      [this](const cost_batch& b) { on_costs(b); },
      [this](atom::tick) { on_tick(); },
      [this](const routes_question& q) { on_routes(q); },
      [](atom::status) { return actor_status{}; },
  };
}

void routing_actor_impl::on_frames(const transport::frame_batch& batch) {
  const auto wall = parts_.wall();
  const auto time = now();
  for (const auto& f : batch.frames) core_.on_frame(f.peer, f.body, wall, time, out_);
  finish();
}

void routing_actor_impl::on_presence(const presence_batch& batch) {
  const auto wall = parts_.wall();
  for (const auto& change : batch.changes) {
    if (change.updated) continue;
    if (change.up)
      core_.on_neighbour_up(change.peer, duration::zero(), wall, now(), out_);
    else
      core_.on_neighbour_down(change.peer, wall, now(), out_);
  }
  finish();
}

void routing_actor_impl::on_costs(const cost_batch& batch) {
  for (const auto& c : batch.costs) core_.on_neighbour_rtt(c.peer, c.round_trip, now());
  finish();
}

void routing_actor_impl::on_tick() {
  timer_.on_tick(now());
  core_.on_deadline(parts_.wall(), now(), out_);
  finish();
}

void routing_actor_impl::add_routes(const ed25519_public_key& destination, bool all,
                                    std::vector<route_view>& out) const {
  const auto held = core_.lookup(destination);
  if (!held) return;
  const auto snapshot = core_.snapshot();
  const std::chrono::seconds issued(held->origin.issued_s);
  const auto age = std::max(parts_.wall() - wall_time(issued), duration::zero());
  bool first = true;
  for (const auto& way : held->usable) {
    out.push_back({.destination = peer_id::from_ed25519(destination),
                   .next_hop = snapshot->neighbour(way.neighbour).peer,
                   .metric = way.total,
                   .hops = way.hops,
                   .sequence = held->origin.sequence,
                   .age = age,
                   .selected = std::exchange(first, false)});
    if (!all) break;
  }
}

void routing_actor_impl::on_routes(const routes_question& q) {
  std::vector<route_view> out;
  if (q.destination) {
    if (const auto key = q.destination->ed25519_key()) add_routes(*key, true, out);
  } else {
    core_.snapshot()->for_each([&](const ed25519_public_key& key, const auto& ways) {
      if (out.size() < q.limit && !ways.empty()) add_routes(key, false, out);
    });
    std::sort(out.begin(), out.end(), [](const route_view& a, const route_view& b) {
      return std::pair(a.metric, a.destination) < std::pair(b.metric, b.destination);
    });
  }
  q.answer(std::move(out));
  finish();
}

void routing_actor_impl::finish() {
  if (out_.snapshot_changed) {
    parts_.board->publish(core_.snapshot());
    if (const auto messaging = parts_.links->messaging.handle())
      tell(self_, *messaging, atom::changed_v);
  }
  transport::command_batch commands;
  commands.sends.reserve(out_.sends.size());
  for (auto& s : out_.sends)
    commands.sends.push_back(
        {s.peer, route_protocol, transport::priority::control, std::move(s.body)});
  for (const auto& p : out_.penalties) {
    log::warn("routing", "penalty", {{"peer", p.peer}, {"reason", p.reason}, {"muted", p.muted}});
    if (p.muted)
      commands.controls.emplace_back(transport::disconnect_command{
          p.peer, "route exchange: " + std::string(to_string(p.reason))});
  }
  out_.clear();
  if (!commands.empty()) parts_.port->post(std::move(commands));
  timer_.arm(core_.next_deadline(), now());
}

}  // namespace weft::actors
