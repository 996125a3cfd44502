// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>

namespace weft {

/// KeyType of https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md.
enum class libp2p_key_type : std::uint8_t { rsa = 0, ed25519 = 1, secp256k1 = 2, ecdsa = 3 };

/// Longest PublicKey protobuf accepted: room for an RSA key of 8192 bits.
inline constexpr std::size_t libp2p_key_bytes_max = 1200;

/// A PublicKey protobuf taken apart; `data` is a view into it.
struct libp2p_public_key {
  libp2p_key_type type = libp2p_key_type::ed25519;
  /// Raw key, compressed point or DER SubjectPublicKeyInfo, by type.
  bytes_view data;
};

/// Reads the deterministic form only: both fields, in order, minimal varints, nothing else.
/// ec::truncated, ec::bad_varint, ec::malformed, ec::oversized, ec::unsupported for another key
/// type.
result<libp2p_public_key> read_libp2p_public_key(bytes_view protobuf);

/// `08 type 12 length data`.
byte_buffer write_libp2p_public_key(libp2p_key_type type, bytes_view data);

}  // namespace weft
