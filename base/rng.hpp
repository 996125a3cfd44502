// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

namespace weft {

/// xoshiro256** (Blackman, Vigna 2018), seeded through splitmix64. Deterministic and fast; never
/// for secrets.
class rng {
 public:
  using result_type = std::uint64_t;
  explicit rng(std::uint64_t seed) noexcept;

  std::uint64_t next() noexcept;
  /// Uniform in [0, bound); bound > 0. Unbiased (Lemire 2019).
  std::uint64_t below(std::uint64_t bound) noexcept;
  /// Uniform in [0, 1), 53 bits.
  double unit() noexcept;
  /// An independent generator for a named purpose: same parent state and purpose, same child.
  rng fork(std::uint64_t purpose) noexcept;

  std::uint64_t operator()() noexcept { return next(); }
  static constexpr std::uint64_t min() noexcept { return 0; }
  static constexpr std::uint64_t max() noexcept { return ~std::uint64_t{0}; }

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace weft
