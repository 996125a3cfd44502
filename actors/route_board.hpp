// SPDX-License-Identifier: MIT
#pragma once

#include "routing/routing_snapshot.hpp"

#include <memory>
#include <mutex>
#include <utility>

namespace weft::actors {

/// Where the routing actor, its only writer, pins its latest snapshot for everyone else.
/// Thread-safe.
class route_board {
 public:
  using snapshot_ptr = std::shared_ptr<const routing::routing_snapshot>;

  void publish(snapshot_ptr snapshot) {
    const std::lock_guard lock(mutex_);
    latest_.swap(snapshot);
  }
  /// Null before the first publication.
  snapshot_ptr latest() const {
    const std::lock_guard lock(mutex_);
    return latest_;
  }

 private:
  mutable std::mutex mutex_;
  snapshot_ptr latest_;
};

}  // namespace weft::actors
