// SPDX-License-Identifier: MIT
#pragma once

#include "actors/bench_schedule.hpp"
#include "actors/bench_types.hpp"
#include "actors/telling_types.hpp"
#include "base/crypto.hpp"
#include "dht/dht_config.hpp"
#include "dht/dht_types.hpp"
#include "gossip/gossip_config.hpp"
#include "messaging/messaging_config.hpp"
#include "metrics/catalog.hpp"
#include "routing/routing_config.hpp"
#include "storage/store_config.hpp"
#include "transport/access_rules.hpp"
#include "transport/io/reactor.hpp"
#include "transport/limits.hpp"
#include "transport/session_core.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The CAF-free door to the actors of one node. Nothing above floor 4 sees an actor.
namespace weft::actors {

/// Everything a node's actors and its reactor are made of.
struct runtime_options {
  crypto::ed25519_private_key identity;
  /// Addresses to listen on, `/ip4|ip6/A/udp/P/quic-v1`; port 0 lets the system choose. Empty: dial
  /// only.
  std::vector<multiaddr> listen{};
  /// Peers kept connected; each ends in /p2p/ID.
  std::vector<multiaddr> bootstrap{};
  /// The store's directory; created when missing. Two runtimes cannot share one (ec::in_use).
  std::filesystem::path directory{};
  /// Shown to peers by identify.
  std::string agent = "weft";
  transport::limits limits{};
  /// Who may have a session; none: everybody.
  std::shared_ptr<const transport::access_rules> access{};
  /// Its `bootstrap` is replaced by the one above.
  transport::session_config session{};
  routing::routing_config routing{};
  messaging::messaging_config messaging{};
  gossip::gossip_config gossip{};
  dht::dht_config dht{};
  /// Open sessions to peers that the DHT wants to ask; else it asks connected ones only.
  bool dht_dials = true;
  /// Look for peers in the local network, and be found there.
  bool mdns = false;
  /// Topics this node is subscribed to for good, whether or not anybody here follows them.
  std::vector<std::string> topics{};
  /// Take part in benches of other nodes.
  bool answer_benches = false;
  /// Benches run without being asked; their results are metrics and log lines.
  bench_plan benches{};
  /// Its `directory` is replaced by the one above.
  storage::store_config store{};
  transport::io::credit_marks credit{};
  transport::io::congestion_control congestion = transport::io::congestion_control::cubic;
  /// Keys of the private network that this node is part of; empty: of none.
  std::vector<transport::io::network_key> network_keys{};
  /// Memory that the process holds; none: `limits.memory_bytes` is not enforced.
  std::function<std::uint64_t()> resident_bytes{};
  /// CAF worker threads, policy sharing.
  unsigned scheduler_threads = 1;
  /// Called once, on a thread of the runtime, when an actor that may not be restarted died or a
  /// restart budget is used up; the node should drain and exit.
  std::function<void(std::string_view actor, const error& why)> on_fatal{};
};

/// What can change while the node runs; fields without a value stay.
struct reload_request {
  std::optional<std::vector<multiaddr>> bootstrap{};
  /// Valid ones (`transport::limits::validate`).
  std::optional<transport::live_limits> limits{};
  /// Sessions that these rules keep out are closed.
  std::shared_ptr<const transport::access_rules> access{};
};

/// The actors, the reactor and the store of one node. All functions may be called from any thread
/// but a callback's, unless they say otherwise; asynchronous ones answer exactly once (ec::stopping
/// after `drain` or `stop`).
class runtime final : public metrics::source {
 public:
  /// Opens the store, binds the sockets, starts the actors bottom up; returns once the node
  /// listens. ec::in_use (directory, address, or mDNS port), ec::denied, ec::io, ec::corrupt,
  /// ec::disk_full, ec::bad_config.
  static result<std::unique_ptr<runtime>> start(runtime_options options);
  /// As `stop`.
  ~runtime() override;

  // -- sessions ---

  /// The sessions and the addresses listened on.
  void peers(callback<peer_list> done);
  /// ec::unreachable, ec::timeout, ec::wrong_peer, ec::not_found (a peer without a known address),
  /// ec::limit.
  void connect(target to, callback<connection> done);
  /// ec::not_found without a session.
  void disconnect(peer_id peer, callback<void> done);
  /// `on_round` after each round, then `done`. Dials when addresses are given and no session
  /// exists.
  void ping(ping_request request, std::function<void(const ping_round&)> on_round,
            callback<ping_report> done);
  /// /perf/1.0.0 over an existing session.
  void perf(peer_id peer, std::uint64_t upload_bytes, std::uint64_t download_bytes,
            callback<perf_report> done);

