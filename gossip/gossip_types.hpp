// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/peer_id.hpp"
#include "base/time.hpp"
#include "gossip/outbox.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace weft::gossip {

/// Protocol ids of gossipsub, in order of preference
/// (https://github.com/libp2p/specs/tree/master/pubsub/gossipsub).
inline constexpr std::array<std::string_view, 3> protocol_names{"/meshsub/1.2.0", "/meshsub/1.1.0",
                                                                "/meshsub/1.0.0"};
/// Large messages between Weft peers: a stream per message. A peer that lists it is a Weft peer.
inline constexpr std::string_view push_protocol_name = "/weft/gossip/push/1.0.0";

enum class version : std::uint8_t { v1_0, v1_1, v1_2 };

/// The version a protocol id stands for; none for any other id.
std::optional<version> version_of(std::string_view protocol_name) noexcept;

/// An IP address; IPv4 as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2).
using ip_address = std::array<std::uint8_t, 16>;

/// A connected peer that speaks gossipsub.
struct neighbour {
  peer_id peer;
  version speaks = version::v1_1;
  /// Lists `push_protocol_name`: understands Weft's additions.
  bool weft = false;
  /// This node dialled it.
  bool outbound = false;
  /// Where it is, for P6; none: not counted.
  std::optional<ip_address> address;
  /// Round-trip time; zero while unknown.
  duration rtt{};
  /// Its signed peer record, to be passed on by peer exchange; may be empty.
  byte_buffer signed_record;
};

/// What became of a frame or push with a tag.
enum class fate : std::uint8_t {
  sent,
  /// Never left, or not whole.
  dropped,
  /// The peer called it off.
  refused,
};

/// An application's word on a message.
enum class verdict : std::uint8_t {
  accept,
  /// Not passed on, and held against whoever sent it (P4).
  reject,
  /// Not passed on.
  ignore,
};

/// Decides on a message at once; pure, and may not call the core.
using validator = std::function<verdict(const delivery&)>;

// -- what observers see ---

struct mesh_member {
  peer_id peer;
  bool outbound = false;
  /// This node told it to announce instead of sending; and it told this node.
  bool choked_by_us = false;
  bool choked_by_peer = false;
};

struct topic_status {
  topic_name topic;
  bool subscribed = false;
  /// Peers known to be subscribed.
  std::size_t subscribers = 0;
  std::vector<mesh_member> mesh;
  std::vector<peer_id> fanout;
  /// Since the subscription: messages that came first, again, and their bytes (whole RPCs).
  std::uint64_t first = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t first_bytes = 0;
  std::uint64_t duplicate_bytes = 0;
};

struct peer_status {
  peer_id peer;
  version speaks = version::v1_1;
  bool weft = false;
  bool outbound = false;
  bool graylisted = false;
  /// In thousandths.
  std::int64_t score = 0;
  std::size_t topics = 0;
  /// Smoothed from answers; zero while unknown.
  duration rtt{};
};

/// Sizes of the core's bounded tables, for tests and gauges.
struct table_sizes {
  std::size_t peers = 0;
  std::size_t topics = 0;
  std::size_t subscriptions = 0;
  std::size_t mesh = 0;
  std::size_t seen = 0;
  std::size_t seen_bytes = 0;
  std::size_t cached = 0;
  std::size_t cached_bytes = 0;
  std::size_t wanted = 0;
  std::size_t promises = 0;
  std::size_t backoffs = 0;
  std::size_t unwanted = 0;
  std::size_t validations = 0;
  std::size_t publications = 0;
  std::size_t retained = 0;
};

}  // namespace weft::gossip
