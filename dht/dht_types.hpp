// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/chunk.hpp"
#include "base/error.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/time.hpp"
#include "dht/dht_metrics.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

/// What callers of the DHT say and hear.
namespace weft::dht {

/// Numbers an operation; chosen by the caller, unique while it runs.
using ticket = std::uint64_t;
/// Numbers a query; chosen by the core, never reused by it.
using query_id = std::uint64_t;

/// A peer, and where it can be reached.
struct peer_info {
  peer_id peer;
  std::vector<multiaddr> addresses;
  friend bool operator==(const peer_info&, const peer_info&) = default;
};

/// One query of an operation, for people who ask where the time went.
struct trace_step {
  enum class fate : std::uint8_t {
    /// Answered in time.
    answered,
    /// Answered, or given up, after it had been hedged.
    slow,
    /// Failed: unreachable, timeout, malformed.
    failed,
    /// Still under way when the operation ended.
    open,
  };
  peer_id peer;
  /// 1: known before the operation began; 2: named by one of those; and so on.
  std::uint32_t hop = 0;
  /// Disjoint path it belongs to.
  std::uint32_t path = 0;
  /// When it was asked, from the start of the operation.
  duration asked{};
  duration took{};
  fate end = fate::open;
};

/// What came of an operation.
struct outcome {
  operation what = operation::find_peer;
  /// ec::none; ec::not_found, ec::timeout, ec::unreachable (no peer answered, or none is known),
  /// ec::cancelled, ec::limit, ec::queue_full; ec::denied, ec::bad_signature, ec::stale, … for a
  /// value its validator refuses.
  error failure;
  /// find_peer: the one; closest_peers: closest first; find_providers: in order of arrival;
  /// put_value, provide: those that hold it.
  std::vector<peer_info> peers;
  /// get_value: the best valid value.
  chunk_view value;
  /// get_value: peers that gave this value. put_value, provide: peers that hold it so far.
  /// find_peer: peers that named the address; 0 when this node knew it first-hand.
  std::uint32_t confirmations = 0;
  /// find_peer: the peer itself answered at, or came from, this address.
  bool verified = false;
  /// Longest chain of answers that led to the result; 0: none was needed.
  std::uint32_t hops = 0;
  /// Queries sent.
  std::uint32_t requests = 0;
  duration elapsed{};
  /// In the order asked, at most `dht_config::trace_steps_max`.
  std::vector<trace_step> trace;

  bool ok() const noexcept { return failure.code == ec::none; }
};

struct find_peer_options {
  /// Peers that must name the same address when the peer itself is not asked to confirm.
  std::uint32_t quorum = 1;
  /// Ask the peer itself before an address is believed.
  bool verify = true;
  /// Zero: `dht_config::operation_timeout`.
  duration timeout{};
};

struct closest_options {
  /// Done once the `beta` closest have answered; otherwise all `k` of the result have.
  bool quick = false;
  duration timeout{};
};

struct get_options {
  /// Values to compare; 1: the first valid one, 0: every one of the `k` closest peers is asked.
  std::uint32_t quorum = 1;
  /// Disjoint paths instead of one.
  bool secure = false;
  duration timeout{};
};

struct put_options {
  /// Peers that must hold it before the caller is answered; the rest follows in the background.
  /// Zero: `dht_config::stores_enough`.
  std::uint32_t enough = 0;
  bool secure = false;
  duration timeout{};
};

struct find_providers_options {
  /// Done once this many are known; 0: every one of the `k` closest peers is asked.
  std::uint32_t count = 1;
  bool secure = false;
  duration timeout{};
};

// -- status ---

/// One entry of the routing table.
struct table_entry_view {
  peer_info info;
  /// Leading bits its place shares with this node's.
  unsigned bucket = 0;
  std::optional<duration> rtt;
  bool connected = false;
  /// Missed its time at least once since it last answered.
  bool suspect = false;
  duration since_answer{};
};

struct bucket_view {
  unsigned common_bits = 0;
  std::size_t entries = 0;
  std::size_t replacements = 0;
};

struct dht_status {
  bool server = true;
  /// Every known server is kept in the table.
  bool full_table = false;
  std::vector<bucket_view> buckets;
  std::size_t entries = 0;
  std::size_t known_peers = 0;
  std::size_t dead_peers = 0;
  std::size_t records = 0;
  std::size_t own_records = 0;
  std::size_t providers = 0;
  std::size_t provided = 0;
  std::size_t operations = 0;
  std::size_t queries = 0;
  /// Servers in the network, this node included; none while too little is known.
  std::optional<std::uint64_t> network_size;
};

}  // namespace weft::dht
