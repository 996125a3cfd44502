// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/chunk.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "dht/dht_config.hpp"
#include "dht/dht_metrics.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// The one protobuf message of kad-dht, without its length prefix
/// (https://github.com/libp2p/specs/blob/master/kad-dht/README.md#rpc-messages).
namespace weft::dht {

/// What the sender of a peer knows of its own connection to it.
enum class connection_kind : std::uint8_t { none, connected, can_connect, cannot_connect };

/// Record{key = 1, value = 2, timeReceived = 5, publisher = 666, ttl = 777}; the last two are
/// rust's.
struct record_view {
  bytes_view key;
  bytes_view value;
  /// Seconds until it expires, 0: not said.
  std::uint32_t ttl_seconds = 0;
};

/// Peer{id = 1, addrs = 2, connection = 3} of a decoded message.
struct wire_peer {
  peer_id id;
  /// Its part of `message::addresses`.
  std::uint32_t first_address = 0;
  std::uint32_t address_count = 0;
  connection_kind connection = connection_kind::none;
};

/// A decoded message; views into its bytes. Reused between messages to keep its memory.
struct message {
  message_type type = message_type::put_value;
  bytes_view key;
  std::optional<record_view> record;
  std::vector<wire_peer> closer;
  std::vector<wire_peer> providers;
  /// Binary multiaddrs of all peers, not yet looked into.
  std::vector<bytes_view> addresses;
  /// What the limits left out: peers, providers and addresses beyond them, ids that are none.
  std::uint32_t surplus_peers = 0;
  std::uint32_t surplus_providers = 0;
  std::uint32_t surplus_addresses = 0;
  std::uint32_t bad_peers = 0;

  std::span<const bytes_view> addresses_of(const wire_peer& p) const noexcept {
    return std::span(addresses).subspan(p.first_address, p.address_count);
  }
  /// Those that are multiaddrs, at most `most`.
  std::vector<multiaddr> read_addresses(const wire_peer& p, std::size_t most) const;
};

/// Unknown fields are skipped; of a field that comes twice, the last counts. Limits are those of
/// `config`: `message_bytes_max`, `key_bytes_max`, `record_bytes_max`, `k` closer peers,
/// `providers_per_message_max`, `addresses_per_peer_max`. ec::malformed, ec::oversized;
/// ec::unsupported for an unknown type.
result<void> decode(bytes_view body, const dht_config& config, message& into);

/// Builds one message. Fields go in the order of their numbers.
class message_writer {
 public:
  message_writer(message_type type, bytes_view key);

  message_writer& record(bytes_view key, bytes_view value, wall_time received);
  /// Leaves out addresses from the first on that would make the message longer than `bytes_max`;
  /// false when not even the peer fits.
  bool closer(const peer_id& id, std::span<const multiaddr> addresses, connection_kind how,
              std::size_t bytes_max);
  /// As `closer`; after all of those.
  bool provider(const peer_id& id, std::span<const multiaddr> addresses, connection_kind how,
                std::size_t bytes_max);
  /// Sees to memory for so many peers ahead of them.
  void expect(std::size_t peers) { bytes_.reserve(bytes_.size() + peers * peer_bytes_usual); }
  std::size_t size() const noexcept { return bytes_.size(); }
  chunk_view finish() const { return chunk_view::copy(bytes_); }

 private:
  bool peer(std::uint8_t field, const peer_id& id, std::span<const multiaddr> addresses,
            connection_kind how, std::size_t bytes_max);

  static constexpr std::size_t peer_bytes_usual = 72;
  byte_buffer bytes_;
};

/// `2026-11-25T16:33:36.123456789Z` (RFC 3339, UTC, nanoseconds), as go writes `timeReceived`.
std::string format_time(wall_time when);

}  // namespace weft::dht
