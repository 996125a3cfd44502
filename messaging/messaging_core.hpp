// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/crypto.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "messaging/effects.hpp"
#include "messaging/message_id.hpp"
#include "messaging/messaging_config.hpp"
#include "messaging/messaging_metrics.hpp"
#include "messaging/store_operations.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace weft::messaging {

class core_state;

/// Where a frame for `destination` goes next: the destination itself when there is a session with
/// it, else the best neighbour of the routing table. The runtime implements it over its sessions
/// and the routing snapshot.
class next_hop_source {
 public:
  virtual ~next_hop_source() = default;
  virtual std::optional<peer_id> next_hop(const peer_id& destination) const = 0;
};

/// Fills a range with secret random bytes: `crypto::random_bytes` in the product, a seeded source
/// in tests.
using byte_source = std::function<void(bytes_span)>;

struct send_options {
  message_class klass = message_class::durable;
  /// Links the message may cross; 0: `messaging_config::default_hop_limit`.
  std::uint8_t hop_limit = 0;
};

/// Sealed private messages between identities, carried hop by hop (docs/protocol-messaging.md).
/// Pure: no clock, socket, thread or database; time goes in, effects come out. Not thread-safe.
///
/// To one peer, volatile and durable messages have a lane each, with its own queue, window and
/// back-off, served in turn: neither waits for the other (core_lanes.hpp).
///
/// A round of the runtime: any number of `on_*` and `send` calls, then `on_batch_end`, then drain
/// the outbox and arm one timer for `next_deadline`.
class messaging_core {
 public:
  /// `identity`, `metrics` and `hops` outlive the core. `config` must be valid.
  messaging_core(const crypto::ed25519_private_key& identity, const messaging_config& config,
                 rng random, byte_source secrets, messaging_metrics& metrics,
                 const next_hop_source& hops);
  ~messaging_core();
  messaging_core(const messaging_core&) = delete;
  messaging_core& operator=(const messaging_core&) = delete;

  /// Takes over what the store kept: durable messages are sent again, unshown ones delivered,
  /// payloads resumed. Once, before anything else.
  void restore(stored_state&& state, instant now, wall_time wall, outbox& out);

  // -- sending ---

  /// Accepts a message. Up to `fragment_bytes` in either class, up to `volatile_payload_bytes_max`
  /// in the volatile one; a larger durable payload goes through `send_file`. A durable message is
  /// put on the network after its commit. ec::queue_full (see outbox::writable), ec::oversized,
  /// ec::bad_argument (ourselves, or not an Ed25519 id), ec::limit.
  result<message_id> send(const peer_id& to, chunk_view body, const send_options& options,
                          instant now, wall_time wall, outbox& out);
  /// Sends a payload that the store holds as a file; always durable.
  result<message_id> send_file(const peer_id& to, const payload_file& file,
                               const send_options& options, instant now, wall_time wall,
                               outbox& out);

  // -- events ---

  /// A frame from a neighbour. Returns why it was refused (ec::none when it was used or passed on);
  /// also counted.
  ec on_frame(const peer_id& from, const chunk_view& frame, instant now, wall_time wall,
              outbox& out);
  /// A batch came back from the store, committed or refused (outcomes filled in).
  void on_stored(store_batch&& batch, instant now, wall_time wall, outbox& out);
  void on_peer_up(const peer_id& peer, instant now, wall_time wall, outbox& out);
  void on_peer_down(const peer_id& peer, instant now, wall_time wall, outbox& out);
  /// Routes changed: waiting messages look for a next hop again.
  void on_route_change(instant now, wall_time wall, outbox& out);
  /// Sends the acknowledgements that are due; call after each batch of frames or store results.
  void on_batch_end(instant now, wall_time wall, outbox& out);
  /// Timers. Idempotent; may be called early.
  void on_deadline(instant now, wall_time wall, outbox& out);
  std::optional<instant> next_deadline() const;

  // -- observers ---

  const peer_id& self() const noexcept;
  /// Messages accepted and not yet acknowledged or given up.
  std::size_t outstanding() const noexcept;
  std::size_t outstanding(const peer_id& to) const;
  /// Messages on the network and not yet acknowledged.
  std::size_t in_flight() const noexcept;
  std::size_t channel_count() const noexcept;
  /// Smoothed round trip to a destination; none before the first acknowledgement.
  std::optional<duration> round_trip(const peer_id& to) const;

 private:
  std::unique_ptr<core_state> state_;
};

}  // namespace weft::messaging
