// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/chunk.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/time.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::transport::testing {

/// A peer id whose key is `n` in every byte.
inline peer_id peer(std::uint8_t n) {
  ed25519_public_key key{};
  key.fill(n);
  return peer_id::from_ed25519(key);
}

inline multiaddr address(std::string_view text) {
  auto parsed = multiaddr::parse(text);
  if (!parsed) ADD_FAILURE() << text << ": " << parsed.error().detail;
  return parsed ? *parsed : multiaddr();
}

/// /ip4/10.0.0.N/udp/4001/quic-v1
inline multiaddr host(unsigned n) {
  return address("/ip4/10.0.0." + std::to_string(n) + "/udp/4001/quic-v1");
}

inline instant at(duration since_start) { return instant{} + std::chrono::hours(1) + since_start; }

inline chunk_view view(std::string_view text) { return chunk_view::copy(as_bytes(text)); }

inline std::string text(bytes_view bytes) { return std::string(as_text(bytes)); }

inline std::string joined(const std::vector<chunk_view>& pieces) {
  std::string all;
  for (const auto& p : pieces) all += as_text(p.bytes());
  return all;
}

}  // namespace weft::transport::testing
