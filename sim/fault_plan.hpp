// SPDX-License-Identifier: MIT
#pragma once

#include "base/rng.hpp"
#include "sim/event_queue.hpp"
#include "sim/scenario.hpp"

#include <cstdint>
#include <vector>

namespace weft::sim {

enum class fault_kind : std::uint8_t {
  start,
  crash,
  /// Leaves for good.
  leave,
  partition,
  reunite,
  clog_node,
  free_node,
  clog_link,
  free_link,
  slow,
  quick,
  /// The end of all faults: who is down comes back.
  heal,
};

/// One thing that befalls the network.
struct fault {
  duration at{};
  fault_kind kind = fault_kind::start;
  node_index node = no_node;
  /// Of a link.
  node_index peer = no_node;
  bool keep_disk = true;
  /// Of a partition: who is on the other side, and which ways are cut.
  std::vector<node_index> apart;
  bool both_ways = true;
};

/// Puts follow each other at this distance, and have this long to end.
inline constexpr duration put_interval = std::chrono::milliseconds(20);
inline constexpr duration put_time = std::chrono::seconds(10);
/// A node that was up for less is not expected to be in the mesh and to know others yet.
inline constexpr duration joining_time = std::chrono::seconds(15);

/// When a scenario's phases begin, counted from the first instant.
struct phase_times {
  duration puts{};
  duration faults{};
  duration heal{};
  duration liveness{};
  explicit phase_times(const scenario& s);
};

/// Everything that befalls the nodes of a scenario, in order of time; the same for the same seed.
std::vector<fault> plan_faults(const scenario& s, const phase_times& phases, rng random);

}  // namespace weft::sim
