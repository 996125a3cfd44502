// SPDX-License-Identifier: MIT
#pragma once

#include "actors/telling_types.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace weft::actors {

/// Between the gossip actor, which delivers, and those who follow topics. The node is subscribed to
/// a topic while it is configured or somebody follows it. Outlives restarts of the actor.
/// Thread-safe; followers are called one at a time and must not block.
class topic_hub {
 public:
  using follower = std::function<void(const topic_message&)>;
  static constexpr std::size_t followers_max = 256;

  /// Topics of the configuration: subscribed for good.
  explicit topic_hub(std::vector<std::string> configured = {})
      : configured_(configured.begin(), configured.end()) {}

  /// ec::limit.
  result<subscription> follow(std::string topic, follower f);
  /// Whether the subscription existed.
  bool unfollow(subscription which);
  void deliver(const topic_message& message);

  /// Everything to be subscribed to now, sorted.
  std::vector<std::string> wanted() const;

 private:
  struct entry {
    std::string topic;
    follower f;
  };
  const std::set<std::string> configured_;
  mutable std::mutex mutex_;
  std::map<subscription, entry> followers_;
  subscription next_ = 1;
};

}  // namespace weft::actors
