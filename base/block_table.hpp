// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace weft {

/// Values by place, in blocks: growing moves none of them and allocates one block, so that
/// references stay good and nothing is copied or held twice.
template <class T, std::size_t BlockSize>
class block_table {
 public:
  T& operator[](std::size_t place) noexcept {
    return (*blocks_[place / BlockSize])[place % BlockSize];
  }
  const T& operator[](std::size_t place) const noexcept {
    return (*blocks_[place / BlockSize])[place % BlockSize];
  }
  /// The place of one more.
  std::size_t add() {
    if (size_ == blocks_.size() * BlockSize) blocks_.push_back(std::make_unique<block>());
    return size_++;
  }
  std::size_t size() const noexcept { return size_; }

 private:
  using block = std::array<T, BlockSize>;
  std::vector<std::unique_ptr<block>> blocks_;
  std::size_t size_ = 0;
};

}  // namespace weft
