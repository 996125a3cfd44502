// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/crypto.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Records of the namespace /weft/: whoever holds the key named in the record's key says what is in
/// it. Wire form in docs/protocol-dht.md.
namespace weft::dht {

/// Most bytes of the value inside a record, so that its envelope stays readable by everybody.
inline constexpr std::size_t signed_value_bytes_max = 32 * 1024;
inline constexpr std::size_t record_name_bytes_max = 128;
/// Records that live longer from now are refused.
inline constexpr duration signed_record_lifetime_max = std::chrono::hours(24 * 30);

/// What the publisher signed; `value` is a view into the record.
struct signed_record {
  peer_id publisher;
  bytes_view value;
  /// The higher one replaces the lower.
  std::uint64_t sequence = 0;
  wall_time expires{};
};

/// `/weft/PEER/NAME`, the key of a publisher's record. ec::bad_argument for a name that is empty,
/// longer than `record_name_bytes_max`, or not printable ASCII without '/'.
result<byte_buffer> signed_record_key(const peer_id& publisher, std::string_view name);
/// The publisher named in such a key. ec::malformed.
result<peer_id> signed_record_publisher(bytes_view key);

/// A record of the key's owner under `name`. ec::bad_argument, ec::oversized.
result<byte_buffer> seal_record(const crypto::ed25519_private_key& key, std::string_view name,
                                bytes_view value, std::uint64_t sequence, wall_time expires);
/// Verifies that `record` belongs under `key` and is signed by its publisher. ec::malformed,
/// ec::oversized, ec::unsupported, ec::bad_key, ec::bad_signature, ec::wrong_peer (signed by
/// another), ec::wrong_destination (signed for another key).
result<signed_record> open_record(bytes_view key, bytes_view record);

}  // namespace weft::dht
