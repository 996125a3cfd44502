// SPDX-License-Identifier: MIT
#include "routing/route_table.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace weft::routing {

route_table::route_table(const siphash_key& key)
    : hash_(key), memory_(std::make_shared<shard_memory>()), directory_{0} {
  shards_.push_back({shard_ptr(route_shard::create(*memory_)), 0, 0, false});
  mark(0);
}

std::optional<route_table::place> route_table::find(
    const ed25519_public_key& destination) const noexcept {
  const std::uint64_t hash = hash_(destination);
  const std::uint32_t id = directory_[index_of(hash)];
  const std::uint32_t slot = shards_[id].rows->find(hash, destination);
  if (slot == route_shard::no_slot) return std::nullopt;
  return place{id, slot};
}

void route_table::mark(std::uint32_t id) {
  if (!shards_[id].changed) changed_shards_.push_back(id);
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
  const std::uint32_t record = row(at).record;
  const route_state& from = records_.state(record);
  announcement value;
  value.destination = row(at).destination;
  value.sequence = from.sequence;
  value.issued_s = from.issued_s;
  value.lifetime_s = from.lifetime_s;
  value.flags = from.origin_flags;
  value.signature = records_.signature(record);
  return value;
}

void route_table::set_origin(place at, const announcement& from) noexcept {
  const std::uint32_t record = row(at).record;
  route_state& to = records_.state(record);
  to.sequence = from.sequence;
  to.issued_s = from.issued_s;
  to.lifetime_s = from.lifetime_s;
  to.origin_flags = from.flags;
  records_.signature(record) = from.signature;
}

route_table::place route_table::insert(const ed25519_public_key& destination) {
  const std::uint64_t hash = hash_(destination);
  std::uint32_t id = directory_[index_of(hash)];
  while (shards_[id].rows->full()) {
    split(id);
    id = directory_[index_of(hash)];
  }
  const std::uint32_t slot = writable(id).insert(hash, destination, records_.take());
  ++size_;
  return {id, slot};
}

void route_table::erase(place at) {
  records_.give(row(at).record);
  writable(at.shard).erase(at.slot);
  --size_;
}

void route_table::split(std::uint32_t id) {
  const unsigned depth = shards_[id].depth;
  WEFT_ASSERT(depth < 32, "a keyed hash spreads rows long before 32 bits of directory");
  if (depth == depth_) {
    std::vector<std::uint32_t> doubled(directory_.size() * 2);
    for (std::size_t i = 0; i < doubled.size(); ++i) doubled[i] = directory_[i / 2];
    directory_ = std::move(doubled);
    ++depth_;
    directory_grown_ = true;
  }
  route_shard& lower = writable(id);
  shard_ptr made(route_shard::create(*memory_));
  route_shard& upper = *made.mutable_get();
  // Downwards: the row that takes an erased slot has been looked at already.
  for (std::uint32_t slot = lower.count(); slot-- > 0;) {
    const route_row& from = lower.row(slot);
    const std::uint64_t hash = hash_(from.destination);
    if ((hash >> (63 - depth) & 1) == 0) continue;
    const std::uint32_t target = upper.insert(hash, from.destination, from.record);
    upper.set_routes(target, lower.routes(slot));
    lower.erase(slot);
  }
  const auto upper_id = static_cast<std::uint32_t>(shards_.size());
  const std::uint32_t prefix = shards_[id].prefix << 1;
  const auto next_depth = static_cast<std::uint8_t>(depth + 1);
  shards_[id].prefix = prefix;
  shards_[id].depth = next_depth;
  shards_.push_back({std::move(made), prefix | 1, next_depth, false});
  mark(upper_id);
  const std::size_t run = std::size_t{1} << (depth_ - next_depth);
  std::fill_n(directory_.begin() + static_cast<std::ptrdiff_t>((prefix | 1) * run), run, upper_id);
}

void route_table::rebuild_page(std::size_t page) {
  const std::size_t first = page * shard_page::entries;
  const std::size_t last = std::min(directory_.size(), first + shard_page::entries);
  auto made = std::make_shared<shard_page>();
  for (std::size_t i = first; i < last; ++i) made->shards[i - first] = shards_[directory_[i]].rows;
  pages_[page] = std::move(made);
}

std::shared_ptr<const routing_snapshot> route_table::publish(
    std::shared_ptr<const std::vector<neighbour_info>> neighbours) {
  if (directory_grown_) {
    pages_.clear();
    pages_.resize((directory_.size() + shard_page::entries - 1) / shard_page::entries);
    for (std::size_t page = 0; page < pages_.size(); ++page) rebuild_page(page);
  } else {
    std::vector<std::size_t> stale;
    for (const std::uint32_t id : changed_shards_) {
      const owned_shard& each = shards_[id];
      const std::size_t run = std::size_t{1} << (depth_ - each.depth);
      const std::size_t first = each.prefix * run / shard_page::entries;
      const std::size_t last = (each.prefix * run + run - 1) / shard_page::entries;
      for (std::size_t page = first; page <= last; ++page) stale.push_back(page);
    }
    std::sort(stale.begin(), stale.end());
    stale.erase(std::unique(stale.begin(), stale.end()), stale.end());
    for (const std::size_t page : stale) rebuild_page(page);
  }
  for (const std::uint32_t id : changed_shards_) shards_[id].changed = false;
  shards_published_ = changed_shards_.size();
  changed_shards_.clear();
  directory_grown_ = false;
  changed_ = false;
  auto made = std::make_shared<routing_snapshot>();
  made->hash_ = hash_;
  made->depth_ = depth_;
  made->memory_ = memory_;
  made->pages_ = pages_;
  made->neighbours_ = std::move(neighbours);
  made->size_ = size_;
  made->version_ = ++version_;
  return made;
}

std::size_t route_table::row_bytes() const noexcept {
  return memory_->bytes() + directory_.capacity() * sizeof(directory_[0])
         + shards_.capacity() * sizeof(shards_[0])
         + changed_shards_.capacity() * sizeof(changed_shards_[0])
         + pages_.size() * (sizeof(shard_page) + sizeof(pages_[0]));
}

}  // namespace weft::routing
