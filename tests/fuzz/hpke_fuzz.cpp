// SPDX-License-Identifier: MIT
// Invariants: nothing that was not sealed opens, an accepted encapsulation never crashes, and what
// is sealed here opens as the same bytes. Input: 32 bytes of encapsulation or Ed25519 key, the rest
// a sealed text.
#include "base/assert.hpp"
#include "base/hpke.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft;
  if (size < 32) return 0;
  static const crypto::x25519_key recipient{7, 7, 7};
  static const crypto::x25519_key recipient_public = crypto::x25519_public(recipient);
  const bytes_view input{data, size};
  crypto::x25519_key enc;
  std::copy_n(input.begin(), enc.size(), enc.begin());
  const bytes_view text = input.subspan(enc.size());
  const auto kind
      = size % 2 == 0 ? crypto::aead_kind::aes_128_gcm : crypto::aead_kind::chacha20_poly1305;

  byte_buffer out(text.size() + crypto::aead_tag_bytes);
  if (auto ctx = hpke::setup_recipient(kind, enc, recipient, {}))
    WEFT_ASSERT(!ctx->open(size, {}, text, out), "a text nobody sealed opened");
  if (const auto key = crypto::x25519_from_ed25519(enc)) {
    crypto::x25519_key shared_with{1};
    WEFT_ASSERT(crypto::x25519(shared_with, *key), "an accepted key is not of low order");
  }

  auto from = hpke::setup_sender(kind, recipient_public, text, enc);
  WEFT_ASSERT(from, "any ephemeral key is usable");
  from->ctx.seal(size, enc, text, out);
  auto to = hpke::setup_recipient(kind, from->enc, recipient, text);
  WEFT_ASSERT(to, "our own encapsulation is accepted");
  const auto opened = to->open(size, enc, out, out);
  WEFT_ASSERT(opened && *opened == text.size() && std::equal(text.begin(), text.end(), out.begin()),
              "what was sealed opens");
  return 0;
}
