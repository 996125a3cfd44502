// SPDX-License-Identifier: MIT
#pragma once

#include "base/peer_id.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace weft::transport {

/// Who may need a session that nobody asked to keep.
enum class session_user : std::uint8_t { dht, gossip };

/// Sessions that this node opened for a passing purpose, and since when nobody needs them. The end
/// that dialled is the one that hangs up.
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
    std::uint8_t users = 0;
    bool passing = false;
    instant idle_since{};
    bool idle() const noexcept { return passing && users == 0; }
  };
  template <class Change>
  void change(const peer_id& peer, instant now, Change apply);

  /// Peers with a passing session or with users.
  std::map<peer_id, state> peers_;
  std::size_t passing_count_ = 0;
  std::set<std::pair<instant, peer_id>> idle_;
};

}  // namespace weft::transport
