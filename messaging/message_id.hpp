// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::messaging {

/// Names one message of one sender, 128 bits: a random stream number of the sender and a counter
/// within that stream. Unique for a sender; a retransmission keeps it, so the receiver recognises
/// duplicates by (sender, message id).
struct message_id {
  std::array<std::uint8_t, 16> bytes{};

  static message_id from_parts(std::uint64_t stream, std::uint64_t counter) noexcept;
  std::uint64_t stream() const noexcept;
  std::uint64_t counter() const noexcept;

  /// 32 hexadecimal digits, lower case.
  std::string to_string() const;
  /// ec::malformed.
  static result<message_id> parse(std::string_view text);

  friend bool operator==(const message_id&, const message_id&) noexcept = default;
  friend std::strong_ordering operator<=>(const message_id& a, const message_id& b) noexcept {
    return a.bytes <=> b.bytes;
  }
};

/// How much a message is worth: volatile ones live in memory and are given up after a while,
/// durable ones are committed to the store of both sides and survive a crash of either.
enum class message_class : std::uint8_t { volatile_, durable };
/// "volatile" or "durable".
std::string_view to_string(message_class klass) noexcept;

}  // namespace weft::messaging
