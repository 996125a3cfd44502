// SPDX-License-Identifier: MIT
#pragma once

#include "node/cluster.hpp"
#include "node/views.hpp"

#include <cstdint>
#include <string>

namespace weft::node {

/// What `weft mesh up --demo` does with its nodes, a step at a time: private messages from end to
/// end, broadcasts timed at every node, and values stored at one node and found at another.
class mesh_demo {
 public:
  struct step {
    /// For people.
    std::string text;
    /// The same for programs.
    json answer;
  };

  explicit mesh_demo(const cluster& nodes) : nodes_(nodes) {}
  step next();

 private:
  step message(std::uint64_t number);
  step broadcast();
  step value(std::uint64_t number);

  const cluster& nodes_;
  std::uint64_t steps_ = 0;
};

}  // namespace weft::node
