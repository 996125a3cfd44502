// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string_view>

namespace weft::crypto {

/// Cost of one Argon2id run.
struct argon2id_cost {
  static constexpr std::uint32_t memory_kib_max = 1024 * 1024;
  static constexpr std::uint32_t passes_max = 64;
  static constexpr std::uint32_t lanes_max = 16;

  std::uint32_t memory_kib = 64 * 1024;
  std::uint32_t passes = 3;
  std::uint32_t lanes = 1;
};

/// Derives a key from a passphrase (Argon2id, RFC 9106); fills `out`. The salt has at least 8
/// bytes. ec::oversized: a cost above its limit; ec::malformed: a cost or salt below the least;
/// ec::crypto.
result<void> argon2id(std::string_view passphrase, bytes_view salt, const argon2id_cost& cost,
                      bytes_span out);

}  // namespace weft::crypto
