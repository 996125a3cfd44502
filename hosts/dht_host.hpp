// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/peer_id.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "dht/dht_core.hpp"
#include "hosts/session_leases.hpp"
#include "transport/port.hpp"
#include "transport/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

/// A core with its outbox routed to the port: what an actor and a simulated node have in common.
namespace weft::hosts {

/// What the host wants of those around it. Called from within the host's own calls; must not call
/// the host back before that call has returned.
class dht_listener {
 public:
  virtual ~dht_listener() = default;
  /// A session with the peer is wanted. The answer is a session_up_event among the host's events,
  /// or `dht_host::on_unreachable`; without one the host gives up by itself in time.
  virtual void on_dht_connect(const dht::peer_info& wish) = 0;
  /// The session with the peer is in use, or not any more.
  virtual void on_dht_needs(const peer_id& peer, bool needed) = 0;
  virtual void on_dht_finished(dht::ended_operation&& what) = 0;
  /// To be written in this order; the host does not wait for it.
  virtual void on_dht_store(std::vector<dht::store_operation>&& operations) = 0;
  /// A peer entered the routing table: someone to know, not to dial.
  virtual void on_dht_discovered(const dht::peer_info& peer) = 0;
};

struct dht_host_config {
  dht::dht_config core;
  /// Index of the kad protocol, an `exchange` one, in the node's protocol table.
  transport::protocol_index protocol = 0;
  /// Queries waiting for a session, in all and for one peer; more fail at once with
  /// ec::queue_full.
  std::size_t waiting_max = 512;
  std::size_t waiting_per_peer_max = 16;
  /// Connect wishes open at once; further ones wait their turn.
  std::size_t connects_max = 64;
  /// A wish unanswered for this long counts as unreachable.
  duration connect_timeout = std::chrono::seconds(10);
};

/// Drives a DHT core over a port. Not thread-safe; time is given; deterministic for one seed.
class dht_host {
 public:
  /// The host's request ids on the port have this bit set and the one above clear, so that other
  /// askers keep away from them (dials of the session core have the top bit).
  static constexpr transport::request_id request_bit = transport::request_id{1} << 62;
  static bool owns(transport::request_id id) noexcept { return (id >> 62) == 1; }

  /// `port`, `listener` and `counters` outlive the host.
  dht_host(const peer_id& self, const dht_host_config& config,
           std::shared_ptr<const dht::validator_set> validators, rng random,
           dht::dht_metrics& counters, transport::port& port, dht_listener& listener);
  ~dht_host();

  /// Call once, before anything else.
  void start(dht::stored_state stored, wall_time wall, instant now);
  void set_addresses(std::vector<multiaddr> own);
  void set_server(bool server);

  // -- inward ---

  /// Every event of the port, in order. Those that concern the DHT: session_up, session_down,
  /// identified, request (of its protocol), response (whose id it `owns`).
  void on_event(const transport::event& e, wall_time wall, instant now);
  /// A connect wish came to nothing.
  void on_unreachable(const peer_id& peer, wall_time wall, instant now);
  void on_deadline(wall_time wall, instant now);
  std::optional<instant> next_deadline() const;
  /// Says once more what is to be written: the node is about to end.
  void persist(wall_time wall, instant now);

  // -- operations; answered by `on_dht_finished` ---

  void find_peer(dht::ticket id, const peer_id& target, const dht::find_peer_options& options,
                 wall_time wall, instant now);
  void closest_peers(dht::ticket id, bytes_view key, const dht::closest_options& options,
                     wall_time wall, instant now);
  void put_value(dht::ticket id, bytes_view key, chunk_view value, const dht::put_options& options,
                 wall_time wall, instant now);
  void get_value(dht::ticket id, bytes_view key, const dht::get_options& options, wall_time wall,
                 instant now);
  void provide(dht::ticket id, bytes_view key, const dht::put_options& options, wall_time wall,
               instant now);
  void find_providers(dht::ticket id, bytes_view key, const dht::find_providers_options& options,
                      wall_time wall, instant now);
  void cancel(dht::ticket id, wall_time wall, instant now);
  result<void> withdraw_value(bytes_view key);
  result<void> withdraw_provision(bytes_view key);

  // -- observers ---

  const dht::dht_core& core() const noexcept { return core_; }
  bool connected(const peer_id& peer) const { return sessions_.contains(peer); }
  std::size_t waiting() const noexcept { return waiting_count_; }
  std::size_t leases() const noexcept { return leases_.size(); }

 private:
  /// Queries for a peer that has no session yet.
  struct waiting_peer {
    std::vector<dht::query> queries;
    std::vector<multiaddr> addresses;
    /// Zero while its connect wish has not been spoken.
    instant asked{};
    bool wished = false;
  };

  void on_up(const transport::session_up_event& e, instant now);
  void on_response(const transport::response_event& e, wall_time wall, instant now);
  void drain(wall_time wall, instant now);
  void route(dht::query&& q, instant now);
  void send(dht::query&& q, instant now);
  void end_leases(instant now);
  void cancel_waiting(dht::query_id id);
  void speak_wishes(instant now);
  void fail_waiting(const peer_id& peer, ec why, wall_time wall, instant now);
  void post();

  dht_host_config config_;
  transport::port& port_;
  dht_listener& listener_;
  dht::dht_core core_;
  dht::outbox out_;
  transport::command_batch batch_;
  std::unordered_set<peer_id, peer_id_hash> sessions_;
  session_leases leases_;
  std::map<peer_id, waiting_peer> waiting_;
  /// Wishes that are open, by when they were spoken.
  std::set<std::pair<instant, peer_id>> asked_;
  /// Peers whose wish is to be spoken, in order of arrival.
  std::vector<peer_id> wishes_;
  std::size_t waiting_count_ = 0;
  /// Queries that failed here, to be reported once the outbox is drained.
  std::vector<std::pair<dht::query_id, ec>> failed_;
};

}  // namespace weft::hosts
