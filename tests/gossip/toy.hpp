// SPDX-License-Identifier: MIT
#pragma once

#include "base/hash.hpp"
#include "base/rng.hpp"
#include "gossip/gossip_crypto.hpp"
#include "gossip/message.hpp"
#include "gossip/rpc.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

/// Peers, bodies and signatures for tests, made of numbers.
namespace weft::gossip::test {

/// Signatures as keyed hashes of a secret the tests' attackers do not use: Ed25519's role without
/// its cost.
class toy_crypto final : public gossip_crypto {
 public:
  explicit toy_crypto(const peer_id& self) : self_(self) {}
  crypto::ed25519_signature sign(bytes_view text) const override { return make(self_, text); }
  result<void> verify(const peer_id& author, bytes_view key, bytes_view text,
                      bytes_view signature) const override;
  static crypto::ed25519_signature make(const peer_id& author, bytes_view text);

 private:
  peer_id self_;
};

inline crypto::ed25519_signature toy_crypto::make(const peer_id& author, bytes_view text) {
  crypto::ed25519_signature signature;
  const std::uint64_t key = siphash_1_3({0x73656372, 0x6574}, author.bytes());
  for (std::size_t i = 0; i < signature.size(); i += 8) {
    const std::uint64_t word = siphash_1_3({key, i}, text);
    std::memcpy(signature.data() + i, &word, 8);
  }
  return signature;
}

inline result<void> toy_crypto::verify(const peer_id& author, bytes_view, bytes_view text,
                                       bytes_view signature) const {
  if (!std::ranges::equal(make(author, text), signature)) return fail(ec::bad_signature);
  return {};
}

/// The peer of a number.
inline peer_id id_of(std::uint64_t number) {
  rng source(number * 2654435761u + 17);
  ed25519_public_key key;
  for (auto& byte : key) byte = static_cast<std::uint8_t>(source.below(256));
  return peer_id::from_ed25519(key);
}

/// Text as a chunk.
inline chunk_view body_of(std::string_view text) { return chunk_view::copy(as_bytes(text)); }

/// A body of `size` bytes that begins with `number`.
inline chunk_view body_of(std::uint64_t number, std::size_t size) {
  byte_buffer bytes(std::max<std::size_t>(size, 8), 0x5a);
  std::memcpy(bytes.data(), &number, sizeof number);
  return chunk_view::copy(bytes);
}

/// An RPC with one message, signed by `author` as `toy_crypto` does.
inline chunk_view signed_rpc(const peer_id& author, std::uint64_t sequence, std::string_view topic,
                             bytes_view data) {
  message_fields fields;
  const auto number = write_sequence(sequence);
  fields.author = author.bytes();
  fields.data = data;
  fields.sequence = bytes_view(number);
  fields.topic = as_bytes(topic);
  byte_buffer text;
  write_signed_text(fields, text);
  const auto signature = toy_crypto::make(author, text);
  fields.signature = bytes_view(signature);
  return encode_publish(fields);
}

}  // namespace weft::gossip::test
