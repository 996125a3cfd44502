// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft {

/// A content identifier (https://github.com/multiformats/cid): what kind of content, and its hash.
struct cid {
  /// Longest text read.
  static constexpr std::size_t text_max = 160;

  std::uint64_t codec = 0;
  /// A whole multihash.
  byte_buffer multihash;

  /// `Qm…` (version 0) or version 1 in multibase base32 (b), base58btc (z) or base16 (f).
  /// ec::malformed, ec::truncated, ec::oversized.
  static result<cid> parse(std::string_view text);
};

}  // namespace weft
