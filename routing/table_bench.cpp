// SPDX-License-Identifier: MIT
#include "routing/table_bench.hpp"

#include "base/rng.hpp"
#include "routing/route_table.hpp"
#include "routing/routing_snapshot.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

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

  template <class Operation>
  operation_figures measure(std::string name, std::size_t samples, const Operation& operation) {
    std::vector<double> taken(samples);
    for (std::size_t i = 0; i < samples; ++i) {
      const instant start = clock_();
      operation(i);
      taken[i] = std::max(static_cast<double>((clock_() - start).count()) - overhead_, 0.0);
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

std::shared_ptr<const std::vector<neighbour_info>> some_neighbours(rng& random) {
  auto all = std::make_shared<std::vector<neighbour_info>>(bench_neighbours);
  for (neighbour_info& each : *all)
    each = {peer_id::from_ed25519(random_key(random)), static_cast<metric>(110 + random.below(90)),
            true};
  return all;
}

}  // namespace

table_bench_report run_table_bench(const table_bench_options& options,
                                   const std::function<instant()>& clock) {
  rng random(options.seed);
  stopwatch watch(clock);
  table_bench_report report;
  const std::size_t entries = std::max<std::size_t>(options.entries, 1);
  const std::size_t samples = std::max<std::size_t>(options.samples, 1);
  report.entries = entries;
  std::vector<ed25519_public_key> keys(entries);
  for (auto& key : keys) key = random_key(random);
  const auto neighbours = some_neighbours(random);
  route_table table({random.next(), random.next()});

  const std::size_t routes = std::clamp<std::size_t>(options.routes, 1, candidates_limit);
  const instant fill_start = clock();
  report.operations.push_back(watch.measure("insert", entries, [&](std::size_t i) {
    table.set_routes(table.insert(keys[i]), random_routes(random, routes));
  }));
  report.inserts_per_second = static_cast<double>(entries) / to_seconds(clock() - fill_start);
  auto snapshot = table.publish(neighbours);

  // Random order over the whole table: rows and page table entries are cold.
  std::vector<ed25519_public_key> asked(samples);
  for (auto& each : asked) each = keys[random.below(entries)];
  report.operations.push_back(watch.measure("lookup", samples, [&](std::size_t i) {
    sink = sink + snapshot->selected(asked[i])->total;
  }));
  report.operations.push_back(watch.measure("lookup_absent", samples, [&](std::size_t i) {
    ed25519_public_key absent = asked[i];
    absent[31] = static_cast<std::uint8_t>(absent[31] ^ 1);
    sink = sink + (snapshot->selected(absent) ? 1u : 0u);
  }));
  const instant run_start = clock();
  for (std::size_t i = 0; i < samples; ++i) sink = sink + snapshot->selected(asked[i])->total;
  report.lookups_per_second = static_cast<double>(samples) / to_seconds(clock() - run_start);

  // Ten routes, read from the table like any others.
  for (std::size_t i = 0; i < std::min<std::size_t>(samples, 1000); ++i)
    table.set_routes(*table.find(asked[i]), random_routes(random, candidates_limit));
  snapshot = table.publish(neighbours);
  std::vector<candidate_list> tens;
  for (std::size_t i = 0; i < std::min<std::size_t>(samples, 1000); ++i)
    tens.push_back(snapshot->candidates(asked[i]));
  report.operations.push_back(watch.measure("choose_of_10", samples, [&](std::size_t i) {
    sink = sink + *choose(tens[i % tens.size()], random.next());
  }));
  report.operations.push_back(watch.measure("lookup_and_choose_of_10", samples, [&](std::size_t i) {
    const auto list = snapshot->candidates(asked[i % tens.size()]);
    sink = sink + *choose(list, random.next());
  }));

  // Churn: one in a thousand destinations changes between publications, as readers hold the old
  // snapshot.
  const std::size_t changes = std::max<std::size_t>(entries / 1000, 1);
  const std::size_t rows_before = table.row_bytes();
  std::size_t copied = 0;
  std::vector<double> publications;
  for (int round = 0; round < 50; ++round) {
    for (std::size_t i = 0; i < changes; ++i) {
      const auto where = table.find(keys[random.below(entries)]);
      table.set_routes(*where, random_routes(random, routes));
    }
    const instant start = clock();
    snapshot = table.publish(neighbours);
    publications.push_back(static_cast<double>((clock() - start).count()));
    copied += table.shards_published();
  }
  report.operations.push_back(stopwatch::summarise("publish_batch", publications));
  report.copy_bytes_per_entry = static_cast<double>(copied) / 50.0
                                * (static_cast<double>(rows_before) / table.shard_count())
                                / static_cast<double>(entries);
  report.row_bytes_per_entry = static_cast<double>(rows_before) / static_cast<double>(entries);
  const double state = static_cast<double>(table.state_bytes()) / static_cast<double>(entries);
  report.signature_bytes_per_entry
      = state * sizeof(crypto::ed25519_signature) / sizeof(route_state);
  report.state_bytes_per_entry = state - report.signature_bytes_per_entry;
  return report;
}

}  // namespace weft::routing
