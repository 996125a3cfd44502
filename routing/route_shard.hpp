// SPDX-License-Identifier: MIT
#pragma once

#include "routing/route_row.hpp"
#include "routing/shard_memory.hpp"
#include "routing/tag_match.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace weft::routing {

/// The blocks of up to 80 items of one size: 16 in each, and in the last one room for at most one
/// more than there are.
class item_chunks {
 public:
  static constexpr std::uint32_t items_max = 80;
  static constexpr std::uint32_t chunk_items = 16;

  std::uint8_t* item(const shard_memory& memory, std::uint32_t i,
                     std::size_t bytes) const noexcept {
    return memory.at(refs_[i / chunk_items]) + (i % chunk_items) * bytes;
  }
  /// From `before` items to one more, not initialised, or to one less, the last one lost.
  void resize(shard_memory& memory, std::uint32_t before, std::uint32_t after, std::size_t bytes);
  void clear(shard_memory& memory, std::uint32_t count, std::size_t bytes) noexcept;
  /// Chunks of their own with a copy of the first `count` items; of those that `items` numbers.
  item_chunks clone(shard_memory& memory, std::uint32_t count, std::size_t bytes) const;
  item_chunks select(shard_memory& memory, std::span<const std::uint8_t> items,
                     std::size_t bytes) const;

 private:
  static item_chunks make(shard_memory& memory, std::uint32_t count, std::size_t bytes);
  /// Items chunk `chunk` has room for.
  static constexpr std::uint32_t room(std::uint32_t count, std::uint32_t chunk) noexcept {
    const std::uint32_t before = chunk * chunk_items;
    return count <= before ? 0 : std::min((count - before + 1) / 2 * 2, chunk_items);
  }

  std::array<block_ref, items_max / chunk_items> refs_{};
};

/// Which rows of a shard go where when it is split, by slot.
struct split_plan {
  std::array<std::uint8_t, item_chunks::items_max> slots{};
  std::uint32_t lower_count = 0;
  std::uint32_t count = 0;
  std::span<const std::uint8_t> lower() const noexcept { return {slots.data(), lower_count}; }
  std::span<const std::uint8_t> upper() const noexcept {
    return {slots.data() + lower_count, count - lower_count};
  }
};

/// Head of up to 80 rows whose hash values begin alike. It has a tag of 16 hash bits for each row,
/// all compared at once: a lookup reads the three cache lines of a head, then those of one row; a
/// tag is alike by chance for one wrong row in 65536. Rows have no gaps. What is published is never
/// written again: the writer copies the head and its rows first (`clone`).
class alignas(64) route_shard {
 public:
  static constexpr std::uint32_t rows_max = item_chunks::items_max;
  static constexpr std::uint32_t no_slot = ~std::uint32_t{0};

  /// An empty shard. `id` is its number in the table; the hash values of its rows begin with the
  /// `depth` bits of `prefix`.
  static block_ref create(shard_memory& memory, std::uint32_t id, std::uint32_t prefix,
                          unsigned depth);
  /// Gives back the head, its rows and what they hold beside them.
  static void destroy(shard_memory& memory, block_ref shard) noexcept;
  /// A copy with memory of its own.
  static block_ref clone(shard_memory& memory, block_ref shard);
  static route_shard& at(const shard_memory& memory, block_ref shard) noexcept {
    return *reinterpret_cast<route_shard*>(memory.at(shard));
  }

  std::uint32_t id() const noexcept { return id_; }
  std::uint32_t prefix() const noexcept { return prefix_; }
  unsigned depth() const noexcept { return depth_; }
  /// Rows; their slots are 0 to `count() - 1`.
  std::uint32_t count() const noexcept { return count_; }
  bool full() const noexcept { return count_ == rows_max; }
  route_row row(const shard_memory& memory, std::uint32_t slot) const noexcept {
    return route_row(place(memory, slot));
  }
  permuted_key key(const shard_memory& memory, std::uint32_t slot) const noexcept {
    return row(memory, slot).key(tags_[slot]);
  }
  route_list routes(const shard_memory& memory, std::uint32_t slot) const noexcept;
  /// The key's slot, or `no_slot`.
  std::uint32_t find(const shard_memory& memory, const permuted_key& key) const noexcept {
    // Rows and their number lie in the last line of the head: it comes along with the first.
    __builtin_prefetch(&rows_);
    const tag_match found(tags_.data(), tag_of(key));
    if (found.none()) return no_slot;
    // Past the rows there are old tags.
    const std::uint32_t slot = found.first();
    if (slot < count_ && row(memory, slot).is(key)) [[likely]]
      return slot;
    return find_next(memory, key, found);
  }
  /// Has the head, or then the row that `find` will look at first, brought from memory; returns at
  /// once.
  void prefetch() const noexcept;
  void prefetch_row(const shard_memory& memory, const permuted_key& key) const noexcept;
  split_plan plan_split(const shard_memory& memory) const noexcept;

  // -- for the writer, while nothing published shares the shard ---

  /// Adds an absent key without routes, in slot `count()`, to a shard that is not full.
  void insert(shard_memory& memory, const permuted_key& key);
  /// The last row takes the erased one's slot.
  void erase(shard_memory& memory, std::uint32_t slot) noexcept;
  void set_routes(shard_memory& memory, std::uint32_t slot, const route_list& list);
  /// Makes this and the empty `upper` the halves of what this was: the rows whose hash values go on
  /// with 0 or with 1.
  void split(shard_memory& memory, const split_plan& plan, route_shard& upper);

 private:
  route_shard(std::uint32_t id, std::uint32_t prefix, unsigned depth) noexcept
      : id_(id), prefix_(prefix), depth_(static_cast<std::uint8_t>(depth)) {}
  std::uint8_t* place(const shard_memory& memory, std::uint32_t slot) const noexcept {
    return rows_.item(memory, slot, route_row::bytes);
  }
  static std::uint16_t tag_of(const permuted_key& key) noexcept {
    return static_cast<std::uint16_t>(key.hash);
  }
  std::uint32_t find_next(const shard_memory& memory, const permuted_key& key,
                          tag_match left) const noexcept;
  void take_rows(shard_memory& memory, const route_shard& from,
                 std::span<const std::uint8_t> slots);
  void free_more(shard_memory& memory, std::uint32_t slot) noexcept;

  std::array<std::uint16_t, rows_max> tags_{};
  item_chunks rows_;
  std::uint32_t id_;
  std::uint32_t prefix_;
  std::uint8_t depth_;
  std::uint8_t count_ = 0;
  /// Rows with a block beside them.
  std::uint8_t spilled_ = 0;
};
static_assert(sizeof(route_shard) == shard_memory::head_bytes);

}  // namespace weft::routing
