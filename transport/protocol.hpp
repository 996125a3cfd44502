// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weft::transport {

/// Index into the node's protocol table; assigned once at composition and the same everywhere in
/// the process.
using protocol_index = std::uint8_t;

/// How a protocol uses streams of a session.
enum class stream_kind : std::uint8_t {
  /// Each side opens one long-lived outbound stream of uvarint-length-prefixed frames (gossipsub,
  /// /weft/msg, /weft/route).
  frames,
  /// A stream per request: the opener writes length-prefixed requests, the other side answers each
  /// in order (kad).
  exchange,
  /// A stream per frame, for large ones: the opener writes one length-prefixed frame whose first
  /// eight bytes are its tag (big-endian), and finishes. Either side can call it off by that tag
  /// while it is under way.
  push,
};

/// Outbound queues drain in this order; a full queue drops the lowest class first (DESIGN.md
/// section 1, principle 5).
enum class priority : std::uint8_t { control, interactive, bulk, background, cover };
inline constexpr std::size_t priority_count = 5;

/// One of the node's own protocols on a session. identify, identify/push, ping and perf live inside
/// the transport.
struct protocol {
  /// Names in order of preference, each starting with '/'. The first one the peer accepts is used.
  std::vector<std::string> names;
  stream_kind kind = stream_kind::frames;
  /// A longer inbound frame resets the stream; a longer outbound one is refused.
  std::size_t frame_bytes_max = 64 * 1024;
  /// Which frame_listener receives its frames (index given to the reactor).
  std::uint8_t concern = 0;
};

}  // namespace weft::transport
