// SPDX-License-Identifier: MIT
#pragma once

#include "sim/broadcast_work.hpp"
#include "sim/fault_plan.hpp"
#include "sim/invariants.hpp"
#include "sim/lookup_work.hpp"
#include "sim/population.hpp"
#include "sim/report.hpp"
#include "sim/scenario.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace weft::sim {

struct experiment_options {
  /// Called with every event from this number on.
  std::uint64_t trace_from = ~std::uint64_t{0};
  trace::listener on_event;
  /// Called now and then with virtual time passed and to pass; false ends the run.
  std::function<bool(duration done, duration total)> progress;
  /// Changes the nodes before the first starts: how tests plant bugs and make groups of nodes
  /// special.
  std::function<void(population& nodes)> prepare;
  /// Looks at the nodes when all is over.
  std::function<void(population& nodes)> finally;
};

/// One run of a scenario: same scenario, same seed, same trace.
class experiment final : node_observer {
 public:
  /// `s` is valid.
  experiment(const scenario& s, std::uint64_t seed, experiment_options options = {});
  report run();

 private:
  // -- node_observer ---
  void on_delivered(node_index node, const gossip::delivery& message) override;
  void on_published(node_index node, const gossip::published& outcome) override;
  void on_finished(node_index node, const dht::ended_operation& what) override;

  void handle(event& e);
  void on_fault();
  void on_work(bool lookup);
  void on_sample();
  void heal();
  void check(const event& e);
  void check_end();
  void check_meshes();
  void fail(std::string what);
  void schedule(event_kind kind, duration at, std::uint64_t number);
  duration total() const;
  report make_report();

  scenario scenario_;
  std::uint64_t seed_;
  experiment_options options_;
  phase_times phases_;
  population nodes_;
  rng starts_;
  std::vector<fault> faults_;
  std::size_t next_fault_ = 0;
  std::vector<bool> left_;
  /// Mesh links of one side only, a while before the end.
  std::vector<one_sided_link> one_sided_;
  broadcast_work broadcast_;
  lookup_work lookup_;
  /// When `check` last asked whether time moves.
  instant watched_{};
  std::vector<failure> failures_;
  bool over_ = false;
};

}  // namespace weft::sim
