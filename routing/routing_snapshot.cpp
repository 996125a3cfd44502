// SPDX-License-Identifier: MIT
#include "routing/routing_snapshot.hpp"

#include <algorithm>

namespace weft::routing {

std::optional<std::size_t> choose(std::span<const candidate> candidates, std::uint64_t random,
                                  std::optional<std::uint16_t> exclude) noexcept {
  const std::size_t count = std::min(candidates.size(), candidates_limit);
  metric shortest = infinite_metric;
  for (std::size_t i = 0; i < count; ++i)
    if (candidates[i].neighbour != exclude) shortest = std::min(shortest, candidates[i].total);
  if (shortest == infinite_metric) return std::nullopt;
  // Weights relative to the shortest, 16 bits each: (shortest / metric)² in fixed point.
  std::array<std::uint32_t, candidates_limit> weights{};
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const candidate& c = candidates[i];
    if (c.neighbour == exclude || c.total / 2 > shortest) continue;
    const std::uint64_t ratio = (static_cast<std::uint64_t>(std::max<metric>(shortest, 1)) << 16)
                                / std::max<metric>(c.total, 1);
    weights[i] = static_cast<std::uint32_t>(std::max<std::uint64_t>(ratio * ratio >> 16, 1));
    sum += weights[i];
  }
  // Multiply-shift of the upper half: the bias of 2^-32 is far below the weights' own rounding.
  std::uint64_t point = (random >> 32) * sum >> 32;
  for (std::size_t i = 0; i < count; ++i) {
    if (point < weights[i]) return i;
    point -= weights[i];
  }
  return std::nullopt;
}

routing_snapshot::found routing_snapshot::find(
    const ed25519_public_key& destination) const noexcept {
  const std::uint64_t hash = hash_(destination);
  const std::size_t index = depth_ == 0 ? 0 : static_cast<std::size_t>(hash >> (64 - depth_));
  const route_shard* shard
      = pages_[index / shard_page::entries]->shards[index % shard_page::entries].get();
  const std::uint32_t slot = shard->find(hash, destination);
  if (slot == route_shard::no_slot) return {};
  return {shard, slot};
}

candidate routing_snapshot::make_candidate(const packed_route& route) const noexcept {
  const neighbour_info& via = (*neighbours_)[route.neighbour()];
  return {route.neighbour(), static_cast<std::uint8_t>(route.hops() + 1),
          add_cost(route.advertised(), via.cost)};
}

candidate_list routing_snapshot::usable(const route_shard& shard,
                                        std::uint32_t slot) const noexcept {
  candidate_list list;
  const route_list routes = shard.routes(slot);
  for (std::size_t i = 0; i < routes.feasible; ++i)
    if ((*neighbours_)[routes.routes[i].neighbour()].up)
      list.push_back(make_candidate(routes.routes[i]));
  return list;
}

std::optional<candidate> routing_snapshot::selected(
    const ed25519_public_key& destination) const noexcept {
  const found at = find(destination);
  if (at.shard == nullptr) return std::nullopt;
  const route_row& row = at.shard->row(at.slot);
  if (row.feasible == 0) return std::nullopt;
  if ((*neighbours_)[row.routes[0].neighbour()].up) return make_candidate(row.routes[0]);
  const candidate_list rest = usable(*at.shard, at.slot);
  return rest.empty() ? std::nullopt : std::optional<candidate>{rest[0]};
}

std::optional<peer_id> routing_snapshot::next_hop(
    const ed25519_public_key& destination) const noexcept {
  const auto best = selected(destination);
  if (!best) return std::nullopt;
  return (*neighbours_)[best->neighbour].peer;
}

candidate_list routing_snapshot::candidates(const ed25519_public_key& destination) const noexcept {
  const found at = find(destination);
  return at.shard == nullptr ? candidate_list{} : usable(*at.shard, at.slot);
}

void routing_snapshot::for_each(
    const std::function<void(const ed25519_public_key&, const candidate_list&)>& visit) const {
  const route_shard* last = nullptr;  // a shard fills a run of directory entries
  const std::size_t entries = std::size_t{1} << depth_;
  for (std::size_t index = 0; index < entries; ++index) {
    const route_shard* shard
        = pages_[index / shard_page::entries]->shards[index % shard_page::entries].get();
    if (shard == last) continue;
    last = shard;
    for (std::uint32_t slot = 0; slot < shard->count(); ++slot) {
      const candidate_list list = usable(*shard, slot);
      if (!list.empty()) visit(shard->row(slot).destination, list);
    }
  }
}

std::optional<std::uint16_t> routing_snapshot::neighbour_slot(const peer_id& peer) const noexcept {
  for (std::size_t i = 0; i < neighbours_->size(); ++i)
    if ((*neighbours_)[i].up && (*neighbours_)[i].peer == peer)
      return static_cast<std::uint16_t>(i);
  return std::nullopt;
}

}  // namespace weft::routing
