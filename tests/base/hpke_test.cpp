// SPDX-License-Identifier: MIT
// Goal: base-mode HPKE gives the vectors of RFC 9180 appendix A.1.1 and A.2.1, sender and
// recipient, in and out of order, and refuses broken keys and texts.
#include "base/hpke.hpp"

#include "tests/support/hex.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace weft::hpke {
namespace {

using test::hex;
using test::hex_array;

const byte_buffer info = hex("4f6465206f6e2061204772656369616e2055726e");
const byte_buffer plain = hex("4265617574792069732074727574682c20747275746820626561757479");

struct suite_vector {
  crypto::aead_kind kind;
  const char* ephemeral;
  const char* recipient;
  const char* recipient_public;
  const char* enc;
  std::vector<std::pair<std::uint64_t, const char*>> sealed;
  std::vector<std::pair<const char*, const char*>> exports;
};

const suite_vector suites[] = {
    {crypto::aead_kind::aes_128_gcm,
     "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
     "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
     "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
     "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
     {{0,
       "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512"
       "a"},
      {1,
       "af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b8"
       "4"},
      {2,
       "498dfcabd92e8acedc281e85af1cb4e3e31c7dc394a1ca20e173cb72516491588d96a19ad4a683518973dcc18"
       "0"},
      {4,
       "583bd32bc67a5994bb8ceaca813d369bca7b2a42408cddef5e22f880b631215a09fc0012bc69fccaa251c0246"
       "d"},
      {255,
       "7175db9717964058640a3a11fb9007941a5d1757fda1a6935c805c21af32505bf106deefec4a49ac38d71c9e0"
       "a"},
      {256,
       "957f9800542b0b8891badb026d79cc54597cb2d225b54c00c5238c25d05c30e3fbeda97d2e0e1aba483a2df9f"
       "2"}},
     {{"", "3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee"},
      {"00", "2e8f0b54673c7029649d4eb9d5e33bf1872cf76d623ff164ac185da9e88c21a5"},
      {"54657374436f6e74657874",
       "e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931"}}},
    {crypto::aead_kind::chacha20_poly1305,
     "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
     "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
     "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
     "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
     {{0,
       "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a2"
       "8"},
      {1,
       "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98"
       "c"},
      {2,
       "71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86"
       "b"},
      {4,
       "63357a2aa291f5a4e5f27db6baa2af8cf77427c7c1a909e0b37214dd47db122bb153495ff0b02e9e54a50dbe1"
       "6"},
      {255,
       "18ab939d63ddec9f6ac2b60d61d36a7375d2070c9b683861110757062c52b8880a5f6b3936da9cd6c23ef2a95"
       "c"},
      {256,
       "7a4a13e9ef23978e2c520fd4d2e757514ae160cd0cd05e556ef692370ca53076214c0c40d4c728d6ed9e727a5"
       "b"}},
     {{"", "4bbd6243b8bb54cec311fac9df81841b6fd61f56538a775e7c80a9f40160606e"},
      {"00", "8c1df14732580e5501b00f82b10a1647b40713191b7c1240ac80e2b68808ba69"},
      {"54657374436f6e74657874",
       "5acb09211139c43b3090489a9da433e8a30ee7188ba8b0a9a1ccf0c229283e53"}}},
};

byte_buffer count(std::uint64_t sequence) {
  return to_buffer(as_bytes("Count-" + std::to_string(sequence)));
}

sender sender_of(const suite_vector& v) {
  return setup_sender(v.kind, hex_array<32>(v.recipient_public), info, hex_array<32>(v.ephemeral))
      .value();
}

context recipient_of(const suite_vector& v) {
  return setup_recipient(v.kind, hex_array<32>(v.enc), hex_array<32>(v.recipient), info).value();
}

TEST(hpke, seals_as_rfc_9180) {
  for (const auto& v : suites) {
    EXPECT_EQ(to_hex(crypto::x25519_public(hex_array<32>(v.recipient))), v.recipient_public);
    auto from = sender_of(v);
    EXPECT_EQ(to_hex(from.enc), v.enc);
    for (const auto& [sequence, sealed] : v.sealed) {
      byte_buffer out(plain.size() + crypto::aead_tag_bytes);
      from.ctx.seal(sequence, count(sequence), plain, out);
      EXPECT_EQ(to_hex(out), sealed) << sequence;
    }
  }
}

TEST(hpke, opens_as_rfc_9180_in_any_order) {
  for (const auto& v : suites) {
    auto to = recipient_of(v);
    for (auto entry = v.sealed.rbegin(); entry != v.sealed.rend(); ++entry) {
      const auto sealed = hex(entry->second);
      byte_buffer out(sealed.size());
      ASSERT_EQ(to.open(entry->first, count(entry->first), sealed, out).value(), plain.size());
      out.resize(plain.size());
      EXPECT_EQ(out, plain);
    }
  }
}

TEST(hpke, exports_as_rfc_9180) {
  for (const auto& v : suites) {
    const auto from = sender_of(v);
    const auto to = recipient_of(v);
    for (const auto& [exporter_context, value] : v.exports) {
      std::array<std::uint8_t, 32> secret{};
      from.ctx.export_secret(hex(exporter_context), secret);
      EXPECT_EQ(to_hex(secret), value);
      to.export_secret(hex(exporter_context), secret);
      EXPECT_EQ(to_hex(secret), value);
    }
  }
}

TEST(hpke, refuses_wrong_sequence_associated_data_and_texts) {
  for (const auto& v : suites) {
    auto to = recipient_of(v);
    const auto sealed = hex(v.sealed[1].second);
    byte_buffer out(sealed.size());
    EXPECT_EQ(to.open(0, count(1), sealed, out).error(), ec::bad_seal);
    EXPECT_EQ(to.open(std::uint64_t{1} << 63, count(1), sealed, out).error(), ec::bad_seal);
    EXPECT_EQ(to.open(1, count(0), sealed, out).error(), ec::bad_seal);
    EXPECT_EQ(to.open(1, count(1), bytes_view{sealed}.first(15), out).error(), ec::truncated);
    EXPECT_TRUE(to.open(1, count(1), sealed, out));
  }
}

TEST(hpke, contexts_depend_on_info_kind_and_keys) {
  const auto& v = suites[0];
  const auto sealed = hex(v.sealed[0].second);
  byte_buffer out(sealed.size());
  auto other_info
      = setup_recipient(v.kind, hex_array<32>(v.enc), hex_array<32>(v.recipient), {}).value();
  EXPECT_EQ(other_info.open(0, count(0), sealed, out).error(), ec::bad_seal);
  auto other_kind = setup_recipient(crypto::aead_kind::chacha20_poly1305, hex_array<32>(v.enc),
                                    hex_array<32>(v.recipient), info)
                        .value();
  EXPECT_EQ(other_kind.open(0, count(0), sealed, out).error(), ec::bad_seal);
  auto other_key
      = setup_recipient(v.kind, hex_array<32>(v.enc), hex_array<32>(suites[1].recipient), info)
            .value();
  EXPECT_EQ(other_key.open(0, count(0), sealed, out).error(), ec::bad_seal);
}

TEST(hpke, refuses_low_order_keys_on_both_sides) {
  const auto& v = suites[0];
  for (const char* low : {"0000000000000000000000000000000000000000000000000000000000000000",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"}) {
    EXPECT_EQ(setup_sender(v.kind, hex_array<32>(low), info, hex_array<32>(v.ephemeral)).error(),
              ec::bad_key);
    EXPECT_EQ(setup_recipient(v.kind, hex_array<32>(low), hex_array<32>(v.recipient), info).error(),
              ec::bad_key);
  }
}

TEST(hpke, a_peer_id_is_enough_to_write_to_it) {
  const auto recipient = crypto::ed25519_private_key::generate();
  const auto key = crypto::x25519_from_ed25519(recipient.id().ed25519_key().value()).value();
  crypto::x25519_key ephemeral;
  crypto::random_bytes(ephemeral);
  auto from = setup_sender(crypto::aead_kind::aes_128_gcm, key, info, ephemeral).value();
  byte_buffer sealed(plain.size() + crypto::aead_tag_bytes);
  from.ctx.seal(0, {}, plain, sealed);
  auto to = setup_recipient(crypto::aead_kind::aes_128_gcm, from.enc,
                            crypto::x25519_from_ed25519_seed(recipient.seed()), info)
                .value();
  byte_buffer opened(sealed.size());
  ASSERT_EQ(to.open(0, {}, sealed, opened).value(), plain.size());
  opened.resize(plain.size());
  EXPECT_EQ(opened, plain);
}

}  // namespace
}  // namespace weft::hpke
