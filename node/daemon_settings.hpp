// SPDX-License-Identifier: MIT
#pragma once

#include "actors/bench_schedule.hpp"
#include "base/multiaddr.hpp"
#include "node/config.hpp"
#include "transport/session_core.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// What a configuration means for the parts of a node and for its process.
namespace weft::node {

/// Texts that were checked already.
std::vector<multiaddr> addresses_of(const std::vector<std::string>& texts);
transport::session_config session_of(const config& c);
actors::bench_plan benches_of(const config& c);

/// Raises the number of descriptors the process may open, as far as the system allows; logs when
/// that is less.
void raise_descriptor_limit(std::uint64_t wanted);

}  // namespace weft::node
