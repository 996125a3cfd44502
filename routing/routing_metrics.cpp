// SPDX-License-Identifier: MIT
#include "routing/routing_metrics.hpp"

#include <array>

namespace weft::routing {

std::string_view to_string(reject_reason reason) noexcept {
  constexpr std::array<std::string_view, static_cast<std::size_t>(reject_reason::count_)> names{
      "malformed",  "oversized",    "bad_signature", "old_sequence", "conflict",
      "expired",    "clock",        "too_far",       "table_full",   "neighbour_full",
      "inbox_full", "request_rate", "stale_frame",   "restart_rate", "not_neighbour"};
  const auto index = static_cast<std::size_t>(reason);
  return index < names.size() ? names[index] : std::string_view{"unknown"};
}

void routing_metrics::collect(metrics::visitor& v) const {
  v.read("weft_routing_destinations", "Destinations held, unreachable ones included.", {},
         destinations);
  v.read("weft_routing_reachable", "Destinations with a usable route.", {}, reachable);
  v.read("weft_routing_routes", "Routes held over all destinations.", {}, routes);
  v.read("weft_routing_neighbours", "Neighbours that exchange routes.", {}, neighbours);
  v.read("weft_routing_table_bytes", "Memory of the routing table and its announcements.", {},
         table_bytes);
  v.count("weft_routing_updates_total", "Route announcements exchanged with neighbours.",
          {{"direction", "in"}}, updates_received);
  v.count("weft_routing_updates_total", "Route announcements exchanged with neighbours.",
          {{"direction", "out"}}, updates_sent);
  v.count("weft_routing_retractions_total", "Retractions exchanged with neighbours.",
          {{"direction", "in"}}, retractions_received);
  v.count("weft_routing_retractions_total", "Retractions exchanged with neighbours.",
          {{"direction", "out"}}, retractions_sent);
  v.count("weft_routing_frames_total", "Route exchange frames.", {{"direction", "in"}},
          frames_received);
  v.count("weft_routing_frames_total", "Route exchange frames.", {{"direction", "out"}},
          frames_sent);
  rejected.collect(v, "weft_routing_rejected_total",
                   "Frames and entries of neighbours that were not used.", "reason");
  v.count("weft_routing_requests_total", "Sequence number requests.", {{"event", "received"}},
          requests_received);
  v.count("weft_routing_requests_total", "Sequence number requests.", {{"event", "sent"}},
          requests_sent);
  v.count("weft_routing_requests_total", "Sequence number requests.", {{"event", "forwarded"}},
          requests_forwarded);
  v.count("weft_routing_requests_total", "Sequence number requests.", {{"event", "suppressed"}},
          requests_suppressed);
  v.count("weft_routing_renewals_total", "Announcements this node signed.", {}, renewals);
  v.count("weft_routing_verifications_total", "Announcement signatures, by what was done.",
          {{"event", "verified"}}, verifications);
  v.count("weft_routing_verifications_total", "Announcement signatures, by what was done.",
          {{"event", "cached"}}, verifications_saved);
  v.count("weft_routing_verifications_total", "Announcement signatures, by what was done.",
          {{"event", "deferred"}}, verifications_deferred);
  v.count("weft_routing_loops_prevented_total",
          "Routes refused by the feasibility condition because they could close a loop.", {},
          loops_prevented);
  v.count("weft_routing_starvations_total",
          "Destinations left with infeasible routes only, which makes the node ask for a new "
          "sequence number.",
          {}, starvations);
  v.count("weft_routing_route_changes_total", "Changes of a selected next hop.", {}, route_changes);
  v.count("weft_routing_expirations_total", "Destinations whose announcement ran out.", {},
          expirations);
  v.count("weft_routing_evictions_total", "Destinations removed to make room.", {}, evictions);
  v.count("weft_routing_candidates_dropped_total",
          "Routes dropped because their destination had enough better ones.", {},
          candidates_dropped);
  v.count("weft_routing_neighbours_refused_total", "Neighbours beyond the limit.", {},
          neighbours_refused);
  v.count("weft_routing_neighbours_muted_total", "Neighbours ignored after too many violations.",
          {}, neighbours_muted);
  v.count("weft_routing_neighbour_restarts_total", "New runs of a neighbour within a session.", {},
          neighbour_restarts);
  v.count("weft_routing_resyncs_total", "Whole tables sent anew after loss or overflow.", {},
          resyncs);
  v.count("weft_routing_snapshots_total", "Snapshots published.", {}, snapshots);
  v.count("weft_routing_shards_published_total", "Table shards that snapshots replaced.", {},
          shards_published);
}

}  // namespace weft::routing
