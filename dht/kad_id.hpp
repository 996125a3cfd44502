// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/peer_id.hpp"

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>

namespace weft::dht {

/// A place in the 256-bit key space of Kademlia, and also the XOR of two places: their distance.
/// Words are most significant first, so the default order is the numeric one.
struct kad_id {
  static constexpr unsigned bits = 256;

  std::array<std::uint64_t, 4> word{};

  /// SHA-256 of a record's key, or of a peer id's bytes
  /// (https://github.com/libp2p/specs/blob/master/kad-dht/README.md#distance).
  static kad_id of(bytes_view key);
  static kad_id of(const peer_id& peer) { return of(peer.bytes()); }

  /// The number of leading bits that are zero; for a distance, the bits both places begin with:
  /// 256 when they are the same.
  unsigned leading_zeros() const noexcept {
    for (unsigned i = 0; i < 4; ++i)
      if (word[i] != 0) return i * 64 + static_cast<unsigned>(std::countl_zero(word[i]));
    return bits;
  }

  friend kad_id operator^(const kad_id& a, const kad_id& b) noexcept {
    return {{a.word[0] ^ b.word[0], a.word[1] ^ b.word[1], a.word[2] ^ b.word[2],
             a.word[3] ^ b.word[3]}};
  }
  friend auto operator<=>(const kad_id&, const kad_id&) = default;
};

}  // namespace weft::dht
