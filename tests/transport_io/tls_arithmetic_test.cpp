// SPDX-License-Identifier: MIT
// Goal: GnuTLS reaches the arithmetic of base/crypto, and gets from it what Nettle would say.
#include "transport/io/tls_arithmetic.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "tests/support/hex.hpp"

#include <gtest/gtest.h>

#include <array>
#include <nettle/curve25519.h>
#include <nettle/eddsa.h>

namespace weft::transport::io {
namespace {

using test::hex_array;
using key_bytes = std::array<std::uint8_t, 32>;

key_bytes product(const key_bytes& scalar, const key_bytes& point) {
  key_bytes out;
  out.fill(0xee);
  curve25519_mul(out.data(), scalar.data(), point.data());
  return out;
}

TEST(tls_arithmetic, takes_the_place_of_nettles) { EXPECT_TRUE(fast_tls_arithmetic()); }

// RFC 7748 section 5.2, the second scalar and coordinate: the coordinate's top bit counts for
// nothing.
TEST(tls_arithmetic, multiplies_as_rfc_7748) {
  EXPECT_EQ(to_hex(product(
                hex_array<32>("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
                hex_array<32>("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"))),
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

// RFC 8446 section 7.4.2: GnuTLS ends the handshake when it finds zeros there.
TEST(tls_arithmetic, gives_zeros_for_a_point_of_low_order) {
  for (const char* u : {"0000000000000000000000000000000000000000000000000000000000000000",
                        "0100000000000000000000000000000000000000000000000000000000000000",
                        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"})
    EXPECT_EQ(product(key_bytes{1, 2, 3}, hex_array<32>(u)), key_bytes{}) << u;
}

TEST(tls_arithmetic, verifies_what_was_signed_and_nothing_else) {
  const auto key = crypto::ed25519_private_key::generate();
  key_bytes message{7, 7, 7};
  auto signature = key.sign(message);
  const auto verdict = [&] {
    return ed25519_sha512_verify(key.public_key().data(), message.size(), message.data(),
                                 signature.data());
  };
  EXPECT_EQ(verdict(), 1);
  message[31] ^= 1;
  EXPECT_EQ(verdict(), 0);
  message[31] ^= 1;
  signature[40] ^= 1;
  EXPECT_EQ(verdict(), 0);
}

}  // namespace
}  // namespace weft::transport::io
