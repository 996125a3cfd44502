// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace weft::bench {

/// Calls of operator new in this process so far; allocations.cpp replaces the global one to count
/// them.
std::uint64_t allocations() noexcept;

}  // namespace weft::bench
