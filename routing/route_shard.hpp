// SPDX-License-Identifier: MIT
#pragma once

#include "base/peer_id.hpp"
#include "routing/metric.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace weft::routing {

/// Routes one destination can have: five in its row, five more beside the rows.
inline constexpr std::size_t candidates_limit = 10;

/// One route as a neighbour advertised it, 6 bytes: the neighbour's slot, its metric (without our
/// link) and its hop count.
class packed_route {
 public:
  packed_route() noexcept = default;
  packed_route(std::uint16_t neighbour, metric advertised, std::uint8_t hops) noexcept
      : neighbour_(neighbour),
        low_(static_cast<std::uint16_t>(advertised)),
        high_(static_cast<std::uint16_t>((advertised >> 16 & 0xff) | hops << 8)) {}

  std::uint16_t neighbour() const noexcept { return neighbour_; }
  metric advertised() const noexcept {
    return static_cast<metric>(low_) | static_cast<metric>(high_ & 0xff) << 16;
  }
  std::uint8_t hops() const noexcept { return static_cast<std::uint8_t>(high_ >> 8); }
  friend bool operator==(const packed_route&, const packed_route&) = default;

 private:
  std::uint16_t neighbour_ = 0;
  std::uint16_t low_ = 0;
  std::uint16_t high_ = 0;
};

/// A destination and its routes: feasible ones first, the selected one at the front. One cache
/// line.
struct alignas(64) route_row {
  static constexpr std::size_t inline_max = 5;
  /// In `feasible` of a slot that holds no destination.
  static constexpr std::uint8_t unused = 0xff;
  ed25519_public_key destination;
  std::uint8_t count;
  std::uint8_t feasible;
  std::array<packed_route, inline_max> routes;
};
static_assert(sizeof(route_row) == 64);

/// The routes of a row with more than `route_row::inline_max`, from the sixth on.
struct route_overflow {
  std::uint32_t slot = 0;
  std::array<packed_route, candidates_limit - route_row::inline_max> routes{};
};

/// All routes of a row, copied out.
struct route_list {
  std::array<packed_route, candidates_limit> routes{};
  std::uint8_t count = 0;
  std::uint8_t feasible = 0;
  std::span<const packed_route> all() const noexcept { return {routes.data(), count}; }
};

/// Up to 256 rows of neighbouring hash values: an open-addressed table in groups of 16 slots with a
/// byte of hash per slot, in one block of memory. Mutable while its writer is the only holder,
/// shared read-only with snapshots otherwise.
class route_shard {
 public:
  static constexpr std::size_t group_slots = 16;
  static constexpr std::size_t groups_max = 16;
  static constexpr std::uint32_t no_slot = ~std::uint32_t{0};

  /// Where a hash value lives inside a shard of a given size.
  struct position {
    std::uint32_t group;
    std::uint8_t tag;
    std::uint8_t preferred;
  };
  static position place(std::uint64_t hash, std::uint32_t groups) noexcept {
    const auto middle = static_cast<std::uint32_t>(hash >> 11);
    return {static_cast<std::uint32_t>(std::uint64_t{middle} * groups >> 32),
            static_cast<std::uint8_t>(hash & 0x7f), static_cast<std::uint8_t>(hash >> 7 & 0xf)};
  }

  static route_shard* create(std::uint32_t groups);
  static void destroy(route_shard* shard) noexcept;
  /// A copy with its own memory.
  route_shard* clone() const;

  std::uint32_t groups() const noexcept { return groups_; }
  std::uint32_t slots() const noexcept { return groups_ * group_slots; }
  std::uint32_t count() const noexcept { return count_; }
  /// Slots that end no probe: used or erased.
  std::uint32_t occupied() const noexcept { return occupied_; }
  bool used(std::uint32_t slot) const noexcept { return tags()[slot] < 0x80; }
  const route_row& row(std::uint32_t slot) const noexcept { return rows()[slot]; }

  /// `groups` is this shard's, passed by callers that know it without touching the shard.
  std::uint32_t find(std::uint64_t hash, const ed25519_public_key& key,
                     std::uint32_t groups) const noexcept;
  /// A free slot for an absent key; at least one must exist.
  std::uint32_t insert(std::uint64_t hash, const ed25519_public_key& key) noexcept;
  void erase(std::uint32_t slot) noexcept;
  route_list routes(std::uint32_t slot) const noexcept;
  void set_routes(std::uint32_t slot, const route_list& list);

  /// Bytes of memory held.
  std::size_t bytes() const noexcept;

  std::atomic<std::uint32_t> references{1};

 private:
  explicit route_shard(std::uint32_t groups) noexcept : groups_(groups) {}
  ~route_shard() = default;
  static std::size_t tag_offset() noexcept;
  static std::size_t row_offset(std::uint32_t groups) noexcept;
  const std::uint8_t* tags() const noexcept {
    return reinterpret_cast<const std::uint8_t*>(this) + tag_offset();
  }
  std::uint8_t* tags() noexcept { return reinterpret_cast<std::uint8_t*>(this) + tag_offset(); }
  const route_row* rows() const noexcept {
    return reinterpret_cast<const route_row*>(reinterpret_cast<const std::uint8_t*>(this)
                                              + row_offset(groups_));
  }
  route_row* rows() noexcept {
    return reinterpret_cast<route_row*>(reinterpret_cast<std::uint8_t*>(this)
                                        + row_offset(groups_));
  }

  std::uint32_t groups_;
  std::uint32_t count_ = 0;
  std::uint32_t occupied_ = 0;
  std::vector<route_overflow> overflow_;  // sorted by slot
};

/// A counted reference to a shard.
class shard_ptr {
 public:
  shard_ptr() noexcept = default;
  /// Takes over the reference a new shard is born with.
  explicit shard_ptr(route_shard* shard) noexcept : shard_(shard) {}
  shard_ptr(const shard_ptr& other) noexcept : shard_(other.shard_) {
    if (shard_) shard_->references.fetch_add(1, std::memory_order_relaxed);
  }
  shard_ptr(shard_ptr&& other) noexcept : shard_(std::exchange(other.shard_, nullptr)) {}
  shard_ptr& operator=(shard_ptr other) noexcept {
    std::swap(shard_, other.shard_);
    return *this;
  }
  ~shard_ptr() {
    if (shard_ && shard_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      route_shard::destroy(shard_);
  }
  const route_shard* get() const noexcept { return shard_; }
  const route_shard* operator->() const noexcept { return shard_; }
  explicit operator bool() const noexcept { return shard_ != nullptr; }
  /// Writable; only while `unique()`.
  route_shard* mutable_get() noexcept { return shard_; }
  bool unique() const noexcept { return shard_->references.load(std::memory_order_acquire) == 1; }

 private:
  route_shard* shard_ = nullptr;
};

/// The published directory: the top bits of a hash value name a page, the next ones a shard.
struct shard_page {
  static constexpr std::size_t entries = 64;
  struct entry {
    shard_ptr shard;
    std::uint32_t groups = 0;
  };
  std::array<entry, entries> shards;
};

}  // namespace weft::routing
