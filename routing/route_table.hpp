// SPDX-License-Identifier: MIT
#pragma once

#include "routing/announcement.hpp"
#include "routing/metric.hpp"
#include "routing/route_records.hpp"
#include "routing/route_shard.hpp"
#include "routing/routing_snapshot.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace weft::routing {

/// The routing table's one writer: rows in copy-on-write shards found by extendible hashing,
/// core-only records beside them. It grows by splitting one shard of 80 rows at a time, so no
/// insert waits for a rehash of many rows. Publishing copies the directory: 4 bytes for each of
/// about one shard in 40 rows.
class route_table {
 public:
  /// Where a destination is; void after any insert or erase.
  struct place {
    std::uint32_t shard = 0;
    std::uint32_t slot = 0;
  };
  /// Bytes held, by what for.
  struct usage {
    /// What leads to rows: heads with tags, directories (also of snapshots still held), places of
    /// records.
    std::size_t index = 0;
    /// Keys and routes.
    std::size_t rows = 0;
    /// Announcements without keys, and the core's state.
    std::size_t records = 0;
    /// Room in the last buffer and in blocks that were freed or that old snapshots still hold.
    std::size_t spare = 0;
    std::size_t total() const noexcept { return index + rows + records + spare; }
  };

  explicit route_table(const siphash_key& key);

  std::optional<place> find(const ed25519_public_key& destination) const noexcept;
  /// Adds an absent destination without routes and announcement.
  place insert(const ed25519_public_key& destination);
  void erase(place at);

  ed25519_public_key destination(place at) const noexcept;
  /// The row itself, for its counts and first route; void after any change of the table.
  route_row row(place at) const noexcept { return shard(at.shard).row(*memory_, at.slot); }
  route_list routes(place at) const noexcept { return shard(at.shard).routes(*memory_, at.slot); }
  /// Copies the shard first when a snapshot shares it.
  void set_routes(place at, const route_list& list);
  route_state state(place at) const noexcept { return route_records::state(record(at)); }
  void set_state(place at, const route_state& value) noexcept {
    route_records::set_state(record(at), value);
  }
  origin_stamp stamp(place at) const noexcept { return records_.stamp(record(at)); }
  announcement origin(place at) const noexcept {
    return records_.origin(record(at), destination(at));
  }
  /// Keeps the announcement, of this destination, in its record.
  void set_origin(place at, const announcement& from) { records_.set_origin(record(at), from); }

  std::size_t size() const noexcept { return size_; }
  /// For walks: shards are only ever added at the end, so one that goes up sees each row that
  /// stays.
  std::uint32_t shard_count() const noexcept { return shards_; }
  std::uint32_t slot_count(std::uint32_t id) const noexcept { return shard(id).count(); }

  /// Whether rows changed since the last `publish`.
  bool changed() const noexcept { return changed_shards_ > 0; }
  std::shared_ptr<const routing_snapshot> publish(
      std::shared_ptr<const std::vector<neighbour_info>> neighbours);
  /// Shards newly reachable by the last `publish`.
  std::size_t shards_published() const noexcept { return shards_published_; }

  /// Everything the table and its snapshots hold but lists of neighbours.
  std::size_t bytes() const;
  /// The same in parts; walks over all shards.
  usage bytes_by_use() const;

 private:
  /// The writer's part of a shard.
  struct owned_shard {
    block_ref head = 0;
    item_chunks records;
    /// The first version that has this head; above `version_`: nobody else sees it yet.
    std::uint64_t born = 0;
  };
  struct retired_shard {
    block_ref head;
    /// Versions from `born` on and before `died` may read it.
    std::uint64_t born;
    std::uint64_t died;
  };
  static constexpr std::uint32_t owner_chunk = 64;
  using owner_list = std::array<owned_shard, owner_chunk>;

  const owned_shard& owner(std::uint32_t id) const noexcept {
    return (*owners_[id / owner_chunk])[id % owner_chunk];
  }
  owned_shard& owner(std::uint32_t id) noexcept {
    return (*owners_[id / owner_chunk])[id % owner_chunk];
  }
  const route_shard& shard(std::uint32_t id) const noexcept {
    return route_shard::at(*memory_, owner(id).head);
  }
  std::uint8_t* record(place at) const noexcept {
    return owner(at.shard).records.item(*memory_, at.slot, route_records::bytes);
  }
  const route_shard& shard_of(const permuted_key& key) const noexcept;
  std::uint32_t add_shard(std::uint32_t prefix, unsigned depth);
  /// Fills the directory's entries of a shard.
  void point_to(std::uint32_t id) noexcept;
  route_shard& writable(std::uint32_t id);
  void split(std::uint32_t id);
  void reclaim();

  key_permutation permute_;
  std::shared_ptr<shard_memory> memory_;  // snapshots read it too
  std::shared_ptr<version_ledger> ledger_;
  route_records records_;
  unsigned depth_ = 1;
  std::vector<block_ref> directory_;
  std::vector<std::unique_ptr<owner_list>> owners_;
  std::uint32_t shards_ = 0;
  std::vector<retired_shard> retired_;
  std::size_t size_ = 0;
  std::uint64_t version_ = 0;
  std::size_t changed_shards_ = 0;
  std::size_t shards_published_ = 0;
};

}  // namespace weft::routing
