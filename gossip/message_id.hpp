// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace weft::gossip {

/// What a network calls a message: bytes, whatever its function makes of it. A small value without
/// an allocation.
class message_id {
 public:
  /// Room for the longest common form, rust-libp2p's base58 peer id and decimal number.
  static constexpr std::size_t bytes_max = 96;

  /// The empty id: no message's.
  message_id() noexcept = default;
  /// None when `bytes` is empty or longer than `bytes_max`.
  static std::optional<message_id> from(bytes_view bytes) noexcept {
    if (bytes.empty() || bytes.size() > bytes_max) return std::nullopt;
    message_id id;
    std::copy(bytes.begin(), bytes.end(), id.data_.begin());
    id.size_ = static_cast<std::uint8_t>(bytes.size());
    return id;
  }

  bytes_view bytes() const noexcept { return {data_.data(), size_}; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  friend bool operator==(const message_id& a, const message_id& b) noexcept {
    return std::ranges::equal(a.bytes(), b.bytes());
  }
  friend bool operator<(const message_id& a, const message_id& b) noexcept {
    return std::ranges::lexicographical_compare(a.bytes(), b.bytes());
  }

 private:
  std::array<std::uint8_t, bytes_max> data_{};
  std::uint8_t size_ = 0;
};

}  // namespace weft::gossip
