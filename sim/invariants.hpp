// SPDX-License-Identifier: MIT
#pragma once

#include "sim/population.hpp"

#include <compare>
#include <string>
#include <vector>

/// What must hold at every moment of a run, and what must hold once it is quiet.
namespace weft::sim {

/// The first bound of the node's tables and queues that does not hold, in words; empty when all do.
std::string broken_bound(const population& nodes, node_index n);

/// A mesh link that only `node` knows of.
struct one_sided_link {
  node_index node = no_node;
  node_index peer = no_node;
  friend auto operator<=>(const one_sided_link&, const one_sided_link&) = default;
};
/// Sorted. While a GRAFT or PRUNE is under way there are some; the same one does not stay.
std::vector<one_sided_link> one_sided_links(const population& nodes);

}  // namespace weft::sim
