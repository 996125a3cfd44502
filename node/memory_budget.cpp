// SPDX-License-Identifier: MIT
#include "node/memory_budget.hpp"

#include <algorithm>

namespace weft::node {

namespace {

/// A destination in the routing table with two routes and what points to it, with some room.
constexpr std::uint64_t destination_bytes = 256;
constexpr std::uint64_t window_bytes_min = 256u << 10;
constexpr std::uint64_t queue_bytes_min = 256u << 10;

std::uint64_t share(const config& c, std::uint64_t parts) {
  return (c.limits.memory_bytes - memory_base_bytes) / parts;
}

template <class Number>
void at_most(Number& bound, std::uint64_t value) {
  bound = static_cast<Number>(std::min<std::uint64_t>(bound, value));
}

}  // namespace

void fit_to_memory(config& c) {
  if (c.limits.memory_bytes <= memory_base_bytes) return;
  auto& l = c.limits;
  at_most(l.command_bytes_max, std::max<std::uint64_t>(share(c, 8), 1u << 20));
  at_most(l.push_bytes_max, std::max<std::uint64_t>(share(c, 8), 1u << 20));
  at_most(c.gossip.cache_bytes_max, std::max<std::uint64_t>(share(c, 8), 64u << 10));
  at_most(c.dht.record_bytes_total_max, std::max<std::uint64_t>(share(c, 8), 1u << 20));
  at_most(c.routing.destinations_max, std::max<std::uint64_t>(share(c, 8) / destination_bytes, 16));
  at_most(c.messages.volatile_payload_bytes_max, std::max<std::uint64_t>(share(c, 16), 64u << 10));
  // Once per peer: a few that use theirs whole fit.
  at_most(l.queue.bytes_max, std::max(share(c, 32), queue_bytes_min));
  at_most(l.session_window_max, std::max(share(c, 16), window_bytes_min));
  at_most(l.stream_window_max, std::max(share(c, 32), window_bytes_min));
  at_most(l.stream_unacked_bytes_max, std::max(share(c, 32), window_bytes_min));
}

transport::io::credit_marks credit_of(const config& c) {
  transport::io::credit_marks marks;
  if (c.limits.memory_bytes <= memory_base_bytes) return marks;
  at_most(marks.high, std::max<std::uint64_t>(share(c, 64), 256u << 10));
  marks.low = std::min(marks.low, marks.high / 2);
  return marks;
}

}  // namespace weft::node
