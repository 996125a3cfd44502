// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/crypto.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>

namespace weft::routing {

/// What a destination says about itself and every node passes on unchanged: it exists, as of this
/// sequence number. Metric and hop count travel beside it, unsigned (docs/protocol-routing.md).
struct announcement {
  /// Signed text: label, key, sequence, issued, lifetime, flags.
  static constexpr std::size_t signed_bytes = 14 + 32 + 8 + 4 + 4 + 1;

  ed25519_public_key destination{};
  /// Grows with each announcement of the destination, also over restarts: at least the Unix time in
  /// milliseconds.
  std::uint64_t sequence = 0;
  /// Unix seconds by the destination's clock.
  std::uint32_t issued_s = 0;
  /// Seconds from `issued_s` after which nobody uses or passes on the announcement.
  std::uint32_t lifetime_s = 0;
  /// No bit is defined; kept and passed on.
  std::uint8_t flags = 0;
  crypto::ed25519_signature signature{};

  /// The bytes the signature covers.
  std::array<std::uint8_t, signed_bytes> signed_text() const noexcept;
  friend bool operator==(const announcement&, const announcement&) = default;
};

/// Signs and verifies announcements; the seam that lets simulations of many nodes run without
/// elliptic curves.
class announcement_crypto {
 public:
  virtual ~announcement_crypto() = default;
  virtual crypto::ed25519_signature sign(bytes_view text) const = 0;
  /// ec::bad_signature, ec::bad_key.
  virtual result<void> verify(const ed25519_public_key& key, bytes_view text,
                              bytes_view signature) const = 0;
};

/// The product's: Ed25519 with the node's identity key, which must outlive this object.
class ed25519_announcement_crypto final : public announcement_crypto {
 public:
  explicit ed25519_announcement_crypto(const crypto::ed25519_private_key& key) noexcept
      : key_(&key) {}
  crypto::ed25519_signature sign(bytes_view text) const override;
  result<void> verify(const ed25519_public_key& key, bytes_view text,
                      bytes_view signature) const override;

 private:
  const crypto::ed25519_private_key* key_;
};

/// A signed announcement of the key's owner with a sequence above `last_sequence` and at least the
/// wall time.
announcement make_announcement(const crypto::ed25519_private_key& key, std::uint64_t last_sequence,
                               wall_time wall, duration lifetime, std::uint8_t flags = 0);
/// As above for any crypto.
announcement make_announcement(const announcement_crypto& crypto, const ed25519_public_key& self,
                               std::uint64_t last_sequence, wall_time wall, duration lifetime,
                               std::uint8_t flags = 0);

/// Unix seconds of a wall time, clamped to 32 bits.
std::uint32_t wall_seconds(wall_time wall) noexcept;

}  // namespace weft::routing
