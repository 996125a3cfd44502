// SPDX-License-Identifier: MIT
#include "sim/scenario.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

namespace weft::sim {

namespace {

constexpr double nodes_max = 100'000;
constexpr double seconds_max = 86'400;

#define WEFT_SLOT(member) [](scenario& s) -> scenario_slot { return &s.member; }

constexpr std::array keys{
    scenario_key{"name", WEFT_SLOT(name), "Shown in reports"},
    scenario_key{"about", WEFT_SLOT(about), "What the scenario is for, in a sentence"},
    scenario_key{"nodes.count", WEFT_SLOT(nodes.count), "Nodes; --nodes replaces it", 2, nodes_max},
    scenario_key{"nodes.dials", WEFT_SLOT(nodes.dials),
                 "Peers chosen at random that each node dials and keeps", 1, 64},
    scenario_key{"nodes.start_span", WEFT_SLOT(nodes.start_span),
                 "Nodes start at random within this many seconds", 0, seconds_max},
    scenario_key{"nodes.real_crypto", WEFT_SLOT(nodes.real_crypto),
                 "Ed25519 signatures instead of a keyed hash that costs nothing"},
    scenario_key{"nodes.random_limits", WEFT_SLOT(nodes.random_limits),
                 "Draw limits and times of every node at random, within what is allowed"},
    scenario_key{"network.terrain", WEFT_SLOT(network.terrain), "\"world\" or \"lan\""},
    scenario_key{"network.loss_per_million", WEFT_SLOT(network.loss_per_million),
                 "Packets lost of a million", 0, 500'000},
    scenario_key{"network.jitter_per_million", WEFT_SLOT(network.jitter_per_million),
                 "Largest jitter, in millionths of a link's delay", 0, 1'000'000},
    scenario_key{"phases.warm_up", WEFT_SLOT(phases.warm_up),
                 "Seconds until the network has formed", 0, seconds_max},
    scenario_key{"phases.faults", WEFT_SLOT(phases.faults), "Seconds of the fault phase", 0,
                 seconds_max},
    scenario_key{"phases.settle", WEFT_SLOT(phases.settle),
                 "Seconds from the healing to the liveness phase", 0, seconds_max},
    scenario_key{"phases.patience", WEFT_SLOT(phases.patience),
                 "Seconds in which messages must be delivered and lookups answered", 0.1,
                 seconds_max},
    scenario_key{"broadcast.during_faults", WEFT_SLOT(broadcast.during_faults),
                 "Messages published over the fault phase", 0, 100'000},
    scenario_key{"broadcast.messages", WEFT_SLOT(broadcast.messages),
                 "Messages published in the liveness phase", 0, 100'000},
    scenario_key{"broadcast.interval", WEFT_SLOT(broadcast.interval),
                 "Seconds between two messages of the liveness phase", 0, 3600},
    scenario_key{"broadcast.bytes", WEFT_SLOT(broadcast.bytes), "Size of a message", 32, 900'000},
    scenario_key{"broadcast.publishers", WEFT_SLOT(broadcast.publishers),
                 "Nodes that publish in turn; 0: any node", 0, nodes_max},
    scenario_key{"lookup.records", WEFT_SLOT(lookup.records),
                 "Values (or provided keys) put after the warm-up", 0, 100'000},
    scenario_key{"lookup.during_faults", WEFT_SLOT(lookup.during_faults),
                 "Lookups over the fault phase", 0, 1'000'000},
    scenario_key{"lookup.lookups", WEFT_SLOT(lookup.lookups), "Lookups of the liveness phase", 0,
                 1'000'000},
    scenario_key{"lookup.interval", WEFT_SLOT(lookup.interval),
                 "Seconds between two lookups of the liveness phase", 0, 3600},
    scenario_key{"lookup.kind", WEFT_SLOT(lookup.kind),
                 "\"value\", \"peer\", \"providers\" or \"mixed\""},
    scenario_key{"lookup.value_bytes", WEFT_SLOT(lookup.value_bytes), "Size of a value", 32,
                 30'000},
    scenario_key{"faults.crash_percent", WEFT_SLOT(faults.crash_percent),
                 "Nodes that crash at the same moment, in the middle of the phase", 0, 90},
    scenario_key{"faults.churn_percent", WEFT_SLOT(faults.churn_percent),
                 "Nodes that are replaced by new ones over the phase", 0, 100},
    scenario_key{"faults.restarts", WEFT_SLOT(faults.restarts),
                 "Crashes at random times that are followed by a restart", 0, 100'000},
    scenario_key{"faults.restart_after", WEFT_SLOT(faults.restart_after),
                 "Longest time until the restart, seconds", 0, seconds_max},
    scenario_key{"faults.keep_disk_percent", WEFT_SLOT(faults.keep_disk_percent),
                 "Restarts that still have the disk", 0, 100},
    scenario_key{"faults.partition", WEFT_SLOT(faults.partition),
                 "\"none\", \"halves\", \"isolate\" (one node), \"one_way\" or \"any\""},
    scenario_key{"faults.partition_for", WEFT_SLOT(faults.partition_for),
                 "Seconds of each partition", 0.1, seconds_max},
    scenario_key{"faults.swizzle_percent", WEFT_SLOT(faults.swizzle_percent),
                 "Nodes clogged one by one and released in another order", 0, 100},
    scenario_key{"faults.clogged_links", WEFT_SLOT(faults.clogged_links),
                 "Links that hold one direction for a time", 0, 100'000},
    scenario_key{"faults.clog_for", WEFT_SLOT(faults.clog_for), "Longest clog of a link, seconds",
                 0, seconds_max},
    scenario_key{"faults.slow_percent", WEFT_SLOT(faults.slow_percent),
                 "Nodes that are slow during the phase", 0, 100},
    scenario_key{"faults.slow_by", WEFT_SLOT(faults.slow_by),
                 "What each received item costs a slow node, seconds", 0, 10},
    scenario_key{"faults.skew_max", WEFT_SLOT(faults.skew_max),
                 "Wall clocks are off by up to this many seconds", 0, 86'400},
    scenario_key{"faults.liars_percent", WEFT_SLOT(faults.liars_percent),
                 "Nodes whose DHT answers wrongly, in every phase", 0, 50},
    scenario_key{"expect.delivery_percent", WEFT_SLOT(expect.delivery_percent),
                 "Of what is owed, delivered in time", 0, 100},
    scenario_key{"expect.redundancy_max", WEFT_SLOT(expect.redundancy_max),
                 "Copies of a message per node beyond the first; 0: any", 0, 100},
    scenario_key{"expect.bytes_redundancy_max", WEFT_SLOT(expect.bytes_redundancy_max),
                 "Bytes on the wire per byte delivered, beyond the first; 0: any", 0, 100},
    scenario_key{"expect.last_hop_max", WEFT_SLOT(expect.last_hop_max),
                 "Hops to the last node reached, on average; 0: any", 0, 1000},
    scenario_key{"expect.delivery_p99_max", WEFT_SLOT(expect.delivery_p99_max),
                 "99th percentile of deliveries, seconds; 0: any", 0, 3600},
    scenario_key{"expect.lookup_success_percent", WEFT_SLOT(expect.lookup_success_percent),
                 "Lookups that found what is there; 0: any", 0, 100},
    scenario_key{"expect.lookup_p50_max", WEFT_SLOT(expect.lookup_p50_max),
                 "Median of lookups, seconds; 0: any", 0, 3600},
    scenario_key{"expect.lookup_p99_max", WEFT_SLOT(expect.lookup_p99_max),
                 "99th percentile of lookups, seconds; 0: any", 0, 3600},
    scenario_key{"expect.lookup_hops_p99_max", WEFT_SLOT(expect.lookup_hops_p99_max),
                 "99th percentile of a lookup's hops; 0: any", 0, 100},
    scenario_key{"expect.lookup_slowest_max", WEFT_SLOT(expect.lookup_slowest_max),
                 "Slowest lookup, seconds; 0: any", 0, 3600},
};

#undef WEFT_SLOT

result<void> one_of(std::string_view key, const std::string& value,
                    std::initializer_list<std::string_view> allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return {};
  std::string text = std::string(key) + ": expected ";
  for (const auto& a : allowed)
    text += (a == *allowed.begin() ? "'" : " or '") + std::string(a) + "'";
  return fail(ec::bad_config, text + ", found '" + value + "'");
}

double number_of(const scenario_slot& slot) {
  return std::visit(
      [](const auto* value) -> double {
        using type = std::remove_cvref_t<decltype(*value)>;
        if constexpr (std::is_same_v<type, duration>)
          return to_seconds(*value);
        else if constexpr (std::is_arithmetic_v<type>)
          return static_cast<double>(*value);
        else
          return 0;
      },
      slot);
}

}  // namespace

std::span<const scenario_key> scenario_keys() { return keys; }

bool scenario::owed_during_faults() const {
  return faults.partition == "none" && faults.swizzle_percent == 0 && faults.clogged_links == 0
         && faults.slow_percent == 0 && faults.restarts == 0;
}

result<void> scenario::validate() const {
  scenario copy = *this;
  for (const auto& key : keys) {
    if (key.least == key.most) continue;
    const double value = number_of(key.slot(copy));
    if (value < key.least || value > key.most)
      return fail(ec::bad_config,
                  std::string(key.name) + ": expected from " + std::to_string(key.least) + " to "
                      + std::to_string(key.most) + ", found " + std::to_string(value));
  }
  WEFT_TRY_VOID(one_of("network.terrain", network.terrain, {"world", "lan"}));
  WEFT_TRY_VOID(one_of("lookup.kind", lookup.kind, {"value", "peer", "providers", "mixed"}));
  WEFT_TRY_VOID(one_of("faults.partition", faults.partition,
                       {"none", "halves", "isolate", "one_way", "any"}));
  if (phases.faults == duration{} && (broadcast.during_faults != 0 || lookup.during_faults != 0))
    return fail(ec::bad_config, "phases.faults is 0, but something is to happen in that phase");
  return {};
}

}  // namespace weft::sim
