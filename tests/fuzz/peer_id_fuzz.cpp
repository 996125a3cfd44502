// SPDX-License-Identifier: MIT
// Invariants: an accepted id has one binary and one text form; an accepted key protobuf is the
// deterministic one.
#include "base/assert.hpp"
#include "base/encoding.hpp"
#include "base/libp2p_key.hpp"
#include "base/peer_id.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft;
  const bytes_view input{data, size};
  const auto same = [&](bytes_view other) {
    return std::equal(input.begin(), input.end(), other.begin(), other.end());
  };
  if (const auto id = peer_id::from_bytes(input)) {
    WEFT_ASSERT(same(id->bytes()), "the bytes are kept");
    const auto parsed = peer_id::parse(id->to_string());
    WEFT_ASSERT(parsed && *parsed == *id, "the text reads back");
    if (const auto key = id->ed25519_key())
      WEFT_ASSERT(peer_id::from_ed25519(*key) == *id, "the key makes the id");
  }
  if (const auto id = peer_id::parse(as_text(input))) {
    const auto again = peer_id::from_bytes(id->bytes());
    WEFT_ASSERT(again && *again == *id, "text ids are valid in binary");
  }
  if (const auto key = read_libp2p_public_key(input)) {
    WEFT_ASSERT(same(write_libp2p_public_key(key->type, key->data)), "deterministic protobuf");
    WEFT_ASSERT(peer_id::from_public_key_protobuf(input), "every key has an id");
  }
  const auto text = as_text(input);
  if (const auto bytes = from_base58(text)) WEFT_ASSERT(to_base58(*bytes) == text, "base58");
  if (const auto bytes = from_base32(text)) WEFT_ASSERT(to_base32(*bytes) == text, "base32");
  if (const auto bytes = from_base64url(text)) WEFT_ASSERT(to_base64url(*bytes) == text, "base64");
  return 0;
}
