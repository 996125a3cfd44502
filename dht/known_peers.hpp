// SPDX-License-Identifier: MIT
#pragma once

#include "base/block_table.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/place_list.hpp"
#include "base/slot_index.hpp"
#include "base/time.hpp"
#include "dht/dht_config.hpp"
#include "dht/dht_metrics.hpp"
#include "dht/ip_group.hpp"
#include "dht/kad_id.hpp"
#include "dht/latency.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace weft::dht {

/// Index of a known peer; valid while the peer is pinned, connected or in the routing table.
using peer_slot = std::uint32_t;
inline constexpr peer_slot no_peer = std::numeric_limits<peer_slot>::max();

/// An instant, or none: in the space of an instant.
class moment {
 public:
  moment() noexcept = default;
  moment(instant at) noexcept : at_(at) {}
  explicit operator bool() const noexcept { return at_ != instant::min(); }
  instant operator*() const noexcept { return at_; }

 private:
  instant at_ = instant::min();
};

/// What the node remembers of one peer. There are many of them: mind its size.
struct known_peer {
  kad_id place;
  peer_id id;
  bool first_hand : 1 = false;
  /// A session existed, so that `group` says something.
  bool met : 1 = false;
  bool connected : 1 = false;
  /// Speaks the protocol as a server: by identify, or because it answered.
  bool server : 1 = false;
  bool in_table : 1 = false;
  /// Waits for, or is under, a check of its life.
  bool checking : 1 = false;
  /// Missed its time since it last answered.
  bool suspect : 1 = false;
  std::uint8_t failures = 0;
  /// Where the last session came from or led to, for `limits`.
  std::optional<ip_group> group;
  /// Of the peers it named first: those that answered, and those that never did. Old ones fade.
  std::uint16_t named_good = 0;
  std::uint16_t named_bad = 0;
  /// Grows when `addresses` changes.
  std::uint32_t addresses_version = 0;
  /// Who named it first; its slot may have been given to another peer since, with another life.
  peer_slot named_by = no_peer;
  std::uint32_t named_by_life = 0;
  /// At most `addresses_kept_max`. First-hand ones replace hearsay and are not diluted by it.
  std::vector<multiaddr> addresses;
  rtt_estimate rtt;
  moment last_answer;
  /// The last sign of life: an answer or a request.
  moment last_heard;
  instant backoff_until{};
  /// Requests it may make, and when that was reckoned; negative before the first one.
  double request_tokens = -1;
  instant request_tokens_at{};

  /// It names peers that do not exist.
  bool misleading() const noexcept { return named_bad >= 12 + named_good * 2; }
  bool dead(instant now) const noexcept {
    return failures > 0 && !connected && now < backoff_until;
  }
};

/// Peers, bounded in all and, more narrowly, those that nobody needs: of these the longest unused
/// goes first.
class known_peers {
 public:
  known_peers(const peer_id& self, const dht_config& config, dht_metrics& counters);

  /// The peer's slot, made when it is new; `no_peer` when there is no room, or for this node.
  peer_slot add(const peer_id& id);
  peer_slot find(const peer_id& id) const;
  known_peer& operator[](peer_slot s) noexcept { return slots_[s].peer; }
  const known_peer& operator[](peer_slot s) const noexcept { return slots_[s].peer; }
  std::size_t size() const noexcept { return by_id_.size(); }
  std::size_t dead() const noexcept { return failed_; }

  /// A pinned peer stays; pins count.
  void pin(peer_slot s);
  void unpin(peer_slot s);
  void set_connected(peer_slot s, bool connected);
  void set_in_table(peer_slot s, bool in_table);

  /// Addresses the peer said itself, or answered at.
  void learn_first_hand(peer_slot s, std::vector<multiaddr> addresses);
  /// Addresses somebody else said; at most half of the room goes to one call.
  void learn_hearsay(peer_slot s, std::span<const multiaddr> addresses);
  /// Whether all of these, in binary form, are among the peer's.
  bool has_addresses(peer_slot s, std::span<const bytes_view> addresses) const noexcept;
  /// Remembers who named the peer, if nobody did before and nothing is known of it first-hand.
  void note_named(peer_slot s, peer_slot by);
  void note_answer(peer_slot s, instant now);
  void note_failure(peer_slot s, instant now);
  /// False when the peer has used up its requests.
  bool take_request(peer_slot s, instant now);

 private:
  struct slot {
    known_peer peer;
    std::uint32_t pins = 0;
    std::uint32_t life = 0;
    bool used = false;
  };
  void credit(known_peer& named, bool good);
  void settle(peer_slot s);
  bool make_room();

  const peer_id self_;
  const dht_config& config_;
  dht_metrics& counters_;
  block_table<slot, 32> slots_;
  std::vector<peer_slot> free_;
  slot_index by_id_;
  /// Peers nobody needs, longest unused first.
  place_list idle_;
  std::size_t failed_ = 0;
};

}  // namespace weft::dht
