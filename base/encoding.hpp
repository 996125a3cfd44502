// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace weft {

/// Lower-case hexadecimal.
std::string to_hex(bytes_view bytes);
/// Either case, an even number of digits. ec::malformed.
result<byte_buffer> from_hex(std::string_view text);

/// Longest text `from_base58` takes: the conversion is quadratic in its length.
inline constexpr std::size_t base58_chars_max = 256;
/// base58btc with the Bitcoin alphabet, no multibase prefix (draft-msporny-base58-03).
std::string to_base58(bytes_view bytes);
/// ec::malformed, ec::oversized.
result<byte_buffer> from_base58(std::string_view text);

/// RFC 4648 section 6 in lower case without padding.
std::string to_base32(bytes_view bytes);
/// Lower case only, no padding, unused bits zero: one text per value. ec::malformed.
result<byte_buffer> from_base32(std::string_view text);

/// RFC 4648 section 5 (URL-safe alphabet) without padding.
std::string to_base64url(bytes_view bytes);
/// No padding, unused bits zero: one text per value. ec::malformed.
result<byte_buffer> from_base64url(std::string_view text);

}  // namespace weft
