// SPDX-License-Identifier: MIT
#include "base/chunk.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace weft {

chunk chunk::allocate(std::size_t capacity) {
  void* memory = ::operator new(sizeof(header) + capacity);
  chunk result;
  result.header_ = new (memory) header{{1}, capacity};
  return result;
}

void chunk::release() noexcept {
  if (header_ && header_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    header_->~header();
    ::operator delete(header_);
  }
  header_ = nullptr;
}

chunk_view chunk_view::copy(bytes_view bytes) {
  chunk owner = chunk::allocate(bytes.size());
  if (!bytes.empty()) std::memcpy(owner.mutable_data(), bytes.data(), bytes.size());
  return {std::move(owner), 0, bytes.size()};
}

chunk_view chunk_view::part(std::size_t offset, std::size_t count) const {
  WEFT_ASSERT(offset <= size_, "a part must start inside its view");
  chunk_view result = *this;
  result.data_ += offset;
  result.size_ = std::min(count, size_ - offset);
  return result;
}

}  // namespace weft
