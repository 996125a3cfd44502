// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"

#include <atomic>
#include <cstddef>
#include <utility>

namespace weft {

/// A reference-counted block of bytes, one allocation with its header. Filled by its only owner,
/// then shared read-only between threads by `chunk_view`s. The count is atomic; the bytes are not
/// protected.
class chunk {
 public:
  /// A chunk of `capacity` uninitialised bytes.
  static chunk allocate(std::size_t capacity);

  chunk() noexcept = default;
  chunk(const chunk& other) noexcept : header_(other.header_) { retain(); }
  chunk(chunk&& other) noexcept : header_(std::exchange(other.header_, nullptr)) {}
  chunk& operator=(chunk other) noexcept {
    std::swap(header_, other.header_);
    return *this;
  }
  ~chunk() { release(); }

  explicit operator bool() const noexcept { return header_ != nullptr; }
  std::size_t capacity() const noexcept { return header_ ? header_->capacity : 0; }
  const std::uint8_t* data() const noexcept { return header_ ? bytes_of(header_) : nullptr; }
  /// Writable bytes. Only write to a range no view refers to yet.
  std::uint8_t* mutable_data() noexcept { return header_ ? bytes_of(header_) : nullptr; }
  /// True when this is the only reference, so that the chunk may be reused.
  bool unique() const noexcept {
    return header_ && header_->references.load(std::memory_order_acquire) == 1;
  }

 private:
  struct header {
    std::atomic<std::size_t> references;
    std::size_t capacity;
  };
  static std::uint8_t* bytes_of(header* h) noexcept {
    return reinterpret_cast<std::uint8_t*>(h + 1);
  }
  void retain() noexcept {
    if (header_) header_->references.fetch_add(1, std::memory_order_relaxed);
  }
  void release() noexcept;

  header* header_ = nullptr;
};

/// An immutable range of a chunk that keeps the chunk alive. Copies cost one atomic increment,
/// never a byte copy.
class chunk_view {
 public:
  chunk_view() noexcept = default;
  chunk_view(chunk owner, std::size_t offset, std::size_t size) noexcept
      : owner_(std::move(owner)), data_(owner_.data() + offset), size_(size) {}

  /// A new chunk that holds a copy of `bytes`. The only way from a span: a view never borrows.
  static chunk_view copy(bytes_view bytes);

  const std::uint8_t* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  bytes_view bytes() const noexcept { return {data_, size_}; }
  operator bytes_view() const noexcept { return bytes(); }  // NOLINT(google-explicit-constructor)
  /// The part from `offset`, at most `count` bytes; shares the chunk.
  chunk_view part(std::size_t offset, std::size_t count = static_cast<std::size_t>(-1)) const;

 private:
  chunk owner_;
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace weft
