// SPDX-License-Identifier: MIT
#pragma once

#include "base/block_table.hpp"
#include "base/peer_id.hpp"
#include "base/slot_index.hpp"

#include <cstddef>
#include <vector>

namespace weft {

/// What is known of each of some peers, by places that are given anew once they are free. `T` is
/// blank when made and has a member `peer`. Values stay where they are; every call is O(1).
template <class T, std::size_t BlockSize = 32>
class peer_slots {
 public:
  using slot = slot_index::slot;
  static constexpr slot none = slot_index::none;

  T& operator[](slot s) noexcept { return values_[s]; }
  const T& operator[](slot s) const noexcept { return values_[s]; }
  slot find(const peer_id& peer) const {
    return by_peer_.find(peer_id_hash{}(peer), [&](slot s) { return values_[s].peer == peer; });
  }
  /// A blank value for a peer that has none.
  slot add(const peer_id& peer) {
    if (free_.empty()) free_.push_back(static_cast<slot>(values_.add()));
    const slot s = free_.back();
    free_.pop_back();
    values_[s].peer = peer;
    by_peer_.insert(peer_id_hash{}(peer), s);
    return s;
  }
  void erase(slot s) {
    by_peer_.erase(peer_id_hash{}(values_[s].peer), s);
    values_[s] = {};
    free_.push_back(s);
  }
  std::size_t size() const noexcept { return by_peer_.size(); }

 private:
  block_table<T, BlockSize> values_;
  std::vector<slot> free_;
  slot_index by_peer_;
};

}  // namespace weft
