// SPDX-License-Identifier: MIT
#include "base/hpke.hpp"

#include "base/assert.hpp"
#include "base/wire.hpp"

#include <algorithm>
#include <string_view>

namespace weft::hpke {

namespace {

constexpr std::uint16_t kem_x25519_hkdf_sha256 = 0x0020;
constexpr std::uint16_t kdf_hkdf_sha256 = 0x0001;
constexpr std::uint8_t mode_base = 0x00;
constexpr std::size_t hash_bytes = 32;

byte_buffer kem_suite() {
  byte_buffer id = to_buffer(as_bytes("KEM"));
  wire_writer{id}.u16(kem_x25519_hkdf_sha256);
  return id;
}

byte_buffer hpke_suite(crypto::aead_kind kind) {
  byte_buffer id = to_buffer(as_bytes("HPKE"));
  wire_writer{id}
      .u16(kem_x25519_hkdf_sha256)
      .u16(kdf_hkdf_sha256)
      .u16(static_cast<std::uint16_t>(kind));
  return id;
}

// RFC 9180 section 4.
crypto::sha256_digest labeled_extract(bytes_view suite, bytes_view salt, std::string_view label,
                                      bytes_view input_key) {
  byte_buffer labeled = to_buffer(as_bytes("HPKE-v1"));
  wire_writer{labeled}.bytes(suite).bytes(as_bytes(label)).bytes(input_key);
  auto extracted = crypto::hkdf_extract(salt, labeled);
  crypto::wipe(labeled);
  return extracted;
}

void labeled_expand(bytes_view suite, bytes_view pseudo_random_key, std::string_view label,
                    bytes_view info, bytes_span out) {
  byte_buffer labeled;
  wire_writer{labeled}
      .u16(static_cast<std::uint16_t>(out.size()))
      .bytes(as_bytes("HPKE-v1"))
      .bytes(suite)
      .bytes(as_bytes(label))
      .bytes(info);
  crypto::hkdf_expand(pseudo_random_key, labeled, out);
}

// RFC 9180 section 4.1, ExtractAndExpand; the context is enc followed by the recipient's key.
crypto::sha256_digest kem_secret(const crypto::x25519_key& exchanged, const encapsulation& enc,
                                 const crypto::x25519_key& recipient) {
  const byte_buffer suite = kem_suite();
  auto extracted = labeled_extract(suite, {}, "eae_prk", exchanged);
  byte_buffer kem_context = to_buffer(enc);
  append(kem_context, recipient);
  crypto::sha256_digest secret;
  labeled_expand(suite, extracted, "shared_secret", kem_context, secret);
  crypto::wipe(extracted);
  return secret;
}

// RFC 9180 section 5.1, KeySchedule in base mode: no pre-shared key.
context key_schedule(crypto::aead_kind kind, crypto::sha256_digest shared_secret, bytes_view info) {
  const byte_buffer suite = hpke_suite(kind);
  byte_buffer schedule{mode_base};
  append(schedule, labeled_extract(suite, {}, "psk_id_hash", {}));
  append(schedule, labeled_extract(suite, {}, "info_hash", info));
  auto secret = labeled_extract(suite, shared_secret, "secret", {});

  std::array<std::uint8_t, 32> key_storage{};
  const bytes_span key = bytes_span{key_storage}.first(crypto::aead_key_bytes(kind));
  labeled_expand(suite, secret, "key", schedule, key);
  std::array<std::uint8_t, crypto::aead_nonce_bytes> base_nonce{};
  labeled_expand(suite, secret, "base_nonce", schedule, base_nonce);
  std::array<std::uint8_t, hash_bytes> exporter{};
  labeled_expand(suite, secret, "exp", schedule, exporter);

  context made{kind, key, base_nonce, exporter};
  crypto::wipe(shared_secret);
  crypto::wipe(secret);
  crypto::wipe(key_storage);
  crypto::wipe(exporter);
  return made;
}

}  // namespace

context::context(crypto::aead_kind kind, bytes_view key, bytes_view base_nonce, bytes_view exporter)
    : kind_(kind), aead_(kind, key) {
  WEFT_ASSERT(base_nonce.size() == base_nonce_.size() && exporter.size() == exporter_.size(),
              "an HPKE context has a nonce of 12 and an exporter of 32 bytes");
  std::copy(base_nonce.begin(), base_nonce.end(), base_nonce_.begin());
  std::copy(exporter.begin(), exporter.end(), exporter_.begin());
}

std::array<std::uint8_t, crypto::aead_nonce_bytes> context::nonce_for(
    std::uint64_t sequence) const noexcept {
  auto nonce = base_nonce_;
  for (std::size_t i = 0; i < sizeof sequence; ++i) {
    auto& byte = nonce[nonce.size() - 1 - i];
    byte = static_cast<std::uint8_t>(byte ^ (sequence >> (8 * i) & 0xff));
  }
  return nonce;
}

std::size_t context::seal(std::uint64_t sequence, bytes_view associated, bytes_view plain,
                          bytes_span out) {
  return aead_.seal(nonce_for(sequence), associated, plain, out);
}

result<std::size_t> context::open(std::uint64_t sequence, bytes_view associated, bytes_view sealed,
                                  bytes_span out) {
  return aead_.open(nonce_for(sequence), associated, sealed, out);
}

void context::export_secret(bytes_view exporter_context, bytes_span out) const {
  labeled_expand(hpke_suite(kind_), exporter_, "sec", exporter_context, out);
}

result<sender> setup_sender(crypto::aead_kind kind, const crypto::x25519_key& recipient,
                            bytes_view info, const crypto::x25519_key& ephemeral) {
  WEFT_TRY(auto exchanged, crypto::x25519(ephemeral, recipient));
  const encapsulation enc = crypto::x25519_public(ephemeral);
  sender made{enc, key_schedule(kind, kem_secret(exchanged, enc, recipient), info)};
  crypto::wipe(exchanged);
  return made;
}

result<context> setup_recipient(crypto::aead_kind kind, const encapsulation& enc,
                                const crypto::x25519_key& recipient_private, bytes_view info) {
  WEFT_TRY(auto exchanged, crypto::x25519(recipient_private, enc));
  const auto recipient = crypto::x25519_public(recipient_private);
  context made = key_schedule(kind, kem_secret(exchanged, enc, recipient), info);
  crypto::wipe(exchanged);
  return made;
}

}  // namespace weft::hpke
