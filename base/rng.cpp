// SPDX-License-Identifier: MIT
#include "base/rng.hpp"

#include "base/assert.hpp"

#include <bit>

namespace weft {

namespace {

std::uint64_t splitmix(std::uint64_t& state) noexcept {
  state += 0x9e3779b97f4a7c15;
  std::uint64_t z = state;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

}  // namespace

rng::rng(std::uint64_t seed) noexcept : state_{} {
  for (auto& word : state_) word = splitmix(seed);
}

std::uint64_t rng::next() noexcept {
  const std::uint64_t value = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return value;
}

std::uint64_t rng::below(std::uint64_t bound) noexcept {
  WEFT_ASSERT(bound > 0, "a random number below zero does not exist");
  using wide = unsigned __int128;
  wide product = static_cast<wide>(next()) * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < threshold)
      product = static_cast<wide>(next()) * bound;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double rng::unit() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

rng rng::fork(std::uint64_t purpose) noexcept {
  const std::uint64_t mixed = splitmix(purpose);
  return rng{next() ^ mixed};
}

}  // namespace weft
