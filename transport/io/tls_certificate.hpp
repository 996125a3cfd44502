// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/crypto.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "transport/io/private_network.hpp"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include <cstdint>
#include <memory>
#include <span>

/// The self-signed certificate by which libp2p nodes authenticate in TLS 1.3
/// (https://github.com/libp2p/specs/blob/master/tls/tls.md).
namespace weft::transport::io {

/// Longest certificate accepted, bytes of DER.
inline constexpr std::size_t certificate_bytes_max = 16 * 1024;

struct privkey_deleter {
  void operator()(gnutls_privkey_t k) const noexcept { gnutls_privkey_deinit(k); }
};
using tls_signer = std::unique_ptr<std::remove_pointer_t<gnutls_privkey_t>, privkey_deleter>;
using shared_tls_signer = std::shared_ptr<std::remove_pointer_t<gnutls_privkey_t>>;

/// An Ed25519 key as GnuTLS uses it. ec::crypto.
result<tls_signer> make_tls_signer(crypto::ed25519_private_key key);

/// What a certificate's own key is. Every libp2p peer takes P-256; Ed25519 costs both sides less.
enum class certificate_key : std::uint8_t { p256, ed25519 };

/// A fresh key with its certificate, which carries the host's public key and the host's signature
/// over the fresh key.
class tls_certificate {
 public:
  /// What differs from the usual certificate; for tests and for odd peers.
  struct options {
    certificate_key kind = certificate_key::p256;
    duration valid_before = std::chrono::hours(1);
    duration valid_after = std::chrono::hours(24 * 365 * 10);
    /// Marks the libp2p extension critical, as rust-libp2p does.
    bool critical = false;
    /// The private network it proves to be of.
    const private_network* network = nullptr;
  };
  /// ec::crypto when GnuTLS refuses.
  static result<tls_certificate> make(const crypto::ed25519_private_key& host_key, wall_time now,
                                      const options& o);
  static result<tls_certificate> make(const crypto::ed25519_private_key& host_key, wall_time now) {
    return make(host_key, now, options{});
  }

  tls_certificate(tls_certificate&& other) noexcept;
  tls_certificate& operator=(tls_certificate&& other) noexcept;
  ~tls_certificate();

  byte_buffer der() const;
  /// Presents other bytes with the same key. ec::bad_certificate when GnuTLS cannot read them. For
  /// judging the judge.
  result<void> present(bytes_view der);
  gnutls_x509_crt_t certificate() const noexcept { return certificate_; }
  const shared_tls_signer& key() const noexcept { return key_; }
  certificate_key kind() const noexcept { return kind_; }

 private:
  tls_certificate() noexcept = default;
  gnutls_x509_crt_t certificate_ = nullptr;
  shared_tls_signer key_;
  certificate_key kind_ = certificate_key::p256;
};

/// Judges the chain a peer presented and returns the peer's id. Every rule of the specification is
/// checked here; GnuTLS's own chain verification is not used, since it accepts any certificate that
/// is its own trust anchor. ec::bad_certificate with the rule in the detail: not exactly one
/// certificate, malformed, unknown critical extension, outside its validity, self-signature,
/// SignedKey missing, doubled, malformed or not signed by the host key. ec::oversized. ec::denied
/// for a peer that is not of `network`.
result<peer_id> verify_certificate_chain(std::span<const bytes_view> chain, wall_time now,
                                         const private_network& network = {});

}  // namespace weft::transport::io
