// SPDX-License-Identifier: MIT
#pragma once

#include "dht/dht_types.hpp"
#include "dht/store_operations.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace weft::dht {

/// A request for a peer. The runtime opens a session first when there is none, says `on_query_sent`
/// when the request leaves, and answers it with `on_response` exactly once, whatever happens.
struct query {
  query_id id = 0;
  /// Addresses to dial. Empty for a connected peer, and for one that was when it became part of
  /// the operation and named none: without a session, that one is ec::unreachable.
  peer_info to;
  /// A kad-dht message without length prefix.
  chunk_view body;
  /// From now to the answer, opening a session included.
  duration timeout{};
  /// False: the peer does not answer; the empty response says that the request was written.
  bool answered = true;
};

/// The answer to an `on_request`; none: end the stream without one.
struct answer {
  std::uint64_t token = 0;
  std::optional<chunk_view> body;
};

/// The end of an operation.
struct ended_operation {
  ticket id = 0;
  outcome result;
};

/// What a call wants done. Cleared by the runtime, which keeps the memory.
struct outbox {
  std::vector<query> queries;
  /// Queries nobody waits for any more: those not sent yet are answered with ec::cancelled, the
  /// others run on, as their answer still tells who is alive.
  std::vector<query_id> cancels;
  std::vector<answer> answers;
  /// Exactly one per operation, in the call that starts it or a later one.
  std::vector<ended_operation> finished;
  /// To be written in this order.
  std::vector<store_operation> store;
  /// Peers that entered the routing table.
  std::vector<peer_info> discovered;

  void clear() {
    queries.clear();
    cancels.clear();
    answers.clear();
    finished.clear();
    store.clear();
    discovered.clear();
  }
  bool empty() const noexcept {
    return queries.empty() && cancels.empty() && answers.empty() && finished.empty()
           && store.empty() && discovered.empty();
  }
};

}  // namespace weft::dht
