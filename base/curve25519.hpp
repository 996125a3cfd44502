// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

/// The little arithmetic modulo 2^255 - 19 that Botan has but does not offer. Only for public
/// values.
namespace weft::crypto::curve25519 {

using encoded = std::array<std::uint8_t, 32>;

/// The Montgomery u of an Ed25519 point (RFC 7748 section 4.1: u = (1 + y) / (1 - y)). None when
/// the encoding is not canonical (RFC 8032 section 5.1.3), no point of the curve, or of low order.
std::optional<encoded> montgomery_from_edwards(std::span<const std::uint8_t, 32> point);

/// Whether `point` has a canonical y whose point is not of low order. Does not look for the x
/// coordinate.
bool acceptable_edwards_y(std::span<const std::uint8_t, 32> point);

}  // namespace weft::crypto::curve25519
