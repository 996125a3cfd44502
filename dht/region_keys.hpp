// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/rng.hpp"
#include "dht/kad_id.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace weft::dht {

/// Keys for FIND_NODE that lie in chosen regions of the key space. A place is the hash of its key,
/// so keys are found by trying; each is the id of a peer that does not exist.
class region_keys {
 public:
  /// Leading bits of a place that make its region, and those that `in_bucket` reaches at most.
  static constexpr unsigned region_bits = 8;
  static constexpr unsigned bucket_bits_max = 12;

  /// A key in the region of a place. Found once for all regions, when first asked for.
  bytes_view near(const kad_id& place, rng& random);
  /// A new key whose place shares exactly `common_bits` with `self`; none above `bucket_bits_max`.
  static std::optional<byte_buffer> in_bucket(const kad_id& self, unsigned common_bits,
                                              rng& random);

 private:
  std::vector<byte_buffer> regions_;
};

}  // namespace weft::dht
