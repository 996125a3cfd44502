// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/peer_id.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "gossip/gossip_core.hpp"
#include "transport/inbound.hpp"
#include "transport/port.hpp"
#include "transport/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::hosts {

/// What the host wants of those around it. Called from within the host's own calls, once per round
/// and kind; must not call the host back before that call has returned.
class gossip_listener {
 public:
  virtual ~gossip_listener() = default;
  virtual void on_gossip_deliveries(std::vector<gossip::delivery>&& messages) = 0;
  /// What became of published messages.
  virtual void on_gossip_outcomes(std::vector<gossip::published>&& outcomes) = 0;
  /// Messages of topics that are validated outside; answered by `gossip_host::verdict`.
  virtual void on_gossip_validations(std::vector<gossip::validation>&& messages) = 0;
  /// Peers worth a session, recommended by others with signed addresses.
  virtual void on_gossip_connect(std::vector<gossip::connect_wish>&& wishes) = 0;
  /// Whose sessions are needed, or no longer, because of the meshes.
  virtual void on_gossip_meshes(std::vector<gossip::mesh_change>&& changes) = 0;
};

/// What a host needs for the length of a call; shared as `gossip::call_memory` is.
struct gossip_host_memory {
  gossip::outbox out;
  transport::command_batch batch;
  std::shared_ptr<gossip::call_memory> core = gossip::make_call_memory();
};

struct gossip_host_config {
  gossip::gossip_config core;
  /// Indices of the pubsub protocol (`frames`) and the push protocol (`push`) in the node's
  /// protocol table. Without push no peer is treated as a Weft peer.
  transport::protocol_index protocol = 0;
  std::optional<transport::protocol_index> push_protocol;
  /// None: the host's own.
  std::shared_ptr<gossip_host_memory> memory{};
};

/// The node's protocol table entries for `config`: names, kind and frame limit.
transport::protocol gossip_protocol(const gossip::gossip_config& config, std::uint8_t concern);
transport::protocol gossip_push_protocol(const gossip::gossip_config& config, std::uint8_t concern);

/// Drives a gossip core over a port. Every call ends with at most one `port::post`, and calls of
/// the listener. Not thread-safe; time is given; deterministic for one seed.
class gossip_host {
 public:
  /// `crypto`, `counters`, `port` and `listener` outlive the host.
  gossip_host(const peer_id& self, const gossip::gossip_crypto& crypto,
              const gossip_host_config& config, rng random, gossip::gossip_metrics& counters,
              transport::port& port, gossip_listener& listener);

  /// A peer whose frames arrive without a session_up is forgotten after this time.
  static constexpr duration provisional_time = std::chrono::seconds(10);

  /// Call once, before anything else.
  void start(wall_time wall, instant now);

  // -- inward ---

  /// Every event of the port, in order. Those that concern gossip: session_up, session_down,
  /// identified, path_changed. A peer takes part once identify names a pubsub protocol, or once a
  /// pubsub frame of it arrives, which may be before its session_up.
  void on_event(const transport::event& e, instant now);
  /// Frames of the two protocols and fates of their tags; others are ignored.
  void on_frames(const transport::frame_batch& batch, instant now);
  /// A sample of a session's round-trip time.
  void on_rtt(const peer_id& peer, duration rtt) { core_.on_peer_rtt(peer, rtt); }
  void on_deadline(instant now);
  std::optional<instant> next_deadline() const { return core_.next_deadline(); }

  // -- the application; results and errors as of `gossip_core` ---

  result<void> subscribe(std::string_view topic, instant now);
  result<void> unsubscribe(std::string_view topic, instant now);
  result<gossip::message_id> publish(std::uint64_t ticket, std::string_view topic,
                                     const chunk_view& data, instant now);
  void verdict(std::uint64_t ticket, gossip::verdict what, instant now);
  result<void> set_validator(std::string_view topic, gossip::validator check) {
    return core_.set_validator(topic, std::move(check));
  }
  result<void> set_validated_outside(std::string_view topic, bool outside) {
    return core_.set_validated_outside(topic, outside);
  }

  // -- observers ---

  const gossip::gossip_core& core() const noexcept { return core_; }

 private:
  /// A session, whether or not its peer speaks gossipsub.
  struct session {
    gossip::neighbour known;
    /// The core was told of it.
    bool told = false;
    /// Until when session_up must come, which frames overtook: they reach an actor on two ways.
    /// Else the frame was a late one of a session that is gone.
    std::optional<instant> provisional;
  };

  void on_up(const transport::session_up_event& e, instant now);
  void on_down(const peer_id& peer, instant now);
  void on_identified(const transport::identified_event& e, instant now);
  void on_frame(const transport::frame& frame, instant now);
  /// Peers that write to us before identify is through take part as gossipsub 1.1.
  void admit(const peer_id& peer, instant now);
  void settle(session& s);
  void tell_up(session& s, instant now);
  void drain();
  void drain_to_port();

  transport::port& port_;
  gossip_listener& listener_;
  const std::shared_ptr<gossip_host_memory> memory_;
  gossip::outbox& out_;
  transport::command_batch& batch_;
  gossip::gossip_core core_;
  const transport::protocol_index protocol_;
  const std::optional<transport::protocol_index> push_protocol_;
  std::unordered_map<peer_id, session, peer_id_hash> sessions_;
  /// Provisional ones by the end of their time.
  std::set<std::pair<instant, peer_id>> provisional_;
};

}  // namespace weft::hosts
