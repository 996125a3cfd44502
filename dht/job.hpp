// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/chunk.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/time.hpp"
#include "dht/dht_types.hpp"
#include "dht/lookup.hpp"
#include "dht/validator.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace weft::dht {

/// Numbers a job of the core, in order of arrival.
using job_number = std::uint64_t;

/// An operation under way.
struct job {
  job_number number = 0;
  /// None for the node's own upkeep.
  std::optional<ticket> caller;
  operation what = operation::refresh;
  byte_buffer key;
  /// Null once the search is over.
  std::unique_ptr<lookup> search;
  /// The query of the search, the same for everybody.
  message_type type = message_type::find_node;
  chunk_view request;
  instant started{};
  instant expires{};
  /// What wakes it next, as in the core's queue.
  std::optional<instant> wake;
  outcome result;
  /// The caller has its answer; what is left happens in the background.
  bool reported = false;
  /// Nothing is left.
  bool done = false;

  // -- find_peer ---
  peer_id wanted;
  bool verify = true;
  struct claim {
    multiaddr address;
    std::uint32_t votes = 0;
  };
  std::vector<claim> claims;
  /// Peers that named any address.
  std::uint32_t named = 0;

  // -- get_value, find_providers ---
  /// Values or providers that are enough; 0: whatever there is.
  std::uint32_t quorum = 1;
  chunk_view best;
  merit best_worth;
  /// This node held the best value itself.
  bool best_is_local = false;
  std::uint32_t values = 0;
  /// Candidates that gave the best value, another valid one, or none.
  std::vector<lookup::index> holders;
  std::vector<lookup::index> stale;
  std::vector<lookup::index> without;
  std::set<peer_id> seen_providers;

  // -- put_value, provide ---
  enum class store_state : std::uint8_t {
    waiting,
    asked,
    /// Past its expected time: another peer may be asked in its place.
    slow,
    held,
    failed,
  };
  struct store {
    peer_slot slot = no_peer;
    store_state now = store_state::waiting;
    /// Asked before the search was over, and not among the closest after all.
    bool surplus = false;
    instant asked_at{};
    duration patience{};
  };
  /// Whom to store at, in the order to be asked; pinned.
  std::vector<store> stores;
  chunk_view store_request;
  /// The search is over.
  bool storing = false;
  std::uint32_t enough = 0;
};

/// Why a query was sent.
enum class query_purpose : std::uint8_t {
  /// Its answer is for a job's search.
  search,
  /// A job stores something.
  store,
  /// Whether a peer lives.
  check,
  /// A newer value for somebody; nobody waits for it.
  correction,
};

/// A query under way.
struct open_query {
  peer_slot slot = no_peer;
  query_purpose why = query_purpose::check;
  message_type type = message_type::find_node;
  /// 0: the job has ended, its answer only shows that the peer lives.
  job_number owner = 0;
  lookup::index candidate = lookup::no_candidate;
  /// Index into `outcome::trace`; none when it was full.
  std::optional<std::size_t> trace;
  instant created{};
  std::optional<instant> sent;
  bool was_connected = false;
};

}  // namespace weft::dht
