// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/crypto.hpp"
#include "base/error.hpp"
#include "base/peer_id.hpp"
#include "base/time.hpp"
#include "messaging/message_id.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// What the core asks of the store and what the store gives back. Plain values: the core knows no
/// database, the store no protocol. A batch goes to the store, is committed as a whole, and returns
/// with each operation's outcome filled in.
namespace weft::messaging {

/// A large payload kept as a file of the store (`message_store::import_file`).
struct payload_file {
  /// Name inside the store's payload folder, no path.
  std::string name;
  std::uint64_t size = 0;
  crypto::sha256_digest digest{};
};

/// The shape of a payload that arrives in pieces; every fragment repeats it.
struct payload_shape {
  /// Bounds what a receiver remembers about a payload: 32 KiB of bits.
  static constexpr std::uint32_t fragment_bytes_min = 1024;
  static constexpr std::uint32_t fragments_max = 256 * 1024;

  std::uint64_t size = 0;
  std::uint32_t fragment_bytes = 0;
  crypto::sha256_digest digest{};

  std::uint32_t fragments() const noexcept {
    return fragment_bytes == 0
               ? 0
               : static_cast<std::uint32_t>((size + fragment_bytes - 1) / fragment_bytes);
  }
  /// Bytes of fragment `index`; all but the last are alike.
  std::uint32_t bytes_of(std::uint32_t index) const noexcept {
    const std::uint64_t begin = std::uint64_t{index} * fragment_bytes;
    return static_cast<std::uint32_t>(size - begin < fragment_bytes ? size - begin
                                                                    : fragment_bytes);
  }
  friend bool operator==(const payload_shape&, const payload_shape&) noexcept = default;
};

/// A durable message to send. `body` is empty when the payload is a file. Outcomes: none, limit,
/// exists, disk_full, io.
struct append_outbound {
  message_id id;
  peer_id to;
  std::uint8_t hop_limit = 0;
  wall_time created{};
  chunk_view body;
  payload_file file;
};
/// The message was acknowledged or given up; its row and payload file go.
struct remove_outbound {
  message_id id;
};
/// A piece of an outbound payload file; `store_operation::data` holds it afterwards.
struct read_outbound {
  message_id id;
  std::string name;
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
};
/// A durable message that arrived. `duplicate` is set when (sender, id) was known; else `row`
/// numbers it in the inbox.
struct append_inbound {
  peer_id sender;
  message_id id;
  wall_time created{};
  wall_time received{};
  std::uint8_t hops = 0;
  chunk_view body;
};
/// One piece of a durable payload. `duplicate` when the whole payload was received before.
struct write_fragment {
  peer_id sender;
  message_id id;
  payload_shape shape;
  std::uint32_t index = 0;
  chunk_view data;
};
/// Every fragment is written: check the digest and put the payload into the inbox. Outcome
/// ec::corrupt: the digest differs and the pieces were thrown away. `file_path` holds the absolute
/// path afterwards.
struct complete_payload {
  peer_id sender;
  message_id id;
  payload_shape shape;
  wall_time created{};
  wall_time received{};
  std::uint8_t hops = 0;
};
/// The rest of a payload never came; its pieces go.
struct drop_payload {
  peer_id sender;
  message_id id;
};
/// The user has seen inbox row `row`; it will not be delivered again.
struct mark_shown {
  std::uint64_t row = 0;
  /// Also removes the payload file of a large message.
  bool remove_file = false;
};
/// A channel opened towards us, kept so that its opening cannot be replayed after a restart.
struct remember_channel {
  std::array<std::uint8_t, 16> channel{};
  wall_time expires{};
};

using store_action
    = std::variant<append_outbound, remove_outbound, read_outbound, append_inbound, write_fragment,
                   complete_payload, drop_payload, mark_shown, remember_channel>;

/// One operation and, on its way back, its outcome.
struct store_operation {
  store_action action;
  /// The core's own; the store returns them untouched.
  std::uint64_t token = 0;
  std::uint64_t token2 = 0;

  ec outcome = ec::none;
  bool duplicate = false;
  std::uint64_t row = 0;
  chunk_view data;
  std::string file_path;

  store_operation() = default;
  /// Built in place: moving the variant makes GCC 12 warn about members of the other alternatives.
  template <class Action>
  explicit store_operation(Action a, std::uint64_t t = 0, std::uint64_t t2 = 0)
      : action(std::in_place_type<Action>, std::move(a)), token(t), token2(t2) {}
};

/// Operations of one round, in order. Committed together or not at all.
struct store_batch {
  std::vector<store_operation> operations;
  bool empty() const noexcept { return operations.empty(); }
};

/// A durable message that was not yet acknowledged when the process ended.
using stored_outbound = append_outbound;

/// A message of the inbox that was not yet shown.
struct stored_inbound {
  std::uint64_t row = 0;
  peer_id sender;
  message_id id;
  wall_time created{};
  wall_time received{};
  std::uint8_t hops = 0;
  chunk_view body;
  /// Absolute path of a large payload; else empty.
  std::string file_path;
  std::uint64_t size = 0;
};

/// A durable payload of which some fragments are written.
struct stored_reassembly {
  peer_id sender;
  message_id id;
  payload_shape shape;
  /// Bit i (of byte i / 8, lowest first): fragment i is on disk.
  byte_buffer received;
};

/// What survives a restart.
struct stored_state {
  std::vector<stored_outbound> outbound;
  std::vector<stored_inbound> inbound;
  std::vector<stored_reassembly> reassemblies;
  std::vector<remember_channel> channels;
};

}  // namespace weft::messaging
