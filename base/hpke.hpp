// SPDX-License-Identifier: MIT
#pragma once

#include "base/crypto.hpp"

#include <optional>

/// Hybrid public key encryption, RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM or
/// ChaCha20-Poly1305.
namespace weft::hpke {

/// The encapsulated key, `enc` of RFC 9180 section 4.1.
using encapsulation = std::array<std::uint8_t, 32>;

/// A context of RFC 9180 section 5.2 with its key, base nonce and exporter secret.
class context {
 public:
  context(crypto::aead_kind kind, bytes_view key, bytes_view base_nonce, bytes_view exporter);
  context(context&&) noexcept = default;
  context& operator=(context&&) noexcept = default;
  /// Wipes the exporter secret; the key is wiped by the AEAD.
  ~context() { crypto::wipe(exporter_); }

  /// Seals under sequence number `sequence` (the nonce is base_nonce XOR sequence). A number must
  /// never be used twice.
  std::size_t seal(std::uint64_t sequence, bytes_view associated, bytes_view plain, bytes_span out);
  /// ec::bad_seal, ec::truncated.
  result<std::size_t> open(std::uint64_t sequence, bytes_view associated, bytes_view sealed,
                           bytes_span out);
  /// Secret export, RFC 9180 section 5.3; fills `out`.
  void export_secret(bytes_view exporter_context, bytes_span out) const;

 private:
  std::array<std::uint8_t, crypto::aead_nonce_bytes> nonce_for(
      std::uint64_t sequence) const noexcept;

  crypto::aead_kind kind_;
  crypto::aead aead_;
  std::array<std::uint8_t, crypto::aead_nonce_bytes> base_nonce_{};
  std::array<std::uint8_t, 32> exporter_{};
};

struct sender {
  encapsulation enc;
  context ctx;
};

/// Base mode set-up for a recipient (RFC 9180 section 5.1.1). `ephemeral` is the ephemeral private
/// key: random in the product, given in test vectors. ec::bad_key.
result<sender> setup_sender(crypto::aead_kind kind, const crypto::x25519_key& recipient,
                            bytes_view info, const crypto::x25519_key& ephemeral);
/// ec::bad_key.
result<context> setup_recipient(crypto::aead_kind kind, const encapsulation& enc,
                                const crypto::x25519_key& recipient_private, bytes_view info);

}  // namespace weft::hpke
