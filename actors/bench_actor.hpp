// SPDX-License-Identifier: MIT
#pragma once

#include "actors/bench_metrics.hpp"
#include "actors/bench_schedule.hpp"
#include "actors/deadline_timer.hpp"
#include "actors/interfaces.hpp"
#include "actors/io_links.hpp"
#include "actors/topic_hub.hpp"
#include "hosts/bench_wire.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace weft::actors {

/// Everything a bench actor is made of. Pointers outlive it.
struct bench_parts {
  /// This node answers benches of others; else it only passes letters on to benches of its own.
  bool answers = false;
  hosts::clock_name clock{};
  topic_hub* topics = nullptr;
  io_links* links = nullptr;
  std::function<wall_time()> wall;
  /// Processor time of this process so far.
  std::function<duration()> processor;
  /// Benches this node runs by itself: what, a generator for when, and how to run one.
  bench_plan plan;
  rng random{0};
  std::function<void(bench_request, callback<bench_result>)> run_bench;
  bench_metrics* results = nullptr;
};

/// Class of `bench_actor`: the far end of benches, and the post office of those that run here.
class bench_actor_impl {
 public:
  static constexpr const char* runtime_name = "weft.bench";
  /// Benches of other nodes that are answered at once; the one that was silent longest makes room.
  static constexpr std::size_t runs_max = 16;
  /// Arrivals are reported this long after the first unreported one, or when a report is full.
  static constexpr duration report_delay = std::chrono::milliseconds(200);
  /// A run is forgotten after this much silence.
  static constexpr duration run_silence_max = std::chrono::minutes(2);
  /// Probes that wait for this actor; later ones are not counted as arrived.
  static constexpr std::size_t arrivals_max = 256 * 1024;

  bench_actor_impl(bench_actor::pointer self, bench_parts parts);
  ~bench_actor_impl();
  bench_actor_impl(const bench_actor_impl&) = delete;
  bench_actor_impl& operator=(const bench_actor_impl&) = delete;
  bench_actor::behavior_type make_behavior();

 private:
  struct arrival {
    peer_id author;
    hosts::bench_probe probe;
    std::size_t bytes = 0;
    wall_time at{};
  };
  /// Filled on the gossip actor's thread, emptied here.
  struct arrival_box {
    std::mutex mutex;
    std::vector<arrival> waiting;
    /// This actor has been told and has not looked yet.
    bool told = false;
  };
  struct run {
    peer_id author;
    std::vector<hosts::bench_report::record> unreported;
    std::optional<instant> report_at;
    hosts::bench_tally tally;
    duration processor_at_first{};
    instant heard{};
  };

  void on_arrivals();
  void on_arrival(const arrival& a);
  void on_letters(const bench_mail& mail);
  void on_letter(const received_letter& letter);
  void on_tick();
  void run_due_bench();
  void count(run& r, const arrival& a);
  void report(std::uint64_t number, run& r);
  run& run_of(std::uint64_t number, const peer_id& author);
  void send(const peer_id& to, const hosts::bench_letter& letter);
  void finish();

  instant now() const { return now_of(self_); }

  bench_actor::pointer self_;
  bench_parts parts_;
  deadline_timer<bench_actor::base> timer_;
  bench_schedule schedule_;
  std::shared_ptr<arrival_box> box_ = std::make_shared<arrival_box>();
  std::vector<arrival> arrived_;
  std::optional<subscription> subscription_;
  /// Benches of other nodes.
  std::map<std::uint64_t, run> runs_;
  /// Benches of this node.
  std::map<std::uint64_t, job_actor> owners_;
};

}  // namespace weft::actors
