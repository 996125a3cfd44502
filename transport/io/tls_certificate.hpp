// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/crypto.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include <span>

/// The self-signed certificate by which libp2p nodes authenticate in TLS 1.3
/// (https://github.com/libp2p/specs/blob/master/tls/tls.md).
namespace weft::transport::io {

/// Longest certificate accepted, bytes of DER.
inline constexpr std::size_t certificate_bytes_max = 16 * 1024;

/// A fresh P-256 key with its certificate, which carries the host's public key and the host's
/// signature over the P-256 key.
class tls_certificate {
 public:
  /// What differs from the usual certificate; for tests and for odd peers.
  struct options {
    duration valid_before = std::chrono::hours(1);
    duration valid_after = std::chrono::hours(24 * 365 * 10);
    /// Marks the libp2p extension critical, as rust-libp2p does.
    bool critical = false;
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
  gnutls_x509_privkey_t key() const noexcept { return key_; }

 private:
  tls_certificate() noexcept = default;
  gnutls_x509_crt_t certificate_ = nullptr;
  gnutls_x509_privkey_t key_ = nullptr;
};

/// Judges the chain a peer presented and returns the peer's id. Every rule of the specification is
/// checked here; GnuTLS's own chain verification is not used, since it accepts any certificate that
/// is its own trust anchor. ec::bad_certificate with the rule in the detail: not exactly one
/// certificate, malformed, unknown critical extension, outside its validity, self-signature,
/// SignedKey missing, doubled, malformed or not signed by the host key. ec::oversized.
result<peer_id> verify_certificate_chain(std::span<const bytes_view> chain, wall_time now);

}  // namespace weft::transport::io
