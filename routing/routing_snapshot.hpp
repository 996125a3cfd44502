// SPDX-License-Identifier: MIT
#pragma once

#include "base/hash.hpp"
#include "base/peer_id.hpp"
#include "routing/metric.hpp"
#include "routing/route_shard.hpp"
#include "routing/shard_memory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace weft::routing {

/// A way towards a destination that cannot close a loop.
struct candidate {
  /// Slot of the neighbour; `routing_snapshot::neighbour` names the peer.
  std::uint16_t neighbour = 0;
  /// Sessions between here and the destination, this first one included.
  std::uint8_t hops = 0;
  /// With our link's cost.
  metric total = infinite_metric;
};

/// The candidates of one destination by value, at most `candidates_limit`, best first.
class candidate_list {
 public:
  void push_back(const candidate& value) noexcept { values_[count_++] = value; }
  std::size_t size() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  const candidate& operator[](std::size_t i) const noexcept { return values_[i]; }
  const candidate* begin() const noexcept { return values_.data(); }
  const candidate* end() const noexcept { return values_.data() + count_; }

 private:
  std::array<candidate, candidates_limit> values_{};
  std::size_t count_ = 0;
};

/// Picks one of `candidates` at random, the shorter the likelier (weight 1/metric²), among those at
/// most twice as long as the shortest; `exclude` is a neighbour slot not to use, such as the one a
/// message came from. `random` is 64 uniform bits. None when nothing is left.
std::optional<std::size_t> choose(std::span<const candidate> candidates, std::uint64_t random,
                                  std::optional<std::uint16_t> exclude = std::nullopt) noexcept;

/// What readers know of a neighbour.
struct neighbour_info {
  peer_id peer;
  metric cost = infinite_metric;
  bool up = false;
};

/// The routing table at one moment: immutable, read from any thread by plain calls, shares memory
/// with its predecessors. Holds no lock but for a moment at its end; a reader keeps it alive by its
/// `shared_ptr`. A lookup reads its directory, which is small enough to stay in a processor's
/// cache, then the head of one shard, then one row: two waits for memory in a big table.
class routing_snapshot {
 public:
  /// What the table's writer makes one of.
  struct contents {
    key_permutation permute;
    /// The upper `depth` bits of a hash value, 1 to 32, are an index of `directory`.
    unsigned depth;
    std::vector<block_ref> directory;
    std::shared_ptr<const shard_memory> memory;
    std::shared_ptr<version_ledger> ledger;
    std::shared_ptr<const std::vector<neighbour_info>> neighbours;
    /// Rows, unreachable destinations' included.
    std::size_t size;
    std::uint64_t version;
  };

  /// Keeps its version in the ledger until its end.
  explicit routing_snapshot(contents from);
  ~routing_snapshot();
  routing_snapshot(const routing_snapshot&) = delete;
  routing_snapshot& operator=(const routing_snapshot&) = delete;

  /// Whether the table is too big for a processor's second cache, so that `expect` helps.
  bool expects() const noexcept { return size() >= 8192; }
  /// Has the way to these destinations brought from memory, all at once: for the keys of a batch
  /// that are about to be looked up one by one. Changes no result.
  void expect(std::span<const ed25519_public_key> destinations) const noexcept;
  /// The neighbour of the shortest usable route that `accept(const peer_id&)` takes; null when
  /// there is none. Points into the snapshot.
  template <class Accept>
  const peer_id* next_hop(const ed25519_public_key& destination, const Accept& accept) const;
  /// The selected route's neighbour; none when the destination is unknown or unreachable.
  std::optional<peer_id> next_hop(const ed25519_public_key& destination) const noexcept;
  /// The selected route.
  std::optional<candidate> selected(const ed25519_public_key& destination) const noexcept;
  /// All usable routes, the selected one first.
  candidate_list candidates(const ed25519_public_key& destination) const noexcept;

  /// Calls back for every reachable destination, in hash order (which differs between processes).
  void for_each(
      const std::function<void(const ed25519_public_key&, const candidate_list&)>& visit) const;

  /// Destinations held, unreachable ones included.
  std::size_t size() const noexcept { return from_.size; }
  /// Grows with every publication.
  std::uint64_t version() const noexcept { return from_.version; }
  const neighbour_info& neighbour(std::uint16_t slot) const noexcept {
    return (*from_.neighbours)[slot];
  }
  std::span<const neighbour_info> neighbours() const noexcept { return *from_.neighbours; }

 private:
  struct found {
    const route_shard* shard = nullptr;
    std::uint32_t slot = 0;
    route_row row{nullptr};
  };
  const route_shard& shard_of(const permuted_key& key) const noexcept {
    return route_shard::at(*from_.memory, from_.directory[key.hash >> (64 - from_.depth)]);
  }
  found find(const ed25519_public_key& destination) const noexcept {
    const permuted_key key = from_.permute(destination);
    const route_shard& shard = shard_of(key);
    const std::uint32_t slot = shard.find(*from_.memory, key);
    if (slot == route_shard::no_slot) return {};
    return {&shard, slot, shard.row(*from_.memory, slot)};
  }
  candidate_list usable(const route_shard& shard, std::uint32_t slot) const noexcept;
  candidate make_candidate(const packed_route& route) const noexcept;

  contents from_;
};

template <class Accept>
const peer_id* routing_snapshot::next_hop(const ed25519_public_key& destination,
                                          const Accept& accept) const {
  const found at = find(destination);
  if (at.shard == nullptr) return nullptr;
  const route_row row = at.row;
  const auto taken = [&](std::uint16_t slot) -> const peer_id* {
    const neighbour_info& via = neighbour(slot);
    return via.up && accept(via.peer) ? &via.peer : nullptr;
  };
  if (row.feasible() == 0) return nullptr;
  if (const peer_id* first = taken(row.first_neighbour())) return first;
  const route_list list = at.shard->routes(*from_.memory, at.slot);
  for (std::size_t i = 1; i < list.feasible; ++i)
    if (const peer_id* next = taken(list.routes[i].neighbour())) return next;
  return nullptr;
}

}  // namespace weft::routing
