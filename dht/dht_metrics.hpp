// SPDX-License-Identifier: MIT
#pragma once

#include "metrics/catalog.hpp"
#include "metrics/counter.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::dht {

/// What an operation is for.
enum class operation : std::uint8_t {
  find_peer,
  closest_peers,
  put_value,
  get_value,
  provide,
  find_providers,
  /// The node's own upkeep of its routing table.
  refresh,
  count_
};
std::string_view to_string(operation what) noexcept;

/// Types of https://github.com/libp2p/specs/blob/master/kad-dht/README.md#rpc-messages, by value.
enum class message_type : std::uint8_t {
  put_value,
  get_value,
  add_provider,
  get_providers,
  find_node,
  ping,
  count_
};
std::string_view to_string(message_type type) noexcept;

/// How an operation ended.
enum class ending : std::uint8_t {
  succeeded,
  not_found,
  timeout,
  unreachable,
  cancelled,
  refused,
  count_
};
std::string_view to_string(ending how) noexcept;

/// How a query ended.
enum class query_end : std::uint8_t {
  answered,
  timeout,
  unreachable,
  malformed,
  cancelled,
  count_
};
std::string_view to_string(query_end how) noexcept;

/// Why something of a peer, or of the caller, was not used.
enum class reject_reason : std::uint8_t {
  /// A message that does not follow its format, or an answer that is none to its question.
  malformed,
  /// A message, key or record above its limit.
  oversized,
  /// More requests than a peer may make.
  request_rate,
  /// A request to a client.
  client_mode,
  /// A key of no known namespace.
  unknown_namespace,
  /// A value its validator refuses.
  invalid_value,
  /// A value older than the one held.
  old_value,
  /// Record limits: all, one sender.
  records_full,
  sender_records_full,
  /// Provider limits: all, one key, one sender.
  providers_full,
  key_providers_full,
  sender_providers_full,
  /// A provider that is not the sender.
  foreign_provider,
  /// Peers, providers or addresses of one message beyond its limit.
  surplus_peers,
  surplus_providers,
  surplus_addresses,
  /// The routing table: bucket, IP group.
  bucket_full,
  group_full,
  /// Candidates for the table, known peers, candidates of an operation.
  checks_full,
  peers_full,
  candidates_full,
  /// A peer in an answer that is remembered as dead.
  dead_peer,
  /// An unknown peer, named by somebody whose peers never answer.
  misleading,
  /// Operations or own records beyond their limit.
  operations_full,
  own_records_full,
  count_
};
std::string_view to_string(reject_reason reason) noexcept;

/// Counters of one DHT core: written by its thread, read by any.
struct dht_metrics final : metrics::source {
  static constexpr std::array<double, 10> hop_bounds{0, 1, 2, 3, 4, 5, 6, 8, 12, 20};
  static constexpr std::array<double, 10> request_bounds{0, 1, 3, 5, 10, 20, 30, 50, 100, 200};

  /// Operations by kind and ending.
  std::array<metrics::counters_by<ending>, static_cast<std::size_t>(operation::count_)> operations;
  /// Of those that succeeded, upkeep left out.
  metrics::latency_histogram operation_seconds{metrics::latency_bounds};
  metrics::histogram<10> operation_hops{hop_bounds};
  metrics::histogram<10> operation_requests{request_bounds};

  metrics::counters_by<message_type> queries_sent;
  metrics::counters_by<query_end> queries_ended;
  /// Queries that made the next candidate be asked.
  metrics::counter queries_hedged;
  metrics::latency_histogram query_seconds{metrics::latency_bounds};
  metrics::counters_by<message_type> requests_received;
  metrics::counters_by<reject_reason> rejected;

  metrics::gauge table_entries;
  metrics::gauge table_replacements;
  metrics::gauge known_peers;
  metrics::gauge dead_peers;
  metrics::gauge records;
  metrics::gauge record_bytes;
  metrics::gauge providers;
  metrics::gauge provided;
  metrics::gauge operations_open;
  metrics::gauge queries_open;
  metrics::gauge network_size;
  metrics::counter table_added;
  metrics::counter table_removed;
  metrics::counter checks;
  metrics::counter corrections;
  metrics::counter republished;
  metrics::counter records_expired;
  metrics::counter providers_expired;

  void collect(metrics::visitor& v) const override;
};

}  // namespace weft::dht
