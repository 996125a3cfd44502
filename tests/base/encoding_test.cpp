// SPDX-License-Identifier: MIT
// Goal: the text encodings and multihashes match their specifications' vectors, take nothing else,
// and are one to one.
#include "base/encoding.hpp"

#include "base/multihash.hpp"
#include "base/rng.hpp"
#include "base/wire.hpp"
#include "tests/support/hex.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace weft {
namespace {

using test::hex;

byte_buffer random_buffer(rng& random, std::size_t size) {
  byte_buffer bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
  return bytes;
}

TEST(hex, reads_both_cases_and_writes_lower_case) {
  EXPECT_EQ(to_hex(hex("00fFA0")), "00ffa0");
  EXPECT_EQ(to_hex({}), "");
  EXPECT_EQ(from_hex("0").error(), ec::malformed);
  EXPECT_EQ(from_hex("0g").error(), ec::malformed);
  EXPECT_EQ(from_hex(" 0").error(), ec::malformed);
}

// draft-msporny-base58-03 section 5
TEST(base58, matches_the_draft_vectors) {
  const std::pair<std::string, byte_buffer> vectors[] = {
      {"2NEpo7TZRRrLZSi2U", to_buffer(as_bytes("Hello World!"))},
      {"USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
       to_buffer(as_bytes("The quick brown fox jumps over the lazy dog."))},
      {"11233QC4", hex("0000287fb4cd")},
      {"", {}},
      {"1", hex("00")},
  };
  for (const auto& [text, bytes] : vectors) {
    EXPECT_EQ(to_base58(bytes), text);
    EXPECT_EQ(from_base58(text).value(), bytes);
  }
}

TEST(base58, refuses_other_characters_and_long_texts) {
  for (const char* text : {"0", "O", "I", "l", "abc ", "+", "\xc3\xa9"})
    EXPECT_EQ(from_base58(text).error(), ec::malformed) << text;
  EXPECT_TRUE(from_base58(std::string(base58_chars_max, 'z')));
  EXPECT_EQ(from_base58(std::string(base58_chars_max + 1, 'z')).error(), ec::oversized);
}

// RFC 4648 section 10
TEST(base32, matches_the_rfc_vectors) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "my"},
                                                         {"fo", "mzxq"},
                                                         {"foo", "mzxw6"},
                                                         {"foob", "mzxw6yq"},
                                                         {"fooba", "mzxw6ytb"},
                                                         {"foobar", "mzxw6ytboi"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(to_base32(as_bytes(plain)), text);
    EXPECT_EQ(as_text(from_base32(text).value()), plain);
  }
}

TEST(base32, takes_only_the_one_canonical_text) {
  EXPECT_EQ(from_base32("mz").error(), ec::malformed) << "unused bits are set";
  EXPECT_EQ(from_base32("m").error(), ec::malformed) << "a digit that holds no byte";
  EXPECT_EQ(from_base32("mzxw6y").error(), ec::malformed);
  EXPECT_EQ(from_base32("MY").error(), ec::malformed);
  EXPECT_EQ(from_base32("my======").error(), ec::malformed);
  EXPECT_EQ(from_base32("m1").error(), ec::malformed);
}

TEST(base64url, matches_the_rfc_vectors) {
  const std::pair<std::string, std::string> vectors[]
      = {{"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
         {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(to_base64url(as_bytes(plain)), text);
    EXPECT_EQ(as_text(from_base64url(text).value()), plain);
  }
  EXPECT_EQ(to_base64url(hex("fbff")), "-_8");
  EXPECT_EQ(from_base64url("Zh").error(), ec::malformed);
  EXPECT_EQ(from_base64url("+/8").error(), ec::malformed);
  EXPECT_EQ(from_base64url("Zg==").error(), ec::malformed);
}

TEST(encodings, round_trip_random_bytes) {
  rng random{1};
  for (std::size_t size = 0; size < 80; ++size) {
    const auto bytes = random_buffer(random, size);
    EXPECT_EQ(from_hex(to_hex(bytes)).value(), bytes);
    EXPECT_EQ(from_base58(to_base58(bytes)).value(), bytes);
    EXPECT_EQ(from_base32(to_base32(bytes)).value(), bytes);
    EXPECT_EQ(from_base64url(to_base64url(bytes)).value(), bytes);
  }
}

// https://github.com/multiformats/multihash: sha2-256 of "multihash"
TEST(multihash, reads_and_writes_the_binary_form) {
  const auto bytes = hex("12209cbc07c3f991725836a3aa2a581ca2029198aa420b9d99bc0e131d9f3e2cbe47");
  wire_reader in{bytes};
  const auto hash = read_multihash(in);
  ASSERT_TRUE(hash);
  EXPECT_EQ(hash->code, multicodec::sha2_256);
  EXPECT_EQ(hash->digest.size(), 32U);
  EXPECT_TRUE(in.at_end());
  byte_buffer out;
  write_multihash(out, hash->code, hash->digest);
  EXPECT_EQ(out, bytes);
}

TEST(multihash, refuses_broken_forms) {
  const std::pair<const char*, ec> broken[]
      = {{"", ec::truncated},           {"12", ec::truncated},   {"1220aa", ec::truncated},
         {"1201aa", ec::malformed},     {"0041", ec::oversized}, {"8000", ec::bad_varint},
         {"92800001aa", ec::bad_varint}};
  for (const auto& [text, code] : broken) {
    const auto bytes = hex(text);
    wire_reader in{bytes};
    EXPECT_EQ(read_multihash(in).error(), code) << text;
  }
}

}  // namespace
}  // namespace weft
