// SPDX-License-Identifier: MIT
#pragma once

#include "actors/runtime_types.hpp"
#include "metrics/counter.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <vector>

namespace weft::actors {

/// Bounds of what is kept of received messages in memory.
struct inbox_limits {
  /// Volatile messages not yet shown; beyond either bound the oldest is dropped.
  std::size_t volatile_messages_max = 1024;
  std::size_t volatile_bytes_max = 8u << 20;
  std::size_t followers_max = 64;
};

/// Between the messaging actor, which publishes, and those who read the inbox. Outlives restarts of
/// the actor and passes no message to a follower twice. Thread-safe; followers are called one at a
/// time.
class inbox_hub {
 public:
  using follower = std::function<void(const inbox_message&)>;

  explicit inbox_hub(inbox_limits limits = {}) : limits_(limits) {}

  /// A message for the user. `row` is the inbox row of a durable one, else 0. False when it was
  /// published before.
  bool publish(std::uint64_t row, inbox_message message);
  /// The user has seen these rows: they need not be remembered any longer.
  void forget_rows(const std::vector<std::uint64_t>& rows);

  /// The latest volatile messages, oldest first.
  std::vector<inbox_message> volatile_messages(std::size_t limit) const;
  /// Removes one; whether it was there.
  bool remove_volatile(const message_ref& which);

  /// ec::limit.
  result<subscription> follow(follower f);
  void unfollow(subscription which);

  /// Volatile messages dropped unshown.
  std::uint64_t dropped() const noexcept { return dropped_.value(); }

 private:
  const inbox_limits limits_;
  mutable std::mutex mutex_;
  std::deque<inbox_message> volatile_;
  std::size_t volatile_bytes_ = 0;
  std::set<std::uint64_t> published_rows_;
  metrics::counter dropped_;

  std::mutex followers_mutex_;
  std::map<subscription, follower> followers_;
  subscription next_ = 1;
};

}  // namespace weft::actors
