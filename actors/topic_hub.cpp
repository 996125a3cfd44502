// SPDX-License-Identifier: MIT
#include "actors/topic_hub.hpp"

#include <utility>

namespace weft::actors {

result<subscription> topic_hub::follow(std::string topic, follower f) {
  const std::lock_guard lock(mutex_);
  if (followers_.size() >= followers_max)
    return fail(ec::limit,
                std::to_string(followers_max) + " followers of topics are the most there can be");
  followers_.emplace(next_, entry{std::move(topic), std::move(f)});
  return next_++;
}

bool topic_hub::unfollow(subscription which) {
  const std::lock_guard lock(mutex_);
  return followers_.erase(which) > 0;
}

void topic_hub::deliver(const topic_message& message) {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, e] : followers_)
    if (e.topic == message.topic) e.f(message);
}

std::vector<std::string> topic_hub::wanted() const {
  const std::lock_guard lock(mutex_);
  auto topics = configured_;
  for (const auto& [number, e] : followers_) topics.insert(e.topic);
  return {topics.begin(), topics.end()};
}

}  // namespace weft::actors
