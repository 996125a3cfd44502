// SPDX-License-Identifier: MIT
// Stands in for base/crypto*.cpp in fuzz targets that would spend their time in curves and ciphers:
// linked into a target, its definitions come before those of the library. Both ends agree as with
// the real thing, and an altered text is refused. A signature or a tag that begins with the byte
// `forged` is taken for good, so that inputs reach what lies behind as a peer who is authentic and
// hostile. Protects nothing.
#include "base/assert.hpp"
#include "base/crypto.hpp"
#include "base/hash.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weft::crypto {

namespace {

constexpr std::uint8_t forged = 0xfe;

template <class... Parts>
std::uint64_t digest_of(std::uint64_t seed, const Parts&... parts) {
  ((seed = siphash_1_3({seed, 0x9e3779b97f4a7c15}, bytes_view{parts})), ...);
  return seed;
}

void spread(std::uint64_t seed, bytes_span out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 8 == 0) seed = (seed ^ seed >> 29) * 0xbf58476d1ce4e5b9 + 1;
    out[i] = static_cast<std::uint8_t>(seed >> 8 * (i % 8));
  }
}

/// What proves a text: never begins with `forged`.
template <std::size_t Size>
std::array<std::uint8_t, Size> proof_of(std::uint64_t seed) {
  std::array<std::uint8_t, Size> out;
  spread(seed, out);
  out[0] &= 0x7f;
  return out;
}

}  // namespace

sha256_digest sha256(bytes_view data) {
  sha256_digest out;
  spread(digest_of(1, data), out);
  return out;
}

std::array<std::uint8_t, 64> sha512(bytes_view data) {
  std::array<std::uint8_t, 64> out;
  spread(digest_of(2, data), out);
  return out;
}

sha256_digest hmac_sha256(bytes_view key, bytes_view data) {
  sha256_digest out;
  spread(digest_of(3, key, data), out);
  return out;
}

sha256_digest hkdf_extract(bytes_view salt, bytes_view input_key) {
  return hmac_sha256(salt, input_key);
}

void hkdf_expand(bytes_view pseudo_random_key, bytes_view info, bytes_span out) {
  spread(digest_of(4, pseudo_random_key, info), out);
}

void random_bytes(bytes_span out) {
  static std::uint64_t count = 0;
  spread(++count, out);
}

bool equal_constant_time(bytes_view a, bytes_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

void wipe(bytes_span secret) noexcept {
  if (!secret.empty()) std::memset(secret.data(), 0, secret.size());
}

// -- Ed25519: the public key is the seed ---

struct ed25519_private_key::impl {
  ed25519_public_key public_key{};
};

ed25519_private_key::ed25519_private_key(std::unique_ptr<impl> state) noexcept
    : impl_(std::move(state)) {}
ed25519_private_key::ed25519_private_key(ed25519_private_key&&) noexcept = default;
ed25519_private_key& ed25519_private_key::operator=(ed25519_private_key&&) noexcept = default;
ed25519_private_key::~ed25519_private_key() = default;

ed25519_private_key ed25519_private_key::from_seed(std::span<const std::uint8_t, 32> seed) {
  auto state = std::make_unique<impl>();
  std::copy(seed.begin(), seed.end(), state->public_key.begin());
  return ed25519_private_key{std::move(state)};
}

const ed25519_public_key& ed25519_private_key::public_key() const noexcept {
  return impl_->public_key;
}

std::span<const std::uint8_t, 32> ed25519_private_key::seed() const noexcept {
  return impl_->public_key;
}

ed25519_signature ed25519_private_key::sign(bytes_view message) const {
  return proof_of<64>(digest_of(5, impl_->public_key, message));
}

result<void> ed25519_verify(const ed25519_public_key& key, bytes_view message,
                            bytes_view signature) {
  if (signature.size() != 64) return fail(ec::bad_signature);
  if (signature[0] == forged) return {};
  const auto good = proof_of<64>(digest_of(5, key, message));
  if (!equal_constant_time(good, signature)) return fail(ec::bad_signature);
  return {};
}

// -- X25519: the public key is the private one; zero is of low order ---

x25519_key x25519_public(const x25519_key& private_key) { return private_key; }

result<x25519_key> x25519(const x25519_key& private_key, const x25519_key& public_key) {
  if (public_key == x25519_key{}) return fail(ec::bad_key, "low-order public key");
  x25519_key both;
  for (std::size_t i = 0; i < both.size(); ++i)
    both[i] = static_cast<std::uint8_t>(private_key[i] ^ public_key[i]);
  x25519_key shared;
  spread(digest_of(6, both), shared);
  return shared;
}

result<x25519_key> x25519_from_ed25519(const ed25519_public_key& key) {
  if (key == ed25519_public_key{}) return fail(ec::bad_key, "not a usable Ed25519 key");
  return key;
}

x25519_key x25519_from_ed25519_seed(std::span<const std::uint8_t, 32> seed) {
  x25519_key key;
  std::copy(seed.begin(), seed.end(), key.begin());
  return key;
}

// -- AEAD: the text stays as it is, the tag covers everything ---

struct aead::impl {
  std::uint64_t key = 0;
};

aead::aead(aead_kind kind, bytes_view key) : impl_(std::make_unique<impl>()) {
  WEFT_ASSERT(key.size() == aead_key_bytes(kind), "an AEAD key has the length of its kind");
  impl_->key = digest_of(7, key);
}
aead::aead(aead&&) noexcept = default;
aead& aead::operator=(aead&&) noexcept = default;
aead::~aead() = default;

std::size_t aead::seal(bytes_view nonce, bytes_view associated, bytes_view plain, bytes_span out) {
  WEFT_ASSERT(out.size() >= plain.size() + aead_tag_bytes, "room for the tag");
  const auto tag = proof_of<aead_tag_bytes>(digest_of(impl_->key, nonce, associated, plain));
  if (!plain.empty() && out.data() != plain.data())
    std::memmove(out.data(), plain.data(), plain.size());
  std::copy(tag.begin(), tag.end(), out.subspan(plain.size()).begin());
  return plain.size() + aead_tag_bytes;
}

result<std::size_t> aead::open(bytes_view nonce, bytes_view associated, bytes_view sealed,
                               bytes_span out) {
  if (sealed.size() < aead_tag_bytes) return fail(ec::truncated);
  WEFT_ASSERT(out.size() >= sealed.size(), "room for the sealed text");
  const bytes_view plain = sealed.first(sealed.size() - aead_tag_bytes);
  const bytes_view tag = sealed.last(aead_tag_bytes);
  const auto good = proof_of<aead_tag_bytes>(digest_of(impl_->key, nonce, associated, plain));
  if (tag[0] != forged && !equal_constant_time(good, tag)) {
    wipe(out.first(plain.size()));
    return fail(ec::bad_seal);
  }
  if (!plain.empty() && out.data() != plain.data())
    std::memmove(out.data(), plain.data(), plain.size());
  return plain.size();
}

}  // namespace weft::crypto
