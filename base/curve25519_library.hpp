// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/crypto.hpp"

#include <span>

/// Inside base only: the arithmetic of Curve25519 that costs time, by lib25519 where the build has
/// found it (WEFT_LIB25519), else by libsodium, which takes up to twice as long.
namespace weft::crypto::curve25519_library {

/// Whether R and S of `signature` (RFC 8032 section 5.1.7) fit key and message. What both libraries
/// leave open is refused: a scalar not below the group's order, keys and points of low order, and
/// encodings that are not canonical.
bool verifies(const ed25519_public_key& key, bytes_view message,
              std::span<const std::uint8_t, 64> signature);

/// RFC 7748 section 5: the scalar times the base point.
x25519_key base_times(const x25519_key& scalar);

/// The scalar times a point; zeros for a point of low order. Constant time.
x25519_key point_times(const x25519_key& scalar, const x25519_key& point);

/// The version of lib25519 that computes; null when it is libsodium.
const char* lib25519_version_in_use() noexcept;

}  // namespace weft::crypto::curve25519_library
