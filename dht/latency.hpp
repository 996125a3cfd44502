// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace weft::dht {

/// Smoothed round-trip time of one peer and its mean deviation, as RFC 6298 section 2 has them.
class rtt_estimate {
 public:
  void observe(duration sample) noexcept;
  bool known() const noexcept { return mean_ != unknown; }
  /// Zero while unknown.
  duration mean() const noexcept { return known() ? mean_ : duration::zero(); }
  /// Most answers are there by then: about the 95th percentile.
  duration late() const noexcept;

 private:
  static constexpr duration unknown{-1};
  duration mean_ = unknown;
  duration deviation_{};
};

/// How long answers take of peers nothing is known of: percentiles of recent ones, old ones fade.
class latency_model {
 public:
  explicit latency_model(duration initial) noexcept : initial_(initial) {}

  void observe(duration sample) noexcept;
  /// The initial value until some samples are there.
  duration late() const noexcept;
  /// A third of the initial value until some samples are there.
  duration median() const noexcept;

 private:
  /// Four buckets per power of two, from 16 µs to about 17 s.
  static constexpr std::size_t buckets = 80;
  static constexpr std::uint32_t samples_min = 8;
  static constexpr std::uint32_t samples_max = 1024;

  static std::size_t bucket_of(duration sample) noexcept;
  static duration upper_end(std::size_t bucket) noexcept;
  /// The upper end of the bucket below which `share` of 256 parts of the samples are.
  duration percentile(std::uint32_t share) const noexcept;

  duration initial_;
  std::array<std::uint16_t, buckets> counts_{};
  std::uint32_t total_ = 0;
};

}  // namespace weft::dht
