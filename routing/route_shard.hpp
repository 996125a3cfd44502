// SPDX-License-Identifier: MIT
#pragma once

#include "base/peer_id.hpp"
#include "routing/metric.hpp"
#include "routing/shard_memory.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace weft::routing {

/// Routes one destination can have: four in its row, six more beside the rows.
inline constexpr std::size_t candidates_limit = 10;

/// One route as a neighbour advertised it, 6 bytes: the neighbour's slot, its metric (without our
/// link) and its hop count.
class packed_route {
 public:
  packed_route() noexcept = default;
  packed_route(std::uint16_t neighbour, metric advertised, std::uint8_t hops) noexcept
      : neighbour_(neighbour),
        low_(static_cast<std::uint16_t>(advertised)),
        high_(static_cast<std::uint16_t>((advertised >> 16 & 0xff) | unsigned{hops} << 8)) {}

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
  static constexpr std::size_t inline_max = 4;
  ed25519_public_key destination;
  /// Where the table's writer keeps what only it needs (route_records).
  std::uint32_t record;
  std::uint8_t count;
  std::uint8_t feasible;
  std::array<packed_route, inline_max> routes;
};
static_assert(sizeof(route_row) == 64);

/// The routes of a row with more than `route_row::inline_max`, from the fifth on.
struct route_overflow {
  std::uint32_t slot = 0;
  std::array<packed_route, candidates_limit - route_row::inline_max> routes{};
};

/// All routes of a row, copied out.
struct route_list {
  std::array<packed_route, candidates_limit> routes{};
  std::uint8_t count = 0;
  std::uint8_t feasible = 0;
  std::span<const packed_route> all() const& noexcept { return {routes.data(), count}; }
  /// A view of a temporary would outlive it in a range-based for.
  std::span<const packed_route> all() const&& = delete;
};

/// Up to 64 rows whose hash values begin alike. The head has a tag of 8 hash bits for each row, all
/// compared at once; the rows fill chunks of eight without gaps. A lookup thus reads two adjacent
/// cache lines of a head, three bytes per row of the table that stay in the processor's caches,
/// then one line of one row; a tag is alike by chance for one wrong row in 255. Mutable while its
/// writer is the only holder, shared read-only with snapshots otherwise.
class alignas(64) route_shard {
 public:
  static constexpr std::uint32_t rows_max = 64;
  static constexpr std::uint32_t chunk_rows = 8;
  static constexpr std::uint32_t no_slot = ~std::uint32_t{0};

  /// `memory` outlives the shard.
  static route_shard* create(shard_memory& memory);
  static void destroy(route_shard* shard) noexcept;
  /// A copy with its own memory.
  route_shard* clone() const;

  /// Rows; their slots are 0 to `count() - 1`.
  std::uint32_t count() const noexcept { return count_; }
  bool full() const noexcept { return count_ == rows_max; }
  const route_row& row(std::uint32_t slot) const noexcept {
    return chunks_[slot / chunk_rows][slot % chunk_rows];
  }

  std::uint32_t find(std::uint64_t hash, const ed25519_public_key& key) const noexcept;
  /// Adds an absent key without routes to a shard that is not full.
  std::uint32_t insert(std::uint64_t hash, const ed25519_public_key& key, std::uint32_t record);
  /// The last row takes the erased one's slot.
  void erase(std::uint32_t slot) noexcept;
  route_list routes(std::uint32_t slot) const noexcept;
  void set_routes(std::uint32_t slot, const route_list& list);

  /// Holders: the table and published pages.
  std::atomic<std::uint32_t>& references() const noexcept { return references_; }

 private:
  using overflow_list = std::vector<route_overflow>;

  explicit route_shard(shard_memory& memory) noexcept : memory_(&memory) {}
  ~route_shard() = default;
  route_row& mutable_row(std::uint32_t slot) noexcept {
    return chunks_[slot / chunk_rows][slot % chunk_rows];
  }
  static std::uint8_t tag_of(std::uint64_t hash) noexcept {
    const auto tag = static_cast<std::uint8_t>(hash);
    return tag == no_tag ? std::uint8_t{1} : tag;
  }
  overflow_list::iterator overflow_of(std::uint32_t slot) noexcept;
  void move_overflow(std::uint32_t from, std::uint32_t to) noexcept;

  static constexpr std::uint8_t no_tag = 0;  // where there is no row

  std::array<route_row*, rows_max / chunk_rows> chunks_{};
  std::array<std::uint8_t, rows_max> tags_{};
  mutable std::atomic<std::uint32_t> references_{1};
  std::uint32_t count_ = 0;
  shard_memory* memory_;
  overflow_list overflow_;  // sorted by slot
};

/// A counted reference to a shard.
class shard_ptr {
 public:
  shard_ptr() noexcept = default;
  /// Takes over the reference a new shard is born with.
  explicit shard_ptr(route_shard* shard) noexcept : shard_(shard) {}
  shard_ptr(const shard_ptr& other) noexcept : shard_(other.shard_) {
    if (shard_) shard_->references().fetch_add(1, std::memory_order_relaxed);
  }
  shard_ptr(shard_ptr&& other) noexcept : shard_(std::exchange(other.shard_, nullptr)) {}
  shard_ptr& operator=(shard_ptr other) noexcept {
    std::swap(shard_, other.shard_);
    return *this;
  }
  ~shard_ptr() {
    if (shard_ && shard_->references().fetch_sub(1, std::memory_order_acq_rel) == 1)
      route_shard::destroy(shard_);
  }
  const route_shard* get() const noexcept { return shard_; }
  const route_shard* operator->() const noexcept { return shard_; }
  explicit operator bool() const noexcept { return shard_ != nullptr; }
  /// Writable; only while `unique()`.
  route_shard* mutable_get() noexcept { return shard_; }
  bool unique() const noexcept { return shard_->references().load(std::memory_order_acquire) == 1; }

 private:
  route_shard* shard_ = nullptr;
};

/// The published directory: the top bits of a hash value name a page, the next ones a shard.
struct shard_page {
  static constexpr std::size_t entries = 16;
  std::array<shard_ptr, entries> shards;
};

}  // namespace weft::routing
