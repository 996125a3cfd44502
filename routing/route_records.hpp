// SPDX-License-Identifier: MIT
#pragma once

#include "base/crypto.hpp"
#include "base/huge_buffer.hpp"
#include "routing/metric.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::routing {

/// What only the core knows of a destination, beside its row.
struct route_state {
  /// Sequence, issue time, lifetime and flags are the held announcement's.
  std::uint64_t sequence = 0;
  std::uint32_t issued_s = 0;
  std::uint32_t lifetime_s = 0;
  /// Feasibility distance for `sequence`: the shortest metric ever advertised with it (RFC 8966
  /// section 3.5.1).
  metric feasible_below = infinite_metric;
  /// The metric neighbours were last told; infinite: retracted or never.
  metric advertised = infinite_metric;
  /// Unix seconds; only while unreachable.
  std::uint32_t unreachable_since_s = 0;
  /// The selected neighbour when last advertised.
  std::uint16_t advertised_via = 0;
  std::uint8_t origin_flags = 0;
  /// Waits in the core's list of changes.
  bool dirty : 1 = false;
  /// `advertised` was told with `sequence`.
  bool advertised_sequence : 1 = false;
  /// Gave its place to another destination and takes no routes.
  bool evicted : 1 = false;
};
static_assert(sizeof(route_state) == 32);

/// States and, apart from them, signatures of all destinations, packed without gaps and named by
/// number. Numbers and addresses stay as rows move; snapshots share none of it.
class route_records {
 public:
  /// A number for a new destination: its state as above, its signature not set.
  std::uint32_t take();
  void give(std::uint32_t number) noexcept;

  route_state& state(std::uint32_t number) noexcept {
    return states_[number / chunk_records][number % chunk_records];
  }
  const route_state& state(std::uint32_t number) const noexcept {
    return states_[number / chunk_records][number % chunk_records];
  }
  crypto::ed25519_signature& signature(std::uint32_t number) noexcept {
    return signatures_[number / chunk_records][number % chunk_records];
  }
  const crypto::ed25519_signature& signature(std::uint32_t number) const noexcept {
    return signatures_[number / chunk_records][number % chunk_records];
  }

  /// Bytes held, free room included.
  std::size_t state_bytes() const noexcept {
    return state_arena_.bytes() + states_.capacity() * sizeof(states_[0]);
  }
  std::size_t signature_bytes() const noexcept {
    return signature_arena_.bytes() + signatures_.capacity() * sizeof(signatures_[0]);
  }

 private:
  static constexpr std::uint32_t chunk_records = 256;
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  huge_arena state_arena_;
  huge_arena signature_arena_;
  std::vector<route_state*> states_;
  std::vector<crypto::ed25519_signature*> signatures_;
  std::uint32_t used_ = 0;
  /// Freed numbers, each naming the next one in its `issued_s`.
  std::uint32_t free_ = none;
};

}  // namespace weft::routing
