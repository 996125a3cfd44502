// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace weft::transport::io {

/// A QUIC connection id, 0 to 20 bytes (RFC 9000 section 5.1).
struct connection_id {
  static constexpr std::size_t bytes_max = 20;
  /// Length of the ids this node issues.
  static constexpr std::size_t issued_bytes = 12;

  std::array<std::uint8_t, bytes_max> data{};
  std::uint8_t size = 0;

  connection_id() noexcept = default;
  /// Longer input is cut; callers have checked the length.
  explicit connection_id(bytes_view bytes) noexcept
      : size(static_cast<std::uint8_t>(std::min(bytes.size(), bytes_max))) {
    if (size != 0) std::memcpy(data.data(), bytes.data(), size);
  }
  bytes_view bytes() const noexcept { return {data.data(), size}; }
  friend bool operator==(const connection_id& a, const connection_id& b) noexcept {
    return a.size == b.size && a.data == b.data;
  }
};

/// Keyed, since peers choose some of the ids that are looked up.
struct connection_id_hash {
  std::uint64_t key = 0;
  std::size_t operator()(const connection_id& id) const noexcept {
    std::uint64_t words[3] = {};
    std::memcpy(words, id.data.data(), connection_id::bytes_max);
    std::uint64_t h = key ^ id.size;
    for (const std::uint64_t w : words) {
      h = (h ^ w) * 0x9e3779b97f4a7c15u;
      h ^= h >> 32;
      h = (h + key) * 0xd6e8feb86659fd93u;
      h ^= h >> 29;
    }
    return static_cast<std::size_t>(h);
  }
};

}  // namespace weft::transport::io
