// SPDX-License-Identifier: MIT
#include "actors/bench_crowd.hpp"
#include "hosts/broadcast_figures.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace weft::actors {

namespace {

/// Broadcasts at a pace, timed at every node that takes part; the far clocks are compared with ours
/// first.
class broadcast_bench final : public crowd_bench {
 public:
  static constexpr std::uint32_t exchanges = 8;
  static constexpr duration exchange_time = std::chrono::seconds(2);

  broadcast_bench(bench_request request, callback<bench_result> done, bench_world world)
      : crowd_bench(std::move(request), "seconds", std::move(done), std::move(world)) {
    if (request_.rate_per_second <= 0) request_.rate_per_second = 50;
  }

 private:
  struct far_clock {
    hosts::clock_estimate estimate;
    std::uint32_t answers = 0;
  };

  void on_crowd() override {
    if (std::size_t{request_.samples} * receivers_.size() > hosts::broadcast_figures::pairs_max)
      return fail_with({ec::bad_argument, "too many samples for this many nodes"});
    figures_.emplace(request_.samples, static_cast<std::uint32_t>(receivers_.size()));
    clocks_.resize(receivers_.size());
    comparing_until_ = now() + exchange_time;
    for (const auto& [peer, r] : receivers_) {
      if (r.clock == own_clock())
        clocks_[r.number].estimate.set_shared();
      else
        send_letter(peer, hosts::clock_question{run_number(), wall()});
    }
    tick_at(*comparing_until_);
    if (compared()) begin_run();
  }

  bool compared() const {
    return std::ranges::all_of(
        clocks_, [](const far_clock& c) { return c.estimate.shared() || c.answers >= exchanges; });
  }

  void begin_run() {
    comparing_until_.reset();
    if (!std::ranges::all_of(clocks_, [](const far_clock& c) { return c.estimate.known(); }))
      return fail_with({ec::timeout, "not every node told its clock in time"});
    restart_clock();
    began_wall_ = wall();
    began_ = now();
    on_moment();
  }

  void on_answer(const peer_id& from, receiver& r, const received_letter& letter) override {
    auto& clock = clocks_[r.number];
    if (const auto* a = std::get_if<hosts::clock_answer>(&letter.letter)) {
      clock.estimate.add(*a, letter.arrived);
      if (++clock.answers < exchanges)
        send_letter(from, hosts::clock_question{run_number(), wall()});
      else if (comparing_until_ && compared())
        begin_run();
    } else if (const auto* report = std::get_if<hosts::bench_report>(&letter.letter)) {
      for (const auto& record : report->records)
        figures_->delivered(record.sequence, r.number,
                            record.arrived - clock.estimate.offset() - began_wall_);
      if (figures_->complete()) finish();
    }
  }

  instant due(std::uint32_t n) const {
    return began_ + duration(static_cast<duration::rep>(n * 1e9 / request_.rate_per_second));
  }

  void on_moment() override {
    if (comparing_until_) {
      if (now() >= *comparing_until_) begin_run();
      return;
    }
    std::vector<publish_batch::item> items;
    while (next_ < request_.samples && due(next_) <= now() && items.size() < batch_max) {
      publish_probe(hosts::bench_probe::kind::timed, next_, request_.body_bytes, items);
      figures_->published(next_, wall() - began_wall_);
      ++next_;
    }
    publish_all(std::move(items));
    if (next_ < request_.samples) return tick_at(due(next_));
    if (!drained_at_) drained_at_ = now() + drain_time;
    if (now() >= *drained_at_) return finish();
    tick_at(*drained_at_);
  }

  void conclude(bench_result& r) override {
    crowd_bench::conclude(r);
    if (!figures_) return;
    auto s = figures_->summarize();
    r.samples = s.delivery_seconds;
    r.each = std::move(s.deliveries);
    r.second_way = s.everywhere_seconds;
    r.expected = s.expected;
    r.delivered = s.delivered;
    r.failures = s.expected - s.delivered;
    bool shared = true;
    for (const auto& c : clocks_) {
      shared = shared && c.estimate.shared();
      if (c.estimate.known())
        r.clock_uncertainty = std::max(r.clock_uncertainty, c.estimate.uncertainty());
    }
    r.clock = shared ? "shared" : "corrected";
    r.throughput = static_cast<double>(s.delivered) / std::max(1e-9, to_seconds(r.elapsed));
    r.throughput_unit = "deliveries_per_second";
  }

