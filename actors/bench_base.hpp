// SPDX-License-Identifier: MIT
#pragma once

#include "actors/jobs.hpp"

#include <ctime>
#include <string>
#include <vector>

namespace weft::actors {

/// What the bench actors share: reach the peer first, collect samples, end on time, answer once.
class bench_base : public job {
 public:
  bench_base(bench_request request, std::string unit, callback<bench_result> done)
      : request_(std::move(request)), done_(std::move(done)) {
    result_.name = std::string(to_string(request_.kind));
    result_.unit = std::move(unit);
  }

  void start() override {
    start_clocks();
    if (!request_.to.addresses.empty()) {
      ask_connect(reach_ticket, request_.to, {});
    } else if (request_.to.peer) {
      peer_ = *request_.to.peer;
      begin();
    } else {
      fail_with(error{ec::bad_argument, "the bench names neither a peer nor an address"});
    }
  }
  void on_connected(std::uint64_t, const result<connection>& c) override {
    if (ended()) return;
    if (!c) return fail_with(c.error());
    peer_ = c->peer;
    begin();
  }
  void on_tick() override {
    if (ended() || now() < began_ + request_.limit) return;
    result_.cut_short = true;
    finish();
  }

 protected:
  static constexpr std::uint64_t reach_ticket = ~std::uint64_t{0};

  void start_clocks() {
    began_ = now();
    cpu_began_ = std::clock();
    tick_at(began_ + request_.limit);
  }

  /// The peer is reached: measure. The clock of the result starts here.
  virtual void run() = 0;
  /// Fills what is particular to the kind.
  virtual void conclude(bench_result&) {}

  void add_sample(double value) { samples_.push_back(value); }
  bool complete() const noexcept { return samples_.size() + result_.failures >= request_.samples; }
  void count_failure() { ++result_.failures; }
  void restart_clock() {
    measured_from_ = now();
    cpu_began_ = std::clock();
  }
  duration elapsed() const { return now() - measured_from_; }

  void finish() {
    result_.elapsed = elapsed();
    result_.cpu_seconds = static_cast<double>(std::clock() - cpu_began_) / CLOCKS_PER_SEC;
    result_.samples = summarize(samples_);
    result_.each = std::move(samples_);
    conclude(result_);
    end_job();
    std::exchange(done_, reply<bench_result>{})(std::move(result_));
  }
  void fail_with(error why) {
    end_job();
    std::exchange(done_, reply<bench_result>{})(fail(std::move(why)));
  }

  bench_request request_;
  bench_result result_;
  peer_id peer_;

 private:
  void begin() {
    restart_clock();
    run();
  }

  reply<bench_result> done_;
  std::vector<double> samples_;
  instant began_{};
  instant measured_from_{};
  std::clock_t cpu_began_ = 0;
};

}  // namespace weft::actors
