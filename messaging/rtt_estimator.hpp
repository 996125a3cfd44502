// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <algorithm>
#include <optional>

namespace weft::messaging {

/// Smoothed round trip and retransmission time-out (RFC 6298 sections 2.2 and 2.3).
class rtt_estimator {
 public:
  void sample(duration rtt) noexcept {
    rtt = std::max(rtt, duration{1});
    if (!smoothed_) {
      smoothed_ = rtt;
      variation_ = rtt / 2;
      return;
    }
    const duration difference = *smoothed_ > rtt ? *smoothed_ - rtt : rtt - *smoothed_;
    variation_ = (variation_ * 3 + difference) / 4;
    smoothed_ = (*smoothed_ * 7 + rtt) / 8;
  }
  std::optional<duration> smoothed() const noexcept { return smoothed_; }
  /// Time-out without back-off.
  duration timeout(duration initial, duration minimum, duration maximum) const noexcept {
    if (!smoothed_) return initial;
    return std::clamp(*smoothed_ + variation_ * 4, minimum, maximum);
  }

 private:
  std::optional<duration> smoothed_;
  duration variation_{};
};

}  // namespace weft::messaging
