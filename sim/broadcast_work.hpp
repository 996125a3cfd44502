// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/sample_summary.hpp"
#include "sim/fault_plan.hpp"
#include "sim/population.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::sim {

/// What a broadcast came to.
struct broadcast_figures {
  std::uint64_t published = 0;
  std::uint64_t refused = 0;
  /// Pairs of message and node: those that must be, those that came in time, all that came.
  std::uint64_t owed = 0;
  std::uint64_t in_time = 0;
  std::uint64_t delivered = 0;
  /// From publication, of what was owed and of the liveness phase, seconds.
  metrics::sample_summary delivery_seconds;
  metrics::sample_summary everywhere_seconds;
  /// Shortest way over the sessions there were, by delay: the least a delivery and the last one
  /// could have taken, for some of the messages.
  metrics::sample_summary bound_seconds;
  metrics::sample_summary bound_everywhere_seconds;
  /// The same messages' own figures, to hold beside the bound.
  metrics::sample_summary bound_delivery_seconds;
  metrics::sample_summary bound_delivery_everywhere_seconds;
  /// Hops to the last node reached, per message.
  metrics::sample_summary last_hop;
  /// Copies per node and message beyond the first, in the later three quarters of the liveness
  /// phase.
  double redundancy = 0;
  /// Bytes on the wire per byte delivered, beyond the first; frames of control included.
  double bytes_redundancy = 0;

  double delivery_percent() const noexcept {
    return owed == 0 ? 100.0 : 100.0 * static_cast<double>(in_time) / static_cast<double>(owed);
  }
};

/// Publishes and keeps book of who got what when.
class broadcast_work {
 public:
  broadcast_work(const scenario& s, const phase_times& phases, population& nodes, rng random);

  /// When the next message is due; none when all are published.
  std::optional<duration> next() const;
  void publish_next();
  /// Something that must never be, or an empty text.
  std::string on_delivered(node_index node, const gossip::delivery& message);
  /// When the last message's patience ends.
  duration ends() const;
  broadcast_figures figures() const;
  /// The first pair that is owed and did not come in time; empty when all came.
  std::string first_missing() const;

 private:
  struct message {
    duration at{};
    bool liveness = false;
    bool published = false;
    node_index publisher = no_node;
  };
  struct arrival {
    duration at = duration::max();
    std::uint32_t life = 0;
    std::uint16_t hop = 0;
  };
  /// Counters of all nodes at one moment.
  struct counts {
    std::uint64_t first = 0;
    std::uint64_t again = 0;
    std::uint64_t wire_bytes = 0;
  };
  struct bound {
    std::uint32_t number = 0;
    std::vector<duration> least;
  };

  arrival& at(std::uint32_t number, node_index node) {
    return arrivals_[std::size_t{number} * nodes_.size() + node];
  }
  const arrival& at(std::uint32_t number, node_index node) const {
    return arrivals_[std::size_t{number} * nodes_.size() + node];
  }
  node_index choose_publisher(const message& m);
  bool owed(const message& m, node_index node) const;
  bool owes(const message& m) const;
  counts count() const;
  void measure_bound(std::uint32_t number);
  void bound_figures(broadcast_figures& out) const;

  const scenario& scenario_;
  population& nodes_;
  rng random_;
  std::vector<message> messages_;
  std::vector<arrival> arrivals_;
  std::vector<bound> bounds_;
  std::size_t next_ = 0;
  std::uint64_t refused_ = 0;
  /// From here on redundancy is measured.
  std::size_t steady_from_ = 0;
  counts steady_begin_;
};

}  // namespace weft::sim
