// SPDX-License-Identifier: MIT
#pragma once

#include "base/peer_id.hpp"
#include "base/peer_slots.hpp"
#include "base/place_list.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace weft::transport {

/// Who may need a session that nobody asked to keep.
enum class session_user : std::uint8_t { dht, gossip };

/// Sessions that this node opened for a passing purpose, and since when nobody needs them. The end
/// that dialled is the one that hangs up. Every call is O(1); time does not go back between them.
class passing_sessions {
 public:
  void add(const peer_id& peer, instant now);
  /// It ended, or is kept from now on.
  void remove(const peer_id& peer);
  std::size_t size() const noexcept { return passing_count_; }
  /// Says that a user needs sessions with the peer, or no longer. May come before the session.
  void need(const peer_id& peer, session_user user, bool needed, instant now);

  /// The one not needed for longest, and since when.
  std::optional<std::pair<instant, peer_id>> idlest() const;

 private:
  struct state {
    peer_id peer;
    std::uint8_t users = 0;
    bool passing = false;
    instant idle_since{};
    bool idle() const noexcept { return passing && users == 0; }
  };
  using slot = peer_slots<state>::slot;
  static constexpr slot none = peer_slots<state>::none;
  slot make(const peer_id& peer);
  /// Puts the peer where it belongs after a change, or forgets it.
  void settle(slot s, instant now);

  /// Peers with a passing session or with users.
  peer_slots<state> states_;
  std::size_t passing_count_ = 0;
  /// Those nobody needs, longest first.
  place_list idle_;
};

}  // namespace weft::transport