  // -- messages ---

  /// Answers when the recipient has acknowledged; a file is copied into the store on the caller's
  /// thread first. ec::oversized, ec::queue_full, ec::not_found (file), ec::timeout, ec::limit,
  /// ec::disk_full.
  void send(send_request request, std::function<void(const transfer_progress&)> on_progress,
            callback<receipt> done);
  /// Messages received and not yet shown, oldest first: durable ones from the store, then the
  /// latest volatile ones. Reads the store on the caller's thread.
  void inbox(inbox_query query, callback<std::vector<inbox_message>> done);
  /// Marks messages as shown, so that they are never listed again; answers, once that is on disk,
  /// with how many were not before. Files of large messages stay.
  void mark_shown(std::vector<message_ref> messages, callback<std::size_t> done);
  /// Calls `on_message` for each message received from now on, on a thread of the runtime. Does not
  /// mark it as shown.
  subscription follow(std::function<void(const inbox_message&)> on_message);
  void unfollow(subscription which);

  // -- broadcast ---

  /// Broadcasts to everybody subscribed to the topic; answers once it is known for how many peers
  /// it was sent and dropped. ec::oversized, ec::bad_argument (topic), ec::queue_full.
  void publish(std::string topic, byte_buffer body, callback<publish_outcome> done);
  /// Subscribes the node to the topic for as long as somebody follows it. Calls `on_message` for
  /// each message, on a thread of the runtime; it must not block. ec::limit.
  result<subscription> follow_topic(std::string topic,
                                    std::function<void(const topic_message&)> on_message);
  void unfollow_topic(subscription which);
  void topics(callback<std::vector<topic_view>> done);

  // -- the DHT ---

  /// The key of this node's record of that name: /weft/PEER/NAME.
  std::string dht_key(std::string_view name) const;
  /// Signs a value under a name of this node and stores it at the peers closest to its key.
  /// ec::oversized, ec::bad_argument (name), ec::not_found (no peer), ec::timeout.
  void dht_put(std::string name, byte_buffer value, callback<stored_value> done);
  /// The newest valid value of a key, which may be the bare name of an own record. ec::not_found.
  void dht_get(std::string key, callback<found_value> done);
  /// A CID, or any text, of which the SHA-256 is taken.
  void dht_provide(std::string key, callback<stored_value> done);
  void dht_find_providers(std::string key, std::size_t count, callback<found_peers> done);
  /// ec::not_found.
  void dht_find_peer(peer_id peer, callback<found_peers> done);
  void dht_state(callback<dht::dht_status> done);

  // -- routes and status ---

  /// Routes to one destination, or the selected route of every destination (at most `most`).
  void routes(std::optional<peer_id> destination, callback<std::vector<route_view>> done,
              std::size_t most = routes_max);
  static constexpr std::size_t routes_max = 10'000;
  void status(callback<node_status> done);
  /// The same but for the sessions and addresses: asks no actor, so it answers also when one is
  /// stuck.
  node_status known_status() const;
  /// Cheap: what the readiness checks said last; false from the first moment of `drain`.
  bool ready() const noexcept;
  /// The readiness checks, from what is known: asks no actor, so it answers also when one is stuck.
  std::vector<readiness_check> checks() const;
  /// Whether the threads of the actors get on.
  bool actors_run() const;
  /// Threads that are stuck: reactor, actors (with the names of those that have not returned from a
  /// message), store, records.
  std::vector<std::string> silent() const;
  /// "actors", with the names of those that are in the middle of a message.
  std::string actors_by_name() const;
  const peer_id& self() const noexcept;

  // -- benches ---

  /// One bench at a time; ec::in_use while another runs.
  void run_bench(bench_request request, callback<bench_result> done);

  // -- life ---

  void reload(reload_request request, callback<void> done);
  /// Blocks: refuses new work at once, flushes, ends each actor in order, closes sessions; at most
  /// `deadline`, then kills. Returns the names of those that overran. Idempotent. Not from a
  /// callback.
  std::vector<std::string> drain(duration deadline);
  /// Blocks: as `drain` with a deadline of zero.
  void stop();

  /// Metrics of the reactor, the actors, the cores and the store. Thread-safe.
  void collect(metrics::visitor& v) const override;

 private:
  struct impl;
  explicit runtime(std::unique_ptr<impl> state);
  std::unique_ptr<impl> impl_;
};

}  // namespace weft::actors
