// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "sim/terrain.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace weft::sim {

/// An experiment: how many nodes on which network, what they do, what befalls them, and what must
/// hold. Phases follow each other: start and warm-up; faults; healing and settling; then the work
/// of the liveness phase, after which everything owed must be there within `patience`.
struct scenario {
  std::string name = "unnamed";
  std::string about;

  struct {
    std::uint32_t count = 100;
    /// Dials of each node to others chosen at random: half of its expected sessions.
    std::uint32_t dials = 10;
    /// Nodes start at random times within this span.
    duration start_span = std::chrono::seconds(5);
    /// Ed25519 instead of the keyed hash.
    bool real_crypto = false;
    /// Limits and times of gossip, DHT, sessions and queues are drawn per node, within what
    /// `validate` allows.
    bool random_limits = false;
  } nodes;

  struct {
    /// "world" or "lan".
    std::string terrain = "world";
    std::uint32_t loss_per_million = 500;
    std::uint32_t jitter_per_million = 20'000;
  } network;

  struct {
    duration warm_up = std::chrono::seconds(30);
    duration faults{};
    duration settle{};
    /// In which what was published or asked must be there.
    duration patience = std::chrono::seconds(10);
  } phases;

  struct {
    /// Messages published in the fault phase, and in the liveness phase.
    std::uint32_t during_faults = 0;
    std::uint32_t messages = 0;
    duration interval = std::chrono::milliseconds(500);
    std::uint32_t bytes = 1024;
    /// Nodes that publish; 0: any.
    std::uint32_t publishers = 0;
  } broadcast;

  struct {
    /// Values put after the warm-up.
    std::uint32_t records = 0;
    std::uint32_t during_faults = 0;
    std::uint32_t lookups = 0;
    duration interval = std::chrono::milliseconds(100);
    /// "value", "peer", "providers" or "mixed".
    std::string kind = "value";
    std::uint32_t value_bytes = 256;
  } lookup;

  struct {
    /// Crash at once, in the middle of the phase; they stay away until the healing.
    std::uint32_t crash_percent = 0;
    /// Replaced one after another over the phase: a node leaves for good, a new one joins.
    std::uint32_t churn_percent = 0;
    /// Crash and restart at random times.
    std::uint32_t restarts = 0;
    duration restart_after = std::chrono::seconds(5);
    std::uint32_t keep_disk_percent = 50;
    /// "none", "halves", "isolate", "one_way" or "any".
    std::string partition = "none";
    /// Time from the partition to its end; several follow each other over the phase.
    duration partition_for = std::chrono::seconds(20);
    /// Nodes that are clogged one by one in random order and released in another.
    std::uint32_t swizzle_percent = 0;
    /// Links that hold one direction for up to `clog_for`.
    std::uint32_t clogged_links = 0;
    duration clog_for = std::chrono::seconds(3);
    std::uint32_t slow_percent = 0;
    duration slow_by = std::chrono::milliseconds(5);
    /// Wall clocks are off by up to this, either way.
    duration skew_max{};
    /// Nodes whose DHT answers wrongly, from the start to the end.
    std::uint32_t liars_percent = 0;
  } faults;

  /// What the report must show; zero: not asked for. Percentages, seconds, ratios.
  struct {
    double delivery_percent = 100;
    double redundancy_max = 0;
    double bytes_redundancy_max = 0;
    double last_hop_max = 0;
    double delivery_p99_max = 0;
    double lookup_success_percent = 0;
    double lookup_p50_max = 0;
    double lookup_p99_max = 0;
    double lookup_hops_p99_max = 0;
    double lookup_slowest_max = 0;
  } expect;

  /// Whether messages of the fault phase are owed too: nothing but crashes and churn befalls nodes.
  bool owed_during_faults() const;
  /// ec::bad_config names the key and what is allowed.
  result<void> validate() const;
};

/// Where a value of a scenario lives.
using scenario_slot = std::variant<bool*, std::uint32_t*, double*, duration*, std::string*>;

/// One key of a scenario file.
struct scenario_key {
  /// "section.key", or a bare name.
  std::string_view name;
  scenario_slot (*slot)(scenario&);
  std::string_view help;
  /// Inclusive limits of numbers (durations: seconds); equal when there are none.
  double least = 0;
  double most = 0;
};

/// Every key, in the order of the documentation.
std::span<const scenario_key> scenario_keys();

}  // namespace weft::sim
