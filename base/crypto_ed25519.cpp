// SPDX-License-Identifier: MIT
#include "base/assert.hpp"
#include "base/crypto.hpp"
#include "base/curve25519.hpp"
#include "base/curve25519_library.hpp"
#include "base/libp2p_key.hpp"
#include "base/sodium.hpp"

#include <algorithm>
#include <sodium.h>

/// Ed25519: signatures by libsodium, which is twice as fast at it as Botan.
namespace weft::crypto {

struct ed25519_private_key::impl {
  explicit impl(std::span<const std::uint8_t, 32> from) {
    prepare_sodium();
    crypto_sign_seed_keypair(public_key.data(), secret.data(), from.data());
  }
  ~impl() { wipe(secret); }
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  /// The seed, then the public key.
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret{};
  ed25519_public_key public_key{};
};

ed25519_private_key::ed25519_private_key(std::unique_ptr<impl> state) noexcept
    : impl_(std::move(state)) {}
ed25519_private_key::ed25519_private_key(ed25519_private_key&&) noexcept = default;
ed25519_private_key& ed25519_private_key::operator=(ed25519_private_key&&) noexcept = default;
ed25519_private_key::~ed25519_private_key() = default;

ed25519_private_key ed25519_private_key::generate() {
  std::array<std::uint8_t, 32> seed{};
  random_bytes(seed);
  auto key = from_seed(seed);
  wipe(seed);
  return key;
}

ed25519_private_key ed25519_private_key::from_seed(std::span<const std::uint8_t, 32> seed) {
  return ed25519_private_key{std::make_unique<impl>(seed)};
}

const ed25519_public_key& ed25519_private_key::public_key() const noexcept {
  return impl_->public_key;
}

std::span<const std::uint8_t, 32> ed25519_private_key::seed() const noexcept {
  return std::span(impl_->secret).first<32>();
}

ed25519_signature ed25519_private_key::sign(bytes_view message) const {
  ed25519_signature signature;
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                       impl_->secret.data());
  return signature;
}

result<void> ed25519_verify(const ed25519_public_key& key, bytes_view message,
                            bytes_view signature) {
  if (signature.size() == ed25519_signature{}.size()
      && curve25519_library::verifies(key, message, signature.first<64>()))
    return {};
  if (!curve25519::acceptable_edwards_y(key)) return fail(ec::bad_key, "not a usable Ed25519 key");
  return fail(ec::bad_signature);
}

byte_buffer ed25519_public_key_protobuf(const ed25519_public_key& key) {
  return write_libp2p_public_key(libp2p_key_type::ed25519, key);
}

}  // namespace weft::crypto
