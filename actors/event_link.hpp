// SPDX-License-Identifier: MIT
#pragma once

#include "actors/interfaces.hpp"
#include "transport/port.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace weft::actors {

/// A handle that others look up because its actor may be restarted. Thread-safe.
template <class Handle>
class handle_box {
 public:
  void connect(Handle to) {
    const std::lock_guard lock(mutex_);
    to_ = std::move(to);
  }
  void disconnect() {
    const std::lock_guard lock(mutex_);
    to_.reset();
  }
  std::optional<Handle> handle() const {
    const std::lock_guard lock(mutex_);
    return to_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Handle> to_;
};

/// Way to the DHT actor: the reactor's events about sessions, identities, requests and answers. A
/// restarted actor is told first who is there. Requests that come while there is no actor are left
/// to the reactor's own time limit.
class dht_link {
 public:
  void on_events(const std::vector<transport::event>& events);
  void connect(dht_actor to);
  void disconnect();
  std::optional<dht_actor> handle() const;

 private:
  /// What a connected peer said of itself, to be said again to a restarted actor.
  struct presence {
    transport::session_up_event up;
    std::optional<transport::identified_event> identified;
  };
  void note(const transport::event& e);

  mutable std::mutex mutex_;
  std::optional<dht_actor> to_;
  std::map<peer_id, presence> present_;
};

}  // namespace weft::actors
