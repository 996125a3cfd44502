// SPDX-License-Identifier: MIT
// Goal: peer ids and public key protobufs follow the libp2p peer-ids specification: its vectors,
// both text forms, and a refusal of everything else.
#include "base/peer_id.hpp"

#include "base/crypto.hpp"
#include "base/libp2p_key.hpp"
#include "base/rng.hpp"
#include "tests/support/hex.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <unordered_set>

namespace weft {
namespace {

using test::hex;

// Keys of https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md, "Test vectors".
constexpr const char* ed25519_key
    = "080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e";
constexpr const char* secp256k1_key
    = "08021221037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99";
constexpr const char* ecdsa_key
    = "0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004de3d300fa36ae0e8f5d530899d83ab"
      "ab"
      "44abf3161f162a4bc901d8e6ecda020e8b6d5f8da30525e71d6851510c098e5c47c646a597fb4dcec034e9f77c40"
      "9e"
      "62";

struct id_vector {
  const char* protobuf;
  const char* base58;
  const char* cid;
};
constexpr id_vector vectors[] = {
    {ed25519_key, "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq",
     "bafzaajaiaejcahwr5d5ofrfbis4l5d6uwr57hu5tjodrypfm6yaq6dsc2r2pzyt6"},
    {secp256k1_key, "16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY",
     "bafzaajiiaijcca3xo7uzjzcsyilaj6i54cj44qk7kqzpoao5rti2pjx6udtdbp6kte"},
    {ecdsa_key, "QmVMT29id3TUASyfZZ6k9hmNyc2nYabCo4uMSpDw4zrgDk",
     "bafzbeidigywdclqvl5hxfefwp5onbffcfife7pza57mmfb4tiqmtkdjw64"},
};

TEST(peer_id, is_the_multihash_of_the_key) {
  for (const auto& v : vectors) {
    const auto id = peer_id::from_public_key_protobuf(hex(v.protobuf));
    ASSERT_TRUE(id) << v.base58;
    EXPECT_EQ(id->to_string(), v.base58);
    EXPECT_EQ(peer_id::parse(v.base58).value(), *id);
    EXPECT_EQ(peer_id::parse(v.cid).value(), *id);
    EXPECT_EQ(peer_id::from_bytes(id->bytes()).value(), *id);
  }
}

TEST(peer_id, reads_the_examples_of_the_specification) {
  EXPECT_EQ(peer_id::parse("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe").value(),
            peer_id::parse("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N").value());
  const auto id = peer_id::parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA").value();
  EXPECT_TRUE(id.ed25519_key());
  EXPECT_EQ(id.short_string(), "eQAJU5SA");
}

TEST(peer_id, reads_other_multibase_forms) {
  const auto id = peer_id::parse(vectors[0].base58).value();
  byte_buffer cid{0x01, 0x72};
  append(cid, id.bytes());
  EXPECT_EQ(peer_id::parse("z" + to_base58(cid)).value(), id);
  EXPECT_EQ(peer_id::parse("f" + to_hex(cid)).value(), id);
}

TEST(peer_id, carries_its_ed25519_key) {
  const auto protobuf = hex(ed25519_key);
  const auto key = read_libp2p_public_key(protobuf).value();
  ed25519_public_key raw;
  std::copy(key.data.begin(), key.data.end(), raw.begin());
  const auto id = peer_id::from_ed25519(raw);
  EXPECT_EQ(id.to_string(), vectors[0].base58);
  EXPECT_EQ(id.ed25519_key(), raw);
  EXPECT_EQ(crypto::ed25519_public_key_protobuf(raw), hex(ed25519_key));
  EXPECT_FALSE(peer_id::parse(vectors[1].base58)->ed25519_key());
  EXPECT_FALSE(peer_id::parse(vectors[2].base58)->ed25519_key());
  EXPECT_FALSE(peer_id{}.ed25519_key());
}

TEST(peer_id, refuses_broken_bytes) {
  const std::string key32(64, '1');
  const std::pair<std::string, ec> broken[] = {
      {"", ec::truncated},
      {"00", ec::truncated},
      {"0000", ec::malformed},  // an inlined key of no bytes
      {"0002aa", ec::truncated},
      {"0001aabb", ec::malformed},  // bytes behind it
      {"1220" + key32 + "00", ec::malformed},
      {"1120" + key32, ec::malformed},                 // another hash function
      {"002b" + std::string(86, '0'), ec::malformed},  // 43 bytes are not inlined
      {"9200"
       "20" + key32,
       ec::bad_varint},
  };
  for (const auto& [text, code] : broken)
    EXPECT_EQ(peer_id::from_bytes(hex(text)).error(), code) << text;
}

TEST(peer_id, refuses_broken_text) {
  for (const std::string text :
       {"", "1", "Qm", "Qm0", "12D3KooW", "bafz",
        "bafybeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3o",
        "x12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", " 12D3", "b", "f01", "f0172"})
    EXPECT_FALSE(peer_id::parse(text)) << text;
  EXPECT_EQ(peer_id::parse(std::string(129, '1')).error(), ec::malformed);
  // A CID of another codec (raw, 0x55) is no peer id.
  byte_buffer cid{0x01, 0x55};
  append(cid, peer_id::parse(vectors[0].base58)->bytes());
  EXPECT_EQ(peer_id::parse("b" + to_base32(cid)).error(), ec::malformed);
}

TEST(peer_id, orders_and_hashes_by_value) {
  rng random{7};
  std::set<peer_id> ordered;
  std::unordered_set<peer_id, peer_id_hash> hashed;
  for (int i = 0; i < 1000; ++i) {
    ed25519_public_key key;
    for (auto& byte : key) byte = static_cast<std::uint8_t>(random.next());
    const auto id = peer_id::from_ed25519(key);
    EXPECT_EQ(ordered.insert(id).second, hashed.insert(id).second);
    EXPECT_EQ(peer_id_hash{}(id), peer_id_hash{}(peer_id::parse(id.to_string()).value()));
  }
  EXPECT_EQ(ordered.size(), 1000U);
  EXPECT_EQ(hashed.size(), 1000U);
  EXPECT_EQ(peer_id{}, peer_id{});
  EXPECT_TRUE(peer_id{}.empty());
  EXPECT_LT(peer_id{}, *ordered.begin());
}

TEST(libp2p_key, reads_only_the_deterministic_form) {
  const auto protobuf = hex(secp256k1_key);
  const auto key = read_libp2p_public_key(protobuf);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->type, libp2p_key_type::secp256k1);
  EXPECT_EQ(key->data.size(), 33U);
  EXPECT_EQ(write_libp2p_public_key(key->type, key->data), protobuf);

  const std::pair<const char*, ec> broken[] = {
      {"", ec::truncated},
      {"0801", ec::truncated},
      {"08011202aa", ec::truncated},
      {"12010a0801", ec::malformed},     // fields in the other order
      {"08011201aa00", ec::malformed},   // bytes behind it
      {"0881001201aa", ec::bad_varint},  // a varint longer than needed
      {"0801128100aa", ec::bad_varint},
      {"08041201aa", ec::unsupported},  // a key type nobody defined
      {"0a011201aa", ec::malformed},
  };
  for (const auto& [text, code] : broken)
    EXPECT_EQ(read_libp2p_public_key(hex(text)).error(), code) << text;
  EXPECT_EQ(read_libp2p_public_key(byte_buffer(libp2p_key_bytes_max + 1)).error(), ec::oversized);
}

}  // namespace
}  // namespace weft
