// SPDX-License-Identifier: MIT
#pragma once

#include "actors/messages.hpp"
#include "transport/inbound.hpp"
#include "transport/port.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <utility>
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

/// Way from the reactor to an actor around a host that follows events itself: those that `concerns`
/// picks, and frames of its concern, in the reactor's order. A restarted actor is told first who is
/// there and what they said of themselves. While no actor is set, frames are dropped and counted;
/// requests are left to the reactor's own time limit. Thread-safe.
template <class Handle, bool TakesFrames>
class event_link final : public transport::frame_listener {
 public:
  using filter = bool (*)(const transport::event&);

  explicit event_link(filter concerns) noexcept : concerns_(concerns) {}

  void on_frames(transport::frame_batch_ptr batch) override {
    const std::lock_guard lock(mutex_);
    if constexpr (TakesFrames) {
      if (to_) return tell(*to_, std::move(batch));
    }
    dropped_ += batch->frames.size();
  }

  void on_events(const std::vector<transport::event>& events) {
    const std::lock_guard lock(mutex_);
    event_batch out;
    for (const auto& e : events) {
      if (!concerns_(e)) continue;
      note(e);
      out.events.push_back(e);
    }
    if (to_ && !out.events.empty()) tell(*to_, std::move(out));
  }

  void connect(Handle to) {
    const std::lock_guard lock(mutex_);
    to_ = std::move(to);
    event_batch out;
    for (const auto& [peer, p] : present_) {
      out.events.emplace_back(p.up);
      if (p.identified) out.events.emplace_back(*p.identified);
    }
    if (!out.events.empty()) tell(*to_, std::move(out));
  }
  void disconnect() {
    const std::lock_guard lock(mutex_);
    to_.reset();
  }
  std::optional<Handle> handle() const {
    const std::lock_guard lock(mutex_);
    return to_;
  }
  std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  /// What a connected peer said of itself.
  struct presence {
    transport::session_up_event up;
    std::optional<transport::identified_event> identified;
  };

  void note(const transport::event& e) {
    if (const auto* up = std::get_if<transport::session_up_event>(&e)) {
      present_.try_emplace(up->peer, presence{*up, {}});
    } else if (const auto* down = std::get_if<transport::session_down_event>(&e)) {
      present_.erase(down->peer);
    } else if (const auto* known = std::get_if<transport::identified_event>(&e)) {
      const auto at = present_.find(known->peer);
      if (at != present_.end()) at->second.identified = *known;
    }
  }

  const filter concerns_;
  mutable std::mutex mutex_;
  std::optional<Handle> to_;
  std::map<peer_id, presence> present_;
  std::uint64_t dropped_ = 0;
};

}  // namespace weft::actors
