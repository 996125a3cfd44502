// SPDX-License-Identifier: MIT
#include "transport/io/tls_certificate.hpp"

#include "base/wire.hpp"
#include "transport/io/der_reader.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::transport::io {
namespace {

constexpr const char* libp2p_oid = "1.3.6.1.4.1.53594.1.1";
constexpr std::string_view signature_prefix = "libp2p-tls-handshake:";
/// Extensions whose meaning cannot harm here: basic constraints, key usage, extended key usage,
/// subject alternative name.
constexpr std::array<std::string_view, 4> harmless_critical{"2.5.29.19", "2.5.29.15", "2.5.29.37",
                                                            "2.5.29.17"};

/// SubjectPublicKeyInfo of an Ed25519 key up to the key (RFC 8410 section 4).
constexpr std::array<std::uint8_t, 12> ed25519_info_head{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                         0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

std::time_t seconds_of(wall_time t) noexcept {
  return static_cast<std::time_t>(
      std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count());
}

gnutls_datum_t datum(bytes_view bytes) noexcept {
  return {const_cast<unsigned char*>(bytes.data()), static_cast<unsigned>(bytes.size())};
}

void append_der(byte_buffer& out, std::uint8_t tag, bytes_view body) {
  out.push_back(tag);
  if (body.size() < 0x80) {
    out.push_back(static_cast<std::uint8_t>(body.size()));
  } else {
    out.push_back(0x81);
    out.push_back(static_cast<std::uint8_t>(body.size()));
  }
  append(out, body);
}

/// The extension's value: the host's public key and its signature over the certificate's key.
byte_buffer make_signed_key(const crypto::ed25519_private_key& host_key,
                            bytes_view public_key_info) {
  byte_buffer message = to_buffer(as_bytes(signature_prefix));
  append(message, public_key_info);
  const auto signature = host_key.sign(message);
  byte_buffer fields;
  append_der(fields, der_reader::octet_string,
             crypto::ed25519_public_key_protobuf(host_key.public_key()));
  append_der(fields, der_reader::octet_string, signature);
  byte_buffer out;
  append_der(out, der_reader::sequence, fields);
  return out;
}

struct crt_deleter {
  void operator()(gnutls_x509_crt_t c) const noexcept { gnutls_x509_crt_deinit(c); }
};
using crt_ptr = std::unique_ptr<std::remove_pointer_t<gnutls_x509_crt_t>, crt_deleter>;
struct pubkey_deleter {
  void operator()(gnutls_pubkey_t k) const noexcept { gnutls_pubkey_deinit(k); }
};
using pubkey_ptr = std::unique_ptr<std::remove_pointer_t<gnutls_pubkey_t>, pubkey_deleter>;

error bad(std::string rule) { return {ec::bad_certificate, std::move(rule)}; }

result<pubkey_ptr> public_key_of(gnutls_x509_crt_t certificate) {
  gnutls_pubkey_t key = nullptr;
  if (gnutls_pubkey_init(&key) < 0) return fail(ec::crypto);
  pubkey_ptr owned(key);
  if (gnutls_pubkey_import_x509(key, certificate, 0) < 0) return fail(bad("its key is not usable"));
  return owned;
}

std::optional<ed25519_public_key> ed25519_key_of(bytes_view public_key_info) noexcept {
  constexpr std::size_t head = ed25519_info_head.size();
  ed25519_public_key key;
  if (public_key_info.size() != head + key.size()
      || !std::ranges::equal(public_key_info.first(head), ed25519_info_head))
    return std::nullopt;
  std::ranges::copy(public_key_info.subspan(head), key.begin());
  return key;
}

/// The signature is checked over the very bytes that were received.
result<void> check_self_signature(gnutls_x509_crt_t certificate, const certificate_parts& parts) {
  const int algorithm = gnutls_x509_crt_get_signature_algorithm(certificate);
  std::array<char, 1024> signature{};
  std::size_t size = signature.size();
  if (algorithm <= 0 || gnutls_x509_crt_get_signature(certificate, signature.data(), &size) < 0)
    return fail(bad("its signature algorithm is unknown"));
  const bytes_view signature_bytes = as_bytes({signature.data(), size});
  // What other nodes of this kind present; our own verification takes half of GnuTLS's time.
  const auto ed25519 = ed25519_key_of(parts.public_key_info);
  if (ed25519 && algorithm == GNUTLS_SIGN_EDDSA_ED25519) {
    if (!crypto::ed25519_verify(*ed25519, parts.to_be_signed, signature_bytes))
      return fail(bad("the self-signature does not verify"));
    return {};
  }
  WEFT_TRY(const auto key, public_key_of(certificate));
  const gnutls_datum_t message = datum(parts.to_be_signed);
  const gnutls_datum_t value = datum(signature_bytes);
  if (gnutls_pubkey_verify_data2(key.get(), static_cast<gnutls_sign_algorithm_t>(algorithm), 0,
                                 &message, &value)
      < 0)
    return fail(bad("the self-signature does not verify"));
  return {};
}

result<void> check_validity(gnutls_x509_crt_t certificate, wall_time now) {
  const std::time_t from = gnutls_x509_crt_get_activation_time(certificate);
  const std::time_t until = gnutls_x509_crt_get_expiration_time(certificate);
  if (from == -1 || until == -1) return fail(bad("its validity is unreadable"));
  if (seconds_of(now) < from) return fail(bad("it is not valid yet"));
  if (seconds_of(now) > until) return fail(bad("it has expired"));
  return {};
}

/// The extensions that mean something here.
struct known_extensions {
  std::optional<byte_buffer> signed_key;
  /// Proofs of a private network.
  std::optional<byte_buffer> proofs;
};

result<void> take_extension(gnutls_x509_crt_t certificate, unsigned number, const char* name,
                            std::optional<byte_buffer>& into) {
  if (into) return fail(bad(std::string("the ") + name + " extension appears twice"));
  std::size_t size = 0;
  gnutls_x509_crt_get_extension_data(certificate, number, nullptr, &size);
  byte_buffer value(size);
  if (gnutls_x509_crt_get_extension_data(certificate, number, value.data(), &size) < 0)
    return fail(bad(std::string("the ") + name + " extension is unreadable"));
  value.resize(size);
  into = std::move(value);
  return {};
}

/// Walks every extension.
result<known_extensions> find_extensions(gnutls_x509_crt_t certificate) {
  known_extensions found;
  for (unsigned i = 0;; ++i) {
    std::array<char, 128> oid{};
    std::size_t oid_size = oid.size();
    unsigned critical = 0;
    const int rc
        = gnutls_x509_crt_get_extension_info(certificate, i, oid.data(), &oid_size, &critical);
    if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) break;
    if (rc < 0) return fail(bad("an extension is unreadable"));
    const std::string_view name(oid.data());
    if (name == libp2p_oid) {
      WEFT_TRY_VOID(take_extension(certificate, i, "libp2p", found.signed_key));
      continue;
    }
    if (name == private_network::extension_oid) {
      WEFT_TRY_VOID(take_extension(certificate, i, "private network", found.proofs));
      continue;
    }
    bool known = false;
    for (const auto harmless : harmless_critical) known = known || name == harmless;
    if (critical != 0 && !known)
      return fail(bad("unknown critical extension " + std::string(name)));
  }
  if (!found.signed_key) return fail(bad("the libp2p extension is missing"));
  return found;
}

result<peer_id> verify_one(bytes_view der, wall_time now, const private_network& network) {
  if (der.size() > certificate_bytes_max)
    return fail(ec::oversized, "certificate of " + std::to_string(der.size()) + " bytes");
  const auto parts = take_apart_certificate(der);
  if (!parts) return fail(bad("it is malformed"));
  gnutls_x509_crt_t raw = nullptr;
  if (gnutls_x509_crt_init(&raw) < 0) return fail(ec::crypto);
  const crt_ptr certificate(raw);
  const gnutls_datum_t bytes = datum(der);
  if (gnutls_x509_crt_import(raw, &bytes, GNUTLS_X509_FMT_DER) < 0)
    return fail(bad("it is malformed"));
  WEFT_TRY_VOID(check_validity(raw, now));
  WEFT_TRY(const auto extensions, find_extensions(raw));
  WEFT_TRY_VOID(check_self_signature(raw, *parts));

  const auto key = parse_signed_key(*extensions.signed_key);
  if (!key) return fail(bad("the libp2p extension is malformed"));
  byte_buffer message = to_buffer(as_bytes(signature_prefix));
  append(message, parts->public_key_info);
  if (const auto ok = crypto::verify_with_libp2p_key(key->public_key, message, key->signature); !ok)
    return fail(bad("the host key's signature: " + to_string(ok.error())));
  auto id = peer_id::from_public_key_protobuf(key->public_key);
  if (!id) return fail(bad("the host key: " + to_string(id.error())));
  // The last question: who fails it is told from one whose certificate is bad.
  if (!network.accepts(extensions.proofs.value_or(byte_buffer{}), parts->public_key_info))
    return fail(ec::denied, id->to_string() + " is not of this private network");
  return *id;
}

result<void> check(int rc, const char* what) {
  if (rc < 0) return fail(ec::crypto, std::string(what) + ": " + gnutls_strerror(rc));
  return {};
}

struct key_pair {
  tls_signer signer;
  pubkey_ptr public_key;
};

result<key_pair> make_key(certificate_key kind) {
  key_pair out;
  gnutls_pubkey_t public_key = nullptr;
  WEFT_TRY_VOID(check(gnutls_pubkey_init(&public_key), "public key"));
  out.public_key.reset(public_key);
  if (kind == certificate_key::ed25519) {
    auto key = crypto::ed25519_private_key::generate();
    const gnutls_datum_t raw = datum(key.public_key());
    WEFT_TRY_VOID(
        check(gnutls_pubkey_import_ecc_raw(public_key, GNUTLS_ECC_CURVE_ED25519, &raw, nullptr),
              "Ed25519 key"));
    WEFT_TRY(out.signer, make_tls_signer(std::move(key)));
    return out;
  }
  gnutls_privkey_t key = nullptr;
  WEFT_TRY_VOID(check(gnutls_privkey_init(&key), "key"));
  out.signer.reset(key);
  WEFT_TRY_VOID(check(gnutls_privkey_generate(key, GNUTLS_PK_ECDSA,
                                              GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                      "P-256 key"));
  WEFT_TRY_VOID(check(gnutls_pubkey_import_privkey(public_key, key, 0, 0), "public key"));
  return out;
}

}  // namespace

result<tls_certificate> tls_certificate::make(const crypto::ed25519_private_key& host_key,
                                              wall_time now, const options& o) {
  tls_certificate out;
  out.kind_ = o.kind;
  WEFT_TRY(auto pair, make_key(o.kind));
  out.key_ = std::move(pair.signer);
  gnutls_x509_crt_t crt = nullptr;
  WEFT_TRY_VOID(check(gnutls_x509_crt_init(&crt), "certificate"));
  out.certificate_ = crt;
  std::array<std::uint8_t, 8> serial{};
  crypto::random_bytes(serial);
  // A positive number without a leading zero byte, as RFC 5280 section 4.1.2.2 asks.
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);
  gnutls_x509_crt_set_version(crt, 3);
  gnutls_x509_crt_set_serial(crt, serial.data(), serial.size());
  gnutls_x509_crt_set_activation_time(crt, seconds_of(now - o.valid_before));
  gnutls_x509_crt_set_expiration_time(crt, seconds_of(now + o.valid_after));
  gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, "libp2p.io", 9);
  WEFT_TRY_VOID(check(gnutls_x509_crt_set_pubkey(crt, pair.public_key.get()), "public key"));

  gnutls_datum_t info{};
  WEFT_TRY_VOID(check(gnutls_pubkey_export2(pair.public_key.get(), GNUTLS_X509_FMT_DER, &info),
                      "public key"));
  const byte_buffer value = make_signed_key(host_key, bytes_view(info.data, info.size));
  const byte_buffer proofs
      = o.network != nullptr ? o.network->proofs(bytes_view(info.data, info.size)) : byte_buffer{};
  gnutls_free(info.data);
  if (!proofs.empty())
    WEFT_TRY_VOID(check(gnutls_x509_crt_set_extension_by_oid(crt, private_network::extension_oid,
                                                             proofs.data(), proofs.size(), 0),
                        "extension"));
  WEFT_TRY_VOID(check(gnutls_x509_crt_set_extension_by_oid(crt, libp2p_oid, value.data(),
                                                           value.size(), o.critical ? 1 : 0),
                      "extension"));
  const auto digest = o.kind == certificate_key::p256 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA512;
  WEFT_TRY_VOID(
      check(gnutls_x509_crt_privkey_sign(crt, crt, out.key_.get(), digest, 0), "signing"));
  return out;
}

