// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft {

/// Raw memory for big tables, read in random order. From 2 MiB on it is aligned to 2 MiB, so that
/// it can become huge pages, of which one TLB entry covers 2 MiB. Pages cost nothing until touched.
class huge_buffer {
 public:
  static constexpr std::size_t huge_page = std::size_t{2} << 20;

  huge_buffer() noexcept = default;
  /// `size` > 0 bytes, rounded up to whole huge pages when above one.
  explicit huge_buffer(std::size_t size);
  huge_buffer(huge_buffer&& other) noexcept;
  huge_buffer& operator=(huge_buffer&& other) noexcept;
  huge_buffer(const huge_buffer&) = delete;
  huge_buffer& operator=(const huge_buffer&) = delete;
  ~huge_buffer();

  /// Aligned to 4096 bytes at least; the content is not initialised.
  std::uint8_t* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  /// Asks the kernel to merge the pages into huge ones, which copies the content: at once
  /// (madvise(2), MADV_COLLAPSE, Linux 6.1), or before that in its own time (MADV_HUGEPAGE). Where
  /// it has none to give, ordinary pages serve on in silence.
  void merge() noexcept;

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  bool mapped_ = false;
};

/// Hands out pieces of `huge_buffer`s of one huge page each and takes none back before its end: the
/// base of pools. Memory is taken by ordinary pages as they are used, so little is idle, and merged
/// into a huge one when a buffer is full. Not thread-safe.
class huge_arena {
 public:
  static constexpr std::size_t piece_max = std::size_t{64} << 10;

  struct piece {
    std::uint8_t* data = nullptr;
    /// Its buffer's number, counted from 0, and where in it.
    std::uint32_t buffer = 0;
    std::uint32_t offset = 0;
  };

  /// `size` up to `piece_max`; a multiple of `alignment`, a power of two up to 4096.
  piece allocate(std::size_t size, std::size_t alignment);
  /// In the order of their numbers.
  const std::vector<huge_buffer>& buffers() const noexcept { return buffers_; }
  /// Bytes of all pages taken from the system, the part not handed out included.
  std::size_t bytes() const noexcept;

 private:
  std::vector<huge_buffer> buffers_;
  /// Of the last buffer.
  std::size_t used_ = huge_buffer::huge_page;
};

}  // namespace weft
