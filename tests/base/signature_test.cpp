// SPDX-License-Identifier: MIT
// Goal: Ed25519 signs and verifies as RFC 8032 says and strictly; signatures by every libp2p key
// type verify, and nothing near them.
#include "base/crypto.hpp"
#include "base/rng.hpp"
#include "tests/base/signature_vectors.hpp"
#include "tests/support/hex.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace weft::crypto {
namespace {

using test::hex;
using test::hex_array;

const bytes_view message = as_bytes("libp2p message");

struct ed25519_vector {
  const char* seed;
  const char* key;
  const char* message;
  const char* signature;
};
// RFC 8032 section 7.1, tests 1 to 3
constexpr ed25519_vector rfc_8032[]
    = {{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
        "f9b4"
        "6bd25bf5f0595bbe24655141438e7a100b"},
       {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
        "f11d"
        "8c387b2eaeb4302aeeb00d291612bb0c00"},
       {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76098"
        "4dc6"
        "594a7c15e9716ed28dc027beceea1ec40a"}};

TEST(ed25519, matches_rfc_8032) {
  for (const auto& v : rfc_8032) {
    const auto key = ed25519_private_key::from_seed(hex_array<32>(v.seed));
    EXPECT_EQ(to_hex(key.public_key()), v.key);
    EXPECT_EQ(to_hex(key.seed()), v.seed);
    EXPECT_EQ(to_hex(key.sign(hex(v.message))), v.signature);
    EXPECT_TRUE(ed25519_verify(key.public_key(), hex(v.message), hex(v.signature)));
    EXPECT_EQ(key.id(), peer_id::from_ed25519(key.public_key()));
  }
}

TEST(ed25519, refuses_every_changed_bit) {
  const auto key = hex_array<32>(rfc_8032[1].key);
  const auto signature = hex(rfc_8032[1].signature);
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    auto changed = signature;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1u << bit % 8);
    EXPECT_EQ(ed25519_verify(key, hex("72"), changed).error(), ec::bad_signature) << bit;
  }
  EXPECT_EQ(ed25519_verify(key, hex("73"), signature).error(), ec::bad_signature);
  EXPECT_EQ(ed25519_verify(key, {}, signature).error(), ec::bad_signature);
  EXPECT_EQ(ed25519_verify(key, hex("72"), bytes_view{signature}.first(63)).error(),
            ec::bad_signature);
  EXPECT_EQ(ed25519_verify(key, hex("72"), {}).error(), ec::bad_signature);
}

TEST(ed25519, refuses_a_malleated_signature) {
  EXPECT_TRUE(
      verify_with_libp2p_key(hex(test::ed25519_key), message, hex(test::ed25519_signature)));
  // The same point with the group order added to the scalar.
  EXPECT_EQ(verify_with_libp2p_key(hex(test::ed25519_key), message,
                                   hex(test::ed25519_malleated_signature))
                .error(),
            ec::bad_signature);
}

