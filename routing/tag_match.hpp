// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weft::routing {

/// Which of 80 tags equal a value, lowest first.
class tag_match {
 public:
  static constexpr std::size_t tags_max = 80;

  /// `tags` has 80, aligned to 16 bytes.
  tag_match(const std::uint16_t* tags, std::uint16_t wanted) noexcept
      : lower_(match_16(tags, wanted) | match_16(tags + 16, wanted) << 16
               | match_16(tags + 32, wanted) << 32 | match_16(tags + 48, wanted) << 48),
        upper_(match_16(tags + 64, wanted)) {}

  bool none() const noexcept { return (lower_ | upper_) == 0; }
  /// The lowest one's number, when there is any. No branch, not even `std::countr_zero`'s for
  /// zero: the processor would have to guess it while the tags are on their way from memory.
  std::uint32_t first() const noexcept {
    const std::uint64_t high = lower_ == 0 ? 1 : 0;
    const std::uint64_t bits = lower_ | (upper_ & (0 - high));
    return static_cast<std::uint32_t>(__builtin_ctzll(bits))
           + static_cast<std::uint32_t>(high << 6);
  }
  void drop_first() noexcept {
    if (lower_ != 0)
      lower_ &= lower_ - 1;
    else
      upper_ &= upper_ - 1;
  }

 private:
  /// A bit for each of 16 tags.
  static std::uint64_t match_16(const std::uint16_t* tags, std::uint16_t wanted) noexcept {
#if defined(__SSE2__)
    const __m128i all = _mm_set1_epi16(static_cast<short>(wanted));
    const auto* from = reinterpret_cast<const __m128i*>(tags);
    const __m128i low = _mm_cmpeq_epi16(_mm_load_si128(from), all);
    const __m128i high = _mm_cmpeq_epi16(_mm_load_si128(from + 1), all);
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
#else
    std::uint64_t bits = 0;
    for (unsigned i = 0; i < 16; ++i) bits |= std::uint64_t{tags[i] == wanted} << i;
    return bits;
#endif
  }

  std::uint64_t lower_;
  std::uint64_t upper_;
};

}  // namespace weft::routing
