// SPDX-License-Identifier: MIT
#pragma once

#include "actors/interfaces.hpp"
#include "transport/inbound.hpp"
#include "transport/port.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// The adapters between the reactor thread and the actors: one message per batch.
namespace weft::actors {

/// Way to one concern's actor: frames, and which peers speak its protocol. Both come from the
/// reactor thread, so they arrive in the reactor's order. A restarted actor is told first who is
/// there. While no actor is set, frames are dropped and counted.
template <class Handle>
class concern_link final : public transport::frame_listener {
 public:
  explicit concern_link(std::string protocol_name) : protocol_name_(std::move(protocol_name)) {}

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
    for (const auto& e : events) {
      if (const auto* up = std::get_if<transport::session_up_event>(&e))
        on_up(*up, out);
      else if (const auto* down = std::get_if<transport::session_down_event>(&e))
        on_down(down->peer, out);
      else if (const auto* known = std::get_if<transport::identified_event>(&e))
        on_identified(*known, out);
    }
    if (to_ && !out.changes.empty()) tell(*to_, std::move(out));
  }

  void connect(Handle to) {
    const std::lock_guard lock(mutex_);
    to_ = std::move(to);
    presence_batch out;
    for (const auto& [peer, p] : present_)
      if (p.speaks) out.changes.push_back({peer, true, p.session, p.handshake});
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
  struct presence {
    transport::session_id session = 0;
    duration handshake{};
    bool speaks = true;
  };

  void on_up(const transport::session_up_event& e, presence_batch& out) {
    const auto [at, fresh] = present_.try_emplace(e.peer, presence{e.session, e.handshake, true});
    if (fresh) out.changes.push_back({e.peer, true, e.session, e.handshake});
  }
  void on_down(const peer_id& peer, presence_batch& out) {
    const auto at = present_.find(peer);
    if (at == present_.end()) return;
    if (at->second.speaks) out.changes.push_back({peer, false, at->second.session, {}});
    present_.erase(at);
  }
  /// A peer is taken to speak the protocol until identify says otherwise: a Weft node must not lose
  /// the first frames.
  void on_identified(const transport::identified_event& e, presence_batch& out) {
    const auto at = present_.find(e.peer);
    if (at == present_.end()) return;
    const auto& names = e.info.protocols;
    const bool speaks = std::find(names.begin(), names.end(), protocol_name_) != names.end();
    if (speaks == at->second.speaks) return;
    at->second.speaks = speaks;
    out.changes.push_back({e.peer, speaks, at->second.session, at->second.handshake});
  }

  const std::string protocol_name_;
  mutable std::mutex mutex_;
  std::optional<Handle> to_;
  std::map<peer_id, presence> present_;
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

 private:
  mutable std::mutex mutex_;
  std::optional<session_actor> session_;
};

}  // namespace weft::actors
