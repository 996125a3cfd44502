// SPDX-License-Identifier: MIT
#include "gossip/message.hpp"

#include "base/crypto.hpp"

#include <algorithm>
#include <string_view>

namespace weft::gossip {

namespace {

constexpr std::string_view signature_domain = "libp2p-pubsub:";

bytes_view or_empty(const std::optional<bytes_view>& value) noexcept {
  return value ? *value : bytes_view{};
}

result<message_author> check_signed(const message_fields& message) {
  if (!message.author) return fail(ec::malformed, "from is missing");
  if (!message.sequence || message.sequence->size() != sequence_bytes)
    return fail(ec::malformed, "seqno is not eight bytes");
  if (!message.signature) return fail(ec::malformed, "signature is missing");
  const auto author = peer_id::from_bytes(*message.author);
  if (!author) return fail(ec::malformed, "from is no peer id");
  return message_author{*author, read_sequence(*message.sequence)};
}

result<message_author> check_unsigned(const message_fields& message) {
  if (message.author) return fail(ec::malformed, "from must not be there");
  if (message.sequence) return fail(ec::malformed, "seqno must not be there");
  if (message.signature) return fail(ec::malformed, "signature must not be there");
  if (message.key) return fail(ec::malformed, "key must not be there");
  return message_author{};
}

}  // namespace

std::array<std::uint8_t, sequence_bytes> write_sequence(std::uint64_t number) noexcept {
  std::array<std::uint8_t, sequence_bytes> out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  return out;
}

std::uint64_t read_sequence(bytes_view bytes) noexcept {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sequence_bytes; ++i) number = number << 8 | bytes[i];
  return number;
}

void write_signed_text(const message_fields& message, byte_buffer& out) {
  out.assign(signature_domain.begin(), signature_domain.end());
  message_fields covered = message;
  covered.signature.reset();
  covered.key.reset();
  append_message(out, covered);
}

result<message_author> check_policy(const message_fields& message, signature_policy policy) {
  if (!message.topic) return fail(ec::malformed, "topic is missing");
  return policy == signature_policy::strict_sign ? check_signed(message) : check_unsigned(message);
}

std::optional<message_id> identify(const message_fields& message, const gossip_config& config) {
  switch (config.ids) {
    case message_id_kind::author_and_sequence: {
      std::array<std::uint8_t, message_id::bytes_max> joined;
      const bytes_view author = or_empty(message.author);
      const bytes_view sequence = or_empty(message.sequence);
      if (author.size() + sequence.size() > joined.size()) return std::nullopt;
      auto* end = std::copy(author.begin(), author.end(), joined.data());
      end = std::copy(sequence.begin(), sequence.end(), end);
      return message_id::from({joined.data(), end});
    }
    case message_id_kind::data_sha256:
      return message_id::from(crypto::sha256(or_empty(message.data)));
    case message_id_kind::custom: {
      const message_id id
          = config.custom_message_id({or_empty(message.author), or_empty(message.sequence),
                                      or_empty(message.topic), or_empty(message.data)});
      if (id.empty()) return std::nullopt;
      return id;
    }
  }
  return std::nullopt;
}

result<void> verify(const message_fields& message, const peer_id& author,
                    const gossip_crypto& crypto, byte_buffer& scratch) {
  write_signed_text(message, scratch);
  return crypto.verify(author, or_empty(message.key), scratch, or_empty(message.signature));
}

}  // namespace weft::gossip
