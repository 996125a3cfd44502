// SPDX-License-Identifier: MIT
#include "transport/io/tls_arithmetic.hpp"

#include "base/crypto.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <dlfcn.h>
#include <nettle/curve25519.h>
#include <nettle/eddsa.h>

namespace crypto = weft::crypto;

namespace {

template <std::size_t N>
std::array<std::uint8_t, N> array_at(const std::uint8_t* bytes) {
  std::array<std::uint8_t, N> copy;
  std::copy_n(bytes, N, copy.begin());
  return copy;
}

}  // namespace

// Nettle's header declares them with C linkage and renames them to nettle_….

[[gnu::visibility("default")]] void curve25519_mul(std::uint8_t* q, const std::uint8_t* n,
                                                   const std::uint8_t* p) {
  crypto::x25519_key scalar = array_at<32>(n);
  // RFC 7748 section 6.1: zeros for a point of low order, which GnuTLS refuses as TLS 1.3 asks.
  auto shared = crypto::x25519(scalar, array_at<32>(p)).value_or(crypto::x25519_key{});
  std::ranges::copy(shared, q);
  crypto::wipe(scalar);
  crypto::wipe(shared);
}

[[gnu::visibility("default")]] void curve25519_mul_g(std::uint8_t* q, const std::uint8_t* n) {
  crypto::x25519_key scalar = array_at<32>(n);
  std::ranges::copy(crypto::x25519_public(scalar), q);
  crypto::wipe(scalar);
}

[[gnu::visibility("default")]] int ed25519_sha512_verify(const std::uint8_t* pub,
                                                         std::size_t length,
                                                         const std::uint8_t* msg,
                                                         const std::uint8_t* signature) {
  const bool good = crypto::ed25519_verify(array_at<32>(pub), {msg, length},
                                           {signature, ED25519_SIGNATURE_SIZE})
                        .has_value();
  return good ? 1 : 0;
}

namespace weft::transport::io {

bool fast_tls_arithmetic() noexcept {
  const auto bound = [](const char* name, auto* own) {
    return ::dlsym(RTLD_DEFAULT, name) == reinterpret_cast<void*>(own);
  };
  return bound("nettle_curve25519_mul", &curve25519_mul)
         && bound("nettle_curve25519_mul_g", &curve25519_mul_g)
         && bound("nettle_ed25519_sha512_verify", &ed25519_sha512_verify);
}

}  // namespace weft::transport::io
