// SPDX-License-Identifier: MIT
#include "routing/route_shard.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weft::routing {

namespace {

constexpr std::uint8_t empty_tag = 0x80;
constexpr std::uint8_t erased_tag = 0xfe;
constexpr std::align_val_t shard_alignment{alignof(route_row)};

constexpr std::size_t round_up(std::size_t n, std::size_t to) noexcept {
  return (n + to - 1) / to * to;
}

/// One bit per slot of a group whose tag equals `tag`.
std::uint32_t match(const std::uint8_t* group, std::uint8_t tag) noexcept {
#if defined(__SSE2__)
  const __m128i tags = _mm_loadu_si128(reinterpret_cast<const __m128i*>(group));
  const __m128i wanted = _mm_set1_epi8(static_cast<char>(tag));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(tags, wanted)));
#else
  std::uint32_t bits = 0;
  for (unsigned i = 0; i < route_shard::group_slots; ++i)
    bits |= static_cast<std::uint32_t>(group[i] == tag) << i;
  return bits;
#endif
}

bool same_key(const ed25519_public_key& a, const ed25519_public_key& b) noexcept {
  std::array<std::uint64_t, 4> x;
  std::array<std::uint64_t, 4> y;
  std::memcpy(x.data(), a.data(), sizeof(x));
  std::memcpy(y.data(), b.data(), sizeof(y));
  return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3])) == 0;
}

}  // namespace

std::size_t route_shard::tag_offset() noexcept { return round_up(sizeof(route_shard), 16); }

std::size_t route_shard::row_offset(std::uint32_t groups) noexcept {
  return round_up(tag_offset() + groups * group_slots, alignof(route_row));
}

route_shard* route_shard::create(std::uint32_t groups) {
  WEFT_ASSERT(groups >= 1 && groups <= groups_max, "a shard has 1 to 16 groups");
  const std::size_t size = row_offset(groups) + groups * group_slots * sizeof(route_row);
  void* memory = ::operator new(size, shard_alignment);
  auto* shard = new (memory) route_shard(groups);
  std::memset(shard->tags(), empty_tag, groups * group_slots);
  for (std::uint32_t slot = 0; slot < groups * group_slots; ++slot)
    (new (shard->rows() + slot) route_row{})->feasible = route_row::unused;
  return shard;
}

void route_shard::destroy(route_shard* shard) noexcept {
  shard->~route_shard();
  ::operator delete(shard, shard_alignment);
}

route_shard* route_shard::clone() const {
  route_shard* copy = create(groups_);
  copy->count_ = count_;
  copy->occupied_ = occupied_;
  copy->overflow_ = overflow_;
  std::memcpy(copy->tags(), tags(), slots());
  // Unused rows hold nothing, yet one run of bytes is faster than picking the used ones.
  std::memcpy(static_cast<void*>(copy->rows()), rows(), slots() * sizeof(route_row));
  return copy;
}

std::uint32_t route_shard::find(std::uint64_t hash, const ed25519_public_key& key,
                                std::uint32_t groups) const noexcept {
  const position where = place(hash, groups);
  const auto* all_rows = reinterpret_cast<const route_row*>(
      reinterpret_cast<const std::uint8_t*>(this) + row_offset(groups));
  // Most keys sit in their preferred slot, where one cache line is all that is read.
  const auto likely = static_cast<std::uint32_t>(where.group * group_slots) + where.preferred;
  if (same_key(all_rows[likely].destination, key) && all_rows[likely].feasible != route_row::unused)
    return likely;
  std::uint32_t group = where.group;
  for (std::uint32_t probed = 0; probed < groups; ++probed) {
    const std::uint8_t* group_tags = tags() + group * group_slots;
    for (std::uint32_t bits = match(group_tags, where.tag); bits != 0; bits &= bits - 1) {
      const auto slot = static_cast<std::uint32_t>(group * group_slots)
                        + static_cast<std::uint32_t>(std::countr_zero(bits));
      if (same_key(all_rows[slot].destination, key)) return slot;
    }
    if (match(group_tags, empty_tag) != 0) return no_slot;
    if (++group == groups) group = 0;
  }
  return no_slot;
}

std::uint32_t route_shard::insert(std::uint64_t hash, const ed25519_public_key& key) noexcept {
  const position where = place(hash, groups_);
  std::uint32_t group = where.group;
  for (std::uint32_t probed = 0; probed < groups_; ++probed) {
    std::uint8_t* group_tags = tags() + group * group_slots;
    const std::uint32_t free = match(group_tags, empty_tag) | match(group_tags, erased_tag);
    if (free != 0) {
      const bool preferred = (free >> where.preferred & 1) != 0;
      const auto inside
          = preferred ? where.preferred : static_cast<unsigned>(std::countr_zero(free));
      if (group_tags[inside] == empty_tag) ++occupied_;
      ++count_;
      group_tags[inside] = where.tag;
      const auto slot = static_cast<std::uint32_t>(group * group_slots) + inside;
      route_row& target = rows()[slot];
      target.destination = key;
      target.count = 0;
      target.feasible = 0;
      target.routes = {};
      return slot;
    }
    if (++group == groups_) group = 0;
  }
  WEFT_ASSERT(false, "a shard is grown before it is full");
  return no_slot;
}

void route_shard::erase(std::uint32_t slot) noexcept {
  WEFT_ASSERT(used(slot), "only a used slot is erased");
  set_routes(slot, {});
  std::uint8_t* group_tags = tags() + slot / group_slots * group_slots;
  rows()[slot].feasible = route_row::unused;
  // No probe has gone past a group that has an empty slot, so this slot may become empty too.
  const bool open = match(group_tags, empty_tag) != 0;
  tags()[slot] = open ? empty_tag : erased_tag;
  if (open) --occupied_;
  --count_;
}

route_list route_shard::routes(std::uint32_t slot) const noexcept {
  const route_row& from = rows()[slot];
  route_list list;
  list.count = from.count;
  list.feasible = from.feasible;
  std::copy(from.routes.begin(), from.routes.end(), list.routes.begin());
  if (from.count > route_row::inline_max) {
    const auto more = std::lower_bound(
        overflow_.begin(), overflow_.end(), slot,
        [](const route_overflow& o, std::uint32_t wanted) { return o.slot < wanted; });
    if (more != overflow_.end() && more->slot == slot)
      std::copy(more->routes.begin(), more->routes.end(),
                list.routes.begin() + route_row::inline_max);
  }
  return list;
}

void route_shard::set_routes(std::uint32_t slot, const route_list& list) {
  route_row& target = rows()[slot];
  const bool had_more = target.count > route_row::inline_max;
  const bool has_more = list.count > route_row::inline_max;
  target.count = list.count;
  target.feasible = list.feasible;
  std::copy_n(list.routes.begin(), route_row::inline_max, target.routes.begin());
  if (!had_more && !has_more) return;
  auto more = std::lower_bound(
      overflow_.begin(), overflow_.end(), slot,
      [](const route_overflow& o, std::uint32_t wanted) { return o.slot < wanted; });
  const bool present = more != overflow_.end() && more->slot == slot;
  if (!has_more) {
    if (present) overflow_.erase(more);
    return;
  }
  if (!present) more = overflow_.insert(more, route_overflow{slot, {}});
  std::copy(list.routes.begin() + route_row::inline_max, list.routes.end(), more->routes.begin());
}

std::size_t route_shard::bytes() const noexcept {
  return row_offset(groups_) + slots() * sizeof(route_row)
         + overflow_.capacity() * sizeof(route_overflow);
}

}  // namespace weft::routing
