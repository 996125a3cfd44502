// SPDX-License-Identifier: MIT
#include "routing/core_impl.hpp"

#include <algorithm>

namespace weft::routing {

void routing_core::impl::start() {
  incarnation_
      = static_cast<std::uint64_t>(std::max<duration::rep>(wall_.time_since_epoch().count(), 1));
  last_flush_ = now_ - config_.flush_interval;
  flush_tokens_ = config_.flush_burst;
  ask_tokens_ = config_.request_burst / 2.0;
  ask_tokens_at_ = now_;
  sweep_at_ = now_ + config_.sweep_interval;
  renew();
}

void routing_core::impl::renew() {
  own = make_announcement(crypto_, self_, std::max(own.sequence, sequence_floor_), wall_,
                          config_.lifetime);
  own_dirty_ = true;
  last_renewal_ = now_;
  // Up to a tenth earlier, so that a mesh started at one moment does not refresh in one wave.
  const auto span = config_.refresh_interval.count();
  const auto early = random_.below(static_cast<std::uint64_t>(span) / 10 + 1);
  refresh_at_ = now_ + duration(span - static_cast<duration::rep>(early));
  ++counters_.renewals;
  arm_flush(config_.trigger_delay);
}

void routing_core::impl::request_renewal() {
  const instant allowed = last_renewal_ + config_.renew_interval_min;
  if (now_ >= allowed)
    renew();
  else
    refresh_at_ = std::min(*refresh_at_, allowed);
}

std::optional<std::uint16_t> routing_core::impl::slot_of(const peer_id& peer) const {
  const auto found = by_peer_.find(peer);
  if (found == by_peer_.end()) return std::nullopt;
  return found->second;
}

void routing_core::impl::neighbour_up(const peer_id& peer, duration rtt) {
  if (by_peer_.contains(peer)) neighbour_down(peer);
  if (by_peer_.size() >= config_.neighbours_max) {
    ++counters_.neighbours_refused;
    return;
  }
  std::uint16_t slot = static_cast<std::uint16_t>(neighbours_.size());
  if (free_slots_.empty()) {
    neighbours_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  by_peer_.emplace(peer, slot);
  neighbour_state& made = neighbours_[slot];
  made = {};
  made.peer = peer;
  made.up = true;
  made.smoothed_rtt = rtt > duration::zero() ? rtt : duration::zero();
  made.cost = link_cost(rtt > duration::zero() ? rtt : config_.rtt_default, config_.hop_penalty);
  made.request_tokens = config_.request_burst;
  made.request_tokens_at = now_;
  made.restart_tokens = config_.restart_burst;
  made.restart_tokens_at = now_;
  neighbours_changed_ = true;
  counters_.neighbours.set(static_cast<std::int64_t>(by_peer_.size()));
  start_dump(made, false);
  arm_flush(config_.trigger_delay);
}

void routing_core::impl::neighbour_down(const peer_id& peer) {
  const auto slot = slot_of(peer);
  if (!slot) return;
  neighbours_[*slot].up = false;
  clear_routes_via(*slot);
  neighbours_[*slot] = {};
  by_peer_.erase(peer);
  free_slots_.push_back(*slot);
  neighbours_changed_ = true;
  counters_.neighbours.set(static_cast<std::int64_t>(by_peer_.size()));
  arm_flush(duration::zero());
}

void routing_core::impl::clear_routes_via(std::uint16_t slot) {
  for (std::uint32_t shard = 0; shard < table_.shard_count(); ++shard) {
    for (std::uint32_t i = 0; i < table_.slot_count(shard); ++i) {
      if (neighbours_[slot].routes == 0) return;
      remove_route({shard, i}, slot);
    }
  }
}

void routing_core::impl::neighbour_rtt(const peer_id& peer, duration rtt) {
  const auto slot = slot_of(peer);
  if (!slot || rtt <= duration::zero()) return;
  neighbour_state& of = neighbours_[*slot];
  of.smoothed_rtt
      = of.smoothed_rtt == duration::zero() ? rtt : of.smoothed_rtt + (rtt - of.smoothed_rtt) / 8;
  const metric cost = link_cost(of.smoothed_rtt, config_.hop_penalty);
  const metric difference = cost > of.cost ? cost - of.cost : of.cost - cost;
  // Round trips jitter; each adopted cost may move routes, so small differences are left alone.
  if (difference <= (of.cost >> config_.hysteresis_shift) + 1) return;
  of.cost = cost;
  neighbours_changed_ = true;
  resettle_shards_ = table_.shard_count();
  arm_flush(config_.trigger_delay);
}

void routing_core::impl::violation(std::uint16_t slot, ec reason, outbox& out) {
  neighbour_state& of = neighbours_[slot];
  if (of.muted) return;
  ++of.violations;
  const bool mute = of.violations >= config_.violations_max;
  out.penalties.push_back({of.peer, reason, mute});
  if (!mute) return;
  ++counters_.neighbours_muted;
  of.muted = true;
  clear_routes_via(slot);
  of.acks.clear();
  of.unacknowledged.clear();
  of.dumping = of.resync = false;
  neighbours_changed_ = true;
  arm_flush(duration::zero());
}

std::optional<instant> routing_core::impl::next_deadline() const {
  std::optional<instant> first;
  for (const auto& at :
       {flush_at_, work_at_, dump_at_, refresh_at_, sweep_at_, ask_at_, ack_check_at_})
    if (at && (!first || *at < *first)) first = at;
  return first;
}

void routing_core::impl::deadline(outbox& out) {
  const auto due = [this](const std::optional<instant>& at) { return at && *at <= now_; };
  if (due(refresh_at_)) renew();
  if (due(work_at_)) work(out);
  if (due(sweep_at_)) sweep();
  if (due(ack_check_at_)) check_acks();
  if (due(flush_at_)) flush(out);
  // After the flush: a dump tells only what has been settled and published.
  if (due(dump_at_)) dump(out);
  if (due(ask_at_)) ask_again(out);
}

}  // namespace weft::routing
