// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

/// /ipfs/ping/1.0.0: 32 bytes there, the same 32 bytes back, any number of rounds on one stream
/// (https://github.com/libp2p/specs/blob/master/ping/ping.md).
namespace weft::transport {

inline constexpr std::size_t ping_bytes = 32;
using ping_payload = std::array<std::uint8_t, ping_bytes>;

/// The answering side. Appends no more bytes than it was fed, so the owner bounds it by extending
/// the stream's window only as the echo is written.
class ping_responder {
 public:
  /// Appends the echo of every payload that is complete.
  void on_bytes(bytes_view input, byte_buffer& out);
  /// The peer finished: finish too. ec::truncated inside a payload.
  ec on_end() const noexcept { return filled_ == 0 ? ec::none : ec::truncated; }
  std::uint64_t rounds() const noexcept { return rounds_; }

 private:
  ping_payload partial_{};
  std::size_t filled_ = 0;
  std::uint64_t rounds_ = 0;
};

/// The asking side; one round at a time.
class ping_initiator {
 public:
  /// Starts a round: `payload` (random) is what to write. False while a round is open.
  bool start(const ping_payload& payload, instant now) noexcept;
  /// The round trip once the echo is complete.
  std::optional<duration> on_bytes(bytes_view input, instant now) noexcept;
  bool waiting() const noexcept { return waiting_; }
  /// ec::protocol_violation: a wrong echo, or bytes without a round. The stream must be reset.
  ec failure() const noexcept { return failure_; }

 private:
  ping_payload sent_{};
  std::size_t matched_ = 0;
  instant started_{};
  bool waiting_ = false;
  ec failure_ = ec::none;
};

}  // namespace weft::transport
