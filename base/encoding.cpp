// SPDX-License-Identifier: MIT
#include "base/encoding.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace weft {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base58_digits
    = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view base32_digits = "abcdefghijklmnopqrstuvwxyz234567";

constexpr std::string_view base64url_digits
    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t not_a_digit = 0xff;
using digit_table = std::array<std::uint8_t, 256>;

constexpr digit_table reverse_of(std::string_view digits) {
  digit_table table{};
  for (auto& value : table) value = not_a_digit;
  for (std::size_t i = 0; i < digits.size(); ++i)
    table[static_cast<std::uint8_t>(digits[i])] = static_cast<std::uint8_t>(i);
  return table;
}

constexpr digit_table base58_values = reverse_of(base58_digits);
constexpr digit_table base32_values = reverse_of(base32_digits);
constexpr digit_table base64url_values = reverse_of(base64url_digits);

std::uint8_t value_in(const digit_table& table, char c) noexcept {
  return table[static_cast<std::uint8_t>(c)];
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// RFC 4648 without padding, `Bits` to a digit.
template <unsigned Bits>
std::string to_bits(std::string_view digits, bytes_view bytes) {
  constexpr std::uint32_t mask = (1u << Bits) - 1;
  std::string text;
  text.reserve((bytes.size() * 8 + Bits - 1) / Bits);
  std::uint32_t window = 0;
  unsigned held = 0;
  for (const std::uint8_t byte : bytes) {
    window = window << 8 | byte;
    for (held += 8; held >= Bits; held -= Bits)
      text.push_back(digits[window >> (held - Bits) & mask]);
  }
  if (held > 0) text.push_back(digits[window << (Bits - held) & mask]);
  return text;
}

template <unsigned Bits>
result<byte_buffer> from_bits(const digit_table& values, std::string_view text) {
  byte_buffer bytes;
  bytes.reserve(text.size() * Bits / 8);
  std::uint32_t window = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::uint8_t value = value_in(values, c);
    if (value == not_a_digit) return fail(ec::malformed, "a character outside the alphabet");
    window = window << Bits | value;
    held += Bits;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<std::uint8_t>(window >> held));
    }
  }
  if (held >= Bits) return fail(ec::malformed, "a digit too many at the end");
  if ((window & ((1u << held) - 1)) != 0) return fail(ec::malformed, "the text ends in set bits");
  return bytes;
}

}  // namespace

std::string to_hex(bytes_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(hex_digits[byte >> 4]);
    text.push_back(hex_digits[byte & 0x0f]);
  }
  return text;
}

result<byte_buffer> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(ec::malformed, "odd number of hexadecimal digits");
  byte_buffer bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return fail(ec::malformed, "not a hexadecimal digit");
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return bytes;
}

std::string to_base58(bytes_view bytes) {
  const auto zeros = static_cast<std::size_t>(
      std::find_if(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b != 0; })
      - bytes.begin());
  // Base-58 digits, least significant first: log(256) / log(58) < 1.38 of them per byte.
  byte_buffer digits;
  digits.reserve((bytes.size() - zeros) * 138 / 100 + 1);
  for (const std::uint8_t byte : bytes.subspan(zeros)) {
    std::uint32_t carry = byte;
    for (auto& digit : digits) {
      carry += static_cast<std::uint32_t>(digit) << 8;
      digit = static_cast<std::uint8_t>(carry % 58);
      carry /= 58;
    }
    for (; carry != 0; carry /= 58) digits.push_back(static_cast<std::uint8_t>(carry % 58));
  }
  std::string text(zeros, base58_digits.front());
  text.reserve(zeros + digits.size());
  for (std::size_t i = digits.size(); i-- > 0;) text.push_back(base58_digits[digits[i]]);
  return text;
}

result<byte_buffer> from_base58(std::string_view text) {
  if (text.size() > base58_chars_max) return fail(ec::oversized, "base58 text is too long");
  const std::size_t zeros = std::min(text.find_first_not_of(base58_digits.front()), text.size());
  byte_buffer bytes;  // least significant first until the end
  bytes.reserve(text.size());
  for (const char c : text.substr(zeros)) {
    std::uint32_t carry = value_in(base58_values, c);
    if (carry == not_a_digit) return fail(ec::malformed, "not a base58 digit");
    for (auto& byte : bytes) {
      carry += static_cast<std::uint32_t>(byte) * 58;
      byte = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    if (carry != 0) bytes.push_back(static_cast<std::uint8_t>(carry));
  }
  bytes.resize(bytes.size() + zeros);
  std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

std::string to_base32(bytes_view bytes) { return to_bits<5>(base32_digits, bytes); }

result<byte_buffer> from_base32(std::string_view text) { return from_bits<5>(base32_values, text); }

std::string to_base64url(bytes_view bytes) { return to_bits<6>(base64url_digits, bytes); }

result<byte_buffer> from_base64url(std::string_view text) {
  return from_bits<6>(base64url_values, text);
}

}  // namespace weft
