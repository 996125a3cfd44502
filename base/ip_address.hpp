// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weft {

/// Dotted decimal of exactly four numbers without leading zeros. ec::malformed.
result<std::array<std::uint8_t, 4>> parse_ip4(std::string_view text);
std::string format_ip4(std::span<const std::uint8_t, 4> address);

/// RFC 4291 section 2.2, no zone. ec::malformed.
result<std::array<std::uint8_t, 16>> parse_ip6(std::string_view text);
/// The canonical text of RFC 5952.
std::string format_ip6(std::span<const std::uint8_t, 16> address);

/// 0 to 65535 in decimal without leading zeros. ec::malformed.
result<std::uint16_t> parse_port(std::string_view text);

}  // namespace weft
