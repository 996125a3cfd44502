// SPDX-License-Identifier: MIT
#pragma once

#include "base/peer_id.hpp"
#include "base/result.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "base/timer_wheel.hpp"
#include "transport/passing_sessions.hpp"
#include "transport/peer_book.hpp"
#include "transport/port.hpp"
#include "transport/session_metrics.hpp"
#include "transport/session_outbox.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

/// Which peers to hold sessions with: bootstrap peers are kept connected, lost sessions come back,
/// dials are not doubled.
namespace weft::transport {

struct session_config {
  /// Kept connected. With or without a trailing /p2p/ID; several addresses of one ID are one peer.
  std::vector<multiaddr> bootstrap{};
  /// Peers with a session, in both directions; beyond it inbound ones that nobody asked for are
  /// closed again.
  std::size_t peers_max = 2048;
  /// While there are more peers than this, sessions that this node opened for a passing purpose and
  /// that nobody has needed for `idle_close` are ended.
  std::size_t peers_target = 32;
  duration idle_close = std::chrono::seconds(20);
  std::size_t bootstrap_max = 256;
  /// Peers that are wanted without being bootstrap; beyond it a lost session does not come back.
  std::size_t wanted_max = 1024;
  /// Automatic dials in flight at once; further ones wait.
  std::size_t dials_max = 64;
  /// Unanswered connect requests.
  std::size_t connects_max = 1024;
  std::size_t dial_addresses_max = 8;
  /// A connect request without its own timeout is answered with ec::timeout after this.
  duration connect_timeout = std::chrono::seconds(10);
  /// Attempts to bring back a lost session that an operator asked for and that is not bootstrap.
  std::uint32_t reconnect_attempts_max = 10;
  /// A session that ended sooner counts as a failed dial for the back-off.
  duration stable_after = std::chrono::seconds(10);
  peer_book_limits book{};
  backoff_policy backoff{};

  /// ec::bad_config.
  result<void> validate() const;
};

/// What is known of a connected peer.
struct live_session {
  session_id session = 0;
  direction side = direction::inbound;
  multiaddr remote;
  instant since{};
  /// A disconnect is under way: a connect request waits for a new session.
  bool closing = false;
};

/// The policy over transport events. Dial commands carry ids with the top bit set, so that another
/// owner of request ids on the same port stays below it.
class session_core {
 public:
  using session_map = std::unordered_map<peer_id, live_session, peer_id_hash>;
  static constexpr request_id dial_id_base = request_id{1} << 63;

  session_core(const peer_id& self, session_config config, rng random, session_metrics& metrics);

  /// Dials the bootstrap peers.
  void start(instant now, session_outbox& out);
  /// Every transport event; those that are not about sessions are ignored.
  void on_event(const event& e, instant now, session_outbox& out);
  void on_deadline(instant now, session_outbox& out);
  std::optional<instant> next_deadline() const;

  /// Asks for a session with `peer`, or with whoever answers at `addresses` (then at least one is
  /// needed). Answered exactly once in `answers`, at once when there is a session: ec::not_found
  /// without an address, ec::limit, ec::timeout, ec::wrong_peer, ec::unreachable, ec::stopping,
  /// ec::cancelled. With `keep` the peer is wanted from then on: a lost session comes back until
  /// `disconnect`.
  void connect(connect_ticket ticket, const std::optional<peer_id>& peer,
               const std::vector<multiaddr>& addresses, std::optional<duration> timeout,
               instant now, session_outbox& out, bool keep = true);
  /// Somebody needs the session with the peer, or no longer: what nobody needs may be ended, unless
  /// the peer is wanted or the session is the peer's.
  void need(const peer_id& peer, session_user user, bool needed, instant now, session_outbox& out);
  /// Where a peer is, from somebody else's word: remembered, and trusted least.
  void discovered(const peer_id& peer, const std::vector<multiaddr>& addresses, instant now);
  /// As `discovered`, of a peer in the local network: it is dialled too, unless there is a session
  /// or no room for one, or its back-off is not over. It is not kept.
  void discovered_nearby(const peer_id& peer, const std::vector<multiaddr>& addresses, instant now,
                         session_outbox& out);
  /// Ends the session and stops wanting it; ec::not_found without one. A bootstrap peer stays away
  /// until `connect` or `set_bootstrap`.
  result<void> disconnect(const peer_id& peer, std::string reason, session_outbox& out);
  /// Replaces the bootstrap peers (reload): new ones are dialled, sessions of removed ones stay.
  /// ec::limit, ec::bad_config.
  result<void> set_bootstrap(std::vector<multiaddr> addresses, instant now, session_outbox& out);
  /// Another `session_config::peers_max` (reload), 1 at least; a lower one ends no session.
  void set_peers_max(std::size_t peers) noexcept { config_.peers_max = peers; }
  /// The network changed or the operator asks: forget the back-off and dial what is missing.
  void retry_now(instant now, session_outbox& out);
  /// No new dials; pending connect requests are answered with ec::stopping.
  void stop(instant now, session_outbox& out);

