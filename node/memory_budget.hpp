// SPDX-License-Identifier: MIT
#pragma once

#include "node/config.hpp"
#include "transport/io/reactor.hpp"

/// How `limits.memory_bytes` is shared out among queues, caches and tables.
namespace weft::node {

/// What an idle node holds before it has done anything.
inline constexpr std::uint64_t memory_base_bytes = 32u << 20;

/// Lowers the bounds that add up to the node's memory to their shares of the cap; without a cap
/// they stay. The shares of what exists once add up to less than the cap without
/// `memory_base_bytes`; what exists once per peer is left to the guard (`memory_guard`).
void fit_to_memory(config& c);
/// Bytes of one concern that may wait for its actor.
transport::io::credit_marks credit_of(const config& c);

}  // namespace weft::node
