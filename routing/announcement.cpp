// SPDX-License-Identifier: MIT
#include "routing/announcement.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace weft::routing {

namespace {

constexpr char label[] = "weft-route-v1";  // with its final zero: 14 bytes

template <class T>
std::uint8_t* put(std::uint8_t* out, T value) noexcept {
  for (std::size_t i = sizeof(T); i-- > 0;)
    *out++ = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i));
  return out;
}

template <class Sign>
announcement build(const ed25519_public_key& self, std::uint64_t last_sequence, wall_time wall,
                   duration lifetime, std::uint8_t flags, const Sign& sign) {
  using namespace std::chrono;
  announcement made;
  made.destination = self;
  const auto wall_ms = std::max<milliseconds::rep>(
      duration_cast<milliseconds>(wall.time_since_epoch()).count(), 0);
  made.sequence = std::max(last_sequence + 1, static_cast<std::uint64_t>(wall_ms));
  made.issued_s = wall_seconds(wall);
  made.lifetime_s = static_cast<std::uint32_t>(std::clamp<seconds::rep>(
      duration_cast<seconds>(lifetime).count(), 1, std::numeric_limits<std::uint32_t>::max()));
  made.flags = flags;
  made.signature = sign(made.signed_text());
  return made;
}

}  // namespace

std::array<std::uint8_t, announcement::signed_bytes> announcement::signed_text() const noexcept {
  static_assert(sizeof(label) == 14);
  std::array<std::uint8_t, signed_bytes> text;
  std::memcpy(text.data(), label, sizeof(label));
  std::memcpy(text.data() + sizeof(label), destination.data(), destination.size());
  std::uint8_t* out = text.data() + sizeof(label) + destination.size();
  out = put(out, sequence);
  out = put(out, issued_s);
  out = put(out, lifetime_s);
  *out = flags;
  return text;
}

crypto::ed25519_signature ed25519_announcement_crypto::sign(bytes_view text) const {
  return key_->sign(text);
}

result<void> ed25519_announcement_crypto::verify(const ed25519_public_key& key, bytes_view text,
                                                 bytes_view signature) const {
  return crypto::ed25519_verify(key, text, signature);
}

announcement make_announcement(const crypto::ed25519_private_key& key, std::uint64_t last_sequence,
                               wall_time wall, duration lifetime, std::uint8_t flags) {
  return build(key.public_key(), last_sequence, wall, lifetime, flags,
               [&](bytes_view text) { return key.sign(text); });
}

announcement make_announcement(const announcement_crypto& crypto, const ed25519_public_key& self,
                               std::uint64_t last_sequence, wall_time wall, duration lifetime,
                               std::uint8_t flags) {
  return build(self, last_sequence, wall, lifetime, flags,
               [&](bytes_view text) { return crypto.sign(text); });
}

std::uint32_t wall_seconds(wall_time wall) noexcept {
  const auto seconds
      = std::chrono::duration_cast<std::chrono::seconds>(wall.time_since_epoch()).count();
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(seconds, 0, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace weft::routing
