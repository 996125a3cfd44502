// SPDX-License-Identifier: MIT
#include "routing/core_impl.hpp"

#include <algorithm>

namespace weft::routing {

namespace {

bool same(const route_list& a, const route_list& b) noexcept {
  return a.count == b.count && a.feasible == b.feasible
         && std::equal(a.routes.begin(), a.routes.begin() + a.count, b.routes.begin());
}

}  // namespace

metric routing_core::impl::total(const packed_route& route) const {
  const neighbour_state& via = neighbours_[route.neighbour()];
  return via.up && !via.muted ? add_cost(route.advertised(), via.cost) : infinite_metric;
}

/// Feasible routes first (RFC 8966 section 3.5.1: strictly below the distance), each part by
/// length. The route at the front of `list` stays selected while it is feasible and not clearly
/// longer than the best.
route_list routing_core::impl::ordered(const route_list& list, metric feasible_below) const {
  struct ranked {
    bool infeasible;
    metric length;
    packed_route route;
  };
  const auto before = [](const ranked& a, const ranked& b) {
    if (a.infeasible != b.infeasible) return b.infeasible;
    if (a.length != b.length) return a.length < b.length;
    return a.route.neighbour() < b.route.neighbour();
  };
  std::array<ranked, candidates_limit> ranks;
  // By insertion: there are few, and GCC 14 sees std::sort's way for many as an overrun.
  for (std::size_t i = 0; i < list.count; ++i) {
    const packed_route& route = list.routes[i];
    const metric length = total(route);
    const bool feasible = length < infinite_metric && route.advertised() < feasible_below;
    const ranked next{!feasible, length, route};
    std::size_t at = i;
    for (; at > 0 && before(next, ranks[at - 1]); --at) ranks[at] = ranks[at - 1];
    ranks[at] = next;
  }
  if (list.feasible > 0 && list.count > 0) {
    const auto end = ranks.begin() + list.count;
    const auto selected = std::find_if(ranks.begin(), end, [&](const ranked& r) {
      return r.route.neighbour() == list.routes[0].neighbour();
    });
    const metric best = ranks[0].length;
    if (selected != end && !selected->infeasible
        && selected->length - best <= best >> config_.hysteresis_shift)
      std::rotate(ranks.begin(), selected, selected + 1);
  }
  route_list result;
  result.count = list.count;
  for (std::size_t i = 0; i < list.count; ++i) {
    result.routes[i] = ranks[i].route;
    if (!ranks[i].infeasible) ++result.feasible;
  }
  return result;
}

bool routing_core::impl::worth_telling(const route_state& state, const route_list& list) const {
  if (list.feasible == 0) return state.advertised != infinite_metric;
  if (state.advertised == infinite_metric || !state.advertised_sequence) return true;
  // The new next hop needs a retraction from us, the old one a route.
  if (state.via_or_since != list.routes[0].neighbour()) return true;
  const metric length = total(list.routes[0]);
  const metric difference
      = length > state.advertised ? length - state.advertised : state.advertised - length;
  return difference > (state.advertised >> config_.hysteresis_shift) + 1;
}

/// Gives a destination its routes. `list.feasible` > 0 says that the first one is the selected
/// route so far.
void routing_core::impl::settle(place where, const route_list& list) {
  route_state state = table_.state(where);
  const route_list before = table_.routes(where);
  const route_list after = ordered(list, state.feasible_below);
  if (!same(before, after)) {
    table_.set_routes(where, after);
    arm_flush(config_.trigger_delay);
  }
  routes_ += after.count;
  routes_ -= before.count;
  const bool was = before.feasible > 0;
  const bool is = after.feasible > 0;
  if (was && !is) --reachable_;
  if (!was && is) ++reachable_;
  if (was != is || (is && before.routes[0].neighbour() != after.routes[0].neighbour()))
    ++counters_.route_changes;
  if (was != is) {
    // A neighbour that was told of before the gap, and forgotten for it, is told again.
    state.via_or_since = is ? route_state::no_neighbour : short_time();
    state.rested = false;
    table_.set_state(where, state);
  }
  if (worth_telling(state, after)) mark(where);
  if (!is && after.count > 0) starve(where);
}

void routing_core::impl::mark(place where) {
  route_state state = table_.state(where);
  if (state.dirty) return;
  state.dirty = true;
  table_.set_state(where, state);
  dirty_.push_back(table_.destination(where));
  arm_flush(config_.trigger_delay);
}

void routing_core::impl::add_route(place where, const packed_route& route) {
  route_list list = table_.routes(where);
  neighbour_state& via = neighbours_[route.neighbour()];
  const auto begin = list.routes.begin();
  const auto present = std::find_if(begin, begin + list.count, [&](const packed_route& r) {
    return r.neighbour() == route.neighbour();
  });
  if (present != begin + list.count) {
    if (*present == route) return;
    *present = route;
  } else if (via.routes >= config_.routes_per_neighbour_max) {
    ++counters_.rejected[reject_reason::neighbour_full];
    return;
  } else if (list.count < config_.candidates_max) {
    list.routes[list.count++] = route;
    ++via.routes;
  } else {
    ++counters_.candidates_dropped;
    packed_route& worst = list.routes[list.count - 1u];  // infeasible, or the longest
    const bool hopeless = route.advertised() >= table_.state(where).feasible_below;
    if (hopeless || (list.feasible == list.count && total(route) >= total(worst))) return;
    --neighbours_[worst.neighbour()].routes;
    worst = route;
    ++via.routes;
  }
  settle(where, list);
}

void routing_core::impl::remove_route(place where, std::uint16_t slot) {
  if (table_.row(where).count() == 0) return;
  route_list list = table_.routes(where);
  for (std::size_t i = 0; i < list.count; ++i) {
    if (list.routes[i].neighbour() != slot) continue;
    std::copy(list.routes.begin() + static_cast<std::ptrdiff_t>(i) + 1,
              list.routes.begin() + list.count,
              list.routes.begin() + static_cast<std::ptrdiff_t>(i));
    list.routes[--list.count] = {};
    if (i == 0) list.feasible = 0;
    --neighbours_[slot].routes;
    settle(where, list);
    return;
  }
}

void routing_core::impl::drop_routes(place where) {
  const route_list list = table_.routes(where);
  for (const packed_route& route : list.all()) --neighbours_[route.neighbour()].routes;
  settle(where, {});
}

std::optional<std::uint16_t> routing_core::impl::heaviest() const {
  std::optional<std::uint16_t> most;
  for (std::size_t i = 0; i < neighbours_.size(); ++i)
    if (neighbours_[i].up && (!most || neighbours_[i].routes > neighbours_[*most].routes))
      most = static_cast<std::uint16_t>(i);
  return most;
}

/// Frees the place of a destination that has been unreachable for long, if a sample of shards has
/// one. Otherwise one whose route goes through the neighbour with the most routes is retracted, so
/// that its place becomes free after the hold-down, when no neighbour relies on our word any more.
bool routing_core::impl::make_room() {
  constexpr int samples = 32;
  const auto most = heaviest();
  std::optional<place> longest;
  for (int i = 0; i < samples; ++i) {
    const auto shard = static_cast<std::uint32_t>(random_.below(table_.shard_count()));
    for (std::uint32_t slot = 0; slot < table_.slot_count(shard); ++slot) {
      const place where{shard, slot};
      const route_row row = table_.row(where);
      const route_state state = table_.state(where);
      if (row.count() == 0 && !state.dirty && state.advertised == infinite_metric
          && rested(state)) {
        table_.erase(where);
        ++counters_.evictions;
        arm_flush(config_.trigger_delay);
        return true;
      }
      if (!state.evicted && most && row.feasible() > 0 && row.first().neighbour() == *most
          && (!longest || total(row.first()) > total(table_.row(*longest).first())))
        longest = where;
    }
  }
  if (longest) {
    route_state state = table_.state(*longest);
    state.evicted = true;
    table_.set_state(*longest, state);
    drop_routes(*longest);
  }
  return false;
}

std::uint64_t routing_core::impl::expiry_s(std::uint32_t issued_s,
                                           std::uint32_t lifetime_s) const noexcept {
  const auto skew = std::chrono::duration_cast<std::chrono::seconds>(config_.clock_skew_max);
  return std::uint64_t{issued_s} + lifetime_s + static_cast<std::uint64_t>(skew.count());
}

std::uint16_t routing_core::impl::short_time() const noexcept {
  return static_cast<std::uint16_t>(wall_s_);
}

/// Whether an unreachable destination has been so for the hold-down. The upper half of the times
/// that 16 bits tell apart lies ahead: the wall clock was put back. What has been unreachable for
/// longer than the lower half was marked by a sweep before.
bool routing_core::impl::rested(const route_state& state) const noexcept {
  const auto since_s = static_cast<std::uint16_t>(short_time() - state.via_or_since);
  const auto hold_s = std::chrono::duration_cast<std::chrono::seconds>(config_.hold_down).count();
  return state.rested || (since_s >= hold_s && since_s < 0x8000);
}

void routing_core::impl::visit(place where, bool again, std::vector<ed25519_public_key>& gone) {
  const route_row row = table_.row(where);
  const origin_stamp origin = table_.stamp(where);
  route_state state = table_.state(where);
  const bool told = state.dirty || state.advertised != infinite_metric;
  if (row.feasible() == 0 && !state.rested && rested(state)) {
    state.rested = true;
    table_.set_state(where, state);
  }
  if (wall_s_ >= expiry_s(origin.issued_s, origin.lifetime_s)) {
    if (row.count() > 0) {
      ++counters_.expirations;
      drop_routes(where);
    } else if (!told) {
      gone.push_back(table_.destination(where));
    }
  } else if (state.evicted && !told && rested(state)) {
    ++counters_.evictions;
    gone.push_back(table_.destination(where));
  } else if (again && row.count() > 0) {
    settle(where, table_.routes(where));
  }
}

void routing_core::impl::sweep() {
  const std::uint32_t shards = table_.shard_count();
  // Big tables are swept in up to 64 parts, so that no call takes long.
  const std::uint32_t parts = std::clamp(shards / 64, 1u, 64u);
  sweep_at_ = now_ + config_.sweep_interval / parts;
  std::vector<ed25519_public_key> gone;
  for (std::uint32_t n = 0; n < (shards + parts - 1) / parts; ++n) {
    if (sweep_shard_ >= shards) sweep_shard_ = 0;
    const bool again = resettle_shards_ > 0;
    if (again) --resettle_shards_;
    for (std::uint32_t slot = 0; slot < table_.slot_count(sweep_shard_); ++slot)
      visit({sweep_shard_, slot}, again, gone);
    ++sweep_shard_;
  }
  for (const ed25519_public_key& key : gone) {
    starving_.erase(key);
    if (const auto where = table_.find(key)) table_.erase(*where);
  }
  if (!gone.empty()) arm_flush(config_.trigger_delay);
  std::erase_if(forwarded_, [this](const auto& each) { return each.second.next <= now_; });
  counters_.table_bytes.set(static_cast<std::int64_t>(table_.bytes()));
}

std::optional<route_info> routing_core::impl::lookup(const ed25519_public_key& destination) const {
  const auto where = table_.find(destination);
  if (!where) return std::nullopt;
  route_info info;
  info.origin = table_.origin(*where);
  const route_list list = table_.routes(*where);
  info.candidates = list.count;
  for (std::size_t i = 0; i < list.feasible; ++i)
    info.usable.push_back({list.routes[i].neighbour(),
                           static_cast<std::uint8_t>(list.routes[i].hops() + 1),
                           total(list.routes[i])});
  return info;
}

}  // namespace weft::routing
