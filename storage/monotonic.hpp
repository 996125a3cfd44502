// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <chrono>

namespace weft::storage {

/// The monotonic line's present (CLOCK_MONOTONIC).
inline instant monotonic_now() noexcept {
  return instant(
      std::chrono::duration_cast<duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

}  // namespace weft::storage
