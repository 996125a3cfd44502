// SPDX-License-Identifier: MIT
#pragma once

#include "sim/broadcast_work.hpp"
#include "sim/lookup_work.hpp"
#include "sim/network_config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace weft::sim {

/// What did not hold, and where the run was then.
struct failure {
  std::string what;
  std::uint64_t event = 0;
  duration at{};
};

/// What a run came to.
struct report {
  std::string scenario;
  std::uint64_t seed = 0;
  std::uint32_t nodes = 0;
  /// The run in one number.
  std::uint64_t trace_hash = 0;
  std::uint64_t events = 0;
  std::size_t events_waiting_peak = 0;
  duration virtual_time{};
  network_totals network;
  bool has_broadcast = false;
  bool has_lookups = false;
  broadcast_figures broadcast;
  lookup_figures lookup;
  /// Fewest, median and most sessions of a node at the end.
  std::size_t sessions_min = 0;
  std::size_t sessions_median = 0;
  std::size_t sessions_max = 0;
  std::vector<failure> failures;

  bool ok() const noexcept { return failures.empty(); }
};

/// What the report says against what the scenario expects of it.
std::vector<std::string> unmet_expectations(const scenario& s, const report& r);

/// For people: a line per figure.
std::string to_text(const report& r);
/// The failures, each with its event, and the command that shows them again. `source` is the
/// scenario as it was named on the command line; empty when nothing failed.
std::string failures_text(const report& r, const std::string& source);

}  // namespace weft::sim