tls_certificate::tls_certificate(tls_certificate&& other) noexcept { *this = std::move(other); }

tls_certificate& tls_certificate::operator=(tls_certificate&& other) noexcept {
  std::swap(certificate_, other.certificate_);
  std::swap(key_, other.key_);
  std::swap(kind_, other.kind_);
  return *this;
}

tls_certificate::~tls_certificate() {
  if (certificate_ != nullptr) gnutls_x509_crt_deinit(certificate_);
}

byte_buffer tls_certificate::der() const {
  gnutls_datum_t out{};
  if (gnutls_x509_crt_export2(certificate_, GNUTLS_X509_FMT_DER, &out) < 0) return {};
  byte_buffer bytes(out.data, out.data + out.size);
  gnutls_free(out.data);
  return bytes;
}

result<void> tls_certificate::present(bytes_view der) {
  gnutls_x509_crt_t other = nullptr;
  if (gnutls_x509_crt_init(&other) < 0) return fail(ec::crypto);
  const gnutls_datum_t bytes = datum(der);
  if (gnutls_x509_crt_import(other, &bytes, GNUTLS_X509_FMT_DER) < 0) {
    gnutls_x509_crt_deinit(other);
    return fail(bad("it is malformed"));
  }
  gnutls_x509_crt_deinit(std::exchange(certificate_, other));
  return {};
}

result<peer_id> verify_certificate_chain(std::span<const bytes_view> chain, wall_time now,
                                         const private_network& network) {
  if (chain.size() != 1)
    return fail(ec::bad_certificate,
                "exactly one certificate is allowed, not " + std::to_string(chain.size()));
  return verify_one(chain.front(), now, network);
}

}  // namespace weft::transport::io
