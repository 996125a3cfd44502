// SPDX-License-Identifier: MIT
#include "transport/io/private_network.hpp"

#include "base/crypto.hpp"

#include <string_view>

namespace weft::transport::io {
namespace {

constexpr std::string_view label = "weft-private-network:";

crypto::sha256_digest proof_of(const network_key& key, bytes_view public_key_info) {
  byte_buffer message = to_buffer(as_bytes(label));
  append(message, public_key_info);
  return crypto::hmac_sha256(key, message);
}

/// Takes the same time wherever they differ.
bool same(const crypto::sha256_digest& a, bytes_view b) noexcept {
  std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
  return difference == 0;
}

}  // namespace

byte_buffer private_network::proofs(bytes_view public_key_info) const {
  byte_buffer out;
  for (const auto& key : keys_) append(out, proof_of(key, public_key_info));
  return out;
}

bool private_network::accepts(bytes_view extension, bytes_view public_key_info) const noexcept {
  if (open()) return true;
  constexpr std::size_t size = std::tuple_size_v<crypto::sha256_digest>;
  if (extension.size() % size != 0 || extension.size() > keys_max * size) return false;
  for (const auto& key : keys_) {
    const auto wanted = proof_of(key, public_key_info);
    for (std::size_t at = 0; at < extension.size(); at += size)
      if (same(wanted, extension.subspan(at, size))) return true;
  }
  return false;
}

}  // namespace weft::transport::io
