// SPDX-License-Identifier: MIT
#include "hosts/gossip_host.hpp"

#include "base/multiaddr_protocols.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

namespace weft::hosts {

namespace {

constexpr std::size_t tag_bytes = 8;

transport::priority priority_of(gossip::send_class klass) noexcept {
  switch (klass) {
    case gossip::send_class::control:
      return transport::priority::control;
    case gossip::send_class::own:
      return transport::priority::interactive;
    case gossip::send_class::forward:
      return transport::priority::bulk;
    case gossip::send_class::answer:
      break;
  }
  return transport::priority::background;
}

gossip::fate fate_of(transport::frame_fate told) noexcept {
  switch (told) {
    case transport::frame_fate::sent:
      return gossip::fate::sent;
    case transport::frame_fate::refused:
      return gossip::fate::refused;
    case transport::frame_fate::dropped:
      break;
  }
  return gossip::fate::dropped;
}

/// The address's first part, when that is an IP address.
std::optional<gossip::ip_address> ip_of(const multiaddr& address) {
  const auto parts = address.parts();
  if (parts.empty()) return std::nullopt;
  gossip::ip_address ip{};
  const auto& [code, value] = parts.front();
  if (code == multiaddr_code::ip6 && value.size() == 16) {
    std::copy(value.begin(), value.end(), ip.begin());
    return ip;
  }
  if (code != multiaddr_code::ip4 || value.size() != 4) return std::nullopt;
  ip[10] = ip[11] = 0xff;
  std::copy(value.begin(), value.end(), ip.begin() + 12);
  return ip;
}

/// The newest version among the protocols a peer lists.
std::optional<gossip::version> best_version(const std::vector<std::string>& protocols) {
  for (const std::string_view name : gossip::protocol_names)
    if (std::ranges::find(protocols, name) != protocols.end()) return gossip::version_of(name);
  return std::nullopt;
}

template <class T>
std::vector<T> taken(std::vector<T>& from) {
  return std::exchange(from, {});
}

}  // namespace

transport::protocol gossip_protocol(const gossip::gossip_config& config, std::uint8_t concern) {
  transport::protocol p;
  p.names.assign(gossip::protocol_names.begin(), gossip::protocol_names.end());
  p.kind = transport::stream_kind::frames;
  p.frame_bytes_max = config.frame_bytes_max;
  p.concern = concern;
  return p;
}

transport::protocol gossip_push_protocol(const gossip::gossip_config& config,
                                         std::uint8_t concern) {
  transport::protocol p;
  p.names = {std::string(gossip::push_protocol_name)};
  p.kind = transport::stream_kind::push;
  p.frame_bytes_max = config.frame_bytes_max + tag_bytes;
  p.concern = concern;
  return p;
}

gossip_host::gossip_host(const peer_id& self, const gossip::gossip_crypto& crypto,
                         const gossip_host_config& config, rng random,
                         gossip::gossip_metrics& counters, transport::port& port,
                         gossip_listener& listener)
    : port_(port),
      listener_(listener),
      memory_(config.memory ? config.memory : std::make_shared<gossip_host_memory>()),
      out_(memory_->out),
      batch_(memory_->batch),
      core_(self, crypto, config.core, random, counters, memory_->core),
      protocol_(config.protocol),
      push_protocol_(config.push_protocol) {}

void gossip_host::start(wall_time wall, instant now) {
  core_.start(wall, now, out_);
  drain();
}

// -- sessions ---

void gossip_host::on_event(const transport::event& e, instant now) {
  if (const auto* up = std::get_if<transport::session_up_event>(&e)) {
    on_up(*up, now);
  } else if (const auto* down = std::get_if<transport::session_down_event>(&e)) {
    on_down(down->peer, now);
  } else if (const auto* identified = std::get_if<transport::identified_event>(&e)) {
    on_identified(*identified, now);
  } else if (const auto* moved = std::get_if<transport::path_changed_event>(&e)) {
    const auto found = sessions_.find(moved->peer);
    if (found == sessions_.end()) return;
    found->second.known.address = ip_of(moved->remote);
    if (found->second.told) core_.on_peer_changed(found->second.known, now, out_);
  } else {
    return;
  }
  drain();
}

void gossip_host::on_up(const transport::session_up_event& e, instant now) {
  session& s = sessions_[e.peer];
  s.known.peer = e.peer;
  s.known.outbound = e.side == transport::direction::outbound;
  s.known.address = ip_of(e.remote);
  // A QUIC handshake is one round trip and some arithmetic.
  s.known.rtt = e.handshake;
  const bool early = s.provisional.has_value();
  settle(s);
  if (!s.told) return;
  if (early)
    core_.on_peer_changed(s.known, now, out_);
  else
    tell_up(s, now);
}

void gossip_host::on_down(const peer_id& peer, instant now) {
  const auto found = sessions_.find(peer);
  if (found == sessions_.end()) return;
  if (found->second.told) core_.on_peer_down(peer, now, out_);
  settle(found->second);
  sessions_.erase(found);
}

/// A peer may stop and begin to offer pubsub during a session, and must not be written off for it.
void gossip_host::on_identified(const transport::identified_event& e, instant now) {
  const auto found = sessions_.find(e.peer);
  if (found == sessions_.end()) return;
  session& s = found->second;
  const auto& protocols = e.info.protocols;
  const auto version = best_version(protocols);
  s.known.weft = push_protocol_.has_value()
                 && std::ranges::find(protocols, gossip::push_protocol_name) != protocols.end();
  s.known.signed_record = e.info.signed_peer_record;
  if (!version) {
    if (s.told) core_.on_peer_down(e.peer, now, out_);
    s.told = false;
    return;
  }
  s.known.speaks = *version;
  if (s.told)
    core_.on_peer_changed(s.known, now, out_);
  else
    tell_up(s, now);
}

void gossip_host::tell_up(session& s, instant now) {
  s.told = true;
  core_.on_peer_up(s.known, now, out_);
  // Said once: it is a sample, not a state.
  s.known.rtt = {};
}

void gossip_host::admit(const peer_id& peer, instant now) {
  const auto [found, fresh] = sessions_.try_emplace(peer);
  session& s = found->second;
  if (fresh) {
    s.known.peer = peer;
    s.provisional = now + provisional_time;
    provisional_.emplace(*s.provisional, peer);
  }
  if (!s.told) tell_up(s, now);
}

void gossip_host::settle(session& s) {
  if (s.provisional) provisional_.erase({*s.provisional, s.known.peer});
  s.provisional.reset();
}

// -- frames ---

void gossip_host::on_frames(const transport::frame_batch& batch, instant now) {
  for (const transport::frame& frame : batch.frames) on_frame(frame, now);
  for (const transport::told_fate& told : batch.fates) {
    if (told.protocol == protocol_)
      core_.on_fate(told.peer, told.tag, fate_of(told.fate), now, out_);
    else if (told.protocol == push_protocol_)
      core_.on_push_fate(told.peer, told.tag, fate_of(told.fate), now, out_);
  }
  drain();
}

void gossip_host::on_frame(const transport::frame& frame, instant now) {
  if (frame.protocol == protocol_) {
    if (!core_.knows(frame.peer)) admit(frame.peer, now);
    core_.on_frame(frame.peer, frame.body, now, out_);
  } else if (frame.protocol == push_protocol_) {
    core_.on_push(frame.peer, frame.body, now, out_);
  }
}

void gossip_host::on_deadline(instant now) {
  core_.on_deadline(now, out_);
  while (!provisional_.empty() && provisional_.begin()->first <= now)
    on_down(peer_id(provisional_.begin()->second), now);
  drain();
}

// -- the application ---

result<void> gossip_host::subscribe(std::string_view topic, instant now) {
  auto done = core_.subscribe(topic, now, out_);
  drain();
  return done;
}

result<void> gossip_host::unsubscribe(std::string_view topic, instant now) {
  auto done = core_.unsubscribe(topic, now, out_);
  drain();
  return done;
}

result<gossip::message_id> gossip_host::publish(std::uint64_t ticket, std::string_view topic,
                                                const chunk_view& data, instant now) {
  auto id = core_.publish(ticket, topic, data, now, out_);
  drain();
  return id;
}

void gossip_host::verdict(std::uint64_t ticket, gossip::verdict what, instant now) {
  core_.on_verdict(ticket, what, now, out_);
  drain();
}

// -- outward ---

void gossip_host::drain() {
  drain_to_port();
  if (!out_.deliveries.empty()) listener_.on_gossip_deliveries(taken(out_.deliveries));
  if (!out_.outcomes.empty()) listener_.on_gossip_outcomes(taken(out_.outcomes));
  if (!out_.validations.empty()) listener_.on_gossip_validations(taken(out_.validations));
  if (!out_.connects.empty()) listener_.on_gossip_connect(taken(out_.connects));
  if (!out_.mesh_changes.empty()) listener_.on_gossip_meshes(taken(out_.mesh_changes));
  out_.clear();
}

void gossip_host::drain_to_port() {
  batch_.sends.reserve(out_.sends.size());
  for (gossip::send& s : out_.sends)
    batch_.sends.push_back({s.peer, protocol_, priority_of(s.klass), std::move(s.body), s.tag});
  if (push_protocol_) {
    for (gossip::push& p : out_.pushes)
      batch_.controls.push_back(
          transport::push_command{p.peer, *push_protocol_, p.tag, std::move(p.body), p.timeout});
    for (const gossip::push_cancel& c : out_.cancels)
      batch_.controls.push_back(
          transport::cancel_push_command{c.peer, *push_protocol_, c.tag, c.inbound});
  }
  for (const gossip::expulsion& e : out_.expulsions)
    if (e.disconnect)
      batch_.controls.push_back(transport::disconnect_command{
          e.peer, "gossip: score " + std::to_string(e.score / 1000) + " is below the threshold"});
  if (batch_.empty()) return;
  port_.post(std::move(batch_));
  // What the port left is used again.
  batch_.sends.clear();
  batch_.controls.clear();
}

}  // namespace weft::hosts
