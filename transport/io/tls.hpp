// SPDX-License-Identifier: MIT
#pragma once

#include "base/crypto.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "transport/io/tls_certificate.hpp"

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace weft::transport::io {

struct tls_presented;
/// The certificates a node can present, the one that costs least first.
using own_certificates = std::vector<std::unique_ptr<tls_presented>>;

/// What one handshake proves about the other side. Its address must stay the same while the session
/// lives.
struct tls_peer {
  /// First member: GnuTLS hands its address back as the session's pointer, which ngtcp2 reads.
  ngtcp2_crypto_conn_ref link{};
  /// Our own side's choice.
  std::shared_ptr<const own_certificates> own;
  std::shared_ptr<const private_network> network;
  std::optional<peer_id> expected;
  /// Set once the certificate passed every check.
  std::optional<peer_id> verified;
  /// Why it did not.
  error failure;
};

struct tls_session_deleter {
  void operator()(gnutls_session_t s) const noexcept { gnutls_deinit(s); }
};
using tls_session = std::unique_ptr<std::remove_pointer_t<gnutls_session_t>, tls_session_deleter>;

/// The node's certificates and the TLS profile of libp2p over QUIC: TLS 1.3 alone, ALPN `libp2p`,
/// certificates demanded both ways, no tickets, no early data, no server name. A peer is shown the
/// certificate of that key it prefers to verify: Ed25519 when it lists that first, as this profile
/// does, P-256 otherwise.
class tls_context {
 public:
  static result<tls_context> make(const crypto::ed25519_private_key& host_key, wall_time now,
                                  private_network network = {});
  /// Presents only these, and asks the peer for a certificate of the preferred kind.
  static result<tls_context> make(std::span<const tls_certificate> certificates,
                                  certificate_key preferred = certificate_key::ed25519,
                                  private_network network = {});
  tls_context(tls_context&& other) noexcept;
  tls_context& operator=(tls_context&& other) noexcept;
  ~tls_context();

  /// ec::crypto. `peer` outlives the session.
  result<tls_session> client(tls_peer& peer) const;
  result<tls_session> server(tls_peer& peer) const;

 private:
  tls_context() noexcept = default;
  result<tls_session> make_session(tls_peer& peer, unsigned flags) const;
  gnutls_certificate_credentials_t credentials_ = nullptr;
  gnutls_priority_t priority_ = nullptr;
  std::shared_ptr<const own_certificates> own_;
  std::shared_ptr<const private_network> network_;
};

/// True when the finished handshake agreed on the ALPN `libp2p`.
bool speaks_libp2p(gnutls_session_t session) noexcept;

}  // namespace weft::transport::io
