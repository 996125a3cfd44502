// SPDX-License-Identifier: MIT
#include "routing/table_bench.hpp"

#include "base/rng.hpp"
#include "routing/route_table.hpp"
#include "routing/routing_snapshot.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <span>

namespace weft::routing {

namespace {

constexpr std::size_t bench_neighbours = 64;

ed25519_public_key random_key(rng& random) {
  ed25519_public_key key;
  for (std::size_t i = 0; i < key.size(); i += 8) {
    const std::uint64_t word = random.next();
    std::memcpy(key.data() + i, &word, 8);
  }
  return key;
}

route_list random_routes(rng& random, std::size_t count) {
  route_list list;
  const auto first = random.below(bench_neighbours);
  for (std::size_t i = 0; i < count; ++i)
    list.routes[i] = {static_cast<std::uint16_t>((first + i) % bench_neighbours),
                      static_cast<metric>(100 + random.below(1000)),
                      static_cast<std::uint8_t>(random.below(8))};
  list.count = static_cast<std::uint8_t>(count);
  list.feasible = list.count;
  return list;
}

class stopwatch {
 public:
  explicit stopwatch(const std::function<instant()>& clock) : clock_(clock) {
    // The median cost of reading the clock twice in a row.
    std::vector<double> idle(2001);
    for (double& each : idle) {
      const instant start = clock_();
      each = static_cast<double>((clock_() - start).count());
    }
    std::nth_element(idle.begin(), idle.begin() + 1000, idle.end());
    overhead_ = idle[1000];
  }

  /// Times `count` calls, `block` of them a sample.
  template <class Operation>
  operation_figures measure(std::string name, std::size_t count, std::size_t block,
                            const Operation& operation) {
    std::vector<double> taken;
    taken.reserve(count / block + 1);
    for (std::size_t i = 0; i < count;) {
      const std::size_t end = std::min(i + block, count);
      const auto size = static_cast<double>(end - i);
      const instant start = clock_();
      for (; i < end; ++i) operation(i);
      taken.push_back(std::max(static_cast<double>((clock_() - start).count()) - overhead_, 0.0)
                      / size);
    }
    return summarise(std::move(name), taken);
  }

  static operation_figures summarise(std::string name, std::vector<double>& taken) {
    std::sort(taken.begin(), taken.end());
    const auto at = [&](double share) {
      return taken[static_cast<std::size_t>(share * static_cast<double>(taken.size() - 1))];
    };
    operation_figures figures;
    figures.name = std::move(name);
    figures.samples = taken.size();
    figures.p50 = at(0.5);
    figures.p95 = at(0.95);
    figures.p99 = at(0.99);
    figures.p999 = at(0.999);
    figures.max = taken.back();
    figures.mean
        = std::accumulate(taken.begin(), taken.end(), 0.0) / static_cast<double>(taken.size());
    return figures;
  }

 private:
  const std::function<instant()>& clock_;
  double overhead_ = 0;
};

/// Keeps results alive past the optimiser.
volatile std::uint64_t sink = 0;

/// Routes made beforehand, so that inserts are timed without drawing them.
std::vector<route_list> route_pool(rng& random, std::size_t routes) {
  std::vector<route_list> pool(1024);
  for (route_list& each : pool) each = random_routes(random, routes);
  return pool;
}

std::shared_ptr<const std::vector<neighbour_info>> some_neighbours(rng& random) {
  auto all = std::make_shared<std::vector<neighbour_info>>(bench_neighbours);
  for (neighbour_info& each : *all)
    each = {peer_id::from_ed25519(random_key(random)), static_cast<metric>(110 + random.below(90)),
            true};
  return all;
}

class table_bench {
 public:
  table_bench(const table_bench_options& options, const std::function<instant()>& clock)
      : options_(options),
        clock_(clock),
        watch_(clock),
        random_(options.seed),
        samples_(std::max<std::size_t>(options.samples, 1)),
        routes_(std::clamp<std::size_t>(options.routes, 1, candidates_limit)),
        keys_(std::max<std::size_t>(options.entries, 2)),
        table_({random_.next(), random_.next()}) {
    for (auto& key : keys_) key = random_key(random_);
    neighbours_ = some_neighbours(random_);
    report_.entries = keys_.size();
  }

  table_bench_report run() {
    const std::size_t resident_before = resident();
    fill();
    snapshot_ = table_.publish(neighbours_);
    count_bytes();
    report_.resident_bytes_per_entry = per_entry(static_cast<double>(resident() - resident_before));
    look_up();
    choose_among_ten();
    churn();
    return std::move(report_);
  }

 private:
  void add(operation_figures figures) { report_.operations.push_back(std::move(figures)); }
  double per_entry(double total) const { return total / static_cast<double>(keys_.size()); }
  std::size_t resident() const { return options_.resident ? options_.resident() : 0; }

