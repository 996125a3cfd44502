// SPDX-License-Identifier: MIT
#include "actors/bench_schedule.hpp"

#include <algorithm>
#include <utility>

namespace weft::actors {

bench_schedule::bench_schedule(bench_plan plan, instant now, rng random) : plan_(std::move(plan)) {
  if (!plan_.active()) return;
  const auto share = random.unit() * static_cast<double>(plan_.every.count());
  next_ = now + duration(static_cast<duration::rep>(share));
}

std::optional<bench_request> bench_schedule::take(instant now) {
  if (!next_ || now < *next_) return std::nullopt;
  *next_ += plan_.every * ((now - *next_) / plan_.every + 1);
  bench_request r;
  r.kind = plan_.kinds[turn_++ % plan_.kinds.size()];
  const bool throughput = r.kind == bench_kind::throughput;
  r.samples = throughput ? plan_.throughput_samples : plan_.samples;
  r.body_bytes = plan_.body_bytes;
  r.window = r.kind == bench_kind::lookup ? 1 : broadcast_window(plan_.body_bytes);
  r.rate_per_second = plan_.rate_per_second;
  r.limit = std::min(r.limit, plan_.every);
  return r;
}

}  // namespace weft::actors
