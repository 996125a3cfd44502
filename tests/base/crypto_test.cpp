// SPDX-License-Identifier: MIT
// Goal: hashes, key derivation and X25519 give the vectors of their RFCs, and refuse what they
// must.
#include "base/crypto.hpp"

#include "base/curve25519.hpp"
#include "tests/support/hex.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace weft::crypto {
namespace {

using test::hex;
using test::hex_array;

// FIPS 180-4 examples
TEST(sha2, matches_fips_180_4) {
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256(byte_buffer(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(to_hex(sha512(as_bytes("abc"))),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

// RFC 4231 section 4, cases 1, 2, 3, 6 and 7
TEST(hmac, matches_rfc_4231) {
  const auto mac = [](const byte_buffer& key, const byte_buffer& data) {
    return to_hex(hmac_sha256(key, data));
  };
  EXPECT_EQ(mac(byte_buffer(20, 0x0b), to_buffer(as_bytes("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(mac(to_buffer(as_bytes("Jefe")), to_buffer(as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(mac(byte_buffer(20, 0xaa), byte_buffer(50, 0xdd)),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(mac(byte_buffer(131, 0xaa),
                to_buffer(as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(mac(byte_buffer(131, 0xaa),
                to_buffer(as_bytes("This is a test using a larger than block-size key and a larger "
                                   "than block-size data. The key needs to be hashed before being "
                                   "used by the HMAC algorithm."))),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
  EXPECT_EQ(mac({}, {}), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

// RFC 5869 appendix A, cases 1 to 3
TEST(hkdf, matches_rfc_5869) {
  const auto derive = [](bytes_view salt, bytes_view key, bytes_view info, std::size_t size) {
    byte_buffer out(size);
    hkdf_expand(hkdf_extract(salt, key), info, out);
    return to_hex(out);
  };
  EXPECT_EQ(to_hex(hkdf_extract(hex("000102030405060708090a0b0c"), byte_buffer(22, 0x0b))),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  EXPECT_EQ(derive(hex("000102030405060708090a0b0c"), byte_buffer(22, 0x0b),
                   hex("f0f1f2f3f4f5f6f7f8f9"), 42),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  byte_buffer long_key, long_salt, long_info;
  for (unsigned i = 0; i < 80; ++i) {
    long_key.push_back(static_cast<std::uint8_t>(i));
    long_salt.push_back(static_cast<std::uint8_t>(0x60 + i));
    long_info.push_back(static_cast<std::uint8_t>(0xb0 + i));
  }
  EXPECT_EQ(derive(long_salt, long_key, long_info, 82),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
            "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
            "cc30c58179ec3e87c14c01d5c1f3434f1d87");
  EXPECT_EQ(derive({}, byte_buffer(22, 0x0b), {}, 42),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(hkdf, gives_at_most_255_blocks) {
  byte_buffer out(255 * 32);
  hkdf_expand(sha256({}), {}, out);
  EXPECT_NE(out.back(), 0);
  out.resize(out.size() + 1);
  EXPECT_DEATH(hkdf_expand(sha256({}), {}, out), "255 blocks");
}

TEST(hashes, work_on_several_threads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 200; ++i)
        EXPECT_EQ(to_hex(hmac_sha256(byte_buffer(20, 0x0b), as_bytes("Hi There"))).substr(0, 8),
                  "b0344c61");
    });
  }
  for (auto& thread : threads) thread.join();
}

// Vectors of the reference implementation's test suite (version 0x13, one lane).
TEST(argon2id, matches_the_reference_vectors) {
  byte_buffer out(32);
  ASSERT_TRUE(argon2id("password", as_bytes("somesalt"), 256, 2, out));
  EXPECT_EQ(to_hex(out), "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe");
  ASSERT_TRUE(argon2id("password", as_bytes("somesalt"), 65536, 2, out));
  EXPECT_EQ(to_hex(out), "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
}

TEST(argon2id, refuses_costs_outside_its_limits) {
  byte_buffer out(32);
  const auto salt = as_bytes("somesalt");
  EXPECT_EQ(argon2id("p", salt, argon2_memory_kib_min - 1, 1, out).error(), ec::bad_argument);
  EXPECT_EQ(argon2id("p", salt, argon2_memory_kib_max + 1, 1, out).error(), ec::bad_argument);
  EXPECT_EQ(argon2id("p", salt, 64, 0, out).error(), ec::bad_argument);
  EXPECT_EQ(argon2id("p", salt, 64, argon2_passes_max + 1, out).error(), ec::bad_argument);
  EXPECT_EQ(argon2id("p", as_bytes("short"), 64, 1, out).error(), ec::bad_argument);
  EXPECT_EQ(argon2id("p", salt, 64, 1, bytes_span{out}.first(3)).error(), ec::bad_argument);
  EXPECT_TRUE(argon2id("", salt, argon2_memory_kib_min, 1, out)) << "an empty password is a value";
}

TEST(random_bytes, differ_between_calls) {
  std::array<std::uint8_t, 32> a{}, b{};
  random_bytes(a);
  random_bytes(b);
  EXPECT_NE(a, b);
  random_bytes({});
}

TEST(equal_constant_time, compares_contents_and_lengths) {
  EXPECT_TRUE(equal_constant_time(hex("0102"), hex("0102")));
  EXPECT_FALSE(equal_constant_time(hex("0102"), hex("0103")));
  EXPECT_FALSE(equal_constant_time(hex("0102"), hex("010200")));
  EXPECT_TRUE(equal_constant_time({}, {}));
}

TEST(wipe, zeroes_the_bytes) {
  auto secret = hex("0102030405");
  wipe(secret);
  EXPECT_EQ(secret, byte_buffer(5, 0));
  wipe({});
}

// RFC 7748 section 5.2
TEST(x25519, matches_rfc_7748) {
  EXPECT_EQ(
      to_hex(
          x25519(hex_array<32>("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                 hex_array<32>("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"))
              .value()),
      "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  EXPECT_EQ(
      to_hex(
          x25519(hex_array<32>("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
                 hex_array<32>("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"))
              .value()),
      "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
  x25519_key k{9}, u{9};
  for (int i = 0; i < 1000; ++i) {
    const auto next = x25519(k, u).value();
    u = k;
    k = next;
  }
  EXPECT_EQ(to_hex(k), "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

// RFC 7748 section 6.1
TEST(x25519, agrees_with_the_other_side) {
  const auto a = hex_array<32>(
      "77076d0a7318a57d3c16c17251b26645df4c2f87ebc099"
      "2ab177fba51db92c2a");
  const auto b = hex_array<32>("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  EXPECT_EQ(to_hex(x25519_public(a)),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(x25519(a, x25519_public(b)).value()),
            "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  EXPECT_EQ(x25519(a, x25519_public(b)).value(), x25519(b, x25519_public(a)).value());
}

// The points of order 1, 2, 4 and 8, and their forms above p.
constexpr const char* low_order_u[]
    = {"0000000000000000000000000000000000000000000000000000000000000000",
       "0100000000000000000000000000000000000000000000000000000000000000",
       "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
       "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
       "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};

TEST(x25519, refuses_low_order_keys) {
  for (const char* u : low_order_u)
    EXPECT_EQ(x25519(x25519_key{1, 2, 3}, hex_array<32>(u)).error(), ec::bad_key) << u;
}

TEST(x25519_from_ed25519, belongs_to_the_key_from_the_seed) {
  // Expected values made with an independent implementation from the same seeds.
  const std::pair<const char*, const char*> vectors[]
      = {{"8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c",
          "1b1b58dd50ea14b60da17b790cd02754d970c9bab864ebb3c0f3016fe51d3f57"},
         {"1398f62c6d1a457c51ba6a4b5f3dbd2f69fca93216218dc8997e416bd17d93ca",
          "899abcb61e203a8c03613c9f7524d4efcf609db0c80d8e8d0fbabd93430c5323"},
         {"d9bf2148748a85c89da5aad8ee0b0fc2d105fd39d41a4c796536354f0ae2900c",
          "6e8e8644f252e7156fa1affbe72b127916ca0cb6cb0c7e9ec3a5c5dbccef9056"}};
  for (const auto& [edwards, montgomery] : vectors)
    EXPECT_EQ(to_hex(x25519_from_ed25519(hex_array<32>(edwards)).value()), montgomery);
  for (std::uint8_t i = 0; i < 50; ++i) {
    const std::array<std::uint8_t, 32> seed{i, 1};
    const auto key = ed25519_private_key::from_seed(seed);
    EXPECT_EQ(x25519_from_ed25519(key.public_key()).value(),
              x25519_public(x25519_from_ed25519_seed(seed)));
  }
}

// Ed25519 encodings of the eight points of low order, with either sign, and encodings at or above
// p.
constexpr const char* unusable_points[]
    = {"0100000000000000000000000000000000000000000000000000000000000000",
       "0100000000000000000000000000000000000000000000000000000000000080",
       "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
       "0000000000000000000000000000000000000000000000000000000000000000",
       "0000000000000000000000000000000000000000000000000000000000000080",
       "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
       "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
       "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
       "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
       "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};

TEST(x25519_from_ed25519, refuses_unusable_keys) {
  for (const char* point : unusable_points)
    EXPECT_EQ(x25519_from_ed25519(hex_array<32>(point)).error(), ec::bad_key) << point;
}

TEST(x25519_from_ed25519, refuses_values_off_the_curve) {
  // About half of all y have no x; the verdict must agree with the curve equation, checked by a key
  // made from a seed (always on the curve) and by its neighbours (on it half of the time).
  int refused = 0;
  for (std::uint8_t i = 0; i < 100; ++i) {
    ed25519_public_key y{i, 0x55, 0xaa};
    refused += x25519_from_ed25519(y) ? 0 : 1;
  }
  EXPECT_GT(refused, 30);
  EXPECT_LT(refused, 70);
  // y = 2: not on the curve (RFC 8032 implementations' usual example).
  EXPECT_EQ(x25519_from_ed25519(ed25519_public_key{2}).error(), ec::bad_key);
}

}  // namespace
}  // namespace weft::crypto
