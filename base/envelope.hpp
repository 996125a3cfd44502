// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/crypto.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace weft {

/// Largest envelope read; a peer record of 64 long addresses fits.
inline constexpr std::size_t envelope_bytes_max = 40 * 1024;
/// Most addresses kept of a peer record; more are ec::oversized.
inline constexpr std::size_t peer_record_addresses_max = 64;

/// A libp2p signed envelope whose signature was verified; views into the envelope's bytes.
/// https://github.com/libp2p/specs/blob/master/RFC/0002-signed-envelopes.md
struct opened_envelope {
  /// The id of the key that signed.
  peer_id signer;
  bytes_view payload_type;
  bytes_view payload;
};

/// Envelope{public_key = 1, payload_type = 2, payload = 3, signature = 5}; the signature is over
/// domain, payload type and payload, each behind its uvarint length.
byte_buffer seal_envelope(const crypto::ed25519_private_key& key, std::string_view domain,
                          bytes_view payload_type, bytes_view payload);

/// Verifies by any libp2p key type. ec::malformed, ec::oversized; ec::unsupported for another
/// payload type or key type; ec::bad_key, ec::bad_signature.
result<opened_envelope> open_envelope(bytes_view envelope, std::string_view domain,
                                      bytes_view payload_type);

/// Domain and payload type of peer records.
/// https://github.com/libp2p/specs/blob/master/RFC/0003-routing-records.md
inline constexpr std::string_view peer_record_domain = "libp2p-peer-record";
inline constexpr std::array<std::uint8_t, 2> peer_record_type{0x03, 0x01};

/// PeerRecord{peer_id = 1, seq = 2, addresses = 3 { multiaddr = 1 }}.
struct peer_record {
  peer_id id;
  /// Grows with each record of the same peer.
  std::uint64_t sequence = 0;
  std::vector<multiaddr> addresses;
  /// Addresses left out by `decode` because they use protocols unknown here or are broken.
  std::size_t addresses_skipped = 0;
};

/// The payload alone, deterministic.
byte_buffer encode_peer_record(const peer_record& record);
/// ec::malformed, ec::oversized.
result<peer_record> decode_peer_record(bytes_view payload);

/// A record about the key's own peer, in its envelope; `record.id` is that of the key.
byte_buffer seal_peer_record(const crypto::ed25519_private_key& key, std::uint64_t sequence,
                             const std::vector<multiaddr>& addresses);
/// As `open_envelope`; ec::wrong_peer when the record is about another peer than its signer.
result<peer_record> open_peer_record(bytes_view envelope);

}  // namespace weft
