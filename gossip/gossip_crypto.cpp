// SPDX-License-Identifier: MIT
#include "gossip/gossip_crypto.hpp"

#include "base/multihash.hpp"
#include "base/wire.hpp"

namespace weft::gossip {

result<peer_record> gossip_crypto::open_record(bytes_view envelope) const {
  return open_peer_record(envelope);
}

crypto::ed25519_signature libp2p_gossip_crypto::sign(bytes_view text) const {
  return key_->sign(text);
}

result<void> libp2p_gossip_crypto::verify(const peer_id& author, bytes_view key, bytes_view text,
                                          bytes_view signature) const {
  // An id that holds its key needs no other, but one that is sent all the same must agree.
  if (!key.empty()) {
    WEFT_TRY(const peer_id owner, peer_id::from_public_key_protobuf(key));
    if (owner != author) return fail(ec::wrong_peer);
    return crypto::verify_with_libp2p_key(key, text, signature);
  }
  if (const auto inlined = author.ed25519_key())
    return crypto::ed25519_verify(*inlined, text, signature);
  wire_reader in{author.bytes()};
  WEFT_TRY(const multihash_view hash, read_multihash(in));
  if (hash.code != multicodec::identity)
    return fail(ec::bad_key, "the author's id is a hash and no key came along");
  return crypto::verify_with_libp2p_key(hash.digest, text, signature);
}

}  // namespace weft::gossip
