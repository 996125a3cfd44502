// SPDX-License-Identifier: MIT
#include "actors/io_links.hpp"

#include "actors/protocols.hpp"
#include "messaging/messaging_config.hpp"
#include "routing/routing_core.hpp"

namespace weft::actors {

io_links::io_links()
    : routing(std::string(routing::protocol_name)), messaging(messaging::protocol_name) {}

void io_links::on_events(std::vector<transport::event>&& events) {
  // The concerns first: a frame of a new session may follow in the same round of the reactor.
  routing.on_events(events);
  messaging.on_events(events);
  const std::lock_guard lock(mutex_);
  if (session_) tell(*session_, event_batch{std::move(events)});
}

std::vector<transport::frame_listener*> io_links::listeners() {
  std::vector<transport::frame_listener*> out(2);
  out[messaging_concern] = &messaging;
  out[routing_concern] = &routing;
  return out;
}

void io_links::connect_session(session_actor to) {
  const std::lock_guard lock(mutex_);
  session_ = std::move(to);
}

void io_links::disconnect_session() {
  const std::lock_guard lock(mutex_);
  session_.reset();
}

std::optional<session_actor> io_links::session() const {
  const std::lock_guard lock(mutex_);
  return session_;
}

void io_links::disconnect_all() {
  routing.disconnect();
  messaging.disconnect();
  disconnect_session();
}

}  // namespace weft::actors
