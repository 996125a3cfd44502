// SPDX-License-Identifier: MIT
#include "base/assert.hpp"
#include "base/crypto.hpp"

#include <botan/aead.h>
#include <botan/exceptn.h>

#include <algorithm>
#include <cstring>

namespace weft::crypto {

struct aead::impl {
  impl(aead_kind k, bytes_view from) : kind(k) {
    std::copy(from.begin(), from.end(), key.begin());
    // One tag; grown here so that no call does.
    tag.reserve(aead_tag_bytes);
  }
  ~impl() { wipe(key); }
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  /// Made at first use: most contexts only ever work in one direction, and a key schedule takes
  /// kilobytes.
  Botan::AEAD_Mode& mode(Botan::Cipher_Dir direction) {
    auto& slot = direction == Botan::Cipher_Dir::Encryption ? sealer : opener;
    if (!slot) {
      slot = Botan::AEAD_Mode::create_or_throw(
          kind == aead_kind::aes_128_gcm ? "AES-128/GCM" : "ChaCha20Poly1305", direction);
      slot->set_key(key.data(), aead_key_bytes(kind));
      WEFT_ASSERT(slot->update_granularity() == 1, "the mode takes any length in place");
    }
    return *slot;
  }

  aead_kind kind;
  std::array<std::uint8_t, 32> key{};
  std::unique_ptr<Botan::AEAD_Mode> sealer;
  std::unique_ptr<Botan::AEAD_Mode> opener;
  Botan::secure_vector<std::uint8_t> tag;
};

aead::aead(aead_kind kind, bytes_view key) {
  WEFT_ASSERT(key.size() == aead_key_bytes(kind), "an AEAD key has the length of its kind");
  impl_ = std::make_unique<impl>(kind, key);
}
aead::aead(aead&&) noexcept = default;
aead& aead::operator=(aead&&) noexcept = default;
aead::~aead() = default;

std::size_t aead::seal(bytes_view nonce, bytes_view associated, bytes_view plain, bytes_span out) {
  WEFT_ASSERT(nonce.size() == aead_nonce_bytes, "an AEAD nonce has 12 bytes");
  WEFT_ASSERT(out.size() >= plain.size() + aead_tag_bytes, "room for the tag");
  auto& mode = impl_->mode(Botan::Cipher_Dir::Encryption);
  if (!plain.empty() && out.data() != plain.data())
    std::memmove(out.data(), plain.data(), plain.size());
  mode.set_associated_data(associated);
  mode.start(nonce);
  mode.process(out.first(plain.size()));
  impl_->tag.clear();
  mode.finish(impl_->tag);
  std::copy(impl_->tag.begin(), impl_->tag.end(), out.subspan(plain.size()).begin());
  return plain.size() + aead_tag_bytes;
}

result<std::size_t> aead::open(bytes_view nonce, bytes_view associated, bytes_view sealed,
                               bytes_span out) {
  WEFT_ASSERT(nonce.size() == aead_nonce_bytes, "an AEAD nonce has 12 bytes");
  if (sealed.size() < aead_tag_bytes) return fail(ec::truncated);
  WEFT_ASSERT(out.size() >= sealed.size(), "room for the sealed text");
  const std::size_t size = sealed.size() - aead_tag_bytes;
  auto& mode = impl_->mode(Botan::Cipher_Dir::Decryption);
  impl_->tag.assign(sealed.begin() + static_cast<std::ptrdiff_t>(size), sealed.end());
  if (size > 0 && out.data() != sealed.data()) std::memmove(out.data(), sealed.data(), size);
  try {
    mode.set_associated_data(associated);
    mode.start(nonce);
    mode.process(out.first(size));
    mode.finish(impl_->tag);
  } catch (const Botan::Exception&) {
    // Nobody may see what an unauthenticated text decrypts to.
    wipe(out.first(size));
    mode.reset();
    return fail(ec::bad_seal);
  }
  return size;
}

}  // namespace weft::crypto
