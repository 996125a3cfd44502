// SPDX-License-Identifier: MIT
#include "routing/route_table.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace weft::routing {

namespace {

/// Slots that may be occupied: above 7/8 probes grow long.
std::uint32_t usable_slots(std::uint32_t groups) noexcept {
  return groups * static_cast<std::uint32_t>(route_shard::group_slots) * 7 / 8;
}

/// The smallest shard that takes `rows` and some more.
std::uint32_t groups_for(std::uint32_t rows) noexcept {
  std::uint32_t groups = 1;
  while (groups < route_shard::groups_max && usable_slots(groups) < rows + rows / 16 + 1) ++groups;
  return groups;
}

}  // namespace

route_table::route_table(const siphash_key& key) : key_(key), directory_{0} {
  shards_.push_back(empty_shard(1, 0));
}

route_table::owned_shard route_table::empty_shard(std::uint32_t groups, std::uint8_t depth) const {
  owned_shard made;
  made.rows = shard_ptr(route_shard::create(groups));
  made.states = std::make_unique<route_state[]>(groups * route_shard::group_slots);
  made.depth = depth;
  return made;
}

std::optional<route_table::place> route_table::find(
    const ed25519_public_key& destination) const noexcept {
  const std::uint64_t hash = siphash_1_3(key_, destination);
  const std::uint32_t id = directory_[index_of(hash)];
  const route_shard* rows = shards_[id].rows.get();
  const std::uint32_t slot = rows->find(hash, destination, rows->groups());
  if (slot == route_shard::no_slot) return std::nullopt;
  return place{id, slot};
}

void route_table::mark(std::uint32_t id) noexcept {
  shards_[id].changed = true;
  changed_ = true;
}

route_shard& route_table::writable(std::uint32_t id) {
  owned_shard& owner = shards_[id];
  if (!owner.rows.unique()) owner.rows = shard_ptr(owner.rows->clone());
  mark(id);
  return *owner.rows.mutable_get();
}

void route_table::set_routes(place at, const route_list& list) {
  writable(at.shard).set_routes(at.slot, list);
}

announcement route_table::origin(place at) const noexcept {
  const route_state& from = state(at);
  announcement value;
  value.destination = row(at).destination;
  value.sequence = from.sequence;
  value.issued_s = from.issued_s;
  value.lifetime_s = from.lifetime_s;
  value.flags = from.origin_flags;
  value.signature = from.signature;
  return value;
}

route_table::place route_table::insert(const ed25519_public_key& destination) {
  const std::uint64_t hash = siphash_1_3(key_, destination);
  for (;;) {
    const std::uint32_t id = directory_[index_of(hash)];
    const route_shard& rows = *shards_[id].rows.get();
    const std::uint32_t groups = rows.groups();
    if (rows.occupied() < usable_slots(groups)) break;
    if (rows.count() < usable_slots(groups) * 3 / 4) {
      resize(id, groups);  // erased slots fill it
    } else if (groups < route_shard::groups_max) {
      resize(id,
             std::min<std::uint32_t>(groups + std::max(1u, groups / 4), route_shard::groups_max));
    } else {
      split(id, hash);
    }
  }
  const std::uint32_t id = directory_[index_of(hash)];
  const std::uint32_t slot = writable(id).insert(hash, destination);
  shards_[id].states[slot] = {};
  ++size_;
  return {id, slot};
}

void route_table::erase(place at) {
  route_shard& rows = writable(at.shard);
  rows.erase(at.slot);
  --size_;
  if (rows.groups() > 1 && rows.count() * 3 < rows.slots())
    resize(at.shard, groups_for(rows.count()));
}

void route_table::move_row(const owned_shard& from, std::uint32_t slot, std::uint64_t hash,
                           owned_shard& to) {
  route_shard& rows = *to.rows.mutable_get();
  const std::uint32_t target = rows.insert(hash, from.rows->row(slot).destination);
  rows.set_routes(target, from.rows->routes(slot));
  to.states[target] = from.states[slot];
}

void route_table::resize(std::uint32_t id, std::uint32_t groups) {
  owned_shard made = empty_shard(groups, shards_[id].depth);
  const owned_shard& old = shards_[id];
  for (std::uint32_t slot = 0; slot < old.rows->slots(); ++slot) {
    if (!old.rows->used(slot)) continue;
    move_row(old, slot, siphash_1_3(key_, old.rows->row(slot).destination), made);
  }
  shards_[id] = std::move(made);
  mark(id);
}

