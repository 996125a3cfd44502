// SPDX-License-Identifier: MIT
#pragma once

#include "node/context.hpp"
#include "node/metric_sums.hpp"
#include "node/views.hpp"

/// How much of each limit is used.
namespace weft::node {

/// A list of `{"name", "used", "limit" or null, "unit", "key", "refused"}`: `unit` is count, bytes
/// or bytes_per_second, `key` the configuration key that sets the limit or empty, `refused` how
/// often it kept something out or held it up since the start.
json limits_view(const node_context& node, const metric_sums& all);

}  // namespace weft::node
