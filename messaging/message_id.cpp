// SPDX-License-Identifier: MIT
#include "messaging/message_id.hpp"

namespace weft::messaging {

namespace {

void put_u64(std::uint8_t* out, std::uint64_t value) noexcept {
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
}

std::uint64_t get_u64(const std::uint8_t* in) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | in[i];
  return value;
}

int digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

message_id message_id::from_parts(std::uint64_t stream, std::uint64_t counter) noexcept {
  message_id id;
  put_u64(id.bytes.data(), stream);
  put_u64(id.bytes.data() + 8, counter);
  return id;
}

std::uint64_t message_id::stream() const noexcept { return get_u64(bytes.data()); }
std::uint64_t message_id::counter() const noexcept { return get_u64(bytes.data() + 8); }

std::string message_id::to_string() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(32);
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

result<message_id> message_id::parse(std::string_view text) {
  message_id id;
  if (text.size() != 2 * id.bytes.size())
    return fail(ec::malformed, "a message id has 32 hexadecimal digits");
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return fail(ec::malformed, "a message id has lower-case hexadecimal digits only");
    id.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return id;
}

std::string_view to_string(message_class klass) noexcept {
  return klass == message_class::durable ? "durable" : "volatile";
}

}  // namespace weft::messaging
