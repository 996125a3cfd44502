// SPDX-License-Identifier: MIT
#include "base/peer_id.hpp"

#include "base/cid.hpp"
#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/hash.hpp"
#include "base/multihash.hpp"
#include "base/wire.hpp"

#include <algorithm>

namespace weft {

namespace {

/// Longest PublicKey protobuf that is inlined in the id.
constexpr std::size_t inline_key_max = 42;
/// Identity multihash of 36 bytes, then PublicKey{Type = Ed25519, Data = 32 bytes}.
constexpr std::array<std::uint8_t, 6> ed25519_prefix{0x00, 0x24, 0x08, 0x01, 0x12, 0x20};
constexpr std::size_t ed25519_id_bytes = ed25519_prefix.size() + 32;
constexpr std::size_t text_max = 128;

bool is_ed25519(bytes_view id) noexcept {
  return id.size() == ed25519_id_bytes
         && std::memcmp(id.data(), ed25519_prefix.data(), ed25519_prefix.size()) == 0;
}

}  // namespace

peer_id peer_id::from_ed25519(const ed25519_public_key& key) noexcept {
  peer_id id;
  std::copy(ed25519_prefix.begin(), ed25519_prefix.end(), id.data_.begin());
  std::copy(key.begin(), key.end(), id.data_.begin() + ed25519_prefix.size());
  id.size_ = ed25519_id_bytes;
  return id;
}

result<peer_id> peer_id::from_public_key_protobuf(bytes_view protobuf) {
  byte_buffer hash;
  if (protobuf.size() <= inline_key_max) {
    write_multihash(hash, multicodec::identity, protobuf);
  } else {
    write_multihash(hash, multicodec::sha2_256, crypto::sha256(protobuf));
  }
  return from_bytes(hash);
}

result<peer_id> peer_id::from_bytes(bytes_view multihash) {
  wire_reader in{multihash};
  WEFT_TRY(const auto hash, read_multihash(in));
  if (!in.at_end()) return fail(ec::malformed, "bytes after the peer id");
  if (hash.code == multicodec::identity) {
    if (hash.digest.empty() || hash.digest.size() > inline_key_max)
      return fail(ec::malformed, "an inlined key has 1 to 42 bytes");
  } else if (hash.code != multicodec::sha2_256) {
    return fail(ec::malformed, "a peer id is an identity or sha2-256 multihash");
  }
  peer_id id;
  std::copy(multihash.begin(), multihash.end(), id.data_.begin());
  id.size_ = static_cast<std::uint8_t>(multihash.size());
  return id;
}

result<peer_id> peer_id::parse(std::string_view text) {
  if (text.size() > text_max) return fail(ec::malformed, "a peer id has at most 128 characters");
  if (text.starts_with('1') || text.starts_with("Qm")) {
    WEFT_TRY(const auto bytes, from_base58(text));
    return from_bytes(bytes);
  }
  WEFT_TRY(const auto id, cid::parse(text));
  if (id.codec != multicodec::libp2p_key)
    return fail(ec::malformed, "not a CIDv1 of codec libp2p-key");
  return from_bytes(id.multihash);
}

std::optional<ed25519_public_key> peer_id::ed25519_key() const noexcept {
  if (!is_ed25519(bytes())) return std::nullopt;
  ed25519_public_key key;
  std::copy_n(data_.begin() + ed25519_prefix.size(), key.size(), key.begin());
  return key;
}

std::string peer_id::to_string() const { return to_base58(bytes()); }

std::string peer_id::short_string() const {
  const std::string text = to_string();
  return text.size() <= 8 ? text : text.substr(text.size() - 8);
}

std::size_t peer_id_hash::operator()(const peer_id& id) const noexcept {
  static const key_permutation permute(process_hash_key());
  const bytes_view bytes = id.bytes();
  if (!is_ed25519(bytes)) return siphash_1_3(process_hash_key(), bytes);
  key_permutation::key_bytes key;
  std::memcpy(key.data(), bytes.data() + ed25519_prefix.size(), key.size());
  return permute(key).hash;
}

}  // namespace weft
