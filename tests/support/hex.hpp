// SPDX-License-Identifier: MIT
#pragma once

#include "base/encoding.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace weft::test {

/// Bytes of a hexadecimal literal; a broken literal ends the test program.
inline byte_buffer hex(std::string_view text) {
  auto bytes = from_hex(text);
  if (!bytes) std::abort();
  return *std::move(bytes);
}

/// As `hex`, for arrays of exactly N bytes.
template <std::size_t N>
std::array<std::uint8_t, N> hex_array(std::string_view text) {
  const auto bytes = hex(text);
  if (bytes.size() != N) std::abort();
  std::array<std::uint8_t, N> out{};
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

}  // namespace weft::test
