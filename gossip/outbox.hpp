// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/error.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/time.hpp"
#include "gossip/message_id.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What a gossip core wants done. Bodies are shared views: the same frame for every peer.
namespace weft::gossip {

/// A topic's name, shared by everything that mentions it; never null.
using topic_name = std::shared_ptr<const std::string>;

/// How urgent a frame is; falls from first to last.
enum class send_class : std::uint8_t {
  /// Subscriptions, mesh control, announcements, IDONTWANT.
  control,
  /// A message of this node.
  own,
  /// A message of another node, passed on.
  forward,
  /// A message that was asked for.
  answer,
};

/// A frame for the peer's pubsub stream (without length prefix). Not 0: the fate of `tag` is to be
/// told by `gossip_core::on_fate`.
struct send {
  peer_id peer;
  send_class klass = send_class::control;
  chunk_view body;
  std::uint64_t tag = 0;
};

/// A large message for a Weft peer, on a stream of its own under `tag`; its fate is to be told by
/// `gossip_core::on_push_fate`.
struct push {
  peer_id peer;
  std::uint64_t tag = 0;
  chunk_view body;
  /// Given up when it takes longer.
  duration timeout{};
};

/// A push that is not wanted any more: one of this node, or (`inbound`) one of the peer, possibly
/// before its first byte.
struct push_cancel {
  peer_id peer;
  std::uint64_t tag = 0;
  bool inbound = false;
};

/// A message of a subscribed topic, accepted; once per id.
struct delivery {
  topic_name topic;
  message_id id;
  /// Who signed it; none in networks without signatures.
  std::optional<peer_id> author;
  /// The peer it came from.
  peer_id via;
  /// The author's number of the message; 0 in networks without signatures.
  std::uint64_t sequence = 0;
  chunk_view data;
};

/// A message that waits for `gossip_core::on_verdict` with this ticket. Without one in
/// `validation_timeout` it is dropped without blame.
struct validation {
  std::uint64_t ticket = 0;
  delivery message;
};

/// What became of a published message, once everything about it is known or its time is over.
struct published {
  std::uint64_t ticket = 0;
  message_id id;
  /// Peers the whole message was queued for; `sent` + `dropped` of them, the rest unknown.
  std::uint32_t queued = 0;
  std::uint32_t sent = 0;
  std::uint32_t dropped = 0;
  /// Weft peers that were told of it and fetch it only when they miss it.
  std::uint32_t announced = 0;
};

/// A peer whose score fell below the graylist threshold: nothing it says is read from now on.
struct expulsion {
  peer_id peer;
  /// In thousandths.
  std::int64_t score = 0;
  /// The configuration asks for the session's end.
  bool disconnect = false;
};

/// A peer that another one recommended (peer exchange), with its signed, verified addresses.
struct connect_wish {
  peer_id peer;
  std::vector<multiaddr> addresses;
};

/// A peer entered its first mesh, or left its last one: the session with it is needed, or not.
struct mesh_change {
  peer_id peer;
  bool member = false;
};

/// Effects of the calls since the last `clear`, each list in order. A push comes behind the sends.
struct outbox {
  std::vector<send> sends;
  std::vector<push> pushes;
  std::vector<push_cancel> cancels;
  std::vector<delivery> deliveries;
  std::vector<validation> validations;
  std::vector<published> outcomes;
  std::vector<expulsion> expulsions;
  std::vector<connect_wish> connects;
  std::vector<mesh_change> mesh_changes;

  bool empty() const noexcept {
    return sends.empty() && pushes.empty() && cancels.empty() && deliveries.empty()
           && validations.empty() && outcomes.empty() && expulsions.empty() && connects.empty()
           && mesh_changes.empty();
  }
  void clear() {
    sends.clear();
    pushes.clear();
    cancels.clear();
    deliveries.clear();
    validations.clear();
    outcomes.clear();
    expulsions.clear();
    connects.clear();
    mesh_changes.clear();
  }
};

}  // namespace weft::gossip
