// SPDX-License-Identifier: MIT
#include "base/huge_buffer.hpp"

#include "base/assert.hpp"

#include <new>
#include <sys/mman.h>
#include <utility>

namespace weft {

namespace {

constexpr std::size_t page_alignment = 4096;

/// A mapping of `size` bytes, a multiple of the huge page, aligned to it; null when refused.
std::uint8_t* map_aligned(std::size_t size) noexcept {
  constexpr std::size_t huge = huge_buffer::huge_page;
  void* whole
      = mmap(nullptr, size + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (whole == MAP_FAILED) return nullptr;
  auto* begin = static_cast<std::uint8_t*>(whole);
  const std::size_t before = (huge - reinterpret_cast<std::uintptr_t>(begin) % huge) % huge;
  if (before > 0) munmap(begin, before);
  if (before < huge) munmap(begin + before + size, huge - before);
  return begin + before;
}

}  // namespace

huge_buffer::huge_buffer(std::size_t size) {
  WEFT_ASSERT(size > 0, "a buffer has a size");
  size_ = size >= huge_page ? (size + huge_page - 1) / huge_page * huge_page : size;
  if (size_ >= huge_page) data_ = map_aligned(size_);
  mapped_ = data_ != nullptr;
  if (!mapped_)
    data_ = static_cast<std::uint8_t*>(::operator new (size_, std::align_val_t{page_alignment}));
}

huge_buffer::huge_buffer(huge_buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(other.mapped_) {}

huge_buffer& huge_buffer::operator=(huge_buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

huge_buffer::~huge_buffer() {
  if (mapped_)
    munmap(data_, size_);
  else if (data_ != nullptr)
    ::operator delete (data_, std::align_val_t{page_alignment});
}

void huge_buffer::merge() noexcept {
  if (!mapped_) return;
  static_cast<void>(madvise(data_, size_, MADV_HUGEPAGE));
#if defined(MADV_COLLAPSE)
  constexpr int collapse = MADV_COLLAPSE;
#else
  constexpr int collapse = 25;  // younger than the C library's headers
#endif
  static_cast<void>(madvise(data_, size_, collapse));
}

huge_arena::piece huge_arena::allocate(std::size_t size, std::size_t alignment) {
  WEFT_ASSERT(size > 0 && size <= piece_max && size % alignment == 0 && alignment <= 4096,
              "an arena hands out small aligned pieces");
  std::size_t at = (used_ + alignment - 1) / alignment * alignment;
  if (at + size > huge_buffer::huge_page) {
    if (!buffers_.empty()) buffers_.back().merge();
    buffers_.emplace_back(huge_buffer::huge_page);
    at = 0;
  }
  used_ = at + size;
  return {buffers_.back().data() + at, static_cast<std::uint32_t>(buffers_.size() - 1),
          static_cast<std::uint32_t>(at)};
}

std::size_t huge_arena::bytes() const noexcept {
  if (buffers_.empty()) return 0;
  const std::size_t taken = (used_ + page_alignment - 1) / page_alignment * page_alignment;
  return (buffers_.size() - 1) * huge_buffer::huge_page + taken;
}

}  // namespace weft
