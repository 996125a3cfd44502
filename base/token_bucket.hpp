// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <algorithm>

namespace weft {

/// Tokens that come at a steady rate, up to a reserve (RFC 2697 calls it the burst size). It may be
/// overdrawn; the debt is paid before there are tokens again. Told the time and, since both may
/// change while it is used, the rate and the reserve.
class token_bucket {
 public:
  token_bucket() noexcept = default;
  token_bucket(double tokens, instant now) noexcept : tokens_(tokens), at_(now) {}

  /// Adds what has come since the last call, `rate` tokens a second.
  void refill(double rate, double reserve, instant now) noexcept {
    tokens_ = std::min(reserve, tokens_ + to_seconds(now - at_) * rate);
    at_ = now;
  }
  /// Takes them when there are so many.
  bool take(double count) noexcept {
    if (tokens_ < count) return false;
    tokens_ -= count;
    return true;
  }
  /// Takes them in any case.
  void overdraw(double count) noexcept { tokens_ -= count; }
  double tokens() const noexcept { return tokens_; }

 private:
  double tokens_ = 0;
  instant at_{};
};

}  // namespace weft
