// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "transport/inbound.hpp"
#include "transport/limits.hpp"
#include "transport/protocol.hpp"
#include "transport/transport_metrics.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace weft::transport {

/// A frame that waits to be written.
struct queued_frame {
  protocol_index protocol = 0;
  priority klass = priority::interactive;
  chunk_view body;
  instant queued_at{};
  std::uint64_t tag = 0;
};

/// Told what became of tagged frames.
class fate_sink {
 public:
  virtual ~fate_sink() = default;
  virtual void tell(protocol_index protocol, std::uint64_t tag, frame_fate fate) = 0;
};

/// Protocols as a set of bits, bit n for protocol n.
using protocol_set = std::uint64_t;
constexpr protocol_set protocol_bit(protocol_index p) noexcept { return protocol_set{1} << p; }

/// A first-in first-out ring that keeps its memory; grows by doubling.
class frame_ring {
 public:
  struct entry {
    chunk_view body;
    instant queued_at{};
    /// Order of arrival over all rings of a queue.
    std::uint64_t sequence = 0;
    std::uint64_t tag = 0;
  };
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  const entry& front() const noexcept { return slots_[head_]; }
  void push(entry&& e);
  entry pop() noexcept;
  /// Frees the memory of an empty ring.
  void trim() noexcept;

 private:
  std::vector<entry> slots_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

/// One peer's outbound frames: four classes, in each a ring per protocol, so that a protocol whose
/// stream is blocked does not hold up others. Order within a class and protocol is kept. Bounded in
/// bytes per class and in all, and by age: a full class drops its own oldest frame, a full queue
/// the oldest of the lowest class, and a frame below everything that waits is refused. Push and pop
/// are O(protocols of the class), no allocation once warm. Frames are uncoupled from sessions: they
/// wait while a stream opens. Whatever a frame with a tag (not 0) is dropped for is told to the
/// sink, once, also when the queue ends; of those that were popped the popper tells.
class send_queue {
 public:
  /// Protocol indices at or above are refused.
  static constexpr std::size_t protocols_max = 64;

  /// `fates` outlives the queue.
  send_queue(const send_queue_limits& limits, transport_metrics& metrics,
             fate_sink* fates = nullptr) noexcept
      : limits_(limits), metrics_(metrics), fates_(fates) {}
  /// Frames that still wait are counted as dropped for want of a session.
  ~send_queue();
  send_queue(const send_queue&) = delete;
  send_queue& operator=(const send_queue&) = delete;

  /// ec::none when taken (others may have been dropped for it), ec::queue_full, ec::oversized when
  /// it alone exceeds its class, ec::bad_argument for a protocol out of range.
  ec push(protocol_index protocol, priority klass, chunk_view body, instant now,
          std::uint64_t tag = 0);

  /// The next frame of the highest class whose protocol is not in `blocked`; within a class the one
  /// that waited longest. Frames that are too old are dropped on the way.
  std::optional<queued_frame> pop(instant now, protocol_set blocked = 0);
  /// Size of the body `pop` would return, without taking it and without looking at its age.
  std::optional<std::size_t> peek_size(protocol_set blocked = 0) const noexcept;

  /// Drops what has waited too long. For peers whose queue is not being popped.
  void expire(instant now);
  /// When `expire` has something to do.
  std::optional<instant> next_deadline() const noexcept;
  /// Drops everything of one protocol; returns the frames dropped. Told as refused when the reason
  /// is that the peer does not speak it.
  std::size_t drop_protocol(protocol_index protocol, frame_drop reason);
  /// Gives the memory of empty rings back.
  void trim() noexcept;

  bool empty() const noexcept { return frames_ == 0; }
  std::size_t frames() const noexcept { return frames_; }
  /// Waiting bytes, overhead included.
  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t bytes(priority klass) const noexcept {
    return classes_[static_cast<std::size_t>(klass)].bytes;
  }
  /// Protocols that have frames waiting.
  protocol_set waiting() const noexcept;

 private:
  struct lane {
    protocol_index protocol = 0;
    frame_ring ring;
  };
  struct class_state {
    std::vector<lane> lanes;
    std::size_t bytes = 0;
    std::size_t frames = 0;
  };
  static std::size_t cost(const chunk_view& body) noexcept {
    return body.size() + send_queue_limits::frame_overhead_bytes;
  }
  lane& lane_of(class_state& c, protocol_index protocol);
  lane* oldest_lane(class_state& c, protocol_set blocked) noexcept;
  const lane* oldest_lane(const class_state& c, protocol_set blocked) const noexcept;
  frame_ring::entry take(class_state& c, lane& l) noexcept;
  void drop(class_state& c, lane& l, frame_drop reason) noexcept;
  void tell(protocol_index protocol, std::uint64_t tag, frame_fate fate) noexcept {
    if (tag != 0 && fates_ != nullptr) fates_->tell(protocol, tag, fate);
  }
  void drop_aged(std::size_t klass, instant now) noexcept;
  /// Makes room for `need` bytes by dropping from classes not above `klass`.
  bool make_room(std::size_t klass, std::size_t need) noexcept;

  send_queue_limits limits_;
  transport_metrics& metrics_;
  fate_sink* const fates_;
  std::array<class_state, priority_count> classes_;
  std::size_t bytes_ = 0;
  std::size_t frames_ = 0;
  std::uint64_t sequence_ = 0;
};

}  // namespace weft::transport
