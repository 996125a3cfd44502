// SPDX-License-Identifier: MIT
#include "actors/inbox_hub.hpp"

#include <algorithm>

namespace weft::actors {

bool inbox_hub::publish(std::uint64_t row, inbox_message message) {
  {
    const std::lock_guard lock(mutex_);
    if (row != 0) {
      if (!published_rows_.insert(row).second) return false;
    } else {
      volatile_bytes_ += message.body.size();
      volatile_.push_back(message);
      while (volatile_.size() > limits_.volatile_messages_max
             || volatile_bytes_ > limits_.volatile_bytes_max) {
        volatile_bytes_ -= volatile_.front().body.size();
        volatile_.pop_front();
        ++dropped_;
      }
    }
  }
  const std::lock_guard lock(followers_mutex_);
  for (const auto& [number, f] : followers_) f(message);
  return true;
}

void inbox_hub::forget_rows(const std::vector<std::uint64_t>& rows) {
  const std::lock_guard lock(mutex_);
  for (const auto row : rows) published_rows_.erase(row);
}

std::vector<inbox_message> inbox_hub::volatile_messages(std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(limit, volatile_.size()));
  return {volatile_.begin(), volatile_.begin() + count};
}

bool inbox_hub::remove_volatile(const message_ref& which) {
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(volatile_.begin(), volatile_.end(), [&](const inbox_message& m) {
    return m.id == which.id && m.from == which.from;
  });
  if (at == volatile_.end()) return false;
  volatile_bytes_ -= at->body.size();
  volatile_.erase(at);
  return true;
}

result<subscription> inbox_hub::follow(follower f) {
  const std::lock_guard lock(followers_mutex_);
  if (followers_.size() >= limits_.followers_max)
    return fail(ec::limit, "too many followers of the inbox");
  followers_.emplace(next_, std::move(f));
  return next_++;
}

void inbox_hub::unfollow(subscription which) {
  const std::lock_guard lock(followers_mutex_);
  followers_.erase(which);
}

}  // namespace weft::actors
