// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

namespace weft::actors {

/// What goes in and out of the mailbox of one actor: read by anybody, also while the actor hangs.
/// Many threads post; `on_taken`, `on_handled` and `on_closed` are the actor's own.
class mailbox_counts {
 public:
  void on_posted() noexcept { posted_.fetch_add(1, std::memory_order_relaxed); }
  /// The actor begins with a message.
  void on_taken() noexcept {
    taken_.store(taken_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    const auto left = waiting();
    if (left > deepest_.load(std::memory_order_relaxed))
      deepest_.store(left, std::memory_order_relaxed);
    handling_.store(true, std::memory_order_relaxed);
  }
  /// It has returned from the message.
  void on_handled() noexcept { handling_.store(false, std::memory_order_relaxed); }
  /// It has ended; what waited is gone.
  void on_closed() noexcept { closed_.store(true, std::memory_order_relaxed); }

  /// Messages that the actor began with.
  std::uint64_t taken() const noexcept { return taken_.load(std::memory_order_acquire); }
  /// Messages that wait; not the one that is being handled.
  std::uint64_t waiting() const noexcept {
    if (closed_.load(std::memory_order_relaxed)) return 0;
    const auto begun = taken();
    return posted_.load(std::memory_order_relaxed) - begun;
  }
  /// Most messages that still waited when one was taken.
  std::uint64_t deepest() const noexcept { return deepest_.load(std::memory_order_relaxed); }
  /// Whether the actor is in the middle of a message.
  bool handling() const noexcept { return handling_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> posted_{0};
  std::atomic<std::uint64_t> taken_{0};
  std::atomic<std::uint64_t> deepest_{0};
  std::atomic<bool> handling_{false};
  std::atomic<bool> closed_{false};
};

}  // namespace weft::actors
