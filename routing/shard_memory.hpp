// SPDX-License-Identifier: MIT
#pragma once

#include "base/huge_buffer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace weft::routing {

/// Names a block of `shard_memory` in half the room of a pointer: the buffer's number in the upper
/// 12 bits, half the offset in the lower 20. Buffers have up to 2 MiB, so it reaches 8 GiB.
using block_ref = std::uint32_t;

/// The memory of one routing table: blocks of even sizes out of one arena of huge pages, freed ones
/// used again for the same size. The system gets it back when the table and its last snapshot are
/// gone. Blocks are taken, given and written by the table's writer alone; readers only call `at` on
/// what has been published to them.
class shard_memory {
 public:
  /// Sizes below it can be taken.
  static constexpr std::size_t block_limit = 2048;
  /// Heads of shards begin at a cache line.
  static constexpr std::size_t head_bytes = 192;

  shard_memory();
  ~shard_memory();
  shard_memory(const shard_memory&) = delete;
  shard_memory& operator=(const shard_memory&) = delete;

  std::uint8_t* at(block_ref ref) const noexcept {
    return buffers_[ref >> offset_bits]
           + std::size_t{ref & ((block_ref{1} << offset_bits) - 1)} * unit;
  }

  /// Not initialised; `size` even, 4 to `block_limit` - 2.
  block_ref take(std::size_t size);
  void give(block_ref ref, std::size_t size) noexcept;
  /// Not initialised, `head_bytes` aligned to 64.
  block_ref take_head();
  void give_head(block_ref ref) noexcept;

  /// Bytes of all blocks and of the free room beside them.
  std::size_t bytes() const noexcept { return arena_.bytes(); }

 private:
  static constexpr std::size_t unit = 2;
  static constexpr unsigned offset_bits = 20;
  static constexpr std::size_t buffers_max = std::size_t{1} << (32 - offset_bits);
  static constexpr block_ref none = ~block_ref{0};

  block_ref allocate(std::size_t size, std::size_t alignment);
  block_ref pop(block_ref& first, std::size_t size) noexcept;
  void push(block_ref& first, block_ref ref, std::size_t size) noexcept;

  huge_arena arena_;
  /// Beginnings of the arena's buffers; a fixed place, so that readers need no lock.
  std::unique_ptr<std::uint8_t*[]> buffers_;
  /// Chains of free blocks by half their size; each block names the next.
  std::array<block_ref, block_limit / unit> free_;
  block_ref free_head_ = none;
};

/// Which published versions of a table somebody still reads. Thread-safe.
class version_ledger {
 public:
  void enter(std::uint64_t version);
  void leave(std::uint64_t version) noexcept;
  /// Ascending.
  std::vector<std::uint64_t> held() const;
  std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::uint64_t> held_;
};

}  // namespace weft::routing