  /// As many inserts alone as samples, the rest in blocks.
  void fill() {
    const std::vector<route_list> pool = route_pool(random_, routes_);
    announcement origin;
    origin.lifetime_s = 420;
    const auto insert = [&](std::size_t i) {
      origin.issued_s = static_cast<std::uint32_t>(1'700'000'000 + i / 4096);
      origin.sequence = std::uint64_t{origin.issued_s} * 1000 + i % 1000;
      const route_table::place at = table_.insert(keys_[i]);
      table_.set_routes(at, pool[i % pool.size()]);
      table_.set_origin(at, origin);
    };
    const std::size_t alone = std::min(samples_, keys_.size() / 2);
    const instant start = clock_();
    auto blocks = watch_.measure("insert", keys_.size() - alone, table_bench_report::block, insert);
    const std::size_t first = keys_.size() - alone;
    auto single
        = watch_.measure("insert_alone", alone, 1, [&](std::size_t i) { insert(first + i); });
    report_.inserts_per_second = static_cast<double>(keys_.size()) / to_seconds(clock_() - start);
    add(std::move(blocks));
    add(std::move(single));
  }

  void count_bytes() {
    const route_table::usage held = table_.bytes_by_use();
    report_.index_bytes_per_entry = per_entry(static_cast<double>(held.index));
    report_.row_bytes_per_entry = per_entry(static_cast<double>(held.rows));
    report_.record_bytes_per_entry = per_entry(static_cast<double>(held.records));
    report_.spare_bytes_per_entry = per_entry(static_cast<double>(held.spare));
    report_.bytes_per_entry = per_entry(static_cast<double>(held.total()));
  }

  /// Keys uniformly out of the whole table, so that rows are cold; each pass asks anew, or the last
  /// one's rows would still be warm.
  void look_up() {
    constexpr std::size_t block = table_bench_report::block;
    const auto look_up_expected = [&](std::size_t i) {
      if (i % block == 0)
        snapshot_->expect(std::span(asked_).subspan(i, std::min(block, samples_ - i)));
      sink = sink + hop(i);
    };
    const auto look_up_one = [&](std::size_t i) { sink = sink + hop(i); };
    ask();
    add(watch_.measure("lookup", samples_, block, look_up_expected));
    ask();
    add(watch_.measure("lookup_unexpected", samples_, block, look_up_one));
    ask();
    // Its index is or-ed with what the processor cannot tell beforehand to be zero.
    std::uint64_t last = 0;
    add(watch_.measure("lookup_chain", samples_, block,
                       [&](std::size_t i) { last = hop(i | (last & never_)); }));
    sink = last;
    ask_absent();
    add(watch_.measure("lookup_absent", samples_, block, look_up_expected));
    ask_absent();
    add(watch_.measure("lookup_absent_unexpected", samples_, block, look_up_one));
    ask();
    const instant start = clock_();
    for (std::size_t i = 0; i < samples_; ++i) look_up_expected(i);
    report_.lookups_per_second = static_cast<double>(samples_) / to_seconds(clock_() - start);
  }

  /// Looks a key up and reads the first byte of the neighbour's id.
  std::uint64_t hop(std::size_t i) const {
    const peer_id* next = snapshot_->next_hop(asked_[i], [](const peer_id&) { return true; });
    return next == nullptr ? 0 : next->bytes()[0];
  }

  /// Ten routes, read from the table like any others.
  void choose_among_ten() {
    ask();
    const std::size_t rows = std::min<std::size_t>(samples_, 1000);
    for (std::size_t i = 0; i < rows; ++i)
      table_.set_routes(*table_.find(asked_[i]), random_routes(random_, candidates_limit));
    snapshot_ = table_.publish(neighbours_);
    std::vector<candidate_list> tens;
    for (std::size_t i = 0; i < rows; ++i) tens.push_back(snapshot_->candidates(asked_[i]));
    constexpr std::size_t block = table_bench_report::block;
    add(watch_.measure("choose_of_10", samples_, block, [&](std::size_t i) {
      sink = sink + *choose(tens[i % rows], random_.next());
    }));
    add(watch_.measure("lookup_and_choose_of_10", samples_, block, [&](std::size_t i) {
      sink = sink + *choose(snapshot_->candidates(asked_[i % rows]), random_.next());
    }));
  }

  /// One destination in a thousand changes between publications, while a reader holds the snapshot
  /// before.
  void churn() {
    constexpr std::size_t rounds = 50;
    const std::size_t changes = std::max<std::size_t>(keys_.size() / 1000, 1);
    const std::size_t before = table_.bytes();
    std::vector<double> publications;
    for (std::size_t round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < changes; ++i)
        table_.set_routes(*table_.find(keys_[random_.below(keys_.size())]),
                          random_routes(random_, routes_));
      const instant start = clock_();
      snapshot_ = table_.publish(neighbours_);
      publications.push_back(static_cast<double>((clock_() - start).count()));
    }
    add(stopwatch::summarise("publish", publications));
    report_.copy_bytes_per_entry = per_entry(static_cast<double>(table_.bytes() - before));
  }

  void ask() {
    asked_.resize(samples_);
    for (auto& each : asked_) each = keys_[random_.below(keys_.size())];
  }
  void ask_absent() {
    ask();
    for (auto& each : asked_) each[31] = static_cast<std::uint8_t>(each[31] ^ 1);
  }

  const table_bench_options& options_;
  const std::function<instant()>& clock_;
  stopwatch watch_;
  rng random_;
  std::size_t samples_;
  std::size_t routes_;
  std::vector<ed25519_public_key> keys_;
  std::vector<ed25519_public_key> asked_;
  std::shared_ptr<const std::vector<neighbour_info>> neighbours_;
  route_table table_;
  std::shared_ptr<const routing_snapshot> snapshot_;
  /// Zero.
  volatile std::size_t never_ = 0;
  table_bench_report report_;
};

}  // namespace

table_bench_report run_table_bench(const table_bench_options& options,
                                   const std::function<instant()>& clock) {
  return table_bench(options, clock).run();
}

}  // namespace weft::routing
