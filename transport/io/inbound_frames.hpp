// SPDX-License-Identifier: MIT
#pragma once

#include "transport/inbound.hpp"
#include "transport/io/reactor.hpp"
#include "transport/port.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace weft::transport {
struct transport_metrics;
}

namespace weft::transport::io {

/// Collects the frames of a round into one batch per concern, and remembers which streams wait for
/// a concern's credit.
class inbound_frames {
 public:
  /// A batch is handed over early at either bound.
  static constexpr std::size_t batch_frames_max = 4096;
  static constexpr std::size_t batch_bytes_max = 1u << 20;
  /// Credit that a frame takes beyond its body.
  static constexpr std::size_t frame_overhead_bytes = 96;

  /// A stream whose bytes were handed over while the concern's credit was used up.
  struct waiting_stream {
    session_id session = 0;
    std::int64_t stream = 0;
  };

  /// `wake` is called from any thread when a concern has credit again.
  inbound_frames(std::vector<frame_listener*> listeners, const credit_marks& marks,
                 transport_metrics& metrics, std::function<void()> wake);

  void add(std::size_t concern, frame f);
  /// Adds what became of a tagged frame; takes no credit, for the concern itself caused it.
  void tell(std::size_t concern, told_fate fate);
  /// True while streams of this concern must not be given more window.
  bool stalled(std::size_t concern) const noexcept;
  /// While held, every concern counts as without credit.
  void hold(bool on) noexcept { held_ = on; }
  /// Notes a stream that waits for credit; once per wait.
  void wait_for_credit(std::size_t concern, waiting_stream w);
  /// Hands the round's batches over.
  void deliver();
  /// Takes the streams of concerns that have credit again.
  std::vector<waiting_stream> take_released();
  std::size_t level(std::size_t concern) const noexcept;
  std::size_t concerns() const noexcept { return states_.size(); }

 private:
  struct concern_state {
    frame_listener* listener = nullptr;
    std::shared_ptr<credit_gate> gate;
    std::shared_ptr<frame_batch> batch;
    std::size_t batch_bytes = 0;
    std::vector<waiting_stream> waiting;
  };
  void hand_over(concern_state& c);

  transport_metrics& metrics_;
  bool held_ = false;
  std::size_t high_;
  std::size_t low_;
  std::vector<concern_state> states_;
};

}  // namespace weft::transport::io
