// SPDX-License-Identifier: MIT
#include "base/assert.hpp"
#include "routing/core_impl.hpp"

#include <algorithm>

namespace weft::routing {

// -- when ---

void routing_core::impl::arm_flush(duration delay) {
  const double refilled
      = flush_tokens_ + to_seconds(now_ - last_flush_) / to_seconds(config_.flush_interval);
  const duration spacing = refilled >= 1 ? config_.trigger_delay : config_.flush_interval;
  const instant at = std::max(now_ + delay, last_flush_ + spacing);
  if (!flush_at_ || at < *flush_at_) flush_at_ = at;
}

void routing_core::impl::flush(outbox& out) {
  flush_at_.reset();
  flush_tokens_ = std::min<double>(
      config_.flush_burst,
      flush_tokens_ + to_seconds(now_ - last_flush_) / to_seconds(config_.flush_interval));
  flush_tokens_ = std::max(flush_tokens_ - 1, 0.0);
  last_flush_ = now_;
  settle_changes();
  publish(out);
  for (std::size_t slot = 0; slot < neighbours_.size(); ++slot)
    if (neighbours_[slot].up && !neighbours_[slot].muted)
      tell(static_cast<std::uint16_t>(slot), out);
  own_dirty_ = false;
  changes_.clear();
  counters_.destinations.set(static_cast<std::int64_t>(table_.size()));
  counters_.reachable.set(static_cast<std::int64_t>(reachable_));
  counters_.routes.set(static_cast<std::int64_t>(routes_));
}

/// Decides what is said about each changed destination and lowers its feasibility distance to that
/// (RFC 8966 section 3.7.3: before the update is sent). Routes that thereby became infeasible leave
/// the usable part of the row.
void routing_core::impl::settle_changes() {
  entries_.clear();
  for (const ed25519_public_key& key : dirty_) {
    const auto where = table_.find(key);
    if (!where) continue;
    // Links may have become longer or shorter since the routes were put in order.
    settle(*where, table_.routes(*where));
    route_state state = table_.state(*where);
    state.dirty = false;
    const route_list list = table_.routes(*where);
    change told{entries_.size(), 0, list.feasible == 0, 0, key};
    const bool silent = told.retraction && state.advertised == infinite_metric;
    if (told.retraction) {
      state.advertised = infinite_metric;
      state.advertised_sequence = false;
    } else {
      told.via = list.routes[0].neighbour();
      state.advertised = total(list.routes[0]);
      state.advertised_sequence = true;
      state.via_or_since = told.via;
      if (state.advertised < state.feasible_below) {
        state.feasible_below = state.advertised;
        const route_list kept = ordered(list, state.feasible_below);
        WEFT_ASSERT(kept.feasible > 0 && kept.routes[0] == list.routes[0],
                    "a link costs at least one unit, so the selected route stays feasible");
        if (kept.feasible != list.feasible) table_.set_routes(*where, kept);
      }
      append_route(entries_, table_.origin(*where), state.advertised,
                   static_cast<std::uint8_t>(list.routes[0].hops() + 1));
      told.size = entries_.size() - told.offset;
    }
    table_.set_state(*where, state);
    if (!silent) changes_.push_back(told);
  }
  dirty_.clear();
}

void routing_core::impl::publish(outbox& out) {
  if (!neighbours_changed_ && !table_.changed()) return;
  if (neighbours_changed_) {
    auto infos = std::make_shared<std::vector<neighbour_info>>(neighbours_.size());
    for (std::size_t i = 0; i < neighbours_.size(); ++i)
      (*infos)[i]
          = {neighbours_[i].peer, neighbours_[i].cost, neighbours_[i].up && !neighbours_[i].muted};
    published_neighbours_ = std::move(infos);
    neighbours_changed_ = false;
  }
  published = table_.publish(published_neighbours_);
  out.snapshot_changed = true;
  ++counters_.snapshots;
  counters_.shards_published += table_.shards_published();
}

// -- what ---

void routing_core::impl::tell(std::uint16_t slot, outbox& out) {
  neighbour_state& to = neighbours_[slot];
  if (!own_dirty_ && changes_.empty()) return;
  const auto push = [&](bytes_view entry) {
    if (!window_open(to)) return false;
    append(to, entry, out);
    return true;
  };
  bool complete = true;
  if (own_dirty_) {
    single_.clear();
    append_route(single_, own, 0, 0);
    complete = push(single_);
    counters_.updates_sent += complete ? 1 : 0;
  }
  for (std::size_t i = 0; i < changes_.size() && complete; ++i) {
    const change& each = changes_[i];
    // To the next hop the route is as good as gone: it must not lead back (split horizon with
    // poison).
    const bool retract = each.retraction || each.via == slot;
    if (retract) {
      single_.clear();
      append_retraction(single_, each.destination);
      complete = push(single_);
      counters_.retractions_sent += complete ? 1 : 0;
    } else {
      complete = push({entries_.data() + each.offset, each.size});
      counters_.updates_sent += complete ? 1 : 0;
    }
  }
  finish_frame(to, out);
  if (complete) return;
  to.resync = true;
}

void routing_core::impl::append(neighbour_state& to, bytes_view entry, outbox& out) {
  if (!to.frame.empty() && to.frame.size() + entry.size() > config_.frame_bytes_max)
    finish_frame(to, out);
  if (to.frame.empty()) begin_update(to.frame, incarnation_, next_number_++);
  weft::append(to.frame, entry);
}

void routing_core::impl::finish_frame(neighbour_state& to, outbox& out) {
  if (to.frame.empty()) return;
  post(to, to.frame, out);
  to.frame.clear();
  to.unacknowledged.push_back({next_number_ - 1, now_});
  const instant check = now_ + patience(to);
  if (!ack_check_at_ || check < *ack_check_at_) ack_check_at_ = check;
}

void routing_core::impl::post(const neighbour_state& to, bytes_view body, outbox& out) {
  out.sends.push_back({to.peer, chunk_view::copy(body)});
  ++counters_.frames_sent;
}

void routing_core::impl::answer(std::uint16_t slot, bytes_view entry, outbox& out) {
  neighbour_state& to = neighbours_[slot];
  if (!window_open(to)) {
    to.resync = true;
    return;
  }
  append(to, entry, out);
  finish_frame(to, out);
  ++counters_.updates_sent;
}

// -- whole tables ---

void routing_core::impl::start_dump(neighbour_state& to, bool retractions) {
  to.resync = false;
  to.dumping = true;
  to.dump_retractions = retractions;
  to.dump_shard = 0;
  const instant soon = now_ + config_.trigger_delay;
  if (!dump_at_ || soon < *dump_at_) dump_at_ = soon;
}

void routing_core::impl::dump(outbox& out) {
  // A step over many empty or silent shards must end as well.
  constexpr std::uint32_t shards_per_step = 512;
  dump_at_.reset();
  bool more = false;
  for (std::size_t slot = 0; slot < neighbours_.size(); ++slot) {
    neighbour_state& to = neighbours_[slot];
    if (!to.up || to.muted || !to.dumping) continue;
    for (std::uint32_t n = 0; n < shards_per_step && to.dumping && window_open(to); ++n)
      dump_shard(static_cast<std::uint16_t>(slot), out);
    finish_frame(to, out);
    // What was left out meanwhile is told by a second walk; restarting at once might never end.
    if (!to.dumping && to.resync) start_dump(to, true);
    more = more || (to.dumping && window_open(to));
  }
  if (more && !dump_at_) dump_at_ = now_ + config_.step_interval;
}

void routing_core::impl::dump_shard(std::uint16_t slot, outbox& out) {
  neighbour_state& to = neighbours_[slot];
  if (to.dump_shard == 0) {
    single_.clear();
    append_route(single_, own, 0, 0);
    append(to, single_, out);
    ++counters_.updates_sent;
  }
  for (std::uint32_t i = 0; i < table_.slot_count(to.dump_shard); ++i) {
    const place where{to.dump_shard, i};
    const route_state state = table_.state(where);
    if (state.dirty) continue;  // the next flush tells it
    const route_list list = table_.routes(where);
    const bool tellable = list.feasible > 0 && state.advertised_sequence
                          && state.advertised != infinite_metric
                          && list.routes[0].neighbour() != slot;
    if (!tellable && !to.dump_retractions) continue;
    single_.clear();
    if (tellable) {
      append_route(single_, table_.origin(where), state.advertised,
                   static_cast<std::uint8_t>(list.routes[0].hops() + 1));
      ++counters_.updates_sent;
    } else {
      append_retraction(single_, table_.destination(where));
      ++counters_.retractions_sent;
    }
    append(to, single_, out);
  }
  if (++to.dump_shard >= table_.shard_count()) to.dumping = false;
}

// -- acknowledgements ---

bool routing_core::impl::window_open(const neighbour_state& to) const noexcept {
  return to.unacknowledged.size() < config_.window_frames;
}

duration routing_core::impl::patience(const neighbour_state& to) const noexcept {
  return config_.ack_timeout * (1u << std::min(to.timeouts, 6u));
}

void routing_core::impl::send_acks(neighbour_state& to, outbox& out) {
  for (std::size_t i = 0; i < to.acks.size(); i += acks_per_frame_max) {
    const std::size_t count = std::min(acks_per_frame_max, to.acks.size() - i);
    post(to, encode_ack(incarnation_, to.incarnation, {to.acks.data() + i, count}), out);
  }
  to.acks.clear();
}

void routing_core::impl::check_acks() {
  ack_check_at_.reset();
  for (neighbour_state& to : neighbours_) {
    if (!to.up || to.muted || to.unacknowledged.empty()) continue;
    instant due = to.unacknowledged.front().sent + patience(to);
    if (due <= now_) {
      ++to.timeouts;
      to.unacknowledged.clear();
      ++counters_.resyncs;
      start_dump(to, true);
      continue;
    }
    if (!ack_check_at_ || due < *ack_check_at_) ack_check_at_ = due;
  }
}

}  // namespace weft::routing
