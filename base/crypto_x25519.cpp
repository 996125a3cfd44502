// SPDX-License-Identifier: MIT
#include "base/assert.hpp"
#include "base/crypto.hpp"
#include "base/curve25519.hpp"

#include <botan/exceptn.h>
#include <botan/pubkey.h>
#include <botan/system_rng.h>
#include <botan/x25519.h>

#include <algorithm>

namespace weft::crypto {

namespace {

Botan::X25519_PrivateKey load(const x25519_key& private_key) {
  return Botan::X25519_PrivateKey{
      Botan::secure_vector<std::uint8_t>(private_key.begin(), private_key.end())};
}

x25519_key to_key(std::span<const std::uint8_t> bytes) {
  x25519_key key;
  WEFT_ASSERT(bytes.size() == key.size(), "an X25519 value has 32 bytes");
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

}  // namespace

x25519_key x25519_public(const x25519_key& private_key) {
  return to_key(load(private_key).public_value());
}

result<x25519_key> x25519(const x25519_key& private_key, const x25519_key& public_key) {
  try {
    const auto key = load(private_key);
    const Botan::PK_Key_Agreement agreement{key, Botan::system_rng(), "Raw"};
    const auto shared = agreement.derive_key(0, public_key);
    const auto secret = to_key(shared.bits_of());
    if (equal_constant_time(secret, x25519_key{})) return fail(ec::bad_key, "low-order public key");
    return secret;
  } catch (const Botan::Exception& e) {
    return fail(ec::bad_key, e.what());
  }
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
