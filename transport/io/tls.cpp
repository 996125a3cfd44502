// SPDX-License-Identifier: MIT
#include "transport/io/tls.hpp"

#include "base/assert.hpp"
#include "transport/io/clock.hpp"
#include "transport/io/tls_arithmetic.hpp"

#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::transport::io {

/// A certificate in the form in which GnuTLS takes it, with its key.
struct tls_presented {
  tls_presented() = default;
  ~tls_presented() { gnutls_pcert_deinit(&certificate); }
  tls_presented(const tls_presented&) = delete;
  tls_presented& operator=(const tls_presented&) = delete;

  gnutls_pcert_st certificate{};
  shared_tls_signer key;
  gnutls_sign_algorithm_t algorithm = GNUTLS_SIGN_UNKNOWN;
};

namespace {

/// AES first: with hardware support it is eight times as fast as ChaCha20.
constexpr const char* priorities
    = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"
      "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:%DISABLE_TLS13_COMPAT_MODE:"
      "-SIGN-ALL";

/// Every signature algorithm of GnuTLS's list, one moved to its front.
std::string priorities_for(certificate_key preferred) {
  const bool ed25519 = preferred == certificate_key::ed25519;
  return std::string(priorities)
         + (ed25519 ? ":+SIGN-EDDSA-ED25519" : ":+SIGN-ECDSA-SECP256R1-SHA256") + ":+SIGN-ALL";
}
constexpr std::string_view alpn = "libp2p";

/// Runs inside the handshake once the peer's certificate is there. Non-zero ends it with an alert.
int verify_peer(gnutls_session_t session) {
  auto* peer = static_cast<tls_peer*>(gnutls_session_get_ptr(session));
  unsigned count = 0;
  const gnutls_datum_t* list = nullptr;
  if (gnutls_certificate_type_get(session) == GNUTLS_CRT_X509)
    list = gnutls_certificate_get_peers(session, &count);
  std::vector<bytes_view> chain;
  for (unsigned i = 0; list != nullptr && i < count && i < 2; ++i)
    chain.emplace_back(list[i].data, list[i].size);
  auto id = verify_certificate_chain(chain, wall_now(), *peer->network);
  if (!id) {
    peer->failure = std::move(id.error());
    return GNUTLS_E_CERTIFICATE_ERROR;
  }
  if (peer->expected && *peer->expected != *id) {
    peer->failure = {ec::wrong_peer, "the node there is " + id->to_string()};
    return GNUTLS_E_CERTIFICATE_ERROR;
  }
  peer->verified = *id;
  return 0;
}

/// The first certificate in the order of the signature algorithms that the peer lists; the last one
/// when it lists none of ours, and then the handshake fails by GnuTLS's own rules.
tls_presented& certificate_for(gnutls_session_t session, const own_certificates& own) {
  gnutls_sign_algorithm_t wanted{};
  for (std::size_t i = 0; gnutls_sign_algorithm_get_requested(session, i, &wanted) == 0; ++i)
    for (const auto& p : own)
      if (p->algorithm == wanted) return *p;
  return *own.back();
}

int present(gnutls_session_t session, const gnutls_cert_retr_st*, gnutls_pcert_st** certificates,
            unsigned* count, gnutls_ocsp_data_st**, unsigned* ocsp_count, gnutls_privkey_t* key,
            unsigned*) {
  const auto* peer = static_cast<const tls_peer*>(gnutls_session_get_ptr(session));
  tls_presented& chosen = certificate_for(session, *peer->own);
  *certificates = &chosen.certificate;
  *count = 1;
  *ocsp_count = 0;
  *key = chosen.key.get();
  return 0;
}

error gnutls_failure(const char* what, int rc) {
  return {ec::crypto, std::string(what) + ": " + gnutls_strerror(rc)};
}

}  // namespace

result<tls_context> tls_context::make(const crypto::ed25519_private_key& host_key, wall_time now,
                                      private_network network) {
  std::vector<tls_certificate> certificates;
  for (const auto kind : {certificate_key::ed25519, certificate_key::p256}) {
    WEFT_TRY(auto certificate,
             tls_certificate::make(host_key, now, {.kind = kind, .network = &network}));
    certificates.push_back(std::move(certificate));
  }
  return make(certificates, certificate_key::ed25519, std::move(network));
}

