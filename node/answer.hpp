// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace weft::node {

/// Waits on this thread for one asynchronous answer.
template <class T>
class answer {
 public:
  /// The callback to hand to the asker. It may be called after the answer object is gone.
  std::function<void(result<T>)> callback() const {
    return [state = state_](result<T> value) {
      const std::lock_guard lock(state->mutex);
      state->value = std::move(value);
      state->arrived.notify_all();
    };
  }
  result<T> wait() {
    std::unique_lock lock(state_->mutex);
    state_->arrived.wait(lock, [&] { return state_->value.has_value(); });
    return std::move(*state_->value);
  }
  /// None when `longest` has passed.
  std::optional<result<T>> wait_for(duration longest) {
    std::unique_lock lock(state_->mutex);
    if (!state_->arrived.wait_for(lock, longest, [&] { return state_->value.has_value(); }))
      return std::nullopt;
    return std::move(state_->value);
  }

 private:
  struct shared {
    std::mutex mutex;
    std::condition_variable arrived;
    std::optional<result<T>> value;
  };
  std::shared_ptr<shared> state_ = std::make_shared<shared>();
};

/// Lines on their way from the node's threads to a slow reader. Bounded: the oldest line makes room
/// and is counted.
class line_queue {
 public:
  explicit line_queue(std::size_t lines_max) : lines_max_(lines_max) {}

  void push(std::string line) {
    const std::lock_guard lock(mutex_);
    if (lines_.size() >= lines_max_) {
      lines_.pop_front();
      ++dropped_;
    }
    lines_.push_back(std::move(line));
    filled_.notify_one();
  }
  /// No more lines will come; `pop` answers at once when the queue is empty.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    filled_.notify_all();
  }
  /// The next line; none when `longest` has passed or the queue is closed and empty.
  std::optional<std::string> pop(duration longest) {
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, longest, [&] { return !lines_.empty() || closed_; });
    if (lines_.empty()) return std::nullopt;
    auto line = std::move(lines_.front());
    lines_.pop_front();
    return line;
  }
  bool finished() const {
    const std::lock_guard lock(mutex_);
    return closed_ && lines_.empty();
  }
  std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  const std::size_t lines_max_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<std::string> lines_;
  std::uint64_t dropped_ = 0;
  bool closed_ = false;
};

}  // namespace weft::node
