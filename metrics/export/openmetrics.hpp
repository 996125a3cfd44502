// SPDX-License-Identifier: MIT
#pragma once

#include <prometheus/metric_family.h>

#include <string>

namespace weft::metrics {

/// Appends a family in the text format of OpenMetrics 1.0: counters lose `_total` in the name of
/// their family, gauges that end in `_info` become info metrics, and seconds and bytes are told as
/// units. The end of the whole, "# EOF\n", is the caller's.
void write_openmetrics(std::string& out, const prometheus::MetricFamily& family);

}  // namespace weft::metrics
