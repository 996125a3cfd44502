// SPDX-License-Identifier: MIT
#include "tests/transport_io/raw_peer.hpp"
#include "tests/transport_io/test_node.hpp"
#include "transport/io/der_reader.hpp"
#include "transport/io/tls_certificate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace weft::transport::io::test {
namespace {

// The four certificates of https://github.com/libp2p/specs/blob/master/tls/tls.md#test-vectors
constexpr std::string_view ed25519_vector
    = "308201ae30820156a0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69"
      "627032"
      "702e696f310a300806035504051301313020170d3735303130313133303030305a180f3430393630313031313330"
      "3030305a"
      "302031123010060355040a13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d02"
      "0106082a"
      "8648ce3d030107034200040c901d423c831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870"
      "234dec87"
      "8504c174144fa4b14b66a651691606d8173e55bd37e381569ea37c307a3078060a2b0601040183a25a0101046a30"
      "68042408"
      "011220a77f1d92fedb59dddaea5a1c4abd1ac2fbde7d7b879ed364501809923d7c11b90440d90d2769db992d5e61"
      "95dbb08e"
      "706b6651e024fda6cfb8846694a435519941cac215a8207792e42849cccc6cd8136c6e4bde92a58c5e08cfd4206e"
      "b5fe0bf9"
      "09300a06082a8648ce3d0403020346003043021f50f6b6c52711a881778718238f650c9fb48943ae6ee6d28427dc"
      "6071ae55"
      "e702203625f116a7a454db9c56986c82a25682f7248ea1cb764d322ea983ed36a31b77";
constexpr std::string_view ecdsa_vector
    = "308201f63082019da0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69"
      "627032"
      "702e696f310a300806035504051301313020170d3735303130313133303030305a180f3430393630313031313330"
      "3030305a"
      "302031123010060355040a13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d02"
      "0106082a"
      "8648ce3d030107034200040c901d423c831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870"
      "234dec87"
      "8504c174144fa4b14b66a651691606d8173e55bd37e381569ea381c23081bf3081bc060a2b0601040183a25a0101"
      "0481ad30"
      "81aa045f0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004bf30511f909414ebdd3242"
      "178fd290"
      "f093a551cf75c973155de0bb5a96fedf6cb5d52da7563e794b512f66e60c7f55ba8a3acf3dd72a801980d205e8a1"
      "ad29f204"
      "4730450220064ea8124774caf8f50e57f436aa62350ce652418c019df5d98a3ac666c9386a022100aa59d704a931"
      "b5f72fb9"
      "222cb6cc51f954d04a4e2e5450f8805fe8918f71eaae300a06082a8648ce3d04030203470030440220799395b0b6"
      "c1e940a7"
      "e4484705f610ab51ed376f19ff9d7c16757cfbf61b8d4302206205c03fbb0f95205c779be86581d3e31c01871ad5"
      "d1f3435b"
      "cf375cb0e5088a";
constexpr std::string_view secp256k1_vector
    = "308201ba3082015fa0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69"
      "627032"
      "702e696f310a300806035504051301313020170d3735303130313133303030305a180f3430393630313031313330"
      "3030305a"
      "302031123010060355040a13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d02"
      "0106082a"
      "8648ce3d030107034200040c901d423c831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870"
      "234dec87"
      "8504c174144fa4b14b66a651691606d8173e55bd37e381569ea38184308181307f060a2b0601040183a25a010104"
      "71306f04"
      "25080212210206dc6968726765b820f050263ececf7f71e4955892776c0970542efd689d2382044630440220145e"
      "15a99196"
      "1f0d08cd15425bb95ec93f6ffa03c5a385eedc34ecf464c7a8ab022026b3109b8a3f40ef833169777eb2aa337cfb"
      "6282f188"
      "de0666d1bcec2a4690dd300a06082a8648ce3d0403020349003046022100e1a217eeef9ec9204b3f774a08b70849"
      "646b6a1e"
      "6b8b27f93dc00ed58545d9fe022100b00dafa549d0f03547878338c7b15e7502888f6d45db387e5ae6b5d46899ce"
      "f0";
constexpr std::string_view mismatch_vector
    = "308201f73082019da0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69"
      "627032"
      "702e696f310a300806035504051301313020170d3735303130313133303030305a180f3430393630313031313330"
      "3030305a"
      "302031123010060355040a13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d02"
      "0106082a"
      "8648ce3d030107034200040c901d423c831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870"
      "234dec87"
      "8504c174144fa4b14b66a651691606d8173e55bd37e381569ea381c23081bf3081bc060a2b0601040183a25a0101"
      "0481ad30"
      "81aa045f0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004bf30511f909414ebdd3242"
      "178fd290"
      "f093a551cf75c973155de0bb5a96fedf6cb5d52da7563e794b512f66e60c7f55ba8a3acf3dd72a801980d205e8a1"
      "ad29f204"
      "473045022100bb6e03577b7cc7a3cd1558df0da2b117dfdcc0399bc2504ebe7de6f65cade72802206de96e2a5be9"
      "b6202adb"
      "a24ee0362e490641ac45c240db71fe955f2c5cf8df6e300a06082a8648ce3d0403020348003045022100e847f267"
      "f4371735"
      "8f850355bdcabbefb2cfbf8a3c043b203a14788a092fe8db022027c1d04a2d41fd6b57a7e8b3989e470325de4406"
      "e52e084e"
      "34a3fd56eef0d0df";

byte_buffer unhex(std::string_view text) {
  const auto digit
      = [](char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); };
  byte_buffer out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
  return out;
}

