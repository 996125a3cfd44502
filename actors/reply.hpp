// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace weft::actors {

/// The right to answer a question, carried in a message. Answers exactly once: when the last copy
/// goes away unanswered (the actor ended with the message in its mailbox), the asker gets
/// ec::stopping. Copies share the right; thread-safe as long as one actor at a time holds them.
template <class T>
class reply {
 public:
  using function = std::function<void(result<T>)>;

  reply() = default;
  explicit reply(function f) : state_(std::make_shared<state>(std::move(f))) {}

  /// The first call reaches the asker, later ones do nothing.
  void operator()(result<T> value) const {
    if (!state_ || !state_->f) return;
    auto f = std::exchange(state_->f, nullptr);
    f(std::move(value));
  }
  bool answered() const noexcept { return !state_ || !state_->f; }

 private:
  struct state {
    explicit state(function g) : f(std::move(g)) {}
    state(const state&) = delete;
    state& operator=(const state&) = delete;
    ~state() {
      if (f) f(fail(ec::stopping, "the node is stopping"));
    }
    function f;
  };
  std::shared_ptr<state> state_;
};

}  // namespace weft::actors
