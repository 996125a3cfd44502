// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft {

/// Raw memory for big tables, read in random order. From 2 MiB on it is aligned to 2 MiB and the
/// kernel is asked for huge pages (madvise(2), MADV_HUGEPAGE), so that one TLB entry covers 2 MiB;
/// where it has none to give, ordinary pages serve in silence. Pages cost nothing until touched.
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

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  bool mapped_ = false;
};

/// Hands out pieces of `huge_buffer`s and takes none back before its end: the base of pools. Each
/// buffer has an eighth of the bytes of all before, from 64 KiB to 2 MiB, so little room is wasted
/// and arenas from 16 MiB on grow by huge pages. Not thread-safe.
class huge_arena {
 public:
  static constexpr std::size_t first_buffer = std::size_t{64} << 10;

  /// `size` up to 64 KiB; a multiple of `alignment`, a power of two up to 4096.
  void* allocate(std::size_t size, std::size_t alignment);
  /// Bytes of all buffers, the part not handed out included.
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::vector<huge_buffer> buffers_;
  std::size_t used_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace weft
