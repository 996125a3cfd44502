// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <algorithm>

namespace weft::gossip {

/// Smoothed mean and deviation of a time, as TCP's of its round trips (RFC 6298 section 2).
class estimator {
 public:
  void sample(duration value) noexcept {
    value = std::max(value, duration::zero());
    if (!known_) {
      known_ = true;
      mean_ = value;
      deviation_ = value / 2;
      return;
    }
    const duration error = value > mean_ ? value - mean_ : mean_ - value;
    deviation_ = (deviation_ * 3 + error) / 4;
    mean_ = (mean_ * 7 + value) / 8;
  }
  bool known() const noexcept { return known_; }
  /// Zero while unknown.
  duration mean() const noexcept { return mean_; }
  /// What is seldom exceeded: mean and four deviations.
  duration bound() const noexcept { return mean_ + deviation_ * 4; }

 private:
  duration mean_{};
  duration deviation_{};
  bool known_ = false;
};

/// The peaks of a time that differs from case to case; forgets them slowly.
class peak_estimator {
 public:
  void sample(duration value) noexcept {
    known_ = true;
    peak_ = value > peak_ ? value : peak_ - (peak_ - value) / 32;
  }
  bool known() const noexcept { return known_; }
  duration peak() const noexcept { return peak_; }

 private:
  duration peak_{};
  bool known_ = false;
};

}  // namespace weft::gossip
