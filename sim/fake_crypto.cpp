// SPDX-License-Identifier: MIT
#include "sim/fake_crypto.hpp"

#include "sim/trace.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace weft::sim {

namespace {

constexpr std::size_t header_bytes = 16;

crypto::ed25519_signature seal(const peer_id& who, bytes_view text) {
  std::uint64_t word = mix(content_hash(who.bytes()), content_hash(text));
  crypto::ed25519_signature out{};
  for (std::size_t at = 0; at < out.size(); at += 8) {
    word = mix(word, at);
    std::memcpy(out.data() + at, &word, 8);
  }
  return out;
}

std::uint64_t word_at(bytes_view data, std::size_t at) {
  std::uint64_t word = 0;
  std::memcpy(&word, data.data() + at, 8);
  return word;
}

/// Binds value to key as a signature would.
std::uint64_t bind(bytes_view key, std::uint64_t sequence, std::size_t size) {
  return mix(mix(content_hash(key), sequence), size);
}

class fake_validator final : public dht::validator {
 public:
  result<dht::merit> validate(bytes_view key, bytes_view value, wall_time) const override {
    const auto sequence = fake_sequence(key, value);
    if (!sequence) return fail(ec::bad_signature);
    return dht::merit{*sequence, wall_time::max()};
  }
};

}  // namespace

crypto::ed25519_signature fake_gossip_crypto::sign(bytes_view text) const {
  return seal(self_, text);
}

result<void> fake_gossip_crypto::verify(const peer_id& author, bytes_view, bytes_view text,
                                        bytes_view signature) const {
  const auto expected = seal(author, text);
  if (std::equal(signature.begin(), signature.end(), expected.begin(), expected.end())) return {};
  return fail(ec::bad_signature);
}

byte_buffer fake_key(std::uint64_t number) {
  const std::string text = "/" + std::string(fake_namespace) + "/" + std::to_string(number);
  return {text.begin(), text.end()};
}

chunk_view fake_value(bytes_view key, std::uint64_t sequence, std::size_t size) {
  size = std::max(size, header_bytes);
  chunk whole = chunk::allocate(size);
  std::memset(whole.mutable_data(), 0x5a, size);
  const std::uint64_t proof = bind(key, sequence, size);
  std::memcpy(whole.mutable_data(), &sequence, 8);
  std::memcpy(whole.mutable_data() + 8, &proof, 8);
  return {std::move(whole), 0, size};
}

std::optional<std::uint64_t> fake_sequence(bytes_view key, bytes_view value) {
  if (value.size() < header_bytes) return std::nullopt;
  const std::uint64_t sequence = word_at(value, 0);
  if (word_at(value, 8) != bind(key, sequence, value.size())) return std::nullopt;
  return sequence;
}

std::shared_ptr<const dht::validator_set> fake_validators() {
  auto set = std::make_shared<dht::validator_set>();
  set->add(std::string(fake_namespace), std::make_unique<fake_validator>());
  return set;
}

}  // namespace weft::sim
