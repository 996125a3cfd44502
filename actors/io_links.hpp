// SPDX-License-Identifier: MIT
#pragma once

#include "actors/event_link.hpp"
#include "actors/interfaces.hpp"
#include "hosts/presence.hpp"
#include "transport/inbound.hpp"
#include "transport/port.hpp"

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// The adapters between the reactor thread and the actors: one message per batch.
namespace weft::actors {

/// Way to one concern's actor: frames, and which peers speak its protocol. Both come from the
/// reactor thread, so they arrive in the reactor's order. A restarted actor is told first who is
/// there. While no actor is set, frames are dropped and counted.
template <class Handle>
class concern_link final : public transport::frame_listener {
 public:
  explicit concern_link(std::string protocol_name) : peers_(rule_for(std::move(protocol_name))) {}

  void on_frames(transport::frame_batch_ptr batch) override {
    const std::lock_guard lock(mutex_);
    if (to_)
      tell(*to_, std::move(batch));
    else
      dropped_ += batch->frames.size();
  }

  void on_events(const std::vector<transport::event>& events) {
    const std::lock_guard lock(mutex_);
    presence_batch out;
    for (const auto& e : events) peers_.on_event(e, out.changes);
    if (to_ && !out.changes.empty()) tell(*to_, std::move(out));
  }

  void connect(Handle to) {
    const std::lock_guard lock(mutex_);
    to_ = std::move(to);
    presence_batch out;
    peers_.present(out.changes);
    if (!out.changes.empty()) tell(*to_, std::move(out));
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
  static hosts::presence_rule rule_for(std::string protocol_name) {
    // A Weft node must not lose the first frames.
    return {.names = {std::move(protocol_name)},
            .extensions = {},
            .when = hosts::presence_rule::policy::assumed};
  }

  mutable std::mutex mutex_;
  std::optional<Handle> to_;
  hosts::presence_tracker peers_;
  std::uint64_t dropped_ = 0;
};

/// All links of one node, and the reactor's event listener. Thread-safe; outlives the reactor.
class io_links final : public transport::event_listener {
 public:
  io_links();

  void on_events(std::vector<transport::event>&& events) override;
  /// For the reactor, indexed by concern.
  std::vector<transport::frame_listener*> listeners();

  void connect_session(session_actor to);
  void disconnect_session();
  std::optional<session_actor> session() const;
  /// Drops every handle; nothing is passed on any more.
  void disconnect_all();

  concern_link<routing_actor> routing;
  concern_link<messaging_actor> messaging;
  event_link<gossip_actor, true> gossip;
  event_link<dht_actor, false> dht;
  handle_box<bench_actor> bench;

 private:
  mutable std::mutex mutex_;
  std::optional<session_actor> session_;
};

}  // namespace weft::actors
