// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft {

/// Places in a table of the caller's by the hashes of their keys: open addressing over words of
/// eight bytes, so that a search mostly touches one cache line before the entry itself. Keys stay
/// with the caller, who compares them. Half full at most; grows by doubling.
class slot_index {
 public:
  using slot = std::uint32_t;
  static constexpr slot none = ~slot{0};

  /// The place for which `same(place)` is true, asked of those whose hash looks alike; else `none`.
  template <class Same>
  slot find(std::uint64_t hash, Same same) const {
    if (size_ == 0) return none;
    const std::uint64_t wanted = hash >> 32;
    for (std::size_t at = home(wanted); words_[at] != vacant; at = (at + 1) & mask_) {
      const auto place = static_cast<slot>(words_[at]);
      if (words_[at] >> 32 == wanted && same(place)) return place;
    }
    return none;
  }

  /// `place` is not `none` and not in the index.
  void insert(std::uint64_t hash, slot place) {
    if ((size_ + 1) * 2 > words_.size()) grow();
    ++size_;
    put(hash >> 32 << 32 | place);
  }

  /// The pair is in the index. Closes the gap with what would not be found past it any more.
  void erase(std::uint64_t hash, slot place) {
    const std::uint64_t word = hash >> 32 << 32 | place;
    std::size_t gap = home(hash >> 32);
    while (words_[gap] != word) gap = (gap + 1) & mask_;
    for (std::size_t next = (gap + 1) & mask_; words_[next] != vacant; next = (next + 1) & mask_) {
      const std::size_t wanted = home(words_[next] >> 32);
      if (((next - wanted) & mask_) < ((next - gap) & mask_)) continue;
      words_[gap] = words_[next];
      gap = next;
    }
    words_[gap] = vacant;
    --size_;
  }

  std::size_t size() const noexcept { return size_; }

 private:
  /// The upper half of the hash, then the place.
  static constexpr std::uint64_t vacant = ~std::uint64_t{0};
  static constexpr std::size_t first_size = 16;

  std::size_t home(std::uint64_t upper) const noexcept { return upper & mask_; }
  void put(std::uint64_t word) {
    std::size_t at = home(word >> 32);
    while (words_[at] != vacant) at = (at + 1) & mask_;
    words_[at] = word;
  }
  void grow() {
    std::vector<std::uint64_t> old(words_.empty() ? first_size : words_.size() * 2, vacant);
    old.swap(words_);
    mask_ = words_.size() - 1;
    for (const std::uint64_t word : old)
      if (word != vacant) put(word);
  }

  std::vector<std::uint64_t> words_;
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
};

}  // namespace weft