  std::optional<hosts::broadcast_figures> figures_;
  std::vector<far_clock> clocks_;
  std::optional<instant> comparing_until_;
  wall_time began_wall_{};
  instant began_{};
  std::uint32_t next_ = 0;
  std::optional<instant> drained_at_;
};

/// Broadcasts as fast as the queues take them; every node that takes part counts what arrives.
class throughput_bench final : public crowd_bench {
 public:
  /// A tally that does not count everything is asked for again after this.
  static constexpr duration ask_again = std::chrono::milliseconds(300);

  throughput_bench(bench_request request, callback<bench_result> done, bench_world world)
      : crowd_bench(std::move(request), "messages_per_second", std::move(done), std::move(world)),
        window_(std::max<std::size_t>(request_.window, 1)) {}

  void on_published(const published_batch& batch) override {
    if (ended() || tallies_.empty()) return;
    for (const auto& item : batch.items) {
      open_ -= std::min<std::size_t>(open_, 1);
      if (!item.outcome) ++refused_;
    }
    top_up();
  }

 private:
  void on_crowd() override {
    tallies_.resize(receivers_.size());
    restart_clock();
    top_up();
  }

  void top_up() {
    std::vector<publish_batch::item> items;
    while (next_ < request_.samples && open_ < window_) {
      publish_probe(hosts::bench_probe::kind::counted, next_++, request_.body_bytes, items);
      ++open_;
      if (items.size() == batch_max) publish_all(std::exchange(items, {}));
    }
    publish_all(std::move(items));
    if (next_ == request_.samples && open_ == 0 && !drained_at_) {
      result_.elapsed = elapsed();
      drained_at_ = now() + drain_time;
      ask_tallies();
    }
  }

  void ask_tallies() {
    std::vector<publish_batch::item> items;
    publish_probe(hosts::bench_probe::kind::counted_last, next_ + ++asked_, 0, items);
    publish_all(std::move(items));
    tick_at(now() + ask_again);
  }

  void on_moment() override {
    if (!drained_at_) return;
    if (now() >= *drained_at_) return finish();
    ask_tallies();
  }

  void on_answer(const peer_id&, receiver& r, const received_letter& letter) override {
    const auto* tally = std::get_if<hosts::bench_tally>(&letter.letter);
    if (!tally) return;
    tallies_[r.number] = *tally;
    const auto whole
        = [&](const hosts::bench_tally& t) { return t.messages >= request_.samples - refused_; };
    if (drained_at_ && std::ranges::all_of(tallies_, whole)) finish();
  }

  void conclude(bench_result& r) override {
    crowd_bench::conclude(r);
    std::vector<double> rates;
    double slowest_bytes = 0;
    duration processor{};
    for (const auto& t : tallies_) {
      const auto seconds = to_seconds(t.last - t.first);
      r.delivered += t.messages;
      processor += t.processor;
      if (t.messages < 2 || seconds <= 0) continue;
      rates.push_back(static_cast<double>(t.messages) / seconds);
      const auto bytes = static_cast<double>(t.bytes) / seconds;
      slowest_bytes = rates.size() == 1 ? bytes : std::min(slowest_bytes, bytes);
    }
    r.expected = std::uint64_t{request_.samples} * receivers_.size();
    r.failures = r.expected - std::min(r.expected, r.delivered);
    r.samples = summarize(rates);
    r.each = std::move(rates);
    r.throughput = r.samples.min;
    r.throughput_unit = "messages_per_second";
    r.bytes_per_second = slowest_bytes;
    if (r.delivered > 0)
      r.cpu_seconds_per_million
          = (to_seconds(processor) + r.cpu_seconds) * 1e6 / static_cast<double>(r.delivered);
  }

  const std::size_t window_;
  std::size_t open_ = 0;
  std::uint32_t next_ = 0;
  std::uint32_t asked_ = 0;
  std::uint32_t refused_ = 0;
  std::vector<hosts::bench_tally> tallies_;
  std::optional<instant> drained_at_;
};

}  // namespace

std::unique_ptr<job> make_broadcast_bench(bench_request request, callback<bench_result> done,
                                          bench_world world) {
  return std::make_unique<broadcast_bench>(std::move(request), std::move(done), std::move(world));
}

std::unique_ptr<job> make_throughput_bench(bench_request request, callback<bench_result> done,
                                           bench_world world) {
  return std::make_unique<throughput_bench>(std::move(request), std::move(done), std::move(world));
}

}  // namespace weft::actors