void route_table::split(std::uint32_t id, std::uint64_t hash) {
  const unsigned depth = shards_[id].depth;
  WEFT_ASSERT(depth < 32, "a keyed hash spreads rows long before 32 bits of directory");
  if (depth == depth_) {
    std::vector<std::uint32_t> doubled(directory_.size() * 2);
    for (std::size_t i = 0; i < doubled.size(); ++i) doubled[i] = directory_[i / 2];
    directory_ = std::move(doubled);
    ++depth_;
    for (owned_shard& each : shards_) each.changed = true;
  }
  const owned_shard old = std::move(shards_[id]);
  const std::uint64_t bit = std::uint64_t{1} << (63 - depth);
  std::uint32_t upper_count = 0;
  std::vector<std::uint64_t> hashes(old.rows->slots());
  for (std::uint32_t slot = 0; slot < old.rows->slots(); ++slot) {
    if (!old.rows->used(slot)) continue;
    hashes[slot] = siphash_1_3(key_, old.rows->row(slot).destination);
    upper_count += (hashes[slot] & bit) != 0 ? 1 : 0;
  }
  const auto next_depth = static_cast<std::uint8_t>(depth + 1);
  owned_shard lower = empty_shard(groups_for(old.rows->count() - upper_count), next_depth);
  owned_shard upper = empty_shard(groups_for(upper_count), next_depth);
  for (std::uint32_t slot = 0; slot < old.rows->slots(); ++slot)
    if (old.rows->used(slot))
      move_row(old, slot, hashes[slot], (hashes[slot] & bit) != 0 ? upper : lower);
  const auto upper_id = static_cast<std::uint32_t>(shards_.size());
  shards_[id] = std::move(lower);
  shards_.push_back(std::move(upper));
  // The directory entries of the old shard are one run; its second half now names the upper shard.
  const std::size_t run = std::size_t{1} << (depth_ - depth);
  const std::size_t first = index_of(hash) / run * run;
  for (std::size_t i = first + run / 2; i < first + run; ++i) directory_[i] = upper_id;
  changed_ = true;
}

std::shared_ptr<const routing_snapshot> route_table::publish(
    std::shared_ptr<const std::vector<neighbour_info>> neighbours) {
  const std::size_t entries = directory_.size();
  const std::size_t page_count = (entries + shard_page::entries - 1) / shard_page::entries;
  shards_published_ = 0;
  if (changed_) {
    const bool resized = pages_.size() != page_count;
    pages_.resize(page_count);
    for (std::size_t p = 0; p < page_count; ++p) {
      const std::size_t first = p * shard_page::entries;
      const std::size_t last = std::min(entries, first + shard_page::entries);
      bool dirty = resized || !pages_[p];
      for (std::size_t i = first; i < last && !dirty; ++i) dirty = shards_[directory_[i]].changed;
      if (!dirty) continue;
      auto page = std::make_shared<shard_page>();
      for (std::size_t i = first; i < last; ++i) {
        const owned_shard& from = shards_[directory_[i]];
        page->shards[i - first] = {from.rows, from.rows->groups()};
      }
      pages_[p] = std::move(page);
    }
    for (owned_shard& each : shards_) {
      shards_published_ += each.changed ? 1 : 0;
      each.changed = false;
    }
    changed_ = false;
  }
  auto made = std::make_shared<routing_snapshot>();
  made->key_ = key_;
  made->depth_ = depth_;
  made->pages_ = pages_;
  made->neighbours_ = std::move(neighbours);
  made->size_ = size_;
  made->version_ = ++version_;
  return made;
}

std::size_t route_table::row_bytes() const noexcept {
  std::size_t total = directory_.capacity() * sizeof(directory_[0])
                      + pages_.size() * (sizeof(shard_page) + sizeof(pages_[0]));
  for (const owned_shard& each : shards_) total += each.rows->bytes() + sizeof(owned_shard);
  return total;
}

std::size_t route_table::state_bytes() const noexcept {
  std::size_t total = 0;
  for (const owned_shard& each : shards_) total += each.rows->slots() * sizeof(route_state);
  return total;
}

}  // namespace weft::routing
