// SPDX-License-Identifier: MIT
#pragma once

#include "routing/announcement.hpp"
#include "routing/metric.hpp"
#include "routing/route_shard.hpp"
#include "routing/routing_snapshot.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace weft::routing {

/// What only the core knows of a destination, beside its row; 96 bytes, 64 of them the signature to
/// pass on.
struct route_state {
  std::uint64_t sequence = 0;
  std::uint32_t issued_s = 0;
  std::uint32_t lifetime_s = 0;
  /// Feasibility distance for `sequence`: the shortest metric ever advertised with it (RFC 8966
  /// section 3.5.1).
  metric feasible_below = infinite_metric;
  /// The metric neighbours were last told; infinite: retracted or never.
  metric advertised = infinite_metric;
  /// Unix seconds; only while unreachable.
  std::uint32_t unreachable_since_s = 0;
  /// The selected neighbour when last advertised.
  std::uint16_t advertised_via = 0;
  std::uint8_t origin_flags = 0;
  /// Waits in the core's list of changes.
  bool dirty : 1 = false;
  /// `advertised` was told with `sequence`.
  bool advertised_sequence : 1 = false;
  /// Gave its place to another destination and takes no routes.
  bool evicted : 1 = false;
  crypto::ed25519_signature signature{};
};
static_assert(sizeof(route_state) == 96);

/// The routing table's one writer: rows in copy-on-write shards found by extendible hashing, their
/// core-only state beside them. Publishing copies the directory pages whose shards changed, nothing
/// else.
class route_table {
 public:
  /// Where a destination is; void after any insert or erase.
  struct place {
    std::uint32_t shard = 0;
    std::uint32_t slot = 0;
  };

  explicit route_table(const siphash_key& key);

  std::optional<place> find(const ed25519_public_key& destination) const noexcept;
  /// Adds an absent destination without routes.
  place insert(const ed25519_public_key& destination);
  void erase(place at);

  const route_row& row(place at) const noexcept { return shards_[at.shard].rows->row(at.slot); }
  route_list routes(place at) const noexcept { return shards_[at.shard].rows->routes(at.slot); }
  /// Copies the shard first when a snapshot shares it.
  void set_routes(place at, const route_list& list);
  route_state& state(place at) noexcept { return shards_[at.shard].states[at.slot]; }
  const route_state& state(place at) const noexcept { return shards_[at.shard].states[at.slot]; }
  announcement origin(place at) const noexcept;

  std::size_t size() const noexcept { return size_; }
  /// For walks: shards are only ever added at the end, so one that goes up sees each row that
  /// stays.
  std::uint32_t shard_count() const noexcept { return static_cast<std::uint32_t>(shards_.size()); }
  std::uint32_t slot_count(std::uint32_t id) const noexcept { return shards_[id].rows->slots(); }
  bool used(place at) const noexcept { return shards_[at.shard].rows->used(at.slot); }

  /// Whether rows changed since the last `publish`.
  bool changed() const noexcept { return changed_; }
  std::shared_ptr<const routing_snapshot> publish(
      std::shared_ptr<const std::vector<neighbour_info>> neighbours);
  /// Shards newly reachable by the last `publish`.
  std::size_t shards_published() const noexcept { return shards_published_; }

  /// Rows, tags and directory: what lookups read.
  std::size_t row_bytes() const noexcept;
  /// Core-only state.
  std::size_t state_bytes() const noexcept;

 private:
  struct owned_shard {
    shard_ptr rows;
    std::unique_ptr<route_state[]> states;
    std::uint8_t depth = 0;
    /// Changed since the last publish.
    bool changed = true;
  };

  std::size_t index_of(std::uint64_t hash) const noexcept {
    return depth_ == 0 ? 0 : static_cast<std::size_t>(hash >> (64 - depth_));
  }
  route_shard& writable(std::uint32_t id);
  void mark(std::uint32_t id) noexcept;
  void resize(std::uint32_t id, std::uint32_t groups);
  void split(std::uint32_t id, std::uint64_t hash);
  owned_shard empty_shard(std::uint32_t groups, std::uint8_t depth) const;
  void move_row(const owned_shard& from, std::uint32_t slot, std::uint64_t hash, owned_shard& to);

  siphash_key key_;
  unsigned depth_ = 0;
  std::vector<std::uint32_t> directory_;
  std::vector<owned_shard> shards_;
  std::vector<std::shared_ptr<const shard_page>> pages_;
  std::size_t size_ = 0;
  std::uint64_t version_ = 0;
  bool changed_ = true;
  std::size_t shards_published_ = 0;
};

}  // namespace weft::routing
