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

  byte_buffer public_key;
  std::vector<multiaddr> listen_addresses;
  std::vector<std::string> protocols;
  std::optional<multiaddr> observed_address;
  std::string protocol_version;
  std::string agent_version;
  byte_buffer signed_peer_record;

  /// The protobuf without a length prefix; listen addresses beyond `outbound_bytes_max` are left out.
  byte_buffer encode() const;
  /// Unknown fields and addresses of unknown protocols are skipped. ec::malformed, ec::oversized; ec::wrong_peer when the
  /// public key is not `expected`'s.
  static result<identify> decode(bytes_view body, const peer_id& expected);
};

}  // namespace weft::transport
