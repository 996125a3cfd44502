// SPDX-License-Identifier: MIT
#pragma once

#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/time.hpp"
#include "transport/port.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace weft::hosts {

/// Which peers a concern wants to know of.
struct presence_rule {
  /// When a session counts before its peer has said what it speaks.
  enum class policy : std::uint8_t {
    /// The peer is taken to speak the first of `names` until identify says otherwise: no frame of
    /// its first round trips is lost.
    assumed,
    /// Only once identify names one of `names`.
    identified,
  };
  static constexpr std::size_t names_max = 255;
  static constexpr std::size_t extensions_max = 32;

  /// Names of the concern's protocol in order of preference, at most `names_max`.
  std::vector<std::string> names;
  /// Further protocols of interest, at most `extensions_max`.
  std::vector<std::string> extensions;
  policy when = policy::identified;
};

/// A peer that speaks a concern's protocol came, went or changed what it speaks.
struct peer_presence {
  peer_id peer;
  bool up = false;
  /// With `up`: it was present and its `name` or `extensions` have changed (an identify push, or
  /// the first identify of an assumed peer).
  bool updated = false;
  /// The first of the peer's sessions, while others may carry its frames.
  transport::session_id session = 0;
  /// Of that session's handshake: a first guess of the round trip.
  duration handshake{};
  transport::direction side = transport::direction::inbound;
  /// Where the peer was seen last.
  multiaddr remote;
  /// Index of the most preferred of `presence_rule::names` that the peer lists.
  std::uint8_t name = 0;
  /// Bit n: the peer lists `presence_rule::extensions[n]`.
  std::uint32_t extensions = 0;
  std::string agent;
};

/// Follows the events of a port and tells which peers of them concern one protocol. Holds one entry
/// per session's peer, so the transport's `sessions_max` bounds it. Not thread-safe.
class presence_tracker {
 public:
  /// Names beyond `names_max` and `extensions_max` are ignored.
  explicit presence_tracker(presence_rule rule) : rule_(std::move(rule)) {}

  /// Appends what changes; an event changes one peer at most, and events of no concern nothing.
  void on_event(const transport::event& e, std::vector<peer_presence>& out);
  /// Appends everyone present, by id, as if they came now: for a listener that begins anew.
  void present(std::vector<peer_presence>& out) const;
  /// Peers with a session, present or not.
  std::size_t sessions() const noexcept { return known_.size(); }

 private:
  struct entry {
    /// What was told of the peer, or would be told of it.
    peer_presence told;
    bool speaks = false;
  };
  void on_up(const transport::session_up_event& e, std::vector<peer_presence>& out);
  void on_down(const peer_id& peer, std::vector<peer_presence>& out);
  void on_identified(const transport::identified_event& e, std::vector<peer_presence>& out);

  presence_rule rule_;
  std::unordered_map<peer_id, entry, peer_id_hash> known_;
};

}  // namespace weft::hosts
