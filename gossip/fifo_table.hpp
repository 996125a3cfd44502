// SPDX-License-Identifier: MIT
#pragma once

#include "base/assert.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace weft::gossip {

/// Values in order of arrival, found by a 64-bit keyed hash in open addressing; the oldest leave
/// first. Two different ids are taken for one with a probability of 2^-64 per pair, which nobody
/// outside can raise without the key. Grows by doubling; no allocation once warm.
template <class Value>
class fifo_table {
 public:
  /// Memory per entry at the usual fill, for limits in bytes.
  static constexpr std::size_t entry_bytes = sizeof(std::pair<std::uint64_t, Value>) + 8;

  Value* find(std::uint64_t hash) noexcept {
    const auto at = locate(hash);
    return at == none ? nullptr : &ring_[index_[at] & ring_mask_].second;
  }
  const Value* find(std::uint64_t hash) const noexcept {
    const auto at = locate(hash);
    return at == none ? nullptr : &ring_[index_[at] & ring_mask_].second;
  }

  /// Appends; `hash` is not in the table.
  Value& push(std::uint64_t hash, Value value) {
    if (size_ == ring_.size()) grow();
    const auto position = static_cast<std::uint32_t>(head_ + size_) & ring_mask_;
    ring_[position] = {hash, std::move(value)};
    ++size_;
    place(hash, position);
    return ring_[position].second;
  }
  /// The oldest entry.
  const Value& front() const noexcept { return ring_[head_].second; }
  std::uint64_t front_hash() const noexcept { return ring_[head_].first; }
  void pop_front() {
    WEFT_ASSERT(size_ > 0, "an entry leaves a table that holds one");
    erase_index(ring_[head_].first);
    ring_[head_].second = Value{};
    head_ = (head_ + 1) & ring_mask_;
    --size_;
  }

  /// The `n`th oldest.
  Value& at(std::size_t n) noexcept { return ring_[(head_ + n) & ring_mask_].second; }
  const Value& at(std::size_t n) const noexcept { return ring_[(head_ + n) & ring_mask_].second; }
  std::uint64_t hash_at(std::size_t n) const noexcept {
    return ring_[(head_ + n) & ring_mask_].first;
  }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  void clear() { *this = fifo_table(); }

 private:
  static constexpr std::uint32_t vacant = ~std::uint32_t{0};
  static constexpr std::size_t none = ~std::size_t{0};
  static constexpr std::size_t first_size = 16;

  std::size_t home(std::uint64_t hash) const noexcept { return hash & index_mask_; }

  std::size_t locate(std::uint64_t hash) const noexcept {
    if (size_ == 0) return none;
    for (std::size_t at = home(hash);; at = (at + 1) & index_mask_) {
      if (index_[at] == vacant) return none;
      if (ring_[index_[at]].first == hash) return at;
    }
  }

  void place(std::uint64_t hash, std::uint32_t position) noexcept {
    std::size_t at = home(hash);
    while (index_[at] != vacant) at = (at + 1) & index_mask_;
    index_[at] = position;
  }

  /// Closes the gap by moving back what would not be found past it any more.
  void erase_index(std::uint64_t hash) noexcept {
    std::size_t gap = locate(hash);
    for (std::size_t next = (gap + 1) & index_mask_; index_[next] != vacant;
         next = (next + 1) & index_mask_) {
      const std::size_t wanted = home(ring_[index_[next]].first);
      if (((next - wanted) & index_mask_) < ((next - gap) & index_mask_)) continue;
      index_[gap] = index_[next];
      gap = next;
    }
    index_[gap] = vacant;
  }

  void grow() {
    const std::size_t size = ring_.empty() ? first_size : ring_.size() * 2;
    std::vector<std::pair<std::uint64_t, Value>> larger(size);
    for (std::size_t n = 0; n < size_; ++n) larger[n] = std::move(ring_[(head_ + n) & ring_mask_]);
    ring_ = std::move(larger);
    head_ = 0;
    ring_mask_ = static_cast<std::uint32_t>(size - 1);
    index_mask_ = size * 2 - 1;
    index_.assign(size * 2, vacant);
    for (std::size_t n = 0; n < size_; ++n) place(ring_[n].first, static_cast<std::uint32_t>(n));
  }

  std::vector<std::pair<std::uint64_t, Value>> ring_;
  std::vector<std::uint32_t> index_;
  std::uint32_t ring_mask_ = 0;
  std::size_t index_mask_ = 0;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace weft::gossip
