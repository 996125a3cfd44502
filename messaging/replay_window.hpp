// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace weft::messaging {

/// Which numbers of an ascending sequence were seen: a sliding bitmap of the `Bits` newest ones
/// (RFC 6479). A number below the window counts as seen.
template <std::size_t Bits>
class replay_window {
  static_assert(Bits >= 128 && (Bits & (Bits - 1)) == 0);

 public:
  /// Numbers the window surely remembers; one word is lost to sliding by words.
  static constexpr std::uint64_t span = Bits - 64;

  enum class verdict : std::uint8_t { fresh, seen, below };

  verdict check(std::uint64_t number) const noexcept {
    if (number >= next_) return verdict::fresh;
    if (number < bottom()) return verdict::below;
    return (words_[word(number)] >> (number & 63) & 1) ? verdict::seen : verdict::fresh;
  }
  /// Marks a number that `check` called fresh.
  void mark(std::uint64_t number) noexcept {
    if (number >= next_) {
      const std::uint64_t old_word = next_ == 0 ? 0 : (next_ - 1) >> 6;
      const std::uint64_t new_word = number >> 6;
      const std::uint64_t steps = new_word - old_word;
      if (steps >= words_.size())
        words_.fill(0);
      else
        for (std::uint64_t i = 1; i <= steps; ++i) words_[(old_word + i) & (words_.size() - 1)] = 0;
      next_ = number + 1;
    }
    words_[word(number)] |= std::uint64_t{1} << (number & 63);
  }
  /// One above the highest number seen.
  std::uint64_t next() const noexcept { return next_; }

 private:
  static std::size_t word(std::uint64_t number) noexcept {
    return static_cast<std::size_t>((number >> 6) & (Bits / 64 - 1));
  }
  std::uint64_t bottom() const noexcept {
    const std::uint64_t top_word = (next_ - 1) >> 6;
    return top_word < Bits / 64 ? 0 : (top_word - Bits / 64 + 1) << 6;
  }

  std::array<std::uint64_t, Bits / 64> words_{};
  std::uint64_t next_ = 0;
};

}  // namespace weft::messaging
