// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/chunk.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "dht/dht_config.hpp"
#include "dht/dht_metrics.hpp"
#include "dht/dht_types.hpp"
#include "dht/outbox.hpp"
#include "dht/validator.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace weft::dht {

/// Kademlia over the messages of the libp2p kad-dht
/// (https://github.com/libp2p/specs/blob/master/kad-dht/README.md): routing table, iterative
/// lookups, values and providers. Pure: time and entropy are given, the same calls with the same
/// seed have the same effects. Not thread-safe. `now` never goes back.
class dht_core {
 public:
  /// `config` is valid; `counters` outlives the core.
  dht_core(const peer_id& self, const dht_config& config,
           std::shared_ptr<const validator_set> validators, rng random, dht_metrics& counters);
  ~dht_core();
  dht_core(const dht_core&) = delete;
  dht_core& operator=(const dht_core&) = delete;

  /// Takes over what an earlier run stored, less what is expired, and looks for this node's
  /// neighbourhood. Call once, before anything else.
  void start(stored_state stored, wall_time wall, instant now, outbox& out);
  /// Where this node can be reached; told to those it provides for.
  void set_addresses(std::vector<multiaddr> own);
  /// Server or client from now on.
  void set_server(bool server);

  // -- peers ---

  /// A session to the peer exists. `remote` is its address there: the one that is sure.
  /// `round_trip` zero: unknown.
  void on_peer_up(const peer_id& peer, const multiaddr& remote, duration round_trip, instant now,
                  outbox& out);
  /// A connected peer identified itself: its own addresses, and whether it speaks the protocol (a
  /// server). May come again.
  void on_peer_seen(const peer_info& who, bool server, instant now, outbox& out);
  /// The last session to the peer ended.
  void on_peer_gone(const peer_id& peer, instant now, outbox& out);

  // -- messages ---

  /// A request of a connected peer; answered in `out.answers` in this call.
  void on_request(std::uint64_t token, const peer_id& from, chunk_view body, wall_time wall,
                  instant now, outbox& out);
  /// The query leaves now: it had a session, or has got one.
  void on_query_sent(query_id id, instant now);
  /// The end of a query: its answer, or why there is none. ec::cancelled, ec::queue_full and
  /// ec::stopping are not held against the peer. Unknown ids are ignored.
  void on_response(query_id id, result<chunk_view> body, wall_time wall, instant now, outbox& out);

  // -- operations; each is answered by one entry of `out.finished`; ec::oversized above a limit ---

  void find_peer(ticket id, const peer_id& target, const find_peer_options& options, wall_time wall,
                 instant now, outbox& out);
  /// The closest servers to a key; this node is not among them.
  void closest_peers(ticket id, bytes_view key, const closest_options& options, wall_time wall,
                     instant now, outbox& out);
  /// Stores a value, here and at the closest peers, and again every `record_republish` until it
  /// expires or is withdrawn.
  void put_value(ticket id, bytes_view key, chunk_view value, const put_options& options,
                 wall_time wall, instant now, outbox& out);
  void get_value(ticket id, bytes_view key, const get_options& options, wall_time wall, instant now,
                 outbox& out);
  /// Says that this node provides a key, and again every `provider_republish` until withdrawn.
  void provide(ticket id, bytes_view key, const put_options& options, wall_time wall, instant now,
               outbox& out);
  void find_providers(ticket id, bytes_view key, const find_providers_options& options,
                      wall_time wall, instant now, outbox& out);
  /// Ends an operation with ec::cancelled; nothing happens when it has ended.
  void cancel(ticket id, wall_time wall, instant now, outbox& out);
  /// Stops publishing an own record, or an own provision; others forget it by age. ec::not_found.
  result<void> withdraw_value(bytes_view key, outbox& out);
  result<void> withdraw_provision(bytes_view key, outbox& out);

  /// Idempotent; call at `next_deadline()` or later.
  void on_deadline(wall_time wall, instant now, outbox& out);
  std::optional<instant> next_deadline() const;
  /// Writes the known peers now if they have changed since: the node is about to end.
  void persist(wall_time wall, instant now, outbox& out);

  // -- observers ---

  dht_status status() const;
  /// Closest to this node first.
  std::vector<table_entry_view> table(instant now) const;
  std::size_t table_size() const noexcept;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace weft::dht
