// SPDX-License-Identifier: MIT
#pragma once

#include "routing/announcement.hpp"
#include "routing/metric.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::routing {

/// What only the core knows of a destination, beside its row and announcement.
struct route_state {
  static constexpr std::uint16_t no_neighbour = 0xffff;
  /// Feasibility distance for the held sequence: the shortest metric ever advertised with it (RFC
  /// 8966 section 3.5.1).
  metric feasible_below = infinite_metric;
  /// The metric neighbours were last told; infinite: retracted or never.
  metric advertised = infinite_metric;
  /// While reachable: the selected neighbour when last advertised. Otherwise: since when not, in
  /// Unix seconds modulo 2^16.
  std::uint16_t via_or_since = no_neighbour;
  /// Waits in the core's list of changes.
  bool dirty = false;
  /// `advertised` was told with the held sequence.
  bool advertised_sequence = false;
  /// Gave its place to another destination and takes no routes.
  bool evicted = false;
  /// Unreachable for the hold-down at least, whatever became of `via_or_since`.
  bool rested = false;
  friend bool operator==(const route_state&, const route_state&) = default;
};

/// An announcement without its destination and signature.
struct origin_stamp {
  std::uint64_t sequence = 0;
  std::uint32_t issued_s = 0;
  std::uint32_t lifetime_s = 0;
  std::uint8_t flags = 0;
};

/// The core's part of a destination in 78 bytes, which no reader sees:
///
/// | bytes | |
/// |---|---|
/// | 0-63 | the announcement's signature |
/// | 64-66 | its time of issue in Unix seconds, the lower 24 bits |
/// | 67 | its class |
/// | 68-69 | its sequence less a thousand times that time, 10 bits; four flags of `route_state` |
/// | 70-77 | `feasible_below`, `advertised`, `via_or_since` |
///
/// A class is what many announcements have in common: lifetime, flags and the upper 8 bits of the
/// time of issue. A sequence is within the second of issue unless its signer's clock went back
/// (`make_announcement`). What fits neither is kept beside the records in full, and its number in
/// bytes 64 to 66: correct for all that a peer may sign, at 24 bytes more.
class route_records {
 public:
  static constexpr std::size_t bytes = 78;

  /// Makes 78 bytes a record without announcement, its state as above.
  static void init(std::uint8_t* record) noexcept;
  /// Before a record is given up, other than by being moved.
  void drop(const std::uint8_t* record) noexcept;

  static route_state state(const std::uint8_t* record) noexcept;
  static void set_state(std::uint8_t* record, const route_state& value) noexcept;

  origin_stamp stamp(const std::uint8_t* record) const noexcept;
  announcement origin(const std::uint8_t* record,
                      const ed25519_public_key& destination) const noexcept;
  void set_origin(std::uint8_t* record, const announcement& from);

  /// Held beside the records.
  std::size_t bytes_beside() const noexcept { return wide_.capacity() * sizeof(wide_[0]); }

 private:
  struct origin_class {
    std::uint32_t lifetime_s = 0;
    std::uint8_t flags = 0;
    std::uint8_t issued_upper = 0;
    /// Records of this class.
    std::uint32_t uses = 0;
  };
  static constexpr std::uint8_t classes_max = 254;
  static constexpr std::uint8_t no_class = 254;
  static constexpr std::uint8_t wide_class = 255;
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  std::uint8_t class_of(const announcement& from) noexcept;
  std::uint32_t take_wide(const origin_stamp& stamp);

  std::array<origin_class, classes_max> classes_{};
  /// The class found last: nearly always the next one's too.
  std::uint8_t recent_ = 0;
  /// Stamps in full; a free one names the next in `issued_s`.
  std::vector<origin_stamp> wide_;
  std::uint32_t free_wide_ = none;
};

}  // namespace weft::routing
