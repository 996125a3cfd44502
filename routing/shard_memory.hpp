// SPDX-License-Identifier: MIT
#pragma once

#include "base/huge_buffer.hpp"

#include <atomic>
#include <cstddef>
#include <mutex>

namespace weft::routing {

/// Fixed-size blocks for route shards: heads in one arena, so that what every lookup reads lies
/// close together, chunks of rows in another. Freed blocks are used again; the system gets the
/// memory back when the table and its last snapshot are gone. Thread-safe: readers that drop a
/// snapshot free blocks.
class shard_memory {
 public:
  static constexpr std::size_t head_bytes = 256;
  static constexpr std::size_t chunk_bytes = 512;

  shard_memory() = default;
  ~shard_memory();
  shard_memory(const shard_memory&) = delete;
  shard_memory& operator=(const shard_memory&) = delete;

  /// Not initialised, aligned to their size.
  void* take_head();
  void* take_chunk();
  void give_head(void* block) noexcept;
  void give_chunk(void* block) noexcept;

  /// Bytes of blocks of both kinds and of the free space beside them, and what shards hold
  /// elsewhere.
  std::size_t bytes() const;
  /// A shard holds `more` bytes elsewhere, or fewer when negative.
  void account(std::ptrdiff_t more) noexcept {
    elsewhere_.fetch_add(more, std::memory_order_relaxed);
  }

 private:
  struct pool {
    std::size_t size;
    huge_arena arena;
    void* free = nullptr;
    void* take();
    void give(void* block) noexcept;
  };

  mutable std::mutex mutex_;
  pool heads_{head_bytes, {}, nullptr};
  pool chunks_{chunk_bytes, {}, nullptr};
  std::atomic<std::ptrdiff_t> elsewhere_{0};
};

}  // namespace weft::routing
