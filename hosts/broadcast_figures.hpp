// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"
#include "metrics/sample_summary.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::hosts {

/// The figures of one broadcast bench, defined once for real nodes and simulated ones: which
/// message reached which receiver when. Times are spans since the start of the bench on one line;
/// who measures between machines corrects them first.
class broadcast_figures {
 public:
  /// More would only be cut short by memory: 8 bytes for each pair.
  static constexpr std::size_t pairs_max = 64u << 20;

  struct summary {
    /// From publication to each delivery, seconds, and those times themselves.
    metrics::sample_summary delivery_seconds;
    std::vector<double> deliveries;
    /// From publication to the last receiver, seconds; messages that reached everybody only.
    metrics::sample_summary everywhere_seconds;
    std::uint64_t published = 0;
    /// Pairs of message and receiver: as they should be, and as they came.
    std::uint64_t expected = 0;
    std::uint64_t delivered = 0;
    /// Deliveries of a message that the receiver had been given before.
    std::uint64_t repeated = 0;
  };

  /// `messages` and `receivers` are at least 1 and their product at most `pairs_max`.
  broadcast_figures(std::uint32_t messages, std::uint32_t receivers);

  /// Numbers out of range are ignored: they may come from a peer.
  void published(std::uint32_t message, duration at) noexcept;
  void delivered(std::uint32_t message, std::uint32_t receiver, duration at) noexcept;
  /// Every published message is everywhere.
  bool complete() const noexcept {
    return published_ == messages_ && delivered_ == std::uint64_t{messages_} * receivers_;
  }
  std::uint64_t delivered_so_far() const noexcept { return delivered_; }
  summary summarize() const;

 private:
  static constexpr duration none = duration::min();

  std::uint32_t messages_;
  std::uint32_t receivers_;
  std::vector<duration> published_at_;
  /// By message, then receiver.
  std::vector<duration> delivered_at_;
  std::uint32_t published_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t repeated_ = 0;
};

}  // namespace weft::hosts
