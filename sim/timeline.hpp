// SPDX-License-Identifier: MIT
#pragma once

#include "sim/event_queue.hpp"
#include "sim/trace.hpp"

#include <utility>

namespace weft::sim {

/// Virtual time: what is to happen, when it is now, and the record of what has happened.
class timeline {
 public:
  /// The first instant; the zero instant stays free to mean "never".
  static constexpr instant origin{std::chrono::hours(1)};

  instant now() const noexcept { return now_; }
  duration elapsed() const noexcept { return now_ - origin; }

  void at(instant when, event&& e) { queue_.push(when < now_ ? now_ : when, std::move(e)); }
  void in(duration wait, event&& e) { at(now_ + wait, std::move(e)); }

  /// Takes the next event that happens no later than `until` and moves time there; false when
  /// there is none, and time then is `until`.
  bool next(instant until, event& e) {
    if (queue_.empty() || queue_.next_at() > until) {
      if (now_ < until) now_ = until;
      return false;
    }
    now_ = queue_.pop(e);
    trace_.record(now_, e);
    return true;
  }

  sim::trace& trace() noexcept { return trace_; }
  const sim::trace& trace() const noexcept { return trace_; }
  const event_queue& queue() const noexcept { return queue_; }

 private:
  event_queue queue_;
  sim::trace trace_;
  instant now_ = origin;
};

}  // namespace weft::sim
