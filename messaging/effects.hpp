// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/error.hpp"
#include "base/peer_id.hpp"
#include "base/time.hpp"
#include "messaging/message_id.hpp"
#include "messaging/store_operations.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::messaging {

/// One frame of /weft/msg/1.0.0 for a direct neighbour, without its length prefix.
struct transmit {
  peer_id next_hop;
  chunk_view frame;
  /// Fragments and forwarded large frames; may wait behind interactive ones.
  bool bulk = false;
};

/// A message for the user. A durable one stays in the inbox until `mark_shown`; after a restart it
/// comes again.
struct delivery {
  peer_id sender;
  message_id id;
  message_class klass = message_class::volatile_;
  wall_time created{};
  wall_time received{};
  std::uint8_t hops = 0;
  /// Empty when the payload is a file.
  chunk_view body;
  /// Bytes of the whole payload.
  std::uint64_t size = 0;
  /// Absolute path of a large durable payload; else empty.
  std::string file_path;
  /// Inbox row of a durable message, for `mark_shown`; 0 for a volatile one.
  std::uint64_t inbox_row = 0;
};

enum class receipt_status : std::uint8_t {
  /// Durable only: committed to our store; from now on it survives a crash.
  stored,
  /// The receiver has it (a durable one: in its store).
  delivered,
  /// Given up; `why` says the reason. Not raised for a durable message before its age limit.
  failed,
};
std::string_view to_string(receipt_status status) noexcept;

/// The fate of a message we sent. `stored` may precede exactly one of the other two.
struct receipt {
  message_id id;
  peer_id to;
  receipt_status status = receipt_status::delivered;
  ec why = ec::none;
  /// Links the acknowledged transmission crossed.
  std::uint8_t hops = 0;
  /// From `send` to the acknowledgement's arrival.
  duration latency{};
  /// The receiver's clock when it arrived there.
  wall_time received{};
};

/// How far a large payload is. Emitted at most once per `messaging_config::progress_step`
/// fragments, and at the end.
struct progress {
  message_id id;
  peer_id peer;
  bool outbound = true;
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;
};

/// Effects of the core, drained by the runtime after each batch. Vectors keep their capacity.
struct outbox {
  std::vector<transmit> transmits;
  /// Hand to the store as one batch; give it back through `messaging_core::on_stored`.
  store_batch store;
  std::vector<delivery> deliveries;
  std::vector<receipt> receipts;
  std::vector<progress> progresses;
  /// Destinations whose `send` was refused with ec::queue_full and that take messages again.
  std::vector<peer_id> writable;

  bool empty() const noexcept {
    return transmits.empty() && store.empty() && deliveries.empty() && receipts.empty()
           && progresses.empty() && writable.empty();
  }
  void clear() {
    transmits.clear();
    store.operations.clear();
    deliveries.clear();
    receipts.clear();
    progresses.clear();
    writable.clear();
  }
};

}  // namespace weft::messaging
