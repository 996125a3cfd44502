// SPDX-License-Identifier: MIT
#include "routing/route_table.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace weft::routing {

route_table::route_table(const siphash_key& key)
    : permute_(key),
      memory_(std::make_shared<shard_memory>()),
      ledger_(std::make_shared<version_ledger>()),
      directory_(2) {
  for (std::uint32_t half = 0; half < 2; ++half) point_to(add_shard(half, 1));
}

const route_shard& route_table::shard_of(const permuted_key& key) const noexcept {
  return route_shard::at(*memory_, directory_[key.hash >> (64 - depth_)]);
}

std::optional<route_table::place> route_table::find(
    const ed25519_public_key& destination) const noexcept {
  const permuted_key key = permute_(destination);
  const route_shard& in = shard_of(key);
  const std::uint32_t slot = in.find(*memory_, key);
  if (slot == route_shard::no_slot) return std::nullopt;
  return place{in.id(), slot};
}

ed25519_public_key route_table::destination(place at) const noexcept {
  return permute_.inverse(shard(at.shard).key(*memory_, at.slot));
}

// -- shards ---

std::uint32_t route_table::add_shard(std::uint32_t prefix, unsigned depth) {
  const std::uint32_t id = shards_++;
  if (id % owner_chunk == 0) owners_.push_back(std::make_unique<owner_list>());
  owner(id) = {route_shard::create(*memory_, id, prefix, depth), {}, version_ + 1};
  ++changed_shards_;
  return id;
}

void route_table::point_to(std::uint32_t id) noexcept {
  const route_shard& to = shard(id);
  const std::size_t run = std::size_t{1} << (depth_ - to.depth());
  std::fill_n(directory_.begin() + static_cast<std::ptrdiff_t>(to.prefix() * run), run,
              owner(id).head);
}

route_shard& route_table::writable(std::uint32_t id) {
  owned_shard& of = owner(id);
  if (of.born <= version_) {
    retired_.push_back({of.head, of.born, version_ + 1});
    of.head = route_shard::clone(*memory_, of.head);
    of.born = version_ + 1;
    point_to(id);
    ++changed_shards_;
  }
  return route_shard::at(*memory_, of.head);
}

void route_table::split(std::uint32_t id) {
  route_shard& lower = writable(id);
  const unsigned depth = lower.depth();
  WEFT_ASSERT(depth < 32, "a keyed hash spreads rows long before 32 bits of directory");
  if (depth == depth_) {
    std::vector<block_ref> doubled(directory_.size() * 2);
    for (std::size_t i = 0; i < doubled.size(); ++i) doubled[i] = directory_[i / 2];
    directory_ = std::move(doubled);
    ++depth_;
  }
  const std::uint32_t upper_id = add_shard(lower.prefix() << 1 | 1, depth + 1);
  const split_plan plan = lower.plan_split(*memory_);
  item_chunks old = owner(id).records;
  owner(upper_id).records = old.select(*memory_, plan.upper(), route_records::bytes);
  owner(id).records = old.select(*memory_, plan.lower(), route_records::bytes);
  old.clear(*memory_, plan.count, route_records::bytes);
  lower.split(*memory_, plan, route_shard::at(*memory_, owner(upper_id).head));
  point_to(upper_id);
}

// -- rows ---

route_table::place route_table::insert(const ed25519_public_key& destination) {
  const permuted_key key = permute_(destination);
  while (shard_of(key).full()) split(shard_of(key).id());
  const std::uint32_t id = shard_of(key).id();
  route_shard& to = writable(id);
  const place at{id, to.count()};
  to.insert(*memory_, key);
  owner(id).records.resize(*memory_, at.slot, at.slot + 1, route_records::bytes);
  route_records::init(record(at));
  ++size_;
  return at;
}

void route_table::erase(place at) {
  records_.drop(record(at));
  route_shard& from = writable(at.shard);
  const std::uint32_t last = from.count() - 1;
  if (at.slot != last) std::copy_n(record({at.shard, last}), route_records::bytes, record(at));
  owner(at.shard).records.resize(*memory_, last + 1, last, route_records::bytes);
  from.erase(*memory_, at.slot);
  --size_;
}

void route_table::set_routes(place at, const route_list& list) {
  writable(at.shard).set_routes(*memory_, at.slot, list);
}

// -- publishing ---

/// Frees what no held version reads. A snapshot held for long keeps what it can reach, not what was
/// made and replaced after it.
void route_table::reclaim() {
  const std::vector<std::uint64_t> held = ledger_->held();
  std::erase_if(retired_, [&](const retired_shard& old) {
    const auto reader = std::lower_bound(held.begin(), held.end(), old.born);
    if (reader != held.end() && *reader < old.died) return false;
    route_shard::destroy(*memory_, old.head);
    return true;
  });
}

std::shared_ptr<const routing_snapshot> route_table::publish(
    std::shared_ptr<const std::vector<neighbour_info>> neighbours) {
  reclaim();
  shards_published_ = changed_shards_;
  changed_shards_ = 0;
  return std::make_shared<const routing_snapshot>(routing_snapshot::contents{
      permute_, depth_, directory_, memory_, ledger_, std::move(neighbours), size_, ++version_});
}

std::size_t route_table::bytes() const {
  return memory_->bytes() + (1 + ledger_->size()) * directory_.size() * sizeof(block_ref)
         + owners_.size() * sizeof(owner_list) + owners_.capacity() * sizeof(owners_[0])
         + retired_.capacity() * sizeof(retired_[0]) + records_.bytes_beside() + sizeof(*this)
         + sizeof(shard_memory);
}

route_table::usage route_table::bytes_by_use() const {
  usage held;
  for (std::uint32_t id = 0; id < shards_; ++id) {
    const route_shard& each = shard(id);
    held.index += sizeof(route_shard) + sizeof(owned_shard);
    held.rows += each.count() * route_row::bytes;
    held.records += each.count() * route_records::bytes;
    for (std::uint32_t slot = 0; slot < each.count(); ++slot) {
      const route_row row = each.row(*memory_, slot);
      if (row.spilled()) held.rows += route_row::more_bytes(row.count());
    }
  }
  held.index += (1 + ledger_->size()) * directory_.size() * sizeof(block_ref);
  held.records += records_.bytes_beside();
  held.spare = bytes() - held.total();
  return held;
}

}  // namespace weft::routing
