// SPDX-License-Identifier: MIT
#pragma once

#include "base/hash.hpp"
#include "base/peer_id.hpp"
#include "routing/metric.hpp"
#include "routing/route_shard.hpp"

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
/// with its predecessors. Holds no lock; a reader keeps it alive by its `shared_ptr`.
class routing_snapshot {
 public:
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
  std::size_t size() const noexcept { return size_; }
  /// Grows with every publication.
  std::uint64_t version() const noexcept { return version_; }
  const neighbour_info& neighbour(std::uint16_t slot) const noexcept {
    return (*neighbours_)[slot];
  }
  std::span<const neighbour_info> neighbours() const noexcept { return *neighbours_; }
  /// The slot of a peer that is up; O(neighbours).
  std::optional<std::uint16_t> neighbour_slot(const peer_id& peer) const noexcept;

 private:
  friend class route_table;
  struct found {
    const route_shard* shard = nullptr;
    std::uint32_t slot = 0;
  };
  found find(const ed25519_public_key& destination) const noexcept;
  candidate_list usable(const route_shard& shard, std::uint32_t slot) const noexcept;
  candidate make_candidate(const packed_route& route) const noexcept;

  key_hash hash_{siphash_key{}};
  unsigned depth_ = 0;
  std::shared_ptr<shard_memory> memory_;  // outlives the pages' shards
  std::vector<std::shared_ptr<const shard_page>> pages_;
  std::shared_ptr<const std::vector<neighbour_info>> neighbours_;
  std::size_t size_ = 0;
  std::uint64_t version_ = 0;
};

}  // namespace weft::routing
