// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// Read-only bytes owned by someone else.
using bytes_view = std::span<const std::uint8_t>;
/// Writable bytes owned by someone else.
using bytes_span = std::span<std::uint8_t>;
/// Owned bytes for cold paths; hot paths use `chunk`.
using byte_buffer = std::vector<std::uint8_t>;

/// The bytes of a text, without copying.
inline bytes_view as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The bytes seen as text, without copying and without checking the encoding.
inline std::string_view as_text(bytes_view bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline byte_buffer to_buffer(bytes_view bytes) { return {bytes.begin(), bytes.end()}; }

inline void append(byte_buffer& out, bytes_view bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace weft