TEST(ed25519, refuses_low_order_and_overlong_keys) {
  // With the neutral element as key, (R = B·s, s) verifies for any message unless the key is
  // refused.
  for (const char* key : {"0100000000000000000000000000000000000000000000000000000000000000",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "0000000000000000000000000000000000000000000000000000000000000000",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    byte_buffer neutral(64, 0);
    neutral[0] = 1;
    EXPECT_EQ(ed25519_verify(hex_array<32>(key), message, neutral).error(), ec::bad_key) << key;
  }
}

TEST(ed25519, random_keys_differ_and_sign_from_many_threads) {
  const auto key = ed25519_private_key::generate();
  EXPECT_NE(key.public_key(), ed25519_private_key::generate().public_key());
  const auto expected = key.sign(message);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(key.sign(message), expected);
        EXPECT_TRUE(ed25519_verify(key.public_key(), message, expected));
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

struct key_vector {
  const char* name;
  const char* key;
  const char* signature;
};
constexpr key_vector good[] = {
    {"ed25519", test::ed25519_key, test::ed25519_signature},
    {"p256", test::p256_key, test::p256_signature},
    {"p384", test::p384_key, test::p384_signature},
    {"secp256k1", test::secp256k1_key, test::secp256k1_signature},
    {"rsa_2048", test::rsa_2048_key, test::rsa_2048_signature},
};

TEST(libp2p_signature, verifies_by_every_key_type) {
  for (const auto& v : good)
    EXPECT_TRUE(verify_with_libp2p_key(hex(v.key), message, hex(v.signature))) << v.name;
}

TEST(libp2p_signature, refuses_other_messages_keys_and_signatures) {
  for (const auto& v : good) {
    EXPECT_EQ(verify_with_libp2p_key(hex(v.key), as_bytes("another"), hex(v.signature)).error(),
              ec::bad_signature)
        << v.name;
    EXPECT_EQ(verify_with_libp2p_key(hex(v.key), message, {}).error(), ec::bad_signature) << v.name;
    auto cut = hex(v.signature);
    cut.pop_back();
    EXPECT_EQ(verify_with_libp2p_key(hex(v.key), message, cut).error(), ec::bad_signature)
        << v.name;
    auto longer = hex(v.signature);
    longer.push_back(0);
    EXPECT_EQ(verify_with_libp2p_key(hex(v.key), message, longer).error(), ec::bad_signature)
        << v.name;
    for (const auto& other : good) {
      if (other.name == v.name) continue;
      EXPECT_FALSE(verify_with_libp2p_key(hex(v.key), message, hex(other.signature)))
          << v.name << " with a signature by " << other.name;
    }
  }
}

TEST(libp2p_signature, refuses_weak_and_foreign_keys) {
  const auto verify = [](const char* key, const char* signature) {
    return verify_with_libp2p_key(hex(key), message, hex(signature)).error().code;
  };
  EXPECT_EQ(verify(test::rsa_1024_key, test::rsa_1024_signature), ec::bad_key);
  EXPECT_EQ(verify(test::rsa_2048_large_exponent_key, test::rsa_2048_signature), ec::bad_key);
  EXPECT_EQ(verify(test::rsa_2048_key, test::rsa_2048_pss_signature), ec::bad_signature);
  EXPECT_EQ(verify(test::p521_key, test::p521_signature), ec::unsupported);
  EXPECT_EQ(verify(test::secp256k1_as_ecdsa_key, test::secp256k1_signature), ec::unsupported);
}

TEST(libp2p_signature, refuses_keys_under_another_type) {
  for (const auto& v : good) {
    for (const int type : {0, 1, 2, 3}) {
      auto key = hex(v.key);
      if (key[1] == type) continue;
      key[1] = static_cast<std::uint8_t>(type);
      const auto verified = verify_with_libp2p_key(key, message, hex(v.signature));
      ASSERT_FALSE(verified) << v.name << " as type " << type;
      EXPECT_EQ(verified.error(), ec::bad_key) << v.name << " as type " << type;
    }
  }
}

TEST(libp2p_signature, survives_random_damage_to_keys_and_signatures) {
  rng random{11};
  for (const auto& v : good) {
    const auto key = hex(v.key);
    const auto signature = hex(v.signature);
    for (int i = 0; i < 60; ++i) {
      auto bad_key = key;
      const auto at = random.below(bad_key.size());
      bad_key[at] = static_cast<std::uint8_t>(bad_key[at] ^ (1 + random.below(255)));
      EXPECT_FALSE(verify_with_libp2p_key(bad_key, message, signature)) << v.name << " byte " << at;
      auto bad_signature = signature;
      const auto where = random.below(bad_signature.size());
      bad_signature[where]
          = static_cast<std::uint8_t>(bad_signature[where] ^ (1 + random.below(255)));
      EXPECT_EQ(verify_with_libp2p_key(key, message, bad_signature).error(), ec::bad_signature)
          << v.name << " byte " << where;
    }
  }
}

}  // namespace
}  // namespace weft::crypto
