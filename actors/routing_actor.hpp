// SPDX-License-Identifier: MIT
#pragma once

#include "actors/deadline_timer.hpp"
#include "actors/interfaces.hpp"
#include "actors/io_links.hpp"
#include "actors/route_board.hpp"
#include "routing/routing_core.hpp"

#include <functional>

namespace weft::actors {

/// Everything a routing actor is made of. Pointers outlive it.
struct routing_parts {
  ed25519_public_key self{};
  const routing::announcement_crypto* crypto = nullptr;
  routing::routing_config config;
  rng random{0};
  transport::port* port = nullptr;
  routing::routing_metrics* metrics = nullptr;
  route_board* board = nullptr;
  /// The messaging actor is told of each new snapshot.
  io_links* links = nullptr;
  std::function<wall_time()> wall;
};

/// Class of `routing_actor`.
class routing_actor_impl {
 public:
  static constexpr const char* runtime_name = "weft.routing";

  routing_actor_impl(routing_actor::pointer self, routing_parts parts);
  routing_actor::behavior_type make_behavior();

 private:
  void on_frames(const transport::frame_batch& batch);
  void on_presence(const presence_batch& batch);
  void on_costs(const cost_batch& batch);
  void on_tick();
  void on_routes(const routes_question& q);
  /// Publishes the snapshot before the sends: what neighbours hear is never ahead of what our
  /// readers use.
  void finish();

  void add_routes(const ed25519_public_key& destination, bool all,
                  std::vector<route_view>& out) const;
  instant now() const { return now_of(self_); }

  routing_actor::pointer self_;
  routing_parts parts_;
  routing::routing_core core_;
  routing::outbox out_;
  deadline_timer<routing_actor::base> timer_;
};

}  // namespace weft::actors
