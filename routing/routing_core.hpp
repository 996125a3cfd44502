// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/error.hpp"
#include "base/peer_id.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "routing/announcement.hpp"
#include "routing/routing_config.hpp"
#include "routing/routing_metrics.hpp"
#include "routing/routing_snapshot.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace weft::routing {

/// Protocol of the frames below, on one long-lived stream per neighbour and direction.
inline constexpr std::string_view protocol_name = "/weft/route/1.0.0";

/// A frame body for a neighbour.
struct send {
  peer_id peer;
  chunk_view body;
};
/// A neighbour broke a rule: ec::malformed, ec::oversized, ec::bad_signature, ec::limit. `muted`
/// when it is ignored from now on.
struct penalty {
  peer_id peer;
  ec reason = ec::none;
  bool muted = false;
};

/// What a call wants done, in this order: publish `snapshot()` when `snapshot_changed`, then post
/// `sends`. The order keeps readers loop-free: what neighbours are told is never ahead of what our
/// readers use.
struct outbox {
  bool snapshot_changed = false;
  std::vector<send> sends;
  std::vector<penalty> penalties;

  void clear() {
    snapshot_changed = false;
    sends.clear();
    penalties.clear();
  }
};

/// One destination, for `weft routes`.
struct route_info {
  announcement origin;
  candidate_list usable;
  std::size_t candidates = 0;
};

/// Routing by destination-originated, signed sequence numbers and the feasibility condition of
/// Babel (RFC 8966 sections 3.5, 3.7, 3.8). Pure: time and entropy are given. Not thread-safe;
/// `snapshot()` values are.
class routing_core {
 public:
  /// `config` is valid; `crypto` and `counters` outlive the core.
  routing_core(const ed25519_public_key& self, const announcement_crypto& crypto,
               const routing_config& config, rng random, routing_metrics& counters);
  ~routing_core();
  routing_core(const routing_core&) = delete;
  routing_core& operator=(const routing_core&) = delete;

  /// Signs the first announcement; call once before anything else.
  void start(wall_time wall, instant now, outbox& out);

  /// A session that speaks the protocol exists; a second call for the same peer means a new
  /// session. `rtt` zero: unknown.
  void on_neighbour_up(const peer_id& peer, duration rtt, wall_time wall, instant now, outbox& out);
  void on_neighbour_down(const peer_id& peer, wall_time wall, instant now, outbox& out);
  /// A new sample of the session's round-trip time; smoothed, and used once it differs enough.
  void on_neighbour_rtt(const peer_id& peer, duration rtt, instant now);
  /// One frame body of the neighbour's stream.
  void on_frame(const peer_id& from, bytes_view body, wall_time wall, instant now, outbox& out);
  /// Idempotent; call at `next_deadline()` or later.
  void on_deadline(wall_time wall, instant now, outbox& out);
  std::optional<instant> next_deadline() const;

  /// The last published table; never null.
  std::shared_ptr<const routing_snapshot> snapshot() const noexcept;
  const announcement& own_announcement() const noexcept;
  /// The held announcement and routes of one destination, as of now (not of the last snapshot).
  std::optional<route_info> lookup(const ed25519_public_key& destination) const;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace weft::routing
