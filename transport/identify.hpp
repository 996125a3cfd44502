// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace weft::transport {

/// The Identify message of /ipfs/id/1.0.0 and /ipfs/id/push/1.0.0
/// (https://github.com/libp2p/specs/blob/master/identify/README.md).
struct identify {
  /// rust-libp2p refuses more; ours stays below, inbound ones are accepted up to 8 KiB as go does.
  static constexpr std::size_t outbound_bytes_max = 4096;
  static constexpr std::size_t inbound_bytes_max = 8192;

  /// Kept from an inbound message; further ones are ignored.
  static constexpr std::size_t addresses_max = 64;
  static constexpr std::size_t protocols_max = 256;
  /// Longer version texts and protocol names are cut.
  static constexpr std::size_t version_bytes_max = 128;
  static constexpr std::size_t name_bytes_max = 1024;

  byte_buffer public_key;
  std::vector<multiaddr> listen_addresses;
  std::vector<std::string> protocols;
  std::optional<multiaddr> observed_address;
  std::string protocol_version;
  std::string agent_version;
  byte_buffer signed_peer_record;

  /// The protobuf without a length prefix. Protocols, then listen addresses, then the signed record
  /// are left out as they would make it longer than `outbound_bytes_max`.
  byte_buffer encode() const;
  /// `encode()` behind its length prefix, as it is written to a stream.
  byte_buffer encode_framed() const;
  /// Unknown fields and addresses that do not parse are skipped; in texts everything but
  /// printable ASCII becomes '?'. ec::malformed, ec::oversized; ec::wrong_peer when there is a
  /// public key and it is not `expected`'s.
  static result<identify> decode(bytes_view body, const peer_id& expected);
  /// The addresses of the signed peer record, which others can pass on. ec::not_found without a
  /// record, ec::wrong_peer when it is not about `expected`; as `open_peer_record`.
  result<std::vector<multiaddr>> certified_addresses(const peer_id& expected) const;
};

/// Reads what the sender of an identify message writes until it finishes: one length-prefixed
/// message, or several that are merged (go-libp2p sends a large signed record apart).
class identify_reader {
 public:
  static constexpr std::size_t messages_max = 10;

  /// ec::none, or why the stream must be reset: ec::oversized (all messages together),
  /// ec::bad_varint, ec::limit.
  ec on_bytes(bytes_view input);
  /// The sender finished. ec::closed when nothing came, ec::truncated, and as `identify::decode`.
  result<identify> on_end(const peer_id& expected) const;

 private:
  byte_buffer bytes_;
  /// Of `bytes_`: where the first message without its end begins.
  std::size_t parsed_ = 0;
  std::size_t messages_ = 0;
  byte_buffer merged_;
  ec failure_ = ec::none;
};

}  // namespace weft::transport