  // -- observers ---
  const session_map& sessions() const noexcept { return sessions_; }
  bool is_up(const peer_id& peer) const { return sessions_.contains(peer); }
  const peer_book& book() const noexcept { return book_; }
  /// Bootstrap peers as configured, and how many of them have a session: the node's readiness
  /// check.
  std::size_t bootstrap_configured() const noexcept { return bootstrap_count_; }
  std::size_t bootstrap_up() const noexcept;
  std::size_t dials_in_flight() const noexcept { return dials_.size(); }
  std::size_t passing() const noexcept { return passing_.size(); }

 private:
  /// A peer to keep connected.
  struct target {
    std::vector<multiaddr> addresses;
    /// Unknown until the first session, when the addresses do not name it.
    std::optional<peer_id> peer;
    backoff_state backoff;
    bool bootstrap = false;
    /// Taken off by `disconnect`, or it is this node itself.
    bool held = false;
    /// There is a session with `peer`; there was one.
    bool up = false;
    bool was_up = false;
    request_id dial = 0;
    std::optional<timer_wheel::token> timer;
  };
  struct dial {
    std::optional<peer_id> expected;
    std::vector<multiaddr> addresses;
  };
  struct pending_connect {
    connect_ticket ticket = 0;
    std::optional<peer_id> peer;
    request_id dial = 0;
    timer_wheel::token timer = 0;
    bool keep = true;
  };
  /// Keys are own numbers, in order of arrival; of targets every event looks at all.
  using target_list = std::vector<std::pair<std::uint64_t, target>>;
  using connect_map = std::map<std::uint64_t, pending_connect>;

  void on_up(const session_up_event& e, instant now, session_outbox& out);
  void on_own_address(const session_up_event& e, session_outbox& out);
  void on_down(const session_down_event& e, instant now, session_outbox& out);
  void on_dial_failed(const dial_failed_event& e, instant now, session_outbox& out);
  void on_identified(const identified_event& e, instant now);
  void on_path_changed(const path_changed_event& e);
  bool surplus(const session_up_event& e);
  /// Ends passing sessions that are over.
  void shed(instant now, session_outbox& out);
  void update_gauges();

  // -- connect requests ---
  /// The dial in flight that leads to `peer` by all of `addresses` or, when the peer is unknown, to
  /// `addresses`; else a new one.
  request_id dial_for(const std::optional<peer_id>& peer, const std::vector<multiaddr>& addresses,
                      session_outbox& out);
  std::vector<multiaddr> candidates(const std::optional<peer_id>& peer,
                                    const std::vector<multiaddr>& given) const;
  connect_map::iterator answer(connect_map::iterator at, result<connected> outcome,
                               session_outbox& out);
  void refuse(connect_ticket ticket, error why, session_outbox& out);
  connected describe(const peer_id& peer, bool existed) const;

  // -- targets ---
  target* find_target(const peer_id& peer);
  target* find_target(std::uint64_t key);
  void want(const peer_id& peer);
  /// Dials the target, or arms its timer when it is too early.
  void pursue(std::uint64_t key, instant now, session_outbox& out);
  void pursue_at(std::uint64_t key, instant at);
  void pursue_all(instant now, session_outbox& out);
  void hold(target& t);
  target_list::iterator drop_target(target_list::iterator at);
  void target_reached(const session_up_event& e);
  void target_lost(const session_down_event& e, duration lived, instant now, session_outbox& out);
  void target_failed(request_id failed, instant now, session_outbox& out);

  peer_id self_;
  session_config config_;
  session_metrics& metrics_;
  rng random_;
  peer_book book_;
  timer_wheel timers_;
  session_map sessions_;
  passing_sessions passing_;
  instant shed_not_before_{};
  std::map<request_id, dial> dials_;
  connect_map connects_;
  target_list targets_;
  std::size_t bootstrap_count_ = 0;
  std::uint64_t next_key_ = 1;
  request_id next_dial_ = dial_id_base;
  std::uint64_t evictions_seen_ = 0;
  bool stopping_ = false;
};

}  // namespace weft::transport
