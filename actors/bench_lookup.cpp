// SPDX-License-Identifier: MIT
#include "actors/bench_base.hpp"
#include "actors/jobs.hpp"

#include <algorithm>
#include <utility>

namespace weft::actors {

namespace {

/// Lookups of random keys in the DHT: the closest peers, asked of the network each time.
class lookup_bench final : public bench_base {
 public:
  static constexpr std::size_t key_bytes = 32;

  lookup_bench(bench_request request, callback<bench_result> done)
      : bench_base(std::move(request), "seconds", std::move(done)),
        window_(std::max<std::size_t>(request_.window, 1)) {}

  void start() override {
    start_clocks();
    restart_clock();
    top_up();
  }

  void on_closest(std::uint64_t, const result<found_peers>& found) override {
    if (ended()) return;
    --open_;
    if (found && !found->peers.empty()) {
      add_sample(to_seconds(found->trace.elapsed));
      result_.hops = std::max(result_.hops, found->trace.hops);
    } else if (!found && found.error().code == ec::stopping) {
      return fail_with(found.error());
    } else {
      count_failure();
    }
    complete() ? finish() : top_up();
  }

 private:
  void run() override {}

  void top_up() {
    while (asked_ < request_.samples && open_ < window_) {
      byte_buffer key(key_bytes);
      crypto::random_bytes(key);
      ++open_;
      ask_closest(asked_++, std::move(key));
    }
  }

  void conclude(bench_result& r) override {
    r.throughput = static_cast<double>(r.samples.count) / std::max(1e-9, to_seconds(r.elapsed));
    r.throughput_unit = "lookups_per_second";
  }

  const std::size_t window_;
  std::size_t open_ = 0;
  std::uint32_t asked_ = 0;
};

}  // namespace

std::unique_ptr<job> make_lookup_bench(bench_request request, callback<bench_result> done) {
  return std::make_unique<lookup_bench>(std::move(request), std::move(done));
}

}  // namespace weft::actors
