// SPDX-License-Identifier: MIT
#include "routing/routing_snapshot.hpp"

#include <algorithm>
#include <utility>

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

routing_snapshot::routing_snapshot(contents from) : from_(std::move(from)) {
  from_.ledger->enter(from_.version);
}

routing_snapshot::~routing_snapshot() { from_.ledger->leave(from_.version); }

void routing_snapshot::expect(std::span<const ed25519_public_key> destinations) const noexcept {
  if (!expects()) return;
  struct step {
    permuted_key key;
    const route_shard* shard;
  };
  std::array<step, 64> steps;
  while (!destinations.empty()) {
    const std::size_t count = std::min(destinations.size(), steps.size());
    for (std::size_t i = 0; i < count; ++i) {
      steps[i].key = from_.permute(destinations[i]);
      steps[i].shard = &shard_of(steps[i].key);
      steps[i].shard->prefetch();
    }
    for (std::size_t i = 0; i < count; ++i)
      steps[i].shard->prefetch_row(*from_.memory, steps[i].key);
    destinations = destinations.subspan(count);
  }
}

candidate routing_snapshot::make_candidate(const packed_route& route) const noexcept {
  const neighbour_info& via = neighbour(route.neighbour());
  return {route.neighbour(), static_cast<std::uint8_t>(route.hops() + 1),
          add_cost(route.advertised(), via.cost)};
}

candidate_list routing_snapshot::usable(const route_shard& shard,
                                        std::uint32_t slot) const noexcept {
  candidate_list list;
  const route_list routes = shard.routes(*from_.memory, slot);
  for (std::size_t i = 0; i < routes.feasible; ++i)
    if (neighbour(routes.routes[i].neighbour()).up)
      list.push_back(make_candidate(routes.routes[i]));
  return list;
}

std::optional<candidate> routing_snapshot::selected(
    const ed25519_public_key& destination) const noexcept {
  const found at = find(destination);
  if (at.shard == nullptr) return std::nullopt;
  const route_row row = at.shard->row(*from_.memory, at.slot);
  if (row.feasible() == 0) return std::nullopt;
  const packed_route first = row.first();
  if (neighbour(first.neighbour()).up) return make_candidate(first);
  const candidate_list rest = usable(*at.shard, at.slot);
  return rest.empty() ? std::nullopt : std::optional<candidate>{rest[0]};
}

std::optional<peer_id> routing_snapshot::next_hop(
    const ed25519_public_key& destination) const noexcept {
  const peer_id* hop = next_hop(destination, [](const peer_id&) { return true; });
  return hop == nullptr ? std::nullopt : std::optional<peer_id>{*hop};
}

candidate_list routing_snapshot::candidates(const ed25519_public_key& destination) const noexcept {
  const found at = find(destination);
  return at.shard == nullptr ? candidate_list{} : usable(*at.shard, at.slot);
}

void routing_snapshot::for_each(
    const std::function<void(const ed25519_public_key&, const candidate_list&)>& visit) const {
  const shard_memory& memory = *from_.memory;
  block_ref last = ~block_ref{0};  // a shard fills a run of directory entries
  for (const block_ref head : from_.directory) {
    if (std::exchange(last, head) == head) continue;
    const route_shard& shard = route_shard::at(memory, head);
    for (std::uint32_t slot = 0; slot < shard.count(); ++slot) {
      const candidate_list list = usable(shard, slot);
      if (!list.empty()) visit(from_.permute.inverse(shard.key(memory, slot)), list);
    }
  }
}

}  // namespace weft::routing
