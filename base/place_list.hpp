// SPDX-License-Identifier: MIT
#pragma once

#include "base/slot_index.hpp"

#include <cstddef>
#include <vector>

namespace weft {

/// Places of a table in the order they were appended; any of them leaves in O(1). Eight bytes per
/// place of the table.
class place_list {
 public:
  using place = slot_index::slot;
  static constexpr place none = slot_index::none;

  /// `p` is not in the list.
  void append(place p) {
    if (p >= links_.size()) links_.resize(p + 1);
    links_[p] = {last_, none};
    (last_ == none ? first_ : links_[last_].after) = p;
    last_ = p;
    ++size_;
  }
  /// `p` is in the list.
  void remove(place p) noexcept {
    const links at = links_[p];
    (at.before == none ? first_ : links_[at.before].after) = at.after;
    (at.after == none ? last_ : links_[at.after].before) = at.before;
    links_[p] = {};
    --size_;
  }
  bool contains(place p) const noexcept { return p < links_.size() && links_[p].before != absent; }
  /// The one appended longest ago; `none` when the list is empty.
  place first() const noexcept { return first_; }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

 private:
  static constexpr place absent = none - 1;
  struct links {
    place before = absent;
    place after = none;
  };
  std::vector<links> links_;
  place first_ = none;
  place last_ = none;
  std::size_t size_ = 0;
};

}  // namespace weft