result<peer_id> judge(const byte_buffer& der, wall_time when = wall_now()) {
  const std::array<bytes_view, 1> chain{bytes_view(der)};
  return verify_certificate_chain(chain, when);
}

constexpr std::array kinds{certificate_key::p256, certificate_key::ed25519};
/// SubjectPublicKeyInfo of an Ed25519 key up to the key.
constexpr std::string_view ed25519_info_head("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00",
                                             12);

certificate_key kind_of(const byte_buffer& der) {
  const bytes_view head = as_bytes(ed25519_info_head);
  return std::search(der.begin(), der.end(), head.begin(), head.end()) == der.end()
             ? certificate_key::p256
             : certificate_key::ed25519;
}

void expect_refused(const result<peer_id>& outcome, std::string_view rule) {
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ec::bad_certificate);
  EXPECT_NE(outcome.error().detail.find(rule), std::string::npos) << outcome.error().detail;
}

std::size_t find(const byte_buffer& in, bytes_view what) {
  const auto it = std::search(in.begin(), in.end(), what.begin(), what.end());
  EXPECT_NE(it, in.end());
  return static_cast<std::size_t>(it - in.begin());
}

/// The certificate signed anew after a change, so that only the change can be at fault.
struct workshop {
  workshop() {
    gnutls_x509_privkey_init(&key),
        gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
  }
  ~workshop() { gnutls_x509_privkey_deinit(key); }
  byte_buffer make(const std::function<void(gnutls_x509_crt_t)>& change,
                   bool with_extension = true) {
    gnutls_x509_crt_t crt = nullptr;
    gnutls_x509_crt_init(&crt);
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_serial(crt, "\x42", 1);
    gnutls_x509_crt_set_activation_time(crt, 1'000'000'000);
    gnutls_x509_crt_set_expiration_time(crt, 4'000'000'000);
    gnutls_x509_crt_set_key(crt, key);
    if (with_extension) {
      const byte_buffer value = signed_key(host);
      gnutls_x509_crt_set_extension_by_oid(crt, "1.3.6.1.4.1.53594.1.1", value.data(), value.size(),
                                           0);
    }
    if (change) change(crt);
    gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
    gnutls_datum_t out{};
    gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &out);
    byte_buffer der(out.data, out.data + out.size);
    gnutls_free(out.data);
    gnutls_x509_crt_deinit(crt);
    return der;
  }
  byte_buffer signed_key(const crypto::ed25519_private_key& signer) {
    gnutls_x509_crt_t crt = nullptr;
    gnutls_x509_crt_init(&crt);
    gnutls_x509_crt_set_key(crt, key);
    gnutls_pubkey_t pub = nullptr;
    gnutls_pubkey_init(&pub);
    gnutls_pubkey_import_x509(pub, crt, 0);
    gnutls_datum_t info{};
    gnutls_pubkey_export2(pub, GNUTLS_X509_FMT_DER, &info);
    byte_buffer message = to_buffer(as_bytes("libp2p-tls-handshake:"));
    append(message, bytes_view(info.data, info.size));
    gnutls_free(info.data);
    gnutls_pubkey_deinit(pub);
    gnutls_x509_crt_deinit(crt);
    byte_buffer out{0x30, 0x68, 0x04, 0x24};
    append(out, crypto::ed25519_public_key_protobuf(host.public_key()));
    out.push_back(0x04);
    out.push_back(0x40);
    append(out, signer.sign(message));
    return out;
  }
  gnutls_x509_privkey_t key = nullptr;
  crypto::ed25519_private_key host = crypto::ed25519_private_key::generate();
};

TEST(certificate, specification_vectors) {
  const auto ed = judge(unhex(ed25519_vector));
  ASSERT_TRUE(ed) << to_string(ed.error());
  EXPECT_EQ(ed->to_string(), "12D3KooWM6CgA9iBFZmcYAHA6A2qvbAxqfkmrYiRQuz3XEsk4Ksv");
  const auto ecdsa = judge(unhex(ecdsa_vector));
  ASSERT_TRUE(ecdsa) << to_string(ecdsa.error());
  EXPECT_EQ(ecdsa->to_string(), "QmfXbAwNjJLXfesgztEHe8HwgVDCMMpZ9Eax1HYq6hn9uE");
  const auto secp = judge(unhex(secp256k1_vector));
  ASSERT_TRUE(secp) << to_string(secp.error());
  EXPECT_EQ(secp->to_string(), "16Uiu2HAkutTMoTzDw1tCvSRtu6YoixJwS46S1ZFxW8hSx9fWHiPs");
  expect_refused(judge(unhex(mismatch_vector)), "host key's signature");
}

// The last byte belongs to the self-signature: a checker that takes the certificate as its own
// anchor does not look at it.
TEST(certificate, corrupted_self_signature) {
  for (const auto vector : {ed25519_vector, ecdsa_vector, secp256k1_vector}) {
    byte_buffer der = unhex(vector);
    der.back() ^= 1;
    expect_refused(judge(der), "self-signature");
  }
  workshop w;
  byte_buffer serial = w.make(nullptr);
  ASSERT_TRUE(judge(serial));
  serial[find(serial, byte_buffer{0x02, 0x01, 0x42}) + 2] = 0x43;
  expect_refused(judge(serial), "self-signature");
}

TEST(certificate, validity) {
  workshop w;
  const byte_buffer der = w.make(nullptr);
  const auto at = [](std::int64_t seconds) { return wall_time(std::chrono::seconds(seconds)); };
  EXPECT_TRUE(judge(der, at(1'000'000'000)));
  EXPECT_TRUE(judge(der, at(4'000'000'000)));
  expect_refused(judge(der, at(999'999'999)), "not valid yet");
  expect_refused(judge(der, at(4'000'000'001)), "expired");
}

TEST(certificate, critical_extensions) {
  workshop w;
  expect_refused(judge(w.make([](gnutls_x509_crt_t c) {
                   gnutls_x509_crt_set_extension_by_oid(c, "1.2.3.4.5", "\x05\x00", 2, 1);
                 })),
                 "unknown critical extension 1.2.3.4.5");
  EXPECT_TRUE(judge(w.make([](gnutls_x509_crt_t c) {
    gnutls_x509_crt_set_extension_by_oid(c, "1.2.3.4.5", "\x05\x00", 2, 0);
    gnutls_x509_crt_set_basic_constraints(c, 0, -1);
  })));
  const auto key = crypto::ed25519_private_key::generate();
  for (const auto kind : kinds) {
    const auto critical = tls_certificate::make(key, wall_now(), {.kind = kind, .critical = true});
    ASSERT_TRUE(critical);
    EXPECT_TRUE(judge(critical->der()));
  }
}

TEST(certificate, signed_key) {
  workshop w;
  expect_refused(judge(w.make(nullptr, false)), "extension is missing");
  const auto with = [&](const byte_buffer& value) {
    return judge(w.make(
        [&](gnutls_x509_crt_t c) {
          gnutls_x509_crt_set_extension_by_oid(c, "1.3.6.1.4.1.53594.1.1", value.data(),
                                               value.size(), 0);
        },
        false));
  };
  byte_buffer good = w.signed_key(w.host);
  EXPECT_TRUE(with(good));
  byte_buffer trailing = good;
  trailing.push_back(0);
  expect_refused(with(trailing), "extension is malformed");
  byte_buffer cut(good.begin(), good.end() - 1);
  expect_refused(with(cut), "extension is malformed");
  byte_buffer flipped = good;
  flipped.back() ^= 1;
  expect_refused(with(flipped), "host key's signature");
  expect_refused(with(w.signed_key(crypto::ed25519_private_key::generate())),
                 "host key's signature");
  byte_buffer unknown_type = good;
  unknown_type[5] = 9;
  expect_refused(with(unknown_type), "host key");
}

TEST(certificate, chain_length_and_form) {
  const byte_buffer der = unhex(ed25519_vector);
  expect_refused(verify_certificate_chain({}, wall_now()), "exactly one");
  const std::array<bytes_view, 2> two{bytes_view(der), bytes_view(der)};
  expect_refused(verify_certificate_chain(two, wall_now()), "exactly one");
  for (std::size_t n = 0; n < der.size(); ++n)
    expect_refused(judge(byte_buffer(der.begin(), der.begin() + static_cast<std::ptrdiff_t>(n))),
                   "malformed");
  const auto large = judge(byte_buffer(certificate_bytes_max + 1, 0x30));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ec::oversized);
}

// Each byte of a certificate is covered by one of the two signatures or by the form.
TEST(certificate, every_flipped_byte_is_noticed) {
  const auto key = crypto::ed25519_private_key::generate();
  const auto made = tls_certificate::make(key, wall_now(), {.kind = certificate_key::ed25519});
  ASSERT_TRUE(made);
  for (const byte_buffer& der : {unhex(ed25519_vector), made->der()}) {
    ASSERT_TRUE(judge(der));
    for (std::size_t i = 0; i < der.size(); ++i) {
      byte_buffer changed = der;
      changed[i] ^= 0x10;
      EXPECT_FALSE(judge(changed)) << "byte " << i;
    }
  }
}

TEST(certificate, made_ones_verify) {
  for (int i = 0; i < 20; ++i) {
    const auto key = crypto::ed25519_private_key::generate();
    for (const auto kind : kinds) {
      const auto c = tls_certificate::make(key, wall_now(), {.kind = kind});
      ASSERT_TRUE(c) << to_string(c.error());
      EXPECT_EQ(kind_of(c->der()), kind);
      const auto id = judge(c->der());
      ASSERT_TRUE(id) << to_string(id.error());
      EXPECT_EQ(*id, key.id());
    }
  }
}

// With the neutral element as its key a certificate verifies under a signature that needs no
// secret, so that anyone could present a stolen SignedKey: only a strict verifier refuses it.
TEST(certificate, ed25519_key_of_low_order) {
  const auto host = crypto::ed25519_private_key::generate();
  const auto made = tls_certificate::make(host, wall_now(), {.kind = certificate_key::ed25519});
  ASSERT_TRUE(made);
  byte_buffer der = made->der();
  const std::size_t info = find(der, as_bytes(ed25519_info_head));
  byte_buffer neutral(32, 0);
  neutral[0] = 1;
  std::copy(neutral.begin(), neutral.end(),
            der.begin() + static_cast<std::ptrdiff_t>(info + ed25519_info_head.size()));
  byte_buffer message = to_buffer(as_bytes("libp2p-tls-handshake:"));
  append(message, bytes_view(der).subspan(info, ed25519_info_head.size() + neutral.size()));
  const auto signature = host.sign(message);
  const auto host_key = crypto::ed25519_public_key_protobuf(host.public_key());
  const std::size_t signed_key = find(der, host_key) + host_key.size() + 2;
  std::copy(signature.begin(), signature.end(),
            der.begin() + static_cast<std::ptrdiff_t>(signed_key));
  // R the neutral element, S zero.
  std::fill(der.end() - 64, der.end(), std::uint8_t{0});
  *(der.end() - 64) = 1;
  expect_refused(judge(der), "self-signature");
}

// Each side shows the certificate whose kind the other side lists first, and only ever one.
TEST(certificate, the_peers_preference_decides) {
  test_node server;
  const auto target = *server.address.quic_v1_endpoint();
  const auto key = crypto::ed25519_private_key::generate();
  for (const auto presented : kinds) {
    const auto own = tls_certificate::make(key, wall_now(), {.kind = presented});
    ASSERT_TRUE(own);
    for (const auto preferred : kinds) {
      raw_peer client(target, &*own, preferred);
      ASSERT_TRUE(client.connect());
      EXPECT_EQ(kind_of(client.conn->peer_certificate()), preferred);
      EXPECT_EQ(client.conn->peer(), server.net->id());
    }
  }
  raw_peer like_a_node(target);
  ASSERT_TRUE(like_a_node.connect());
  EXPECT_EQ(kind_of(like_a_node.conn->peer_certificate()), certificate_key::ed25519);
}

// Against a real handshake: the server closes, counts, and goes on serving others.
TEST(certificate, bad_ones_end_the_handshake) {
  test_node server;
  const auto target = *server.address.quic_v1_endpoint();
  const auto key = crypto::ed25519_private_key::generate();
  std::uint64_t failed = 0;
  for (const auto kind : kinds) {
    auto expired = tls_certificate::make(key, wall_now(),
                                         {.kind = kind, .valid_after = -std::chrono::minutes(30)});
    auto early = tls_certificate::make(key, wall_now(),
                                       {.kind = kind, .valid_before = -std::chrono::hours(2)});
    auto forged = tls_certificate::make(key, wall_now(), {.kind = kind});
    ASSERT_TRUE(expired && early && forged);
    byte_buffer der = forged->der();
    der.back() ^= 1;
    ASSERT_TRUE(forged->present(der));
    for (const auto* bad : {&*expired, &*early, &*forged}) {
      raw_peer client(target, bad);
      EXPECT_FALSE(client.connect());
      ASSERT_TRUE(client.conn->end());
      EXPECT_EQ(client.conn->end()->code, ec::bad_certificate) << client.conn->end()->detail;
      ++failed;
      EXPECT_TRUE(eventually(
          [&] { return server.metrics.closed[close_reason::handshake_failed].value() == failed; }));
    }
  }
  EXPECT_EQ(server.metrics.handshakes_in_progress.value(), 0);
  EXPECT_EQ(server.events.count<session_up_event>(), 0u);
  auto good = tls_certificate::make(key, wall_now(), {.critical = true});
  raw_peer client(target, &*good);
  EXPECT_TRUE(client.connect());
}

}  // namespace
}  // namespace weft::transport::io::test
