// SPDX-License-Identifier: MIT
// Goal: both AEADs give their specifications' vectors, work in place, and open nothing that was
// touched.
#include "base/crypto.hpp"
#include "base/rng.hpp"
#include "tests/support/hex.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace weft::crypto {
namespace {

using test::hex;

struct aead_vector {
  aead_kind kind;
  const char* key;
  const char* nonce;
  const char* associated;
  std::string plain;
  const char* sealed;
};

const aead_vector vectors[] = {
    // The Galois/Counter Mode of Operation (McGrew, Viega), test cases 1, 2 and 4
    {aead_kind::aes_128_gcm, "00000000000000000000000000000000", "000000000000000000000000", "", "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
    {aead_kind::aes_128_gcm, "00000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000",
     "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
    {aead_kind::aes_128_gcm, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
    // RFC 8439 section 2.8.2
    {aead_kind::chacha20_poly1305,
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
     "50515253c0c1c2c3c4c5c6c7",
     to_hex(as_bytes("Ladies and Gentlemen of the class of '99: If I could offer you only one tip "
                     "for the future, sunscreen would be it.")),
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da927"
     "28b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b48"
     "31d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"}};

TEST(aead, matches_the_specifications) {
  for (const auto& v : vectors) {
    aead cipher{v.kind, hex(v.key)};
    const auto plain = hex(v.plain);
    byte_buffer sealed(plain.size() + aead_tag_bytes);
    EXPECT_EQ(cipher.seal(hex(v.nonce), hex(v.associated), plain, sealed), sealed.size());
    EXPECT_EQ(to_hex(sealed), v.sealed);
    byte_buffer opened(sealed.size());
    EXPECT_EQ(cipher.open(hex(v.nonce), hex(v.associated), sealed, opened).value(), plain.size());
    opened.resize(plain.size());
    EXPECT_EQ(opened, plain);
  }
}

TEST(aead, works_in_place_at_every_size_around_its_blocks) {
  rng random{2};
  for (const auto kind : {aead_kind::aes_128_gcm, aead_kind::chacha20_poly1305}) {
    aead sealer{kind, byte_buffer(aead_key_bytes(kind), 9)};
    aead opener{kind, byte_buffer(aead_key_bytes(kind), 9)};
    for (const std::size_t size :
         {0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 200, 255, 256, 257, 1200, 65536}) {
      byte_buffer plain(size);
      for (auto& byte : plain) byte = static_cast<std::uint8_t>(random.next());
      byte_buffer nonce(aead_nonce_bytes, static_cast<std::uint8_t>(size));
      byte_buffer buffer = plain;
      buffer.resize(size + aead_tag_bytes);
      sealer.seal(nonce, as_bytes("ad"), bytes_view{buffer}.first(size), buffer);
      byte_buffer apart(size + aead_tag_bytes);
      sealer.seal(nonce, as_bytes("ad"), plain, apart);
      EXPECT_EQ(buffer, apart);
      EXPECT_EQ(opener.open(nonce, as_bytes("ad"), buffer, buffer).value(), size);
      buffer.resize(size);
      EXPECT_EQ(buffer, plain);
    }
  }
}

TEST(aead, opens_nothing_that_was_touched_and_shows_none_of_it) {
  for (const auto& v : vectors) {
    aead cipher{v.kind, hex(v.key)};
    const auto sealed = hex(v.sealed);
    byte_buffer out(sealed.size());
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      auto changed = sealed;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ 0x40);
      out.assign(out.size(), 0xee);
      EXPECT_EQ(cipher.open(hex(v.nonce), hex(v.associated), changed, out).error(), ec::bad_seal);
      for (std::size_t j = 0; j < sealed.size() - aead_tag_bytes; ++j) EXPECT_EQ(out[j], 0);
    }
    auto nonce = hex(v.nonce);
    nonce[11] = static_cast<std::uint8_t>(nonce[11] ^ 1);
    EXPECT_EQ(cipher.open(nonce, hex(v.associated), sealed, out).error(), ec::bad_seal);
    EXPECT_EQ(cipher.open(hex(v.nonce), as_bytes("other"), sealed, out).error(), ec::bad_seal);
    EXPECT_EQ(
        cipher.open(hex(v.nonce), hex(v.associated), bytes_view{sealed}.first(15), out).error(),
        ec::truncated);
    // A failure leaves the cipher usable.
    EXPECT_TRUE(cipher.open(hex(v.nonce), hex(v.associated), sealed, out));
  }
}

TEST(aead, survives_a_move) {
  const auto& v = vectors[3];
  aead first{v.kind, hex(v.key)};
  byte_buffer out(hex(v.sealed).size());
  first.seal(hex(v.nonce), hex(v.associated), hex(v.plain), out);
  aead second{std::move(first)};
  EXPECT_TRUE(second.open(hex(v.nonce), hex(v.associated), hex(v.sealed), out));
}

TEST(aead_death, key_nonce_and_room_have_their_sizes) {
  EXPECT_DEATH(aead(aead_kind::aes_128_gcm, byte_buffer(32)), "length of its kind");
  aead cipher{aead_kind::aes_128_gcm, byte_buffer(16)};
  byte_buffer out(16);
  EXPECT_DEATH(cipher.seal(byte_buffer(8), {}, {}, out), "12 bytes");
  EXPECT_DEATH(cipher.seal(byte_buffer(12), {}, as_bytes("x"), out), "room for the tag");
}

}  // namespace
}  // namespace weft::crypto
