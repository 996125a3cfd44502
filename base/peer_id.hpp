// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <array>
#include <compare>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace weft {

/// Raw Ed25519 public key.
using ed25519_public_key = std::array<std::uint8_t, 32>;

/// A libp2p peer id: the multihash of a deterministic PublicKey protobuf
/// (https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md). A small value, compared byte
/// by byte.
class peer_id {
 public:
  /// identity multihash of a protobuf of up to 42 bytes
  static constexpr std::size_t bytes_max = 44;

  /// The empty id: equal to no peer's.
  peer_id() noexcept = default;

  /// The id of an Ed25519 key (`12D3KooW…`).
  static peer_id from_ed25519(const ed25519_public_key& key) noexcept;
  /// The id of any libp2p key, given its PublicKey protobuf: inlined up to 42 bytes, SHA-256 above.
  static result<peer_id> from_public_key_protobuf(bytes_view protobuf);
  /// Binary form: a multihash with code identity or sha2-256. ec::malformed, ec::truncated.
  static result<peer_id> from_bytes(bytes_view multihash);
  /// Text form: base58btc, or a CIDv1 of codec libp2p-key in multibase base32. ec::malformed.
  static result<peer_id> parse(std::string_view text);

  bytes_view bytes() const noexcept { return {data_.data(), size_}; }
  bool empty() const noexcept { return size_ == 0; }
  /// The Ed25519 key inside the id; none for ids of other key types.
  std::optional<ed25519_public_key> ed25519_key() const noexcept;
  /// base58btc, `12D3KooW…`.
  std::string to_string() const;
  /// The last eight characters of the text, for logs.
  std::string short_string() const;

  friend bool operator==(const peer_id& a, const peer_id& b) noexcept {
    return a.size_ == b.size_ && a.data_ == b.data_;
  }
  friend std::strong_ordering operator<=>(const peer_id& a, const peer_id& b) noexcept {
    return a.data_ <=> b.data_;
  }

 private:
  std::array<std::uint8_t, bytes_max> data_{};
  std::uint8_t size_ = 0;
};

/// For unordered containers. Mixes all 32 key bytes with a per-process secret, so that peers cannot
/// choose collisions.
struct peer_id_hash {
  std::size_t operator()(const peer_id& id) const noexcept;
};

}  // namespace weft
