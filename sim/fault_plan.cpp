// SPDX-License-Identifier: MIT
#include "sim/fault_plan.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace weft::sim {

namespace {

class planner {
 public:
  planner(const scenario& s, const phase_times& phases, rng random)
      : s_(s), phases_(phases), random_(random) {}

  std::vector<fault> plan() {
    start();
    crash_together();
    churn();
    restarts();
    partitions();
    swizzle();
    clog_links();
    slow_nodes();
    add(phases_.heal, fault_kind::heal);
    std::stable_sort(out_.begin(), out_.end(),
                     [](const fault& a, const fault& b) { return a.at < b.at; });
    return std::move(out_);
  }

 private:
  fault& add(duration at, fault_kind kind, node_index node = no_node) {
    fault f;
    f.at = at;
    f.kind = kind;
    f.node = node;
    out_.push_back(std::move(f));
    return out_.back();
  }
  duration any(duration span) {
    return duration(
        static_cast<duration::rep>(random_.below(static_cast<std::uint64_t>(span.count()) + 1)));
  }
  duration in_faults() { return phases_.faults + any(s_.phases.faults); }
  node_index any_node() { return static_cast<node_index>(random_.below(s_.nodes.count)); }
  /// `percent` of the founders, in random order.
  std::vector<node_index> draw(std::uint32_t percent) {
    std::vector<node_index> all(s_.nodes.count);
    for (node_index n = 0; n < all.size(); ++n) all[n] = n;
    shuffle(all);
    all.resize(all.size() * percent / 100);
    return all;
  }
  void shuffle(std::vector<node_index>& nodes) {
    for (std::size_t i = nodes.size(); i > 1; --i)
      std::swap(nodes[i - 1], nodes[static_cast<std::size_t>(random_.below(i))]);
  }

  void start() {
    for (node_index n = 0; n < s_.nodes.count; ++n)
      add(any(s_.nodes.start_span), fault_kind::start, n);
  }
  void crash_together() {
    for (const node_index n : draw(s_.faults.crash_percent))
      add(phases_.faults + s_.phases.faults / 2, fault_kind::crash, n);
  }
  void churn() {
    const auto leavers = draw(s_.faults.churn_percent);
    for (std::size_t i = 0; i < leavers.size(); ++i) {
      const duration at
          = phases_.faults
            + s_.phases.faults * static_cast<int>(i + 1) / static_cast<int>(leavers.size() + 1);
      add(at, fault_kind::leave, leavers[i]);
      add(at, fault_kind::start, static_cast<node_index>(s_.nodes.count + i));
    }
  }
  void restarts() {
    for (std::uint32_t i = 0; i < s_.faults.restarts; ++i) {
      const node_index n = any_node();
      const duration at = in_faults();
      add(at, fault_kind::crash, n).keep_disk = random_.below(100) < s_.faults.keep_disk_percent;
      add(std::min(phases_.heal, at + any(s_.faults.restart_after)), fault_kind::start, n);
    }
  }
  void partitions() {
    if (s_.faults.partition == "none") return;
    for (duration at = phases_.faults; at + s_.faults.partition_for <= phases_.heal;
         at += s_.faults.partition_for * 2) {
      std::string mode = s_.faults.partition;
      if (mode == "any") mode = std::array{"halves", "isolate", "one_way"}[random_.below(3)];
      fault& f = add(at, fault_kind::partition);
      f.apart = mode == "isolate" ? std::vector{any_node()} : draw(50);
      f.both_ways = mode != "one_way";
      add(at + s_.faults.partition_for, fault_kind::reunite);
    }
  }
  void swizzle() {
    auto chosen = draw(s_.faults.swizzle_percent);
    if (chosen.empty()) return;
    const duration half = s_.phases.faults / 2;
    const auto count = static_cast<int>(chosen.size());
    for (int i = 0; i < count; ++i)
      add(phases_.faults + half * i / count, fault_kind::clog_node,
          chosen[static_cast<std::size_t>(i)]);
    shuffle(chosen);
    for (int i = 0; i < count; ++i)
      add(phases_.faults + half + half * i / count, fault_kind::free_node,
          chosen[static_cast<std::size_t>(i)]);
  }
  void clog_links() {
    for (std::uint32_t i = 0; i < s_.faults.clogged_links; ++i) {
      const duration at = in_faults();
      const node_index from = any_node();
      const node_index to = any_node();
      add(at, fault_kind::clog_link, from).peer = to;
      add(at + any(s_.faults.clog_for), fault_kind::free_link, from).peer = to;
    }
  }
  void slow_nodes() {
    for (const node_index n : draw(s_.faults.slow_percent)) {
      add(phases_.faults, fault_kind::slow, n);
      add(phases_.heal, fault_kind::quick, n);
    }
  }

  const scenario& s_;
  const phase_times& phases_;
  rng random_;
  std::vector<fault> out_;
};

}  // namespace

phase_times::phase_times(const scenario& s) {
  puts = s.phases.warm_up;
  faults = puts;
  if (s.lookup.records != 0) faults += put_interval * static_cast<int>(s.lookup.records) + put_time;
  heal = faults + s.phases.faults;
  liveness = heal + s.phases.settle;
}

std::vector<fault> plan_faults(const scenario& s, const phase_times& phases, rng random) {
  return planner(s, phases, random).plan();
}

}  // namespace weft::sim
