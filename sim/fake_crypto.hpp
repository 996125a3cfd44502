// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/crypto.hpp"
#include "dht/validator.hpp"
#include "gossip/gossip_crypto.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

/// Stand-ins for signatures in runs of many nodes: keyed hashes that cost nothing and that nobody
/// in a simulation tries to forge. The product never sees them.
namespace weft::sim {

/// Signs for one node and verifies for all, without elliptic curves.
class fake_gossip_crypto final : public gossip::gossip_crypto {
 public:
  explicit fake_gossip_crypto(const peer_id& self) : self_(self) {}
  crypto::ed25519_signature sign(bytes_view text) const override;
  result<void> verify(const peer_id& author, bytes_view key, bytes_view text,
                      bytes_view signature) const override;

 private:
  peer_id self_;
};

/// The namespace of the DHT whose values the simulator makes.
inline constexpr std::string_view fake_namespace = "sim";
/// `/sim/NUMBER`
byte_buffer fake_key(std::uint64_t number);
/// A value that is valid under `key` alone: a sequence number, a keyed hash, padding.
chunk_view fake_value(bytes_view key, std::uint64_t sequence, std::size_t size);
/// The sequence number in a valid value; none for any other.
std::optional<std::uint64_t> fake_sequence(bytes_view key, bytes_view value);

/// The validator of `/sim/` alone.
std::shared_ptr<const dht::validator_set> fake_validators();

}  // namespace weft::sim
