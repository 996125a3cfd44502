// SPDX-License-Identifier: MIT
#pragma once

#include "base/peer_id.hpp"
#include "base/peer_slots.hpp"
#include "base/place_list.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <optional>

namespace weft::hosts {

/// Sessions somebody has use for, by the last time they were used: kept while the use is recent and
/// they are not too many. Every call is O(1); time does not go back between them.
class session_leases {
 public:
  /// At most `kept` beyond those used within `busy`; none longer than `idle` after its last use.
  session_leases(std::size_t kept, duration idle, duration busy)
      : kept_(kept), idle_(idle), busy_(busy) {}

  /// True when the lease is a new one.
  bool use(const peer_id& peer, instant now);
  /// True when there was a lease.
  bool forget(const peer_id& peer);
  /// Takes one out whose time is over, or that is one too many.
  std::optional<peer_id> take_over(instant now);
  /// When `take_over` may have something.
  std::optional<instant> next() const;
  std::size_t size() const noexcept { return leases_.size(); }

 private:
  struct lease {
    peer_id peer;
    instant used{};
  };

  std::size_t kept_;
  duration idle_;
  duration busy_;
  peer_slots<lease> leases_;
  place_list by_use_;
};

}  // namespace weft::hosts
