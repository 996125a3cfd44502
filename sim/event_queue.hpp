// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

/// The deterministic runtime: the shipped cores and hosts in virtual time, one thread, one seed.
namespace weft::sim {

/// Number of a node in a simulation; nodes are never renumbered.
using node_index = std::uint32_t;
inline constexpr node_index no_node = ~node_index{0};

/// What happens at an instant.
enum class event_kind : std::uint8_t {
  // -- to nodes ---
  /// A deadline of a node's cores.
  timer,
  /// A node hears what its own transport has to say: answers, failures, fates.
  round,
  // -- carried by sessions ---
  frame,
  request,
  response,
  push,
  // -- the transport's own ---
  uplink,
  window,
  stream_open,
  dial_step,
  accept,
  confirm,
  identify,
  close,
  silence,
  reduce,
  request_timeout,
  request_refused,
  request_done,
  push_timeout,
  push_refused,
  push_done,
  pong,
  // -- the experiment's ---
  fault,
  work,
  sample,
  count_
};
std::string_view to_string(event_kind kind) noexcept;

/// One event. Which fields mean something depends on the kind; unused ones are zero, so that the
/// trace is the same in every run. On a cache line of its own.
struct alignas(64) event {
  event_kind kind = event_kind::timer;
  std::uint8_t protocol = 0;
  /// The end of the link that is told, 0 or 1.
  std::uint8_t end = 0;
  /// The receiver's downlink and processor have already had their turn.
  bool settled = false;
  /// Counted against the sender until the receiver has dealt with it.
  bool counted = false;
  node_index node = no_node;
  /// Place of a link in the network's table, and which of its successive links is meant.
  std::uint32_t link = 0;
  std::uint32_t generation = 0;
  /// Token, tag or own number of the kind.
  std::uint64_t number = 0;
  chunk_view body;
};

/// Everything that is yet to happen: the next few in order, the rest in a four-ary heap over small
/// keys, events apart in slots that are used again. Equal instants happen in the order they were
/// pushed. No allocation once warm; push and pop are O(log n).
class event_queue {
 public:
  /// Events whose turn is known: what they will touch can be asked of memory in time.
  static constexpr std::size_t window = 8;

  void push(instant at, event&& e);
  /// Takes the earliest; the queue is not empty.
  instant pop(event& e);
  instant next_at() const noexcept { return near_[0].at; }
  /// The event that is `n` places behind the earliest; null when that is not known yet.
  const event* ahead(std::size_t n) const noexcept {
    return n < near_count_ ? &slots_[near_[n].slot] : nullptr;
  }

  bool empty() const noexcept { return near_count_ == 0; }
  std::size_t size() const noexcept { return near_count_ + heap_.size(); }
  /// Most events that ever waited at once.
  std::size_t peak() const noexcept { return slots_.size(); }

 private:
  struct key {
    instant at;
    std::uint64_t sequence;
    std::uint32_t slot;
    bool before(const key& other) const noexcept {
      return at < other.at || (at == other.at && sequence < other.sequence);
    }
  };
  void sink(const key& fresh);
  key lift();

  /// Sorted; all of them before all of the heap, which is empty while they are less than `window`.
  std::array<key, window> near_;
  std::size_t near_count_ = 0;
  std::vector<key> heap_;
  std::vector<event> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t sequence_ = 0;
};

}  // namespace weft::sim
