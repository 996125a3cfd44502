// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/sample_summary.hpp"
#include "sim/fault_plan.hpp"
#include "sim/population.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weft::sim {

/// What the lookups came to.
struct lookup_figures {
  std::uint64_t stored = 0;
  std::uint64_t store_failures = 0;
  /// Of stores, seconds.
  metrics::sample_summary store_seconds;
  /// Lookups of what is there, by nodes that stayed: asked, found in time, found with the right
  /// content, during the faults and after.
  std::uint64_t asked = 0;
  std::uint64_t found = 0;
  std::uint64_t wrong = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t asked_in_faults = 0;
  std::uint64_t found_in_faults = 0;
  /// Of those found in the liveness phase.
  metrics::sample_summary seconds;
  metrics::sample_summary hops;
  metrics::sample_summary requests;

  double success_percent() const noexcept {
    return asked == 0 ? 100.0 : 100.0 * static_cast<double>(found) / static_cast<double>(asked);
  }
  double success_percent_in_faults() const noexcept {
    return asked_in_faults == 0 ? 100.0
                                : 100.0 * static_cast<double>(found_in_faults)
                                      / static_cast<double>(asked_in_faults);
  }
};

/// Stores values and looks for them, for peers and for providers.
class lookup_work {
 public:
  lookup_work(const scenario& s, const phase_times& phases, population& nodes, rng random);

  std::optional<duration> next() const;
  void do_next();
  void on_finished(node_index node, const dht::ended_operation& what);
  duration ends() const;
  lookup_figures figures() const;
  /// The first lookup of the liveness phase that did not find what is there.
  std::string first_missing() const;

 private:
  enum class kind : std::uint8_t { put, provide, value, peer, providers };
  struct operation {
    duration at{};
    kind what = kind::put;
    bool liveness = false;
    bool begun = false;
    bool ended = false;
    bool found = false;
    bool wrong = false;
    node_index node = no_node;
    /// Of the record, or the peer looked for.
    std::uint32_t number = 0;
    duration took{};
    std::uint32_t hops = 0;
    std::uint32_t requests = 0;
    error failure;
  };
  struct record {
    byte_buffer key;
    chunk_view value;
    node_index owner = no_node;
    bool stored = false;
  };

  void plan(duration from, duration interval, std::uint32_t count, bool liveness);
  void begin(std::uint64_t ticket, operation& o);
  bool counts(const operation& o) const;
  void check(operation& o, const dht::outcome& result);
  record make_record(std::uint32_t number, sim_node& owner) const;

  const scenario& scenario_;
  population& nodes_;
  rng random_;
  std::vector<operation> operations_;
  std::vector<record> records_;
  std::size_t next_ = 0;
};

}  // namespace weft::sim