result<tls_context> tls_context::make(std::span<const tls_certificate> certificates,
                                      certificate_key preferred, private_network network) {
  WEFT_ASSERT(!certificates.empty(), "libp2p's TLS authenticates both sides");
  fast_tls_arithmetic();  // the call links it in
  tls_context out;
  auto own = std::make_shared<own_certificates>();
  for (const auto& c : certificates) {
    own->push_back(std::make_unique<tls_presented>());
    tls_presented& p = *own->back();
    if (const int rc = gnutls_pcert_import_x509(&p.certificate, c.certificate(), 0); rc < 0)
      return fail(gnutls_failure("certificate", rc));
    p.key = c.key();
    p.algorithm = c.kind() == certificate_key::ed25519 ? GNUTLS_SIGN_EDDSA_ED25519
                                                       : GNUTLS_SIGN_ECDSA_SECP256R1_SHA256;
  }
  out.own_ = std::move(own);
  out.network_ = std::make_shared<const private_network>(std::move(network));
  int rc = gnutls_certificate_allocate_credentials(&out.credentials_);
  if (rc < 0) return fail(gnutls_failure("credentials", rc));
  gnutls_certificate_set_retrieve_function3(out.credentials_, present);
  gnutls_certificate_set_verify_function(out.credentials_, verify_peer);
  rc = gnutls_priority_init2(&out.priority_, priorities_for(preferred).c_str(), nullptr, 0);
  if (rc < 0) return fail(gnutls_failure("priorities", rc));
  return out;
}

tls_context::tls_context(tls_context&& other) noexcept { *this = std::move(other); }

tls_context& tls_context::operator=(tls_context&& other) noexcept {
  std::swap(credentials_, other.credentials_);
  std::swap(priority_, other.priority_);
  std::swap(own_, other.own_);
  std::swap(network_, other.network_);
  return *this;
}

tls_context::~tls_context() {
  if (priority_ != nullptr) gnutls_priority_deinit(priority_);
  if (credentials_ != nullptr) gnutls_certificate_free_credentials(credentials_);
}

result<tls_session> tls_context::make_session(tls_peer& peer, unsigned flags) const {
  gnutls_session_t raw = nullptr;
  int rc = gnutls_init(&raw, flags);
  if (rc < 0) return fail(gnutls_failure("session", rc));
  tls_session session(raw);
  rc = gnutls_priority_set(raw, priority_);
  if (rc < 0) return fail(gnutls_failure("priorities", rc));
  rc = gnutls_credentials_set(raw, GNUTLS_CRD_CERTIFICATE, credentials_);
  if (rc < 0) return fail(gnutls_failure("credentials", rc));
  gnutls_datum_t name{reinterpret_cast<unsigned char*>(const_cast<char*>(alpn.data())),
                      static_cast<unsigned>(alpn.size())};
  rc = gnutls_alpn_set_protocols(raw, &name, 1, GNUTLS_ALPN_MANDATORY);
  if (rc < 0) return fail(gnutls_failure("ALPN", rc));
  peer.own = own_;
  peer.network = network_;
  gnutls_session_set_ptr(raw, &peer);
  return session;
}

result<tls_session> tls_context::client(tls_peer& peer) const {
  // One key share instead of GnuTLS's two: every libp2p peer takes the first, others ask again.
  WEFT_TRY(auto session, make_session(peer, GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT
                                                | GNUTLS_NO_TICKETS | GNUTLS_KEY_SHARE_TOP));
  if (ngtcp2_crypto_gnutls_configure_client_session(session.get()) != 0)
    return fail(ec::crypto, "QUIC set-up of the TLS client");
  return session;
}

result<tls_session> tls_context::server(tls_peer& peer) const {
  WEFT_TRY(auto session,
           make_session(peer, GNUTLS_SERVER | GNUTLS_NO_TICKETS | GNUTLS_NO_AUTO_SEND_TICKET));
  gnutls_certificate_server_set_request(session.get(), GNUTLS_CERT_REQUIRE);
  if (ngtcp2_crypto_gnutls_configure_server_session(session.get()) != 0)
    return fail(ec::crypto, "QUIC set-up of the TLS server");
  return session;
}

bool speaks_libp2p(gnutls_session_t session) noexcept {
  gnutls_datum_t name{};
  if (gnutls_alpn_get_selected_protocol(session, &name) != 0) return false;
  return as_text(bytes_view(name.data, name.size)) == alpn;
}

}  // namespace weft::transport::io
