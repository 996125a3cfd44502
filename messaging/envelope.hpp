// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "messaging/message_id.hpp"
#include "messaging/store_operations.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

/// The bytes of /weft/msg/1.0.0 (docs/protocol-messaging.md): the outer header every hop reads, and
/// the payload only the two ends can open.
namespace weft::messaging {

/// 128 random bits, chosen by the side that opens the channel.
using channel_id = std::array<std::uint8_t, 16>;

enum class frame_kind : std::uint8_t {
  /// HPKE encapsulation and a signature: the opener's first message, and again while unanswered.
  open = 1,
  /// The other side's frames until the opener uses the mixed keys: they carry its ephemeral key.
  accept = 2,
  /// One AEAD.
  sealed = 3,
};

/// The outer header: all a forwarding node sees. Everything but `remaining` is authenticated.
struct envelope_header {
  static constexpr std::size_t bytes = 60;
  static constexpr std::uint8_t version = 1;

  frame_kind kind = frame_kind::sealed;
  /// Links the frame may still cross; lowered by each hop.
  std::uint8_t remaining = 0;
  /// Links it was allowed at the start.
  std::uint8_t hop_limit = 0;
  /// Sealed under the keys with both ephemerals mixed in; else under the HPKE context.
  bool mixed = false;
  ed25519_public_key destination{};
  channel_id channel{};
  std::uint64_t sequence = 0;

  /// Links crossed so far.
  std::uint8_t hops() const noexcept { return static_cast<std::uint8_t>(hop_limit - remaining); }
  void encode(std::uint8_t* out) const noexcept;
  /// ec::truncated, ec::unsupported (version), ec::malformed (kind, flags, remaining not below the
  /// limit).
  static result<envelope_header> decode(bytes_view frame);
};

/// Where `remaining` stands; zero in the authenticated copy.
inline constexpr std::size_t remaining_offset = 1;
/// The key that follows the header of open and accept frames.
inline constexpr std::size_t envelope_key_bytes = 32;
/// Header and key: the associated data of open and accept frames.
inline constexpr std::size_t keyed_header_bytes = envelope_header::bytes + envelope_key_bytes;
/// Sender, ephemeral and signature inside an open frame.
inline constexpr std::size_t opening_bytes = 32 + 32 + 64;

enum class payload_kind : std::uint8_t { message = 1, fragment = 2, acknowledgement = 3 };

/// The plain text of a frame, up to the body.
struct payload_head {
  payload_kind kind = payload_kind::message;
  message_class klass = message_class::volatile_;
  /// When it was sealed.
  wall_time sealed{};
  message_id id;
  /// When the message was made.
  wall_time created{};
  /// Fragments only.
  payload_shape shape;
  std::uint32_t index = 0;
  /// Where the body starts in the plain text.
  std::size_t size = 0;

  static constexpr std::size_t bytes_max = 2 + 8 + 16 + 10 + 10 + 5 + 5 + 32;
  /// Writes a message's or fragment's head; returns its size.
  std::size_t encode(std::array<std::uint8_t, bytes_max>& out) const noexcept;
  /// Reads the head; for an acknowledgement only kind and time. ec::truncated, ec::bad_varint,
  /// ec::malformed.
  static result<payload_head> decode(bytes_view plain);
};

/// Sequence numbers that arrived one after another, over the same number of hops.
struct ack_range {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint8_t hops = 0;
  /// When the last of them arrived.
  wall_time received{};
};
/// How far a payload is: every fragment below `prefix` is there.
struct ack_have {
  message_id id;
  std::uint32_t prefix = 0;
};
enum class payload_verdict : std::uint8_t { complete = 0, bad_digest = 1, refused = 2 };
/// The end of a payload.
struct ack_done {
  message_id id;
  payload_verdict verdict = payload_verdict::complete;
  std::uint8_t hops = 0;
};

struct acknowledgement {
  static constexpr std::size_t ranges_max = 2048;
  static constexpr std::size_t items_max = 256;

  wall_time sealed{};
  std::vector<ack_range> ranges;
  std::vector<ack_have> haves;
  std::vector<ack_done> dones;

  /// Appends the whole plain text. Ranges ascend and do not touch.
  void encode(byte_buffer& out) const;
  /// Fills `*this`, reusing its vectors. ec::truncated, ec::bad_varint, ec::malformed,
  /// ec::oversized.
  result<void> decode(bytes_view plain);
};

/// Microseconds since the epoch, as on the wire.
std::uint64_t to_wire_time(wall_time t) noexcept;
/// ec::malformed when it does not fit a wall_time.
result<wall_time> from_wire_time(std::uint64_t microseconds);

}  // namespace weft::messaging
