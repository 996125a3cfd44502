// SPDX-License-Identifier: MIT
#include "routing/shard_memory.hpp"

#include <cstring>

// A freed block keeps the link to the next one in its first bytes; the address sanitizer is told
// that nobody else may touch it.
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
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(address))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(address))
#endif

namespace weft::routing {

void* shard_memory::pool::take() {
  if (free == nullptr) return arena.allocate(size, size);
  void* block = free;
  ASAN_UNPOISON_MEMORY_REGION(block, size);
  std::memcpy(&free, block, sizeof(free));
  return block;
}

void shard_memory::pool::give(void* block) noexcept {
  std::memcpy(block, &free, sizeof(free));
  free = block;
  ASAN_POISON_MEMORY_REGION(block, size);
}

shard_memory::~shard_memory() {
#if defined(WEFT_POISONED_BLOCKS)
  // Whoever is given these addresses next must find them open.
  for (pool* each : {&heads_, &chunks_})
    while (each->free != nullptr) each->take();
#endif
}

void* shard_memory::take_head() {
  const std::lock_guard lock(mutex_);
  return heads_.take();
}

void* shard_memory::take_chunk() {
  const std::lock_guard lock(mutex_);
  return chunks_.take();
}

void shard_memory::give_head(void* block) noexcept {
  const std::lock_guard lock(mutex_);
  heads_.give(block);
}

void shard_memory::give_chunk(void* block) noexcept {
  const std::lock_guard lock(mutex_);
  chunks_.give(block);
}

std::size_t shard_memory::bytes() const {
  const std::lock_guard lock(mutex_);
  return heads_.arena.bytes() + chunks_.arena.bytes()
         + static_cast<std::size_t>(elsewhere_.load(std::memory_order_relaxed));
}

}  // namespace weft::routing
