// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "routing/announcement.hpp"
#include "routing/metric.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Frame bodies of /weft/route/1.0.0; field tables in docs/protocol-routing.md. Integers are
/// big-endian.
namespace weft::routing {

/// Longer frames are refused unread.
inline constexpr std::size_t frame_bytes_limit = 64 * 1024;
/// Acknowledgements and requests in one frame.
inline constexpr std::size_t acks_per_frame_max = 64;
inline constexpr std::size_t requests_per_frame_max = 256;
inline constexpr std::size_t route_entry_bytes = 1 + 32 + 8 + 4 + 4 + 1 + 64 + 3 + 1;
inline constexpr std::size_t retraction_entry_bytes = 1 + 32;
/// Type, incarnation, number.
inline constexpr std::size_t update_header_bytes = 1 + 8 + 8;

/// A route, or without `metric` its retraction (then only `origin.destination` is set).
struct update_entry {
  announcement origin;
  metric advertised = infinite_metric;
  std::uint8_t hops = 0;
  bool retraction() const noexcept { return advertised == infinite_metric; }
};

/// Asks for a route with at least this sequence (RFC 8966 section 3.8.1.2).
struct request_entry {
  ed25519_public_key destination{};
  std::uint64_t sequence = 0;
  /// Hops the request may still travel.
  std::uint8_t hops = 0;
};

enum class frame_type : std::uint8_t { update = 1, request = 2, ack = 3 };

/// Any frame; the vectors keep their memory between decodes.
struct route_frame {
  frame_type type = frame_type::update;
  /// Time at which the sender's core began, in nanoseconds: tells its runs apart.
  std::uint64_t incarnation = 0;
  /// update: grows from frame to frame of an incarnation.
  std::uint64_t number = 0;
  std::vector<update_entry> updates;
  std::vector<request_entry> requests;
  /// ack: whose frames, and which.
  std::uint64_t acknowledged_incarnation = 0;
  std::vector<std::uint64_t> acknowledged;
};

/// Decodes a whole frame. ec::oversized, ec::truncated, ec::malformed; `out` is then unspecified.
result<void> decode_frame(bytes_view body, route_frame& out);

void append_route(byte_buffer& out, const announcement& origin, metric advertised,
                  std::uint8_t hops);
void append_retraction(byte_buffer& out, const ed25519_public_key& destination);
/// Starts an update frame; entries follow.
void begin_update(byte_buffer& out, std::uint64_t incarnation, std::uint64_t number);
byte_buffer encode_requests(std::uint64_t incarnation, std::span<const request_entry> requests);
byte_buffer encode_ack(std::uint64_t incarnation, std::uint64_t acknowledged_incarnation,
                       std::span<const std::uint64_t> numbers);

}  // namespace weft::routing
