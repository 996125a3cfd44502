// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace weft::transport::io {

/// 32 random bytes that every node of a private network knows.
using network_key = std::array<std::uint8_t, 32>;

/// Proves to each other that both ends of a session know a key, inside the TLS handshake and
/// without a further round trip: a certificate carries, for each of its node's keys,
/// HMAC-SHA256(key, "weft-private-network:" || SubjectPublicKeyInfo). TLS proves that the other
/// side holds that certificate's private key, so a proof is of no use to who copies it.
///
/// A node with two keys presents both proofs and takes either: to replace a key, give every node
/// the new one as its second, then take the old one away from each.
class private_network {
 public:
  static constexpr std::size_t keys_max = 2;
  /// Of the certificate's extension, which is not critical: others ignore it. (In the arc for
  /// experiments, RFC 1155 section 3.1.3.)
  static constexpr const char* extension_oid = "1.3.6.1.3.22871.1";

  private_network() = default;
  explicit private_network(std::vector<network_key> keys) : keys_(std::move(keys)) {}

  /// True for a node that is in no private network: everybody is accepted.
  bool open() const noexcept { return keys_.empty(); }
  /// The extension's value: the proofs one after the other.
  byte_buffer proofs(bytes_view public_key_info) const;
  /// Whether one of the proofs in a peer's extension was made with one of our keys.
  bool accepts(bytes_view extension, bytes_view public_key_info) const noexcept;

 private:
  std::vector<network_key> keys_;
};

}  // namespace weft::transport::io
