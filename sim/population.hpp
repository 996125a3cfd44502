// SPDX-License-Identifier: MIT
#pragma once

#include "base/rng.hpp"
#include "sim/network.hpp"
#include "sim/scenario.hpp"
#include "sim/sim_node.hpp"
#include "sim/timeline.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace weft::sim {

/// All nodes of an experiment on their network, and when each was there.
class population {
 public:
  /// A time a node was up without a break; `until` is the last instant while it still is.
  struct stay {
    instant from;
    instant until = instant::max();
  };

  /// Makes `s.nodes.count` nodes and as many newcomers as the churn asks for; none is running.
  population(const scenario& s, std::uint64_t seed, node_observer& observer);

  timeline& time() noexcept { return time_; }
  const timeline& time() const noexcept { return time_; }
  network& net() noexcept { return *net_; }
  const network& net() const noexcept { return *net_; }
  sim_node& operator[](node_index n) { return *nodes_[n]; }
  const sim_node& operator[](node_index n) const { return *nodes_[n]; }
  /// Nodes there are from the start; newcomers are numbered after them.
  node_index founders() const noexcept { return founders_; }
  node_index size() const noexcept { return static_cast<node_index>(nodes_.size()); }

  /// Starts a node with bootstrap peers among those that are running.
  void start(node_index n, rng& random);
  void crash(node_index n, bool keep_disk);
  bool running(node_index n) const { return nodes_[n]->running(); }
  const std::vector<stay>& stays(node_index n) const { return stays_[n]; }
  /// Whether the node was up throughout.
  bool stayed(node_index n, instant from, instant until) const;
  std::vector<node_index> live() const;
  /// One that is running; `no_node` when there is none.
  node_index random_live(rng& random) const;

  void handle_timer(const event& e) { nodes_[e.node]->on_timer(e); }

 private:
  membership make_member(node_index n, rng& random,
                         std::optional<crypto::ed25519_private_key>& key) const;

  const scenario& scenario_;
  timeline time_;
  std::unique_ptr<network> net_;
  std::unique_ptr<node_context> context_;
  std::vector<std::unique_ptr<sim_node>> nodes_;
  std::vector<std::vector<stay>> stays_;
  node_index founders_ = 0;
};

/// The settings of every node of a scenario, and the network's.
node_settings settings_for(const scenario& s);
network_config network_for(const scenario& s);
/// Draws limits and times anew, within what the cores allow and without touching what a network
/// agrees on.
node_settings randomised(const node_settings& base, rng& random);
network_config randomised(const network_config& base, rng& random);

}  // namespace weft::sim
