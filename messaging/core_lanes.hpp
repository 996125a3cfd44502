// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"
#include "messaging/message_id.hpp"
#include "messaging/ring_queue.hpp"
#include "messaging/rtt_estimator.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

/// What the two classes of messages to one peer do not share. Internal to messaging/.
///
/// Each class has a lane of its own: queue, window, round trip, time-out and back-off. What one
/// class suffers (durable messages that a full inbox refuses, a flood of volatile ones) does not
/// hold up the other. While both have messages and room in their windows, they are sent in turn,
/// one message of each, then one fragment of each payload.
namespace weft::messaging {

/// A place in a table that knows when its tenant has changed.
struct handle {
  std::uint32_t index = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t generation = 0;

  std::uint64_t pack() const noexcept { return std::uint64_t{generation} << 32 | index; }
  static handle unpack(std::uint64_t token) noexcept {
    return {static_cast<std::uint32_t>(token), static_cast<std::uint32_t>(token >> 32)};
  }
};

inline constexpr std::uint32_t no_fragment = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::uint32_t no_index = std::numeric_limits<std::uint32_t>::max();

inline constexpr std::array both_classes{message_class::volatile_, message_class::durable};

/// One `T` for each class.
template <class T>
struct by_class {
  std::array<T, both_classes.size()> items{};

  T& operator[](message_class klass) noexcept { return items[static_cast<std::size_t>(klass)]; }
  const T& operator[](message_class klass) const noexcept {
    return items[static_cast<std::size_t>(klass)];
  }
};

/// A message or fragment to transmit.
struct work {
  handle message;
  std::uint32_t fragment = no_fragment;
};

/// One transmission.
struct flight {
  work what;
  std::uint16_t bytes = 0;
  /// Acknowledged or declared lost.
  bool done = false;
  instant sent{};
  std::uint64_t sequence = 0;
};

/// Transmissions of one class over one channel, by sequence number; the front is never done after
/// `trim`.
class flight_queue {
 public:
  std::size_t size() const noexcept { return flights_.size(); }
  bool empty() const noexcept { return flights_.empty(); }
  flight& operator[](std::size_t i) noexcept { return flights_[i]; }
  const flight& operator[](std::size_t i) const noexcept { return flights_[i]; }
  void push_back(const flight& f) { flights_.push_back(f); }
  /// The first one with this number or a later one.
  std::size_t find(std::uint64_t sequence) const noexcept {
    if (flights_.empty() || sequence <= flights_[0].sequence) return 0;
    // Numbers ascend: it cannot be further away, and is just there unless others lie between.
    std::size_t last = static_cast<std::size_t>(
        std::min<std::uint64_t>(sequence - flights_[0].sequence, flights_.size()));
    if (last < flights_.size() && flights_[last].sequence == sequence) return last;
    std::size_t first = 1;
    while (first < last) {
      const std::size_t middle = first + (last - first) / 2;
      if (flights_[middle].sequence < sequence)
        first = middle + 1;
      else
        last = middle;
    }
    return first;
  }
  void trim() {
    while (!flights_.empty() && flights_.front().done) flights_.pop_front();
  }

 private:
  ring_queue<flight> flights_;
};

/// Messages of one class to one peer.
struct lane {
  // -- queues ---
  ring_queue<handle> waiting;
  ring_queue<work> again;
  std::vector<handle> payloads;
  std::size_t held_messages = 0;
  std::size_t held_bytes = 0;
  bool refused = false;

  // -- flight control ---
  std::size_t in_flight = 0;
  std::size_t in_flight_bytes = 0;
  std::size_t window = 0;
  rtt_estimator rtt;
  std::uint32_t backoff = 0;
  /// Expiries since the peer last acknowledged anything.
  std::uint32_t timeouts = 0;
  instant window_cut{};
  bool timer_armed = false;

  // -- receiving ---
  std::size_t reassemblies = 0;
};

}  // namespace weft::messaging
