// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/peer_id.hpp"
#include "transport/protocol.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace weft::transport {

/// Bytes of one concern that were handed to its actor and are not yet handled. Above the high mark
/// the reactor stops extending the flow-control windows of that concern's streams, so the remote
/// peer is slowed down; when the level falls below the low mark `on_low` is called once, from the
/// thread that returned the bytes. Thread-safe.
class credit_gate {
 public:
  credit_gate(std::size_t high, std::size_t low, std::function<void()> on_low)
      : high_(high), low_(low), on_low_(std::move(on_low)) {}

  void take(std::size_t bytes) noexcept;
  void give_back(std::size_t bytes) noexcept;
  bool above_high() const noexcept { return level() >= high_; }
  std::size_t level() const noexcept { return level_.load(std::memory_order_acquire); }

 private:
  const std::size_t high_;
  const std::size_t low_;
  const std::function<void()> on_low_;
  std::atomic<std::size_t> level_{0};
};

/// Returns its bytes to the gate when it goes away, also when the receiving actor has died.
class credit {
 public:
  credit() noexcept = default;
  credit(std::shared_ptr<credit_gate> gate, std::size_t bytes)
      : gate_(std::move(gate)), bytes_(bytes) {
    if (gate_) gate_->take(bytes_);
  }
  credit(credit&& other) noexcept
      : gate_(std::move(other.gate_)), bytes_(std::exchange(other.bytes_, 0)) {}
  credit& operator=(credit&& other) noexcept {
    std::swap(gate_, other.gate_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~credit() {
    if (gate_) gate_->give_back(bytes_);
  }

 private:
  std::shared_ptr<credit_gate> gate_;
  std::size_t bytes_ = 0;
};

/// One length-prefixed unit of a stream, without its prefix.
struct frame {
  peer_id peer;
  protocol_index protocol = 0;
  chunk_view body;
};

/// What became of a tagged frame or push of this node.
enum class frame_fate : std::uint8_t {
  /// Written to the peer's stream; a push: acknowledged to its last byte.
  sent,
  /// Never left, or not whole: no session, queue full, too old, timeout, called off by this node.
  dropped,
  /// The peer called the push off, or does not speak the protocol.
  refused,
};
struct told_fate {
  peer_id peer;
  protocol_index protocol = 0;
  std::uint64_t tag = 0;
  frame_fate fate = frame_fate::sent;
};

/// What one round of the reactor received for one concern, and what became of its tagged frames.
struct frame_batch {
  std::vector<frame> frames;
  std::vector<told_fate> fates;
  credit held;
};
using frame_batch_ptr = std::shared_ptr<const frame_batch>;

/// Receives batches on the reactor thread and passes them on; must not block.
class frame_listener {
 public:
  virtual ~frame_listener() = default;
  virtual void on_frames(frame_batch_ptr batch) = 0;
};

}  // namespace weft::transport
