// SPDX-License-Identifier: MIT
#pragma once

#include "base/crypto.hpp"
#include "hosts/dht_host.hpp"
#include "hosts/gossip_host.hpp"
#include "sim/disk.hpp"
#include "sim/network.hpp"
#include "sim/timeline.hpp"
#include "transport/session_core.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::sim {

/// Indices of a simulated node's protocols.
inline constexpr transport::protocol_index gossip_protocol = 0;
inline constexpr transport::protocol_index push_protocol = 1;
inline constexpr transport::protocol_index kad_protocol = 2;
/// The protocols of every node, for the network.
std::vector<transport::protocol> node_protocols(const gossip::gossip_config& gossip,
                                                const dht::dht_config& dht);

/// Limits and times of one node's cores.
struct node_settings {
  transport::session_config sessions;
  gossip::gossip_config gossip;
  dht::dht_config dht;
};

/// Told what the nodes' cores hand to their application.
class node_observer {
 public:
  virtual ~node_observer() = default;
  virtual void on_delivered(node_index node, const gossip::delivery& message) = 0;
  virtual void on_published(node_index node, const gossip::published& outcome) = 0;
  virtual void on_finished(node_index node, const dht::ended_operation& what) = 0;
};

/// What all nodes of a simulation share; outlives them.
struct node_context {
  timeline& time;
  network& net;
  node_observer& observer;
  std::shared_ptr<const dht::validator_set> validators;
  std::vector<std::string> topics;
  /// One for all hosts: they take turns.
  std::shared_ptr<hosts::gossip_host_memory> gossip_memory;
  /// Wall time at the first instant.
  wall_time epoch;
  std::uint64_t seed = 0;
};

/// A node as the product composes it, in virtual time: session, gossip and DHT cores with their
/// hosts, a disk, a wall clock. What an actor does around a host is done here by plain calls.
class sim_node final : public endpoint, hosts::gossip_listener, hosts::dht_listener {
 public:
  /// `key`: none for runs with fake signatures.
  sim_node(node_context& context, node_settings settings,
           std::optional<crypto::ed25519_private_key> key);
  ~sim_node() override;

  /// Joins the network under `index`, not running.
  void join(node_index index) { self_ = index; }
  void boot();
  /// The process ends at once; a machine without a disk comes back as a blank one.
  void crash(bool keep_disk);
  void on_timer(const event& e);
  bool running() const noexcept { return cores_ != nullptr; }
  /// Counts starts: what was delivered in an earlier life is not delivered twice.
  std::uint32_t life() const noexcept { return life_; }
  instant booted_at() const noexcept { return booted_at_; }

  // -- the application ---
  result<gossip::message_id> publish(std::uint64_t ticket, const chunk_view& data);
  void put(dht::ticket id, bytes_view key, chunk_view value);
  void get(dht::ticket id, bytes_view key);
  void provide(dht::ticket id, bytes_view key);
  void find_providers(dht::ticket id, bytes_view key);
  void find_peer(dht::ticket id, const peer_id& target);

  void set_skew(duration skew) { skew_ = skew; }
  /// Bootstrap peers of the next start.
  void set_bootstrap(std::vector<multiaddr> peers) {
    settings_.sessions.bootstrap = std::move(peers);
  }
  wall_time wall() const { return context_.epoch + context_.time.elapsed() + skew_; }

  // -- observers; the node runs ---
  const gossip::gossip_core& gossip() const;
  const hosts::dht_host& dht() const;
  const transport::session_core& sessions() const;
  const gossip::gossip_metrics& gossip_counters() const;
  const node_settings& settings() const noexcept { return settings_; }
  const crypto::ed25519_private_key* key() const { return key_ ? &*key_ : nullptr; }

  /// A frame for which it is true is lost inside the node: how tests plant a bug.
  std::function<bool(const transport::frame& f)> sabotage;
  /// Answers a request to the DHT instead of the core: how a node lies. None: not answered.
  std::function<std::optional<chunk_view>(const transport::request_event& r)> liar;

 private:
  struct cores;

  // -- endpoint ---
  void on_events(std::vector<transport::event>& events) override;
  void on_frames(std::uint8_t concern, const transport::frame_batch& batch) override;
  void expect() const noexcept override;

  // -- listeners of the hosts ---
  void on_gossip_deliveries(std::vector<gossip::delivery>&& messages) override;
  void on_gossip_outcomes(std::vector<gossip::published>&& outcomes) override;
  void on_gossip_validations(std::vector<gossip::validation>&& messages) override;
  void on_gossip_connect(std::vector<gossip::connect_wish>&& wishes) override;
  void on_gossip_meshes(std::vector<gossip::mesh_change>&& changes) override;
  void on_dht_connect(const dht::peer_info& wish) override;
  void on_dht_needs(const peer_id& peer, bool needed) override;
  void on_dht_finished(dht::ended_operation&& what) override;
  void on_dht_store(std::vector<dht::store_operation>&& operations) override;
  void on_dht_discovered(const dht::peer_info& peer) override;

  bool answered_by_liar(const transport::event& e);
  /// Ends every call into the cores: commands to the port, answers to those who wait, the timer.
  void settle();
  void arm();

  // -- what every event needs ---
  node_context& context_;
  std::unique_ptr<cores> cores_;
  instant timer_at_ = instant::max();
  /// When sessions and DHT want to be called, unless they were called since that was asked.
  instant others_due_ = instant::max();
  bool others_called_ = true;
  node_index self_ = no_node;
  transport::session_outbox session_out_;
  transport::command_batch commands_;

  node_settings settings_;
  std::optional<crypto::ed25519_private_key> key_;
  std::unique_ptr<gossip::gossip_crypto> crypto_;
  disk disk_;
  duration skew_{};
  std::uint32_t life_ = 0;
  instant booted_at_{};
  /// Sessions the DHT asked for.
  std::map<transport::connect_ticket, peer_id> connects_;
  transport::connect_ticket next_ticket_ = 1;
};

}  // namespace weft::sim
