// SPDX-License-Identifier: MIT
#pragma once

#include "actors/bench_base.hpp"
#include "actors/jobs.hpp"
#include "hosts/bench_wire.hpp"

#include <map>
#include <string>
#include <vector>

namespace weft::actors {

/// What benches over many nodes share: a run of their own, the roll call that tells who takes part,
/// and probes on the bench topic.
class crowd_bench : public bench_base {
 public:
  /// How long answers to the roll call may take; a second call comes half-way.
  static constexpr duration roll_call_time = std::chrono::milliseconds(1500);
  /// After the last probe, what is missing may take this long.
  static constexpr duration drain_time = std::chrono::seconds(5);
  /// Probes published in one go.
  static constexpr std::size_t batch_max = 64;

  crowd_bench(bench_request request, std::string unit, callback<bench_result> done,
              bench_world world);

  void start() override;
  void on_letter(const received_letter& letter) override;
  void on_tick() override;

 protected:
  /// A node that takes part.
  struct receiver {
    std::uint32_t number = 0;
    hosts::clock_name clock{};
  };

  /// Everybody who takes part is known.
  virtual void on_crowd() = 0;
  /// A letter of somebody who takes part, about this run.
  virtual void on_answer(const peer_id& from, receiver& r, const received_letter& letter) = 0;
  virtual void on_moment() = 0;
  void on_end() override;
  void conclude(bench_result& r) override;

  void publish_probe(hosts::bench_probe::kind what, std::uint32_t sequence, std::size_t bytes,
                     std::vector<publish_batch::item>& into) const;
  void publish_all(std::vector<publish_batch::item> items);
  void send_letter(const peer_id& to, const hosts::bench_letter& letter);
  wall_time wall() const { return world_.wall(); }
  std::uint64_t run_number() const noexcept { return run_; }
  const hosts::clock_name& own_clock() const noexcept { return world_.clock; }

  std::map<peer_id, receiver> receivers_;

 private:
  void run() final {}
  void call_roll();

  bench_world world_;
  std::uint64_t run_ = 0;
  bool calling_ = true;
  std::uint32_t calls_ = 0;
  instant called_{};
};

}  // namespace weft::actors
