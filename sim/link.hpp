// SPDX-License-Identifier: MIT
#pragma once

#include "base/block_table.hpp"
#include "base/chunk.hpp"
#include "base/time.hpp"
#include "sim/event_queue.hpp"
#include "sim/trace.hpp"
#include "transport/port.hpp"
#include "transport/send_queue.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

/// What the network keeps per session and per peer. Only network*.cpp look inside.
namespace weft::sim {

/// Protocols of a node: at most this many.
inline constexpr std::size_t protocols_max = 4;

/// One thing an end has to say: a frame, request, response or push, with what its event needs.
struct item {
  event_kind kind = event_kind::frame;
  std::uint8_t protocol = 0;
  std::uint64_t number = 0;
  chunk_view body;
  std::size_t sent = 0;
};

/// A stream of frames in one direction.
struct lane {
  /// Nothing sent later arrives sooner.
  instant last_arrival{};
  /// Negotiated from here on.
  instant open_at{};
  bool open = false;
  /// A large frame is under way in pieces; the ones behind it wait.
  bool busy = false;
};

enum class end_state : std::uint8_t {
  /// Nothing is known there: not yet, or no longer.
  gone,
  /// The dialler's side of a handshake.
  opening,
  up,
};

/// One end of a session, and the direction it sends in. What each frame needs comes first.
struct link_end {
  node_index node = no_node;
  end_state state = end_state::gone;
  transport::direction side = transport::direction::inbound;
  /// A stateless reset is on its way.
  bool reset_due = false;
  /// An event of kind `window` is pending.
  bool window_waits = false;
  /// In its node's ring of ends that wait for the access link.
  bool queued = false;
  /// Whose turn it is when both frames and transfers wait.
  bool frames_turn = false;
  /// Of the node's access link.
  std::uint64_t up_bytes_per_second = 0;

  // -- congestion: at most `window` bytes in each round trip ---
  std::size_t window = 0;
  std::size_t round_bytes = 0;
  instant round_start{};
  /// Bytes that a partition holds, and that the receiver has not dealt with.
  std::size_t held_bytes = 0;
  std::size_t unhandled_bytes = 0;

  std::array<lane, protocols_max> lanes{};
  /// Items on streams of their own, and large frames, in turns of one piece.
  std::vector<item> transfers;

  // -- what happens rarely ---
  transport::session_id session = 0;
  instant started{};
  instant confirmed_at{};
  /// Another session to the peer is used since; the zero instant: this one is.
  instant superseded_at{};
  /// When it gives up for want of a packet; the zero instant while it hears its peer.
  instant silent_at{};
  /// Arrivals that a partition or clog holds back.
  std::vector<event> held;
  instant held_since{};
  /// Numbers of the requests this end asked and the pushes it sent that are not over.
  std::vector<std::uint64_t> asked;
  std::vector<std::uint64_t> pushed;
  /// Requests this end has not answered.
  std::size_t unanswered = 0;
};

/// A session, or the attempt at one.
struct link {
  /// Counts the links that had this place; never 0.
  std::uint32_t generation = 0;
  /// Requests and pushes under way, both directions.
  std::uint32_t streams = 0;
  duration one_way{};
  std::array<link_end, 2> ends;
  /// End 0 dialled: the number of its dial, and where it dialled.
  std::uint64_t dial = 0;
  multiaddr address;

  duration round_trip() const noexcept { return 2 * one_way; }
};

/// Links by their place. Where they are they stay.
using link_table = block_table<link, 64>;

/// One end of a link, as long as it is the same link.
struct end_name {
  std::uint32_t link = 0;
  std::uint32_t generation = 0;
  std::uint8_t end = 0;
};

class network;

/// Frames to one peer that wait for the access link, in the transport's own queue.
class backlog final : public transport::fate_sink {
 public:
  backlog(network& of, node_index node, node_index peer, const transport::send_queue_limits& limits,
          transport::transport_metrics& metrics)
      : network_(of), node_(node), peer_(peer), queue(limits, metrics, this) {}
  void tell(transport::protocol_index protocol, std::uint64_t tag,
            transport::frame_fate fate) override;

 private:
  network& network_;
  const node_index node_;
  const node_index peer_;

 public:
  transport::send_queue queue;
};

/// What a node keeps about a peer it has sessions with.
struct peer_slot {
  node_index peer = no_node;
  /// Places of links, oldest first.
  std::vector<std::uint32_t> links;
  /// The one that carries the frames.
  std::uint32_t chosen = 0;
  std::unique_ptr<backlog> waiting;
};

/// The first bytes of a peer's key as a number: two nodes of a simulation never share it.
inline std::uint64_t key_of(const peer_id& id) noexcept {
  std::uint64_t word = 0;
  const auto bytes = id.bytes();
  if (bytes.size() >= 24) std::memcpy(&word, bytes.data() + 16, sizeof(word));
  return word;
}

struct endpoint_hash {
  std::size_t operator()(const ip_endpoint& e) const noexcept {
    return mix(content_hash(e.address), e.port);
  }
};

/// A node's peers by key. Keys lie apart from the slots, so that a search stays within a few cache
/// lines.
class peer_table {
 public:
  /// Null when there is none; valid until the next `add` or `remove`.
  peer_slot* find(std::uint64_t key) noexcept {
    const auto at = std::lower_bound(keys_.begin(), keys_.end(), key);
    return at != keys_.end() && *at == key ? &slots_[static_cast<std::size_t>(at - keys_.begin())]
                                           : nullptr;
  }
  peer_slot& add(std::uint64_t key) {
    const auto at = std::lower_bound(keys_.begin(), keys_.end(), key) - keys_.begin();
    keys_.insert(keys_.begin() + at, key);
    return *slots_.emplace(slots_.begin() + at);
  }
  void remove(const peer_slot* slot) {
    const auto at = slot - slots_.data();
    keys_.erase(keys_.begin() + at);
    slots_.erase(slots_.begin() + at);
  }
  void clear() {
    keys_.clear();
    slots_.clear();
  }
  bool empty() const noexcept { return slots_.empty(); }
  peer_slot& back() noexcept { return slots_.back(); }
  auto begin() const noexcept { return slots_.begin(); }
  auto end() const noexcept { return slots_.end(); }

 private:
  std::vector<std::uint64_t> keys_;
  std::vector<peer_slot> slots_;
};

}  // namespace weft::sim
