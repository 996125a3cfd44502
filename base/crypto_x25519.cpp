// SPDX-License-Identifier: MIT
#include "base/assert.hpp"
#include "base/crypto.hpp"
#include "base/curve25519.hpp"
#include "base/curve25519_library.hpp"

#include <algorithm>

namespace weft::crypto {

namespace {

x25519_key to_key(std::span<const std::uint8_t> bytes) {
  x25519_key key;
  WEFT_ASSERT(bytes.size() == key.size(), "an X25519 value has 32 bytes");
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

}  // namespace

x25519_key x25519_public(const x25519_key& private_key) {
  return curve25519_library::base_times(private_key);
}

result<x25519_key> x25519(const x25519_key& private_key, const x25519_key& public_key) {
  const x25519_key secret = curve25519_library::point_times(private_key, public_key);
  // Without a branch on the secret's bytes.
  std::uint8_t any = 0;
  for (const std::uint8_t byte : secret) any = static_cast<std::uint8_t>(any | byte);
  if (any == 0) return fail(ec::bad_key, "low-order public key");
  return secret;
}

result<x25519_key> x25519_from_ed25519(const ed25519_public_key& key) {
  const auto u = curve25519::montgomery_from_edwards(key);
  if (!u) return fail(ec::bad_key, "not a usable Ed25519 key");
  return *u;
}

x25519_key x25519_from_ed25519_seed(std::span<const std::uint8_t, 32> seed) {
  auto digest = sha512(seed);
  auto key = to_key(bytes_view{digest}.first(32));
  key[0] &= 0xf8;
  key[31] = static_cast<std::uint8_t>((key[31] & 0x7f) | 0x40);
  wipe(digest);
  return key;
}

}  // namespace weft::crypto
