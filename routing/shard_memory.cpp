// SPDX-License-Identifier: MIT
#include "routing/shard_memory.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cstring>

// The address sanitizer is told that nobody may touch a freed block.
#if defined(__SANITIZE_ADDRESS__)
#define WEFT_POISONED_BLOCKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT_POISONED_BLOCKS 1
#endif
#endif
#if defined(WEFT_POISONED_BLOCKS)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) \
  (static_cast<void>(address), static_cast<void>(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ASAN_POISON_MEMORY_REGION(address, size)
#endif

namespace weft::routing {

namespace {

constexpr std::size_t line = 64;
/// Heads are carved from pieces of this many, or their alignment would cost a third of their size.
constexpr std::size_t heads_per_piece = 16;

}  // namespace

shard_memory::shard_memory() : buffers_(new std::uint8_t* [buffers_max] {}) { free_.fill(none); }

shard_memory::~shard_memory() {
  // Whoever is given these addresses next must find them open.
  for (const huge_buffer& each : arena_.buffers())
    ASAN_UNPOISON_MEMORY_REGION(each.data(), each.size());
}

block_ref shard_memory::allocate(std::size_t size, std::size_t alignment) {
  static_assert(huge_buffer::huge_page == unit << offset_bits);
  const huge_arena::piece made = arena_.allocate(size, alignment);
  WEFT_ASSERT(made.buffer < buffers_max, "routing_config keeps the table far below 8 GiB");
  // Written once: readers of a snapshot look up the buffers they know meanwhile.
  std::uint8_t* const start = made.data - made.offset;
  if (buffers_[made.buffer] != start) buffers_[made.buffer] = start;
  return made.buffer << offset_bits | static_cast<block_ref>(made.offset / unit);
}

block_ref shard_memory::pop(block_ref& first, std::size_t size) noexcept {
  const block_ref ref = first;
  ASAN_UNPOISON_MEMORY_REGION(at(ref), size);
  std::memcpy(&first, at(ref), sizeof(first));
  return ref;
}

void shard_memory::push(block_ref& first, block_ref ref, std::size_t size) noexcept {
  std::memcpy(at(ref), &first, sizeof(first));
  first = ref;
  ASAN_POISON_MEMORY_REGION(at(ref), size);
}

block_ref shard_memory::take(std::size_t size) {
  WEFT_ASSERT(size % unit == 0 && size >= sizeof(block_ref) && size < block_limit,
              "blocks have even sizes within the limit");
  block_ref& first = free_[size / unit];
  return first == none ? allocate(size, unit) : pop(first, size);
}

void shard_memory::give(block_ref ref, std::size_t size) noexcept {
  push(free_[size / unit], ref, size);
}

block_ref shard_memory::take_head() {
  if (free_head_ == none) {
    const block_ref piece = allocate(heads_per_piece * head_bytes, line);
    for (std::size_t i = heads_per_piece; i-- > 0;)
      give_head(piece + static_cast<block_ref>(i * head_bytes / unit));
  }
  return pop(free_head_, head_bytes);
}

void shard_memory::give_head(block_ref ref) noexcept { push(free_head_, ref, head_bytes); }

void version_ledger::enter(std::uint64_t version) {
  const std::lock_guard lock(mutex_);
  held_.insert(std::upper_bound(held_.begin(), held_.end(), version), version);
}

void version_ledger::leave(std::uint64_t version) noexcept {
  const std::lock_guard lock(mutex_);
  const auto at = std::lower_bound(held_.begin(), held_.end(), version);
  if (at != held_.end() && *at == version) held_.erase(at);
}

std::vector<std::uint64_t> version_ledger::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

std::size_t version_ledger::size() const {
  const std::lock_guard lock(mutex_);
  return held_.size();
}

}  // namespace weft::routing
