// SPDX-License-Identifier: MIT
#pragma once

#include "base/block_table.hpp"
#include "base/peer_id.hpp"
#include "base/place_list.hpp"
#include "base/slot_index.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

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
  using slot = slot_index::slot;
  struct state {
    peer_id peer;
    std::uint8_t users = 0;
    bool passing = false;
    instant idle_since{};
    bool idle() const noexcept { return passing && users == 0; }
  };
  slot find(const peer_id& peer) const;
  slot make(const peer_id& peer);
  /// Puts the peer where it belongs after a change, or forgets it.
  void settle(slot s, instant now);

  /// Peers with a passing session or with users.
  block_table<state, 32> states_;
  std::vector<slot> free_;
  slot_index by_peer_;
  std::size_t passing_count_ = 0;
  /// Those nobody needs, longest first.
  place_list idle_;
};

}  // namespace weft::transport
