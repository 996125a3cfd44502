// SPDX-License-Identifier: MIT
#include "base/curve25519_library.hpp"

#if WEFT_LIB25519

#include "base/curve25519.hpp"

#include <algorithm>
#include <array>
#include <lib25519.h>

namespace weft::crypto::curve25519_library {
namespace {

/// The order of the base point, 2^252 + 27742317777372353535851937790883648493, little-endian.
constexpr std::array<std::uint8_t, 32> group_order{
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

bool below_group_order(std::span<const std::uint8_t, 32> scalar) {
  return std::lexicographical_compare(scalar.rbegin(), scalar.rend(), group_order.rbegin(),
                                      group_order.rend());
}

}  // namespace

bool verifies(const ed25519_public_key& key, bytes_view message,
              std::span<const std::uint8_t, 64> signature) {
  if (!below_group_order(signature.last<32>()) || !curve25519::acceptable_edwards_y(key)
      || !curve25519::acceptable_edwards_y(signature.first<32>()))
    return false;
  byte_buffer signed_message;
  signed_message.reserve(signature.size() + message.size());
  append(signed_message, signature);
  append(signed_message, message);
  // It reads all before it writes: the message may go where it came from.
  long long size = 0;
  return lib25519_sign_open(signed_message.data(), &size, signed_message.data(),
                            static_cast<long long>(signed_message.size()), key.data())
         == 0;
}

x25519_key base_times(const x25519_key& scalar) {
  x25519_key out;
  lib25519_nG_montgomery25519(out.data(), scalar.data());
  return out;
}

x25519_key point_times(const x25519_key& scalar, const x25519_key& point) {
  x25519_key out;
  lib25519_dh(out.data(), point.data(), scalar.data());
  return out;
}

const char* lib25519_version_in_use() noexcept { return lib25519_version; }

}  // namespace weft::crypto::curve25519_library

#else

#include "base/sodium.hpp"

#include <sodium.h>

namespace weft::crypto::curve25519_library {

bool verifies(const ed25519_public_key& key, bytes_view message,
              std::span<const std::uint8_t, 64> signature) {
  prepare_sodium();
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data())
         == 0;
}

x25519_key base_times(const x25519_key& scalar) {
  prepare_sodium();
  x25519_key out;
  crypto_scalarmult_base(out.data(), scalar.data());
  return out;
}

x25519_key point_times(const x25519_key& scalar, const x25519_key& point) {
  prepare_sodium();
  x25519_key out;
  if (crypto_scalarmult(out.data(), scalar.data(), point.data()) != 0) out.fill(0);
  return out;
}

const char* lib25519_version_in_use() noexcept { return nullptr; }

}  // namespace weft::crypto::curve25519_library

#endif
