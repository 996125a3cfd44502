// SPDX-License-Identifier: MIT
#include "dht/dht_metrics.hpp"

namespace weft::dht {

namespace {

template <std::size_t N, class Enum>
std::string_view name_of(const std::array<std::string_view, N>& names, Enum e) noexcept {
  static_assert(N == static_cast<std::size_t>(Enum::count_));
  const auto index = static_cast<std::size_t>(e);
  return index < N ? names[index] : std::string_view{"unknown"};
}

}  // namespace

std::string_view to_string(operation what) noexcept {
  constexpr std::array<std::string_view, 7> names{"find_peer", "closest_peers", "put_value",
                                                  "get_value", "provide",       "find_providers",
                                                  "refresh"};
  return name_of(names, what);
}

std::string_view to_string(message_type type) noexcept {
  constexpr std::array<std::string_view, 6> names{"put_value",     "get_value", "add_provider",
                                                  "get_providers", "find_node", "ping"};
  return name_of(names, type);
}

std::string_view to_string(ending how) noexcept {
  constexpr std::array<std::string_view, 6> names{"succeeded",   "not_found", "timeout",
                                                  "unreachable", "cancelled", "refused"};
  return name_of(names, how);
}

std::string_view to_string(query_end how) noexcept {
  constexpr std::array<std::string_view, 5> names{"answered", "timeout", "unreachable", "malformed",
                                                  "cancelled"};
  return name_of(names, how);
}

std::string_view to_string(reject_reason reason) noexcept {
  constexpr std::array<std::string_view, 25> names{
      "malformed",           "oversized",      "request_rate",       "client_mode",
      "unknown_namespace",   "invalid_value",  "old_value",          "records_full",
      "sender_records_full", "providers_full", "key_providers_full", "sender_providers_full",
      "foreign_provider",    "surplus_peers",  "surplus_providers",  "surplus_addresses",
      "bucket_full",         "group_full",     "checks_full",        "peers_full",
      "candidates_full",     "dead_peer",      "misleading",         "operations_full",
      "own_records_full"};
  return name_of(names, reason);
}

void dht_metrics::collect(metrics::visitor& v) const {
  for (std::size_t i = 0; i < operations.size(); ++i)
    operations[i].collect(v, "weft_dht_operations_total", "Operations of the DHT that ended.",
                          "result", {"operation", to_string(static_cast<operation>(i))});
  v.read("weft_dht_operation_seconds", "Time of operations that succeeded.", {}, operation_seconds);
  v.read("weft_dht_operation_hops", "Hops of operations that succeeded.", {}, operation_hops);
  v.read("weft_dht_operation_requests", "Queries sent by operations that succeeded.", {},
         operation_requests);
  queries_sent.collect(v, "weft_dht_queries_total", "Queries sent to peers.", "type");
  queries_ended.collect(v, "weft_dht_queries_ended_total", "Queries that ended, by how.", "result");
  v.count("weft_dht_queries_hedged_total",
          "Queries slower than expected, so that another peer was asked beside.", {},
          queries_hedged);
  v.read("weft_dht_query_seconds", "Time from a query to its answer.", {}, query_seconds);
  requests_received.collect(v, "weft_dht_requests_total", "Requests of peers.", "type");
  rejected.collect(v, "weft_dht_rejected_total", "What was not used of peers and callers.",
                   "reason");
  v.read("weft_dht_table_entries", "Servers in the routing table.", {}, table_entries);
  v.read("weft_dht_table_replacements", "Servers that wait for a place in a full bucket.", {},
         table_replacements);
  v.read("weft_dht_known_peers", "Peers remembered.", {}, known_peers);
  v.read("weft_dht_dead_peers", "Peers left alone after failures.", {}, dead_peers);
  v.read("weft_dht_records", "Records held.", {}, records);
  v.read("weft_dht_record_bytes", "Bytes of the records held.", {}, record_bytes);
  v.read("weft_dht_providers", "Providers held, over all keys.", {}, providers);
  v.read("weft_dht_provided", "Keys this node provides.", {}, provided);
  v.read("weft_dht_operations_open", "Operations under way.", {}, operations_open);
  v.read("weft_dht_queries_open", "Queries under way.", {}, queries_open);
  v.read("weft_dht_network_size", "Estimated servers in the network.", {}, network_size);
  v.count("weft_dht_table_changes_total", "Changes of the routing table.", {{"change", "added"}},
          table_added);
  v.count("weft_dht_table_changes_total", "Changes of the routing table.", {{"change", "removed"}},
          table_removed);
  v.count("weft_dht_checks_total", "Peers asked whether they live.", {}, checks);
  v.count("weft_dht_corrections_total", "Newer values given to peers that lacked them.", {},
          corrections);
  v.count("weft_dht_republished_total", "Own records and provisions published again.", {},
          republished);
  v.count("weft_dht_expired_total", "Entries forgotten by age.", {{"kind", "record"}},
          records_expired);
  v.count("weft_dht_expired_total", "Entries forgotten by age.", {{"kind", "provider"}},
          providers_expired);
}

}  // namespace weft::dht
