// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

/// Over Botan and libsodium: no type of theirs leaves base/, exceptions become `result`s.
namespace weft::crypto {

using sha256_digest = std::array<std::uint8_t, 32>;
/// SHA-256 (FIPS 180-4).
sha256_digest sha256(bytes_view data);
/// SHA-512.
std::array<std::uint8_t, 64> sha512(bytes_view data);
/// HMAC-SHA-256 (RFC 2104).
sha256_digest hmac_sha256(bytes_view key, bytes_view data);

/// HKDF-SHA-256 (RFC 5869).
sha256_digest hkdf_extract(bytes_view salt, bytes_view input_key);
/// Fills `out`, at most 255 * 32 bytes.
void hkdf_expand(bytes_view pseudo_random_key, bytes_view info, bytes_span out);

/// Fills `out` from the operating system's generator. For keys, nonces and ids; protocol cores use
/// `rng` instead.
void random_bytes(bytes_span out);
/// Compares in time that depends on the lengths alone.
bool equal_constant_time(bytes_view a, bytes_view b) noexcept;
/// Overwrites memory in a way that the compiler keeps.
void wipe(bytes_span secret) noexcept;

inline constexpr std::uint32_t argon2_memory_kib_min = 8;
inline constexpr std::uint32_t argon2_memory_kib_max = 2 * 1024 * 1024;
inline constexpr std::uint32_t argon2_passes_max = 64;
inline constexpr std::size_t argon2_salt_min = 8;
/// Argon2id version 1.3 with one lane (RFC 9106): fills `out`, at least 4 bytes, from a password.
/// ec::bad_argument outside the limits above, ec::limit without enough memory.
result<void> argon2id(std::string_view password, bytes_view salt, std::uint32_t memory_kib,
                      std::uint32_t passes, bytes_span out);

// -- Ed25519 (RFC 8032) ---

using ed25519_signature = std::array<std::uint8_t, 64>;

/// A signing key; wiped on destruction.
class ed25519_private_key {
 public:
  static ed25519_private_key generate();
  static ed25519_private_key from_seed(std::span<const std::uint8_t, 32> seed);
  ed25519_private_key(ed25519_private_key&&) noexcept;
  ed25519_private_key& operator=(ed25519_private_key&&) noexcept;
  ~ed25519_private_key();

  const ed25519_public_key& public_key() const noexcept;
  std::span<const std::uint8_t, 32> seed() const noexcept;
  ed25519_signature sign(bytes_view message) const;
  peer_id id() const { return peer_id::from_ed25519(public_key()); }

 private:
  struct impl;
  explicit ed25519_private_key(std::unique_ptr<impl> state) noexcept;
  std::unique_ptr<impl> impl_;
};

/// Strict: a non-canonical or low-order key is ec::bad_key, a scalar not below the group order
/// ec::bad_signature.
result<void> ed25519_verify(const ed25519_public_key& key, bytes_view message,
                            bytes_view signature);

/// Verifies by any libp2p key type (Ed25519, ECDSA P-256/384, secp256k1, RSA ≥ 2048), given the
/// PublicKey protobuf. ec::malformed, ec::unsupported, ec::bad_key, ec::bad_signature.
result<void> verify_with_libp2p_key(bytes_view public_key_protobuf, bytes_view message,
                                    bytes_view signature);
/// `08 01 12 20 key`: the PublicKey protobuf of an Ed25519 key, 36 bytes.
byte_buffer ed25519_public_key_protobuf(const ed25519_public_key& key);

// -- X25519 (RFC 7748) ---

using x25519_key = std::array<std::uint8_t, 32>;
/// The public key of a private one.
x25519_key x25519_public(const x25519_key& private_key);
/// The shared secret; ec::bad_key when it is all zero (a low-order public key).
result<x25519_key> x25519(const x25519_key& private_key, const x25519_key& public_key);
/// The Montgomery form of an Ed25519 public key (birational map of RFC 7748 section 4.1).
/// ec::bad_key: not on the curve or of low order.
result<x25519_key> x25519_from_ed25519(const ed25519_public_key& key);
/// The X25519 private key that belongs to an Ed25519 seed: the clamped first half of SHA-512(seed).
x25519_key x25519_from_ed25519_seed(std::span<const std::uint8_t, 32> seed);

// -- AEAD ---

enum class aead_kind : std::uint16_t { aes_128_gcm = 1, chacha20_poly1305 = 3 };  // HPKE AEAD ids
inline constexpr std::size_t aead_tag_bytes = 16;
inline constexpr std::size_t aead_nonce_bytes = 12;
constexpr std::size_t aead_key_bytes(aead_kind kind) noexcept {
  return kind == aead_kind::aes_128_gcm ? 16 : 32;
}

/// One keyed AEAD in both directions; keeps its key schedule between calls, so a call allocates
/// nothing. Not thread-safe.
class aead {
 public:
  aead(aead_kind kind, bytes_view key);
  aead(aead&&) noexcept;
  aead& operator=(aead&&) noexcept;
  ~aead();

  /// `out` has room for plain.size() + aead_tag_bytes and may start at plain.data(). Returns the
  /// bytes written.
  std::size_t seal(bytes_view nonce, bytes_view associated, bytes_view plain, bytes_span out);
  /// `out` has room for sealed.size() and may start at sealed.data(). Returns the plain bytes;
  /// ec::bad_seal, ec::truncated.
  result<std::size_t> open(bytes_view nonce, bytes_view associated, bytes_view sealed,
                           bytes_span out);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace weft::crypto
