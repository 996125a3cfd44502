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

/// One bit per tag of a shard that equals `tag`.
std::uint64_t match(const std::uint8_t* tags, std::uint8_t tag) noexcept {
  std::uint64_t bits = 0;
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi8(static_cast<char>(tag));
  const auto* from = reinterpret_cast<const __m128i*>(tags);
  for (unsigned i = 0; i < route_shard::rows_max / 16; ++i) {
    const int some = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_load_si128(from + i), wanted));
    bits |= static_cast<std::uint64_t>(static_cast<unsigned>(some)) << (16 * i);
  }
#else
  for (unsigned i = 0; i < route_shard::rows_max; ++i)
    bits |= static_cast<std::uint64_t>(tags[i] == tag) << i;
#endif
  return bits;
}

bool same_key(const ed25519_public_key& a, const ed25519_public_key& b) noexcept {
  std::array<std::uint64_t, 4> x;
  std::array<std::uint64_t, 4> y;
  std::memcpy(x.data(), a.data(), sizeof(x));
  std::memcpy(y.data(), b.data(), sizeof(y));
  return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3])) == 0;
}

constexpr std::size_t overflow_bytes(std::size_t capacity) noexcept {
  return capacity * sizeof(route_overflow);
}

}  // namespace

route_shard* route_shard::create(shard_memory& memory) {
  static_assert(sizeof(route_shard) <= shard_memory::head_bytes);
  static_assert(sizeof(route_row) * chunk_rows == shard_memory::chunk_bytes);
  return new (memory.take_head()) route_shard(memory);
}

void route_shard::destroy(route_shard* shard) noexcept {
  shard_memory& memory = *shard->memory_;
  for (route_row* chunk : shard->chunks_)
    if (chunk != nullptr) memory.give_chunk(chunk);
  memory.account(-static_cast<std::ptrdiff_t>(overflow_bytes(shard->overflow_.capacity())));
  shard->~route_shard();
  memory.give_head(shard);
}

route_shard* route_shard::clone() const {
  route_shard* copy = create(*memory_);
  for (std::size_t i = 0; i < chunks_.size() && chunks_[i] != nullptr; ++i) {
    copy->chunks_[i] = static_cast<route_row*>(memory_->take_chunk());
    // Unused rows at the end hold nothing, yet a fixed size is faster to copy.
    std::memcpy(static_cast<void*>(copy->chunks_[i]), chunks_[i], shard_memory::chunk_bytes);
  }
  copy->tags_ = tags_;
  copy->count_ = count_;
  copy->overflow_ = overflow_;
  memory_->account(static_cast<std::ptrdiff_t>(overflow_bytes(copy->overflow_.capacity())));
  return copy;
}

std::uint32_t route_shard::find(std::uint64_t hash, const ed25519_public_key& key) const noexcept {
  // The pointers are needed as soon as the tags have been compared.
  __builtin_prefetch(chunks_.data());
  for (std::uint64_t bits = match(tags_.data(), tag_of(hash)); bits != 0; bits &= bits - 1) {
    const auto slot = static_cast<std::uint32_t>(std::countr_zero(bits));
    if (same_key(row(slot).destination, key)) return slot;
  }
  return no_slot;
}

std::uint32_t route_shard::insert(std::uint64_t hash, const ed25519_public_key& key,
                                  std::uint32_t record) {
  WEFT_ASSERT(!full(), "a full shard is split first");
  const std::uint32_t slot = count_;
  if (slot % chunk_rows == 0)
    chunks_[slot / chunk_rows] = static_cast<route_row*>(memory_->take_chunk());
  new (&mutable_row(slot)) route_row{key, record, 0, 0, {}};
  tags_[slot] = tag_of(hash);
  ++count_;
  return slot;
}

void route_shard::erase(std::uint32_t slot) noexcept {
  WEFT_ASSERT(slot < count_, "only a used slot is erased");
  const std::uint32_t last = count_ - 1;
  if (row(slot).count > route_row::inline_max) overflow_.erase(overflow_of(slot));
  if (slot != last) {
    if (row(last).count > route_row::inline_max) move_overflow(last, slot);
    mutable_row(slot) = row(last);
    tags_[slot] = tags_[last];
  }
  tags_[last] = no_tag;
  count_ = last;
  if (last % chunk_rows == 0)
    memory_->give_chunk(std::exchange(chunks_[last / chunk_rows], nullptr));
}

route_shard::overflow_list::iterator route_shard::overflow_of(std::uint32_t slot) noexcept {
  return std::lower_bound(
      overflow_.begin(), overflow_.end(), slot,
      [](const route_overflow& o, std::uint32_t wanted) { return o.slot < wanted; });
}

/// `from` is the highest slot, so its overflow is the last one.
void route_shard::move_overflow(std::uint32_t from, std::uint32_t to) noexcept {
  WEFT_ASSERT(!overflow_.empty() && overflow_.back().slot == from, "overflow follows its row");
  overflow_.back().slot = to;
  const auto target = std::lower_bound(
      overflow_.begin(), overflow_.end() - 1, to,
      [](const route_overflow& o, std::uint32_t wanted) { return o.slot < wanted; });
  std::rotate(target, overflow_.end() - 1, overflow_.end());
}

route_list route_shard::routes(std::uint32_t slot) const noexcept {
  const route_row& from = row(slot);
  route_list list;
  list.count = from.count;
  list.feasible = from.feasible;
  std::copy(from.routes.begin(), from.routes.end(), list.routes.begin());
  if (from.count > route_row::inline_max) {
    const auto more = std::lower_bound(
        overflow_.begin(), overflow_.end(), slot,
        [](const route_overflow& o, std::uint32_t wanted) { return o.slot < wanted; });
    std::copy(more->routes.begin(), more->routes.end(),
              list.routes.begin() + route_row::inline_max);
  }
  return list;
}

void route_shard::set_routes(std::uint32_t slot, const route_list& list) {
  route_row& target = mutable_row(slot);
  const bool had_more = target.count > route_row::inline_max;
  const bool has_more = list.count > route_row::inline_max;
  if (has_more) {
    auto more = overflow_of(slot);
    if (!had_more) {
      const std::size_t before = overflow_.capacity();
      more = overflow_.insert(more, route_overflow{slot, {}});
      memory_->account(static_cast<std::ptrdiff_t>(overflow_bytes(overflow_.capacity() - before)));
    }
    std::copy(list.routes.begin() + route_row::inline_max, list.routes.end(), more->routes.begin());
  } else if (had_more) {
    overflow_.erase(overflow_of(slot));
  }
  target.count = list.count;
  target.feasible = list.feasible;
  std::copy_n(list.routes.begin(), route_row::inline_max, target.routes.begin());
}

}  // namespace weft::routing
