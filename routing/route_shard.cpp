// SPDX-License-Identifier: MIT
#include "routing/route_shard.hpp"

#include "base/assert.hpp"

#include <bit>
#include <cstring>
#include <new>

namespace weft::routing {

static_assert(std::endian::native == std::endian::little, "rows keep the lower bytes of words");

// -- item_chunks ---

void item_chunks::resize(shard_memory& memory, std::uint32_t before, std::uint32_t after,
                         std::size_t bytes) {
  const std::uint32_t chunk = (std::max(before, after) - 1) / chunk_items;
  const std::uint32_t old_room = room(before, chunk);
  const std::uint32_t new_room = room(after, chunk);
  if (old_room == new_room) return;
  const block_ref old = refs_[chunk];
  if (new_room > 0) {
    refs_[chunk] = memory.take(new_room * bytes);
    std::memcpy(memory.at(refs_[chunk]), memory.at(old), std::min(old_room, new_room) * bytes);
  }
  if (old_room > 0) memory.give(old, old_room * bytes);
}

void item_chunks::clear(shard_memory& memory, std::uint32_t count, std::size_t bytes) noexcept {
  for (std::uint32_t chunk = 0; chunk < refs_.size() && room(count, chunk) > 0; ++chunk)
    memory.give(refs_[chunk], room(count, chunk) * bytes);
}

item_chunks item_chunks::make(shard_memory& memory, std::uint32_t count, std::size_t bytes) {
  item_chunks made;
  for (std::uint32_t chunk = 0; chunk < made.refs_.size() && room(count, chunk) > 0; ++chunk)
    made.refs_[chunk] = memory.take(room(count, chunk) * bytes);
  return made;
}

item_chunks item_chunks::clone(shard_memory& memory, std::uint32_t count, std::size_t bytes) const {
  const item_chunks copy = make(memory, count, bytes);
  for (std::uint32_t i = 0; i < count; i += chunk_items)
    std::memcpy(copy.item(memory, i, bytes), item(memory, i, bytes),
                std::min(count - i, chunk_items) * bytes);
  return copy;
}

item_chunks item_chunks::select(shard_memory& memory, std::span<const std::uint8_t> items,
                                std::size_t bytes) const {
  const item_chunks made = make(memory, static_cast<std::uint32_t>(items.size()), bytes);
  for (std::uint32_t i = 0; i < items.size(); ++i)
    std::memcpy(made.item(memory, i, bytes), item(memory, items[i], bytes), bytes);
  return made;
}

// -- route_shard ---

block_ref route_shard::create(shard_memory& memory, std::uint32_t id, std::uint32_t prefix,
                              unsigned depth) {
  const block_ref made = memory.take_head();
  new (memory.at(made)) route_shard(id, prefix, depth);
  return made;
}

void route_shard::destroy(shard_memory& memory, block_ref shard) noexcept {
  route_shard& old = at(memory, shard);
  for (std::uint32_t slot = 0; old.spilled_ > 0; ++slot) old.free_more(memory, slot);
  old.rows_.clear(memory, old.count_, route_row::bytes);
  memory.give_head(shard);
}

block_ref route_shard::clone(shard_memory& memory, block_ref shard) {
  const route_shard& from = at(memory, shard);
  const block_ref made = memory.take_head();
  auto& copy = *new (memory.at(made)) route_shard(from);
  copy.rows_ = from.rows_.clone(memory, from.count_, route_row::bytes);
  std::uint32_t left = from.spilled_;
  for (std::uint32_t slot = 0; left > 0; ++slot) {
    const route_row row = from.row(memory, slot);
    if (!row.spilled()) continue;
    const std::size_t size = route_row::more_bytes(row.count());
    const block_ref more = memory.take(size);
    std::memcpy(memory.at(more), memory.at(row.more()), size);
    route_row::put_more(copy.place(memory, slot), more);
    --left;
  }
  return made;
}

std::uint32_t route_shard::find_next(const shard_memory& memory, const permuted_key& key,
                                     tag_match left) const noexcept {
  for (left.drop_first(); !left.none(); left.drop_first()) {
    const std::uint32_t slot = left.first();
    if (slot < count_ && row(memory, slot).is(key)) return slot;
  }
  return no_slot;
}

void route_shard::prefetch() const noexcept {
  static_assert(sizeof(*this) == 3 * 64);
  for (const std::size_t line : {0U, 64U, 128U})
    __builtin_prefetch(reinterpret_cast<const std::uint8_t*>(this) + line);
}

void route_shard::prefetch_row(const shard_memory& memory, const permuted_key& key) const noexcept {
  const tag_match found(tags_.data(), tag_of(key));
  if (found.none() || found.first() >= count_) return;
  const std::uint8_t* row = place(memory, found.first());
  __builtin_prefetch(row);
  __builtin_prefetch(row + route_row::bytes - 1);
}

void route_shard::insert(shard_memory& memory, const permuted_key& key) {
  WEFT_ASSERT(!full(), "a full shard is split first");
  rows_.resize(memory, count_, count_ + 1u, route_row::bytes);
  route_row::put_key(place(memory, count_), key);
  tags_[count_++] = tag_of(key);
}

void route_shard::free_more(shard_memory& memory, std::uint32_t slot) noexcept {
  const route_row old = row(memory, slot);
  if (!old.spilled()) return;
  memory.give(old.more(), route_row::more_bytes(old.count()));
  --spilled_;
}

void route_shard::erase(shard_memory& memory, std::uint32_t slot) noexcept {
  WEFT_ASSERT(slot < count_, "only a used slot is erased");
  free_more(memory, slot);
  const std::uint32_t last = count_ - 1u;
  if (slot != last) {
    std::memcpy(place(memory, slot), place(memory, last), route_row::bytes);
    tags_[slot] = tags_[last];
  }
  rows_.resize(memory, count_, last, route_row::bytes);
  --count_;
}

split_plan route_shard::plan_split(const shard_memory& memory) const noexcept {
  split_plan plan;
  plan.count = count_;
  std::uint32_t upper = count_;
  for (std::uint32_t slot = 0; slot < count_; ++slot) {
    const bool one = (key(memory, slot).hash >> (63u - depth_) & 1) != 0;
    plan.slots[one ? --upper : plan.lower_count++] = static_cast<std::uint8_t>(slot);
  }
  return plan;
}

/// What rows have beside them goes with them.
void route_shard::take_rows(shard_memory& memory, const route_shard& from,
                            std::span<const std::uint8_t> slots) {
  rows_ = from.rows_.select(memory, slots, route_row::bytes);
  count_ = static_cast<std::uint8_t>(slots.size());
  for (std::uint32_t slot = 0; slot < count_; ++slot) {
    tags_[slot] = from.tags_[slots[slot]];
    if (row(memory, slot).spilled()) ++spilled_;
  }
}

void route_shard::split(shard_memory& memory, const split_plan& plan, route_shard& upper) {
  const route_shard old(*this);
  upper.take_rows(memory, old, plan.upper());
  spilled_ = 0;
  take_rows(memory, old, plan.lower());
  item_chunks(old.rows_).clear(memory, old.count_, route_row::bytes);
  prefix_ <<= 1;
  ++depth_;
}

route_list route_shard::routes(const shard_memory& memory, std::uint32_t slot) const noexcept {
  const route_row from = row(memory, slot);
  route_list list;
  list.count = static_cast<std::uint8_t>(from.count());
  list.feasible = static_cast<std::uint8_t>(from.feasible());
  if (list.count > 0) list.routes[0] = from.first();
  if (from.spilled())
    std::memcpy(static_cast<void*>(&list.routes[1]), memory.at(from.more()),
                (list.count - 1u) * sizeof(packed_route));
  else if (list.count == 2)
    list.routes[1] = from.second();
  return list;
}

void route_shard::set_routes(shard_memory& memory, std::uint32_t slot, const route_list& list) {
  free_more(memory, slot);
  std::uint8_t* to = place(memory, slot);
  if (route_row::fits(list)) {
    route_row::put_routes(to, list);
    return;
  }
  block_ref more = 0;
  if (list.count > 1) {
    const std::size_t size = route_row::more_bytes(list.count);
    more = memory.take(size);
    std::memcpy(memory.at(more), &list.routes[1], size);
    ++spilled_;
  }
  route_row::put_routes(to, list, more);
}

}  // namespace weft::routing
