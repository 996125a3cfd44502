// SPDX-License-Identifier: MIT
#include "actors/event_link.hpp"

#include "hosts/dht_host.hpp"

#include <utility>

namespace weft::actors {

namespace {

bool concerns_dht(const transport::event& e) {
  if (const auto* response = std::get_if<transport::response_event>(&e))
    return hosts::dht_host::owns(response->id);
  return std::holds_alternative<transport::session_up_event>(e)
         || std::holds_alternative<transport::session_down_event>(e)
         || std::holds_alternative<transport::identified_event>(e)
         || std::holds_alternative<transport::request_event>(e);
}

}  // namespace

void dht_link::note(const transport::event& e) {
  if (const auto* up = std::get_if<transport::session_up_event>(&e)) {
    present_.try_emplace(up->peer, presence{*up, {}});
  } else if (const auto* down = std::get_if<transport::session_down_event>(&e)) {
    present_.erase(down->peer);
  } else if (const auto* known = std::get_if<transport::identified_event>(&e)) {
    const auto at = present_.find(known->peer);
    if (at != present_.end()) at->second.identified = *known;
  }
}

void dht_link::on_events(const std::vector<transport::event>& events) {
  const std::lock_guard lock(mutex_);
  event_batch out;
  for (const auto& e : events) {
    if (!concerns_dht(e)) continue;
    note(e);
    out.events.push_back(e);
  }
  if (to_ && !out.events.empty()) tell(*to_, std::move(out));
}

void dht_link::connect(dht_actor to) {
  const std::lock_guard lock(mutex_);
  to_ = std::move(to);
  event_batch out;
  for (const auto& [peer, p] : present_) {
    out.events.emplace_back(p.up);
    if (p.identified) out.events.emplace_back(*p.identified);
  }
  if (!out.events.empty()) tell(*to_, std::move(out));
}

void dht_link::disconnect() {
  const std::lock_guard lock(mutex_);
  to_.reset();
}

std::optional<dht_actor> dht_link::handle() const {
  const std::lock_guard lock(mutex_);
  return to_;
}

}  // namespace weft::actors
