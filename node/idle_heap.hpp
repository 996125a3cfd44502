// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <cstddef>

namespace weft::node {

/// Gives back to the system what a burst of load left in the allocator: freed blocks between used
/// ones stay resident until somebody asks.
class idle_heap {
 public:
  /// Between two looks: a walk over the heap's free lists, well below a millisecond.
  static constexpr duration look_interval = std::chrono::seconds(10);
  /// Less than this, or than a quarter of what is in use, is left for the next allocations.
  static constexpr std::size_t surplus_bytes_min = 4U << 20;

  /// Trims when the surplus was there at the last look too: then no load is about to use it again.
  /// True when it did.
  bool look();

 private:
  bool seen_ = false;
};

}  // namespace weft::node
