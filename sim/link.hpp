// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/time.hpp"
#include "sim/event_queue.hpp"
#include "transport/port.hpp"
#include "transport/send_queue.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

/// What the network keeps per session and per peer. Only network*.cpp look inside.
namespace weft::sim {

/// Protocols of a node: at most this many.
inline constexpr std::size_t protocols_max = 6;

/// One thing an end has to say: a frame, request, response or push, with what its event needs.
struct item {
  event_kind kind = event_kind::frame;
  std::uint8_t protocol = 0;
  bool first_use = false;
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

/// One end of a session, and the direction it sends in.
struct link_end {
  node_index node = no_node;
  end_state state = end_state::gone;
  transport::direction side = transport::direction::inbound;
  transport::session_id session = 0;
  instant confirmed_at{};
  /// Another session to the peer is used since; the zero instant: this one is.
  instant superseded_at{};
  /// When it gives up for want of a packet; the zero instant while it hears its peer.
  instant silent_at{};
  /// A stateless reset is on its way.
  bool reset_due = false;
  /// What `session_up` tells of it.
  instant started{};

  // -- congestion: at most `window` bytes in each round trip ---
  std::size_t window = 0;
  std::size_t round_bytes = 0;
  instant round_start{};
  /// An event of kind `window` is pending.
  bool window_waits = false;

  // -- what waits ---
  std::array<lane, protocols_max> lanes{};
  /// Items on streams of their own, and large frames, in turns of one piece.
  std::vector<item> transfers;
  /// Arrivals that a partition or clog holds back.
  std::vector<event> held;
  std::size_t held_bytes = 0;
  instant held_since{};
  /// Bytes that the receiver has not dealt with.
  std::size_t unhandled_bytes = 0;
  /// In its node's ring of ends that wait for the access link.
  bool queued = false;
  /// Whose turn it is when both frames and transfers wait.
  bool frames_turn = false;
  /// Held by a fault of its own.
  bool clogged = false;

  /// Numbers of the requests this end asked and the pushes it sent that are not over.
  std::vector<std::uint64_t> asked;
  std::vector<std::uint64_t> pushed;
  /// Requests this end has not answered.
  std::size_t unanswered = 0;
};

/// A session, or the attempt at one.
struct link {
  std::array<link_end, 2> ends;
  /// Counts the links that had this place; never 0.
  std::uint32_t generation = 0;
  duration one_way{};
  /// End 0 dialled: the number of its dial.
  std::uint64_t dial = 0;
  /// Requests and pushes under way, both directions.
  std::size_t streams = 0;
  multiaddr address;

  duration round_trip() const noexcept { return 2 * one_way; }
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

/// A request between being asked and being over at both ends.
struct exchange {
  bool used = false;
  /// The responder has it and has not answered.
  bool with_responder = false;
  /// The protocol has an answer to it.
  bool answered = true;
  std::uint8_t asker = 0;
  std::uint8_t protocol = 0;
  std::uint32_t generation = 0;
  std::uint32_t link = 0;
  transport::request_id id = 0;
};

/// A push between being asked for and its fate.
struct push_record {
  bool used = false;
  /// Whole at the receiver; its acknowledgement is on its way.
  bool arrived = false;
  std::uint8_t sender = 0;
  std::uint8_t protocol = 0;
  std::uint32_t generation = 0;
  std::uint32_t link = 0;
  std::uint64_t tag = 0;
};

/// A dial command until it is answered.
struct dial_record {
  bool used = false;
  std::uint32_t generation = 0;
  node_index node = no_node;
  transport::request_id id = 0;
  std::optional<peer_id> expected;
  std::vector<multiaddr> addresses;
  std::size_t next = 0;
  /// Places of links.
  std::vector<std::uint32_t> attempts;
  /// Counts starts of addresses: a stagger timer of an earlier one is void.
  std::uint32_t step = 0;
  error last{ec::unreachable};
};

/// Records that are named by a number that is never used twice: place and generation.
template <class Record>
class record_table {
 public:
  std::uint64_t add() {
    std::uint32_t place = 0;
    if (free_.empty()) {
      place = static_cast<std::uint32_t>(records_.size());
      records_.emplace_back();
    } else {
      place = free_.back();
      free_.pop_back();
    }
    Record& r = records_[place];
    const std::uint32_t generation = r.generation + 1;
    r = Record{};
    r.used = true;
    r.generation = generation;
    return std::uint64_t{generation} << 32 | place;
  }
  /// Null when it is over.
  Record* find(std::uint64_t number) {
    const auto place = static_cast<std::uint32_t>(number);
    if (place >= records_.size()) return nullptr;
    Record& r = records_[place];
    return r.used && r.generation == number >> 32 ? &r : nullptr;
  }
  void remove(std::uint64_t number) {
    records_[static_cast<std::uint32_t>(number)].used = false;
    free_.push_back(static_cast<std::uint32_t>(number));
  }
  /// Removes the records for which `over` is true.
  template <class Predicate>
  void remove_if(Predicate over) {
    for (std::size_t place = 0; place < records_.size(); ++place)
      if (records_[place].used && over(records_[place])) remove(place);
  }
  std::size_t size() const noexcept { return records_.size() - free_.size(); }

 private:
  std::vector<Record> records_;
  std::vector<std::uint32_t> free_;
};

}  // namespace weft::sim
