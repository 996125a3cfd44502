// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace weft {

/// Deadlines of one core with cheap cancel. Keys are the core's own numbers; the order of equal
/// deadlines is the order of arming, so runs are deterministic. Arm, cancel: O(log n); no
/// allocation once warm.
class timer_wheel {
 public:
  using token = std::uint64_t;

  /// Calls back (through `expire`) with `key` once `at` is reached. Returns a token for `cancel`,
  /// never 0.
  token arm(instant at, std::uint64_t key);
  /// False when the deadline has already expired or was cancelled.
  bool cancel(token which);
  /// Removes one deadline that is due at `now` and returns its key; none when nothing is due.
  std::optional<std::uint64_t> expire(instant now);
  /// The earliest deadline.
  std::optional<instant> next() const;

  std::size_t size() const noexcept;
  bool empty() const noexcept { return size() == 0; }

 private:
  struct entry {
    instant at;
    token id;
    std::uint64_t key;
    std::size_t slot;
  };
  void place(std::size_t index, entry&& value);
  void sift_up(std::size_t index);
  void sift_down(std::size_t index);
  void remove_at(std::size_t index);

  std::vector<entry> heap_;
  /// token's low half -> position in the heap, or free list
  struct slot {
    std::uint32_t generation = 0;
    std::size_t position = 0;
    bool used = false;
  };
  std::vector<slot> slots_;
  std::vector<std::size_t> free_;
  std::uint64_t armed_ = 0;
};

}  // namespace weft
