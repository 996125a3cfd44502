// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace weft::dht {

/// Times and limits of the DHT. The defaults of the public kad-dht where it has one
/// (https://github.com/libp2p/specs/blob/master/kad-dht/README.md).
struct dht_config {
  /// Name of the protocol; networks with different names do not mix.
  std::string protocol_name = "/weft/kad/1.0.0";
  /// Answers queries and is put into tables. Off: a client, which only asks.
  bool server = true;

  // -- lookups ---

  /// Peers that hold a record, and peers in an answer: 1 to 20.
  std::size_t k = 20;
  /// Queries of one operation under way that are not yet slow.
  std::size_t alpha = 10;
  /// Of these, how many that may hold what is looked for: each answer can be a whole record.
  std::size_t alpha_holders = 6;
  /// A quick lookup is done when this many of the closest have answered.
  std::size_t beta = 3;
  /// Disjoint paths of an ordinary operation, and of a secure one.
  std::size_t paths = 1;
  std::size_t paths_secure = 3;
  /// All queries of one operation under way, slow ones included; of those that are late, and not
  /// waited for any more, as many again.
  std::size_t lookup_queries_max = 30;
  /// Peers considered by one operation; the farthest are let go.
  std::size_t candidates_max = 256;
  /// Steps of an operation's trace that are kept.
  std::size_t trace_steps_max = 64;
  /// Operations at once, own upkeep included; further ones are refused.
  std::size_t operations_max = 256;
  duration operation_timeout = std::chrono::seconds(30);

  // -- queries ---

  /// Given up only then; what is slow was hedged long before.
  duration query_timeout = std::chrono::seconds(10);
  /// Queries under way; further ones wait in their operation.
  std::size_t queries_max = 512;
  /// Bounds of the time after which a query is hedged, and its value before anything is known.
  duration hedge_min = std::chrono::milliseconds(20);
  duration hedge_max = std::chrono::milliseconds(1500);
  duration hedge_initial = std::chrono::milliseconds(300);
  /// Stores (PUT_VALUE, ADD_PROVIDER) of one operation under way.
  std::size_t stores_in_flight = 20;
  /// Stores that answer the caller; the remaining ones up to `k` follow in the background.
  std::size_t stores_enough = 15;

  // -- routing table ---

  /// More than k: the choice among them is by round-trip time, and the next hop is nearer.
  std::size_t bucket_entries = 40;
  std::size_t replacements = 10;
  /// While fewer servers than this are known, all of them are kept, whatever their bucket.
  std::size_t full_table_below = 256;
  /// Entries with addresses of one IP group: in the whole table, and in one bucket.
  std::size_t group_entries_table = 3;
  std::size_t group_entries_bucket = 2;
  /// Leading bits that make a group.
  unsigned group_bits_v4 = 24;
  unsigned group_bits_v6 = 48;
  /// Whether the two limits hold for loopback addresses, and for private ones (RFC 1918, RFC 4193,
  /// link-local).
  bool limit_loopback = false;
  bool limit_private = false;
  duration refresh_interval = std::chrono::minutes(10);
  /// An entry not heard of for this long is asked whether it lives; sooner, down to the second
  /// time, as long as many of those asked are gone.
  duration liveness_interval = std::chrono::minutes(15);
  duration liveness_interval_min = std::chrono::minutes(1);
  /// Candidates for the table waiting to be asked, and asked at once.
  std::size_t checks_waiting_max = 512;
  std::size_t checks_in_flight = 16;
  /// Shortest time between two of them, after a burst of `checks_burst`.
  duration check_interval = std::chrono::milliseconds(100);
  std::size_t checks_burst = 64;
  /// A peer that failed is left alone for this long, doubling with each failure in a row.
  duration backoff_min = std::chrono::seconds(30);
  duration backoff_max = std::chrono::hours(1);
  /// Peers remembered in all: addresses, round-trip times, back-off.
  std::size_t peers_max = 16'384;
  /// Of these, how many that are neither connected nor in the table, nor about to be: in a large
  /// network hardly any of them is met again.
  std::size_t idle_peers_max = 512;
  /// Known peers are written to the store this often.
  duration persist_interval = std::chrono::minutes(5);
  std::size_t stored_peers_max = 512;

  // -- sessions ---

  /// Sessions the DHT holds on to after a query, the latest used first, and how long it does.
  std::size_t sessions_kept = 128;
  duration session_idle = std::chrono::minutes(10);

  // -- records and providers ---

  std::size_t record_bytes_max = 64 * 1024;
  std::size_t records_max = 65'536;
  std::size_t record_bytes_total_max = 256u << 20;
  std::size_t records_per_sender_max = 1024;
  duration record_age_max = std::chrono::hours(48);
  /// Own records are published again this often.
  duration record_republish = std::chrono::hours(22);
  std::size_t own_records_max = 4096;
  /// Peers that answered a read without the best value, and are among the closest, are given it.
  bool correct_reads = true;
  std::size_t corrections_max = 5;
  /// The closest peer without the value gets a copy even when others answered early.
  bool cache_on_path = false;

  std::size_t providers_max = 200'000;
  std::size_t providers_per_key_max = 512;
  std::size_t providers_per_sender_max = 16'384;
  duration provider_expiry = std::chrono::hours(48);
  duration provider_republish = std::chrono::hours(22);
  duration provider_address_expiry = std::chrono::hours(24);
  std::size_t provided_max = 65'536;

  // -- peer input ---

  /// Longest message sent or accepted.
  std::size_t message_bytes_max = 128 * 1024;
  std::size_t key_bytes_max = 512;
  /// Per message; more are ignored and counted.
  std::size_t providers_per_message_max = 64;
  std::size_t addresses_per_peer_max = 16;
  /// Addresses of one peer that are passed on, and remembered.
  std::size_t addresses_kept_max = 8;
  /// Requests of one peer: sustained, and at once.
  std::uint32_t requests_per_second = 200;
  std::uint32_t request_burst = 1000;

  /// ec::bad_config names the value.
  result<void> validate() const;
};

}  // namespace weft::dht
