// SPDX-License-Identifier: MIT
#pragma once

#include "actors/bench_types.hpp"
#include "base/rng.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace weft::actors {

/// Benches that a node runs by itself, one kind after another.
struct bench_plan {
  /// From the start of one bench to that of the next; zero: none are run.
  duration every{};
  /// Of broadcast, throughput and lookup: they need no far end to be named.
  std::vector<bench_kind> kinds;
  /// Broadcasts or lookups of a run, and messages of a throughput run.
  std::uint32_t samples = 50;
  std::uint32_t throughput_samples = 2000;
  /// Size of a broadcast.
  std::uint32_t body_bytes = 200;
  /// broadcast: sends per second.
  double rate_per_second = 50;

  bool active() const noexcept { return every > duration::zero() && !kinds.empty(); }
};

/// When which bench of a plan is due. The first one comes at a random moment of the first interval,
/// so that nodes started together do not measure each other's benches; moments that were missed
/// are left out.
class bench_schedule {
 public:
  bench_schedule(bench_plan plan, instant now, rng random);

  /// Nothing when the plan has no benches.
  std::optional<instant> next() const noexcept { return next_; }
  /// The bench that is due, if one is.
  std::optional<bench_request> take(instant now);

 private:
  bench_plan plan_;
  std::optional<instant> next_;
  std::size_t turn_ = 0;
};

}  // namespace weft::actors
