// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "gossip/gossip_config.hpp"
#include "gossip/gossip_crypto.hpp"
#include "gossip/rpc.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace weft::gossip {

/// Bytes of a message number on the wire, big-endian.
inline constexpr std::size_t sequence_bytes = 8;

std::array<std::uint8_t, sequence_bytes> write_sequence(std::uint64_t number) noexcept;
/// `bytes` has `sequence_bytes`.
std::uint64_t read_sequence(bytes_view bytes) noexcept;

/// Replaces `out` by what a signature is over: "libp2p-pubsub:" and the message without signature
/// and key (https://github.com/libp2p/specs/blob/master/pubsub/README.md#message-signing).
void write_signed_text(const message_fields& message, byte_buffer& out);

/// Who a message is by, once its fields suit the policy. ec::malformed names the field that is
/// missing, odd or must not be there.
struct message_author {
  std::optional<peer_id> author;
  std::uint64_t sequence = 0;
};
result<message_author> check_policy(const message_fields& message, signature_policy policy);

/// The id of a message; none when the custom function gives none.
std::optional<message_id> identify(const message_fields& message, const gossip_config& config);

/// As `gossip_crypto::verify`, over `write_signed_text` in `scratch`.
result<void> verify(const message_fields& message, const peer_id& author,
                    const gossip_crypto& crypto, byte_buffer& scratch);

}  // namespace weft::gossip
