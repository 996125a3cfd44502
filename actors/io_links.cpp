// SPDX-License-Identifier: MIT
#include "actors/io_links.hpp"

#include "actors/protocols.hpp"
#include "hosts/dht_host.hpp"
#include "messaging/messaging_config.hpp"
#include "routing/routing_core.hpp"

namespace weft::actors {

namespace {

template <class... Events>
bool is_any(const transport::event& e) {
  return (std::holds_alternative<Events>(e) || ...);
}

bool concerns_gossip(const transport::event& e) {
  return is_any<transport::session_up_event, transport::session_down_event,
                transport::identified_event, transport::path_changed_event>(e);
}

bool concerns_dht(const transport::event& e) {
  if (const auto* response = std::get_if<transport::response_event>(&e))
    return hosts::dht_host::owns(response->id);
  return is_any<transport::session_up_event, transport::session_down_event,
                transport::identified_event, transport::request_event>(e);
}

}  // namespace

io_links::io_links()
    : routing(std::string(routing::protocol_name)),
      messaging(messaging::protocol_name),
      gossip(concerns_gossip),
      dht(concerns_dht) {}

void io_links::on_events(std::vector<transport::event>&& events) {
  // The concerns first: a frame of a new session may follow in the same round of the reactor.
  routing.on_events(events);
  messaging.on_events(events);
  gossip.on_events(events);
  dht.on_events(events);
  const std::lock_guard lock(mutex_);
  if (session_) tell(*session_, event_batch{std::move(events)});
}

std::vector<transport::frame_listener*> io_links::listeners() {
  std::vector<transport::frame_listener*> out(concern_count);
  out[messaging_concern] = &messaging;
  out[routing_concern] = &routing;
  out[gossip_concern] = &gossip;
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
  gossip.disconnect();
  dht.disconnect();
  bench.disconnect();
  disconnect_session();
}

}  // namespace weft::actors
