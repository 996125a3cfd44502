// SPDX-License-Identifier: MIT
#pragma once

#include "actors/actor_metrics.hpp"
#include "actors/bench_metrics.hpp"
#include "actors/bench_schedule.hpp"
#include "actors/inbox_hub.hpp"
#include "actors/io_links.hpp"
#include "actors/route_board.hpp"
#include "actors/store_seam.hpp"
#include "actors/supervisor_actor.hpp"
#include "actors/topic_hub.hpp"
#include "base/crypto.hpp"
#include "hosts/bench_wire.hpp"
#include "hosts/dht_host.hpp"
#include "hosts/gossip_host.hpp"
#include "messaging/messaging_core.hpp"
#include "routing/routing_core.hpp"
#include "transport/session_core.hpp"

#include <functional>
#include <vector>

namespace weft::actors {

/// What a crew is given: the node's identity and configuration, and the outside world behind seams.
/// The same in the product and in tests. Pointers outlive the crew.
struct crew_options {
  const crypto::ed25519_private_key* identity = nullptr;
  std::vector<multiaddr> listen;
  transport::session_config session;
  routing::routing_config routing;
  messaging::messaging_config messaging;
  gossip::gossip_config gossip;
  dht::dht_config dht;
  bool dht_dials = true;
  /// Answer benches of other nodes.
  bool answer_benches = false;
  /// Run benches by itself.
  bench_plan benches;
  std::function<void(bench_request, callback<bench_result>)> run_bench;
  hosts::clock_name clock{};
  std::function<duration()> processor;
  transport::port* port = nullptr;
  store_seam* store = nullptr;
  /// What the store holds now, with everything submitted before on disk. Called at each start of
  /// the messaging actor.
  std::function<result<messaging::stored_state>()> load;
  /// The same for the DHT's records, and where changes of them go.
  std::function<result<dht::stored_state>()> load_records;
  std::function<void(std::vector<dht::store_operation>&&)> store_records;
  std::function<wall_time()> wall;
  std::function<rng()> fresh_rng;
  messaging::byte_source secrets;
  std::function<void(result<void>)> on_listening;
  /// Where the node listens, again and again; may be null.
  std::function<void(const std::vector<multiaddr>&)> on_addresses;
};

/// The actors of one node but the supervisor, what they share, and how each is started, halted,
/// flushed and retired.
class crew {
 public:
  explicit crew(const crypto::ed25519_private_key& identity,
                std::vector<std::string> topics_followed = {})
      : self(identity.id()),
        topics(std::move(topics_followed)),
        announcement_crypto_(identity),
        gossip_crypto_(identity) {}

  /// Call once, before `children`.
  void set_options(crew_options options) { options_ = std::move(options); }
  const crew_options& options() const noexcept { return options_; }

  /// For the supervisor, bottom up.
  std::vector<child_spec> children(caf::actor_system& system);
  /// The metrics of everything in here.
  void collect(metrics::visitor& v) const;

  const peer_id self;
  transport::session_metrics session_counters;
  routing::routing_metrics routing_counters;
  messaging::messaging_metrics messaging_counters;
  gossip::gossip_metrics gossip_counters;
  dht::dht_metrics dht_counters;
  bench_metrics bench_counters;
  actor_metrics_table actor_counters;
  route_board board;
  inbox_hub inbox;
  topic_hub topics;
  io_links links;

 private:
  child_spec session_child(caf::actor_system& system);
  child_spec routing_child(caf::actor_system& system);
  child_spec messaging_child(caf::actor_system& system);
  child_spec gossip_child(caf::actor_system& system);
  child_spec dht_child(caf::actor_system& system);
  child_spec bench_child(caf::actor_system& system);

  crew_options options_;
  const routing::ed25519_announcement_crypto announcement_crypto_;
  const gossip::libp2p_gossip_crypto gossip_crypto_;
};

}  // namespace weft::actors
