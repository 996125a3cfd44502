// SPDX-License-Identifier: MIT
#pragma once

#include "base/rng.hpp"
#include "sim/population.hpp"

#include <cstdint>

namespace weft::sim {

/// Makes so many of the founders lie in the DHT, each in one of four ways: it names only fellow
/// liars, it names peers that do not exist near the key, it does not answer, or it answers with a
/// forged value. None of them stores anything.
void make_liars(population& nodes, std::uint32_t percent, rng random);

}  // namespace weft::sim
