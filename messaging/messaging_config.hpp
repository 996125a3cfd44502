// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weft::messaging {

/// Name of the protocol and the largest frame it puts on a stream.
inline constexpr const char* protocol_name = "/weft/msg/1.0.0";
inline constexpr std::size_t frame_bytes_max = 64 * 1024;

/// Limits and times of the messaging core. Every limit has a counter (messaging_metrics) and a test
/// that hits it.
struct messaging_config {
  // -- sizes ---
  /// A body up to this size travels in one frame; larger payloads are cut into pieces of this size.
  /// 1 KiB to 60 KiB.
  std::uint32_t fragment_bytes = 48 * 1024;
  /// Largest volatile payload; it is held in memory on both sides.
  std::uint64_t volatile_payload_bytes_max = 16ull << 20;
  /// Largest durable payload; it is a file on both sides.
  std::uint64_t durable_payload_bytes_max = 4ull << 30;

  // -- sending ---
  /// Messages and bytes of one class sent to one destination and not yet acknowledged.
  std::size_t window_messages = 4096;
  std::size_t window_bytes = 4u << 20;
  /// Messages of one class in flight while the destination has not answered the opening of the
  /// channel.
  std::size_t opening_window_messages = 64;
  /// Messages and bytes of one class waiting for one destination; above it `send` says
  /// ec::queue_full.
  std::size_t queue_messages_max = 16 * 1024;
  std::size_t queue_bytes_max = 16u << 20;
  /// Over all destinations and classes: a class leaves an eighth, a destination half of the rest.
  std::size_t total_messages_max = 128 * 1024;
  std::size_t total_bytes_max = 64u << 20;
  std::size_t class_messages_max() const noexcept {
    return total_messages_max - total_messages_max / 8;
  }
  std::size_t class_bytes_max() const noexcept { return total_bytes_max - total_bytes_max / 8; }
  /// Large payloads of one class under way to one destination.
  std::size_t payloads_per_peer_max = 8;
  /// Pieces asked of the store ahead of the window, per payload.
  std::size_t payload_reads_max = 16;
  std::uint8_t default_hop_limit = 16;
  std::uint8_t hop_limit_max = 32;
  /// A volatile message is given up after this time.
  duration volatile_lifetime = std::chrono::seconds{30};
  /// A durable message is given up after this time, and refused by the receiver when it is older.
  duration durable_lifetime = std::chrono::hours{24 * 7};

  // -- retransmission ---
  duration rto_initial = std::chrono::seconds{1};
  duration rto_min = std::chrono::milliseconds{200};
  duration rto_max = std::chrono::seconds{60};
  /// Oldest messages sent again when the timer expires without any acknowledgement.
  std::size_t probe_messages = 8;
  /// Expiries in a row after which a new channel is opened: the other side may have lost its keys.
  std::uint32_t reopen_after_timeouts = 2;

  // -- channels ---
  /// Channels of all peers, of one peer, and peers with state; the least recently used one goes
  /// first.
  std::size_t channels_max = 4096;
  std::size_t channels_per_peer_max = 4;
  std::size_t peers_max = 8192;
  /// A new channel replaces one after so many messages or so much time.
  std::uint64_t rekey_messages = 1ull << 22;
  duration rekey_after = std::chrono::hours{1};
  /// Channels and peers without traffic are forgotten after this time.
  duration idle_timeout = std::chrono::minutes{10};
  /// Openings one neighbour may hand us per second, and in one burst.
  std::uint32_t opens_per_second = 200;
  std::uint32_t opens_burst = 400;
  /// Channel ids remembered against replayed openings.
  std::size_t remembered_channels_max = 64 * 1024;

  // -- receiving ---
  /// A frame sealed later than our clock by more than this, or earlier by more than this plus
  /// `frame_age_max`, is stale.
  duration clock_skew = std::chrono::seconds{120};
  duration frame_age_max = std::chrono::seconds{300};
  /// Acknowledgements are sent at the end of a batch, at most once per this interval and channel.
  duration ack_interval = std::chrono::microseconds{200};
  /// Sequence numbers in one acknowledgement frame; reaching it sends the frame at once.
  std::size_t ack_entries_max = 512;
  /// Durable messages and bytes handed to the store and not yet committed; more are dropped and
  /// come again.
  std::size_t storing_messages_max = 32 * 1024;
  std::size_t storing_bytes_max = 32u << 20;
  /// Payloads being put together: in all (an eighth is kept for either class), of one sender and
  /// class, and bytes of volatile ones in memory.
  std::size_t reassemblies_max = 64;
  std::size_t reassemblies_per_peer_max = 8;
  std::uint64_t reassembly_memory_max = 64ull << 20;
  /// A volatile or durable payload without a new fragment for so long is dropped.
  duration volatile_reassembly_timeout = std::chrono::seconds{30};
  duration durable_reassembly_timeout = std::chrono::hours{24};
  /// Fragments between two progress effects.
  std::uint32_t progress_step = 16;

  /// Whether frames for other nodes are passed on; else they are refused as ec::wrong_destination.
  bool forward = true;

  /// ec::bad_config with the field's name.
  result<void> validate() const;
};

}  // namespace weft::messaging
