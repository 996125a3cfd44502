// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/crypto.hpp"
#include "base/envelope.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"

namespace weft::gossip {

/// Signs and verifies messages; the seam that lets simulations of many nodes run without elliptic
/// curves.
class gossip_crypto {
 public:
  virtual ~gossip_crypto() = default;
  virtual crypto::ed25519_signature sign(bytes_view text) const = 0;
  /// `key` is the message's PublicKey protobuf, empty when the author's id holds its key.
  /// ec::bad_signature, ec::bad_key, ec::unsupported; ec::wrong_peer when the key is not the
  /// author's.
  virtual result<void> verify(const peer_id& author, bytes_view key, bytes_view text,
                              bytes_view signature) const = 0;
  /// Opens a peer record that came with a PRUNE; the base class verifies the libp2p envelope.
  virtual result<peer_record> open_record(bytes_view envelope) const;
};

/// The product's: signs with the node's Ed25519 key, which must outlive this object; verifies any
/// libp2p key type.
class libp2p_gossip_crypto final : public gossip_crypto {
 public:
  explicit libp2p_gossip_crypto(const crypto::ed25519_private_key& key) noexcept : key_(&key) {}
  crypto::ed25519_signature sign(bytes_view text) const override;
  result<void> verify(const peer_id& author, bytes_view key, bytes_view text,
                      bytes_view signature) const override;

 private:
  const crypto::ed25519_private_key* key_;
};

}  // namespace weft::gossip
