// SPDX-License-Identifier: MIT
#pragma once

#include "actors/route_board.hpp"
#include "base/peer_id.hpp"
#include "messaging/messaging_core.hpp"

#include <optional>
#include <span>
#include <unordered_set>

namespace weft::actors {

/// The messaging core's view of the way: a session with the destination itself, else the shortest
/// usable route whose neighbour has a session.
class hop_table final : public messaging::next_hop_source {
 public:
  void set_up(const peer_id& peer, bool up) {
    if (up)
      up_.insert(peer);
    else
      up_.erase(peer);
  }
  void set_routes(route_board::snapshot_ptr routes) { routes_ = std::move(routes); }
  std::size_t peers() const noexcept { return up_.size(); }
  /// Whether `expect` would help; what comes of it otherwise is the same.
  bool expects() const noexcept { return routes_ && routes_->expects(); }
  /// Destinations about to be asked for.
  void expect(std::span<const ed25519_public_key> destinations) const noexcept {
    if (routes_) routes_->expect(destinations);
  }

  std::optional<peer_id> next_hop(const peer_id& destination) const override {
    if (up_.contains(destination)) return destination;
    const auto key = destination.ed25519_key();
    if (!routes_ || !key) return std::nullopt;
    const peer_id* hop
        = routes_->next_hop(*key, [this](const peer_id& peer) { return up_.contains(peer); });
    return hop == nullptr ? std::nullopt : std::optional<peer_id>{*hop};
  }

 private:
  std::unordered_set<peer_id, peer_id_hash> up_;
  route_board::snapshot_ptr routes_;
};

}  // namespace weft::actors
