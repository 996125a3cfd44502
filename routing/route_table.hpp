// SPDX-License-Identifier: MIT
#pragma once

#include "routing/announcement.hpp"
#include "routing/metric.hpp"
#include "routing/route_records.hpp"
#include "routing/route_shard.hpp"
#include "routing/routing_snapshot.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace weft::routing {

/// The routing table's one writer: rows in copy-on-write shards found by extendible hashing,
/// core-only records beside them. It grows by splitting one shard of 64 rows at a time, so no
/// insert waits for a rehash of many rows. Publishing costs by what changed, and a page list.
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
  route_state& state(place at) noexcept { return records_.state(row(at).record); }
  const route_state& state(place at) const noexcept { return records_.state(row(at).record); }
  announcement origin(place at) const noexcept;
  /// Keeps the announcement, of this destination, in its record.
  void set_origin(place at, const announcement& from) noexcept;

  std::size_t size() const noexcept { return size_; }
  /// For walks: shards are only ever added at the end, so one that goes up sees each row that
  /// stays.
  std::uint32_t shard_count() const noexcept { return static_cast<std::uint32_t>(shards_.size()); }
  std::uint32_t slot_count(std::uint32_t id) const noexcept { return shards_[id].rows->count(); }

  /// Whether rows changed since the last `publish`.
  bool changed() const noexcept { return changed_; }
  std::shared_ptr<const routing_snapshot> publish(
      std::shared_ptr<const std::vector<neighbour_info>> neighbours);
  /// Shards newly reachable by the last `publish`.
  std::size_t shards_published() const noexcept { return shards_published_; }

  /// What lookups read: rows, tags, directory and pages; with free room and what older snapshots
  /// still hold.
  std::size_t row_bytes() const noexcept;
  /// Core-only state, without signatures.
  std::size_t state_bytes() const noexcept { return records_.state_bytes(); }
  std::size_t signature_bytes() const noexcept { return records_.signature_bytes(); }

 private:
  struct owned_shard {
    shard_ptr rows;
    /// The hash values of its rows begin with these bits.
    std::uint32_t prefix = 0;
    std::uint8_t depth = 0;
    /// Changed since the last publish.
    bool changed = false;
  };

  std::size_t index_of(std::uint64_t hash) const noexcept {
    return depth_ == 0 ? 0 : static_cast<std::size_t>(hash >> (64 - depth_));
  }
  route_shard& writable(std::uint32_t id);
  void mark(std::uint32_t id);
  void split(std::uint32_t id);
  void rebuild_page(std::size_t page);

  key_hash hash_;
  std::shared_ptr<shard_memory> memory_;  // outlives the shards
  route_records records_;
  unsigned depth_ = 0;
  std::vector<std::uint32_t> directory_;
  std::vector<owned_shard> shards_;
  std::vector<std::shared_ptr<const shard_page>> pages_;
  std::vector<std::uint32_t> changed_shards_;
  bool directory_grown_ = true;
  bool changed_ = true;
  std::size_t size_ = 0;
  std::uint64_t version_ = 0;
  std::size_t shards_published_ = 0;
};

}  // namespace weft::routing
