// SPDX-License-Identifier: MIT
#include "hosts/dht_host.hpp"

#include <algorithm>
#include <utility>

namespace weft::hosts {

dht_host::dht_host(const peer_id& self, const dht_host_config& config,
                   std::shared_ptr<const dht::validator_set> validators, rng random,
                   dht::dht_metrics& counters, transport::port& port, dht_listener& listener)
    : config_(config),
      port_(port),
      listener_(listener),
      core_(self, config.core, std::move(validators), random, counters),
      leases_(config.core.sessions_kept, config.core.session_idle, config.core.query_timeout) {}

dht_host::~dht_host() = default;

void dht_host::start(dht::stored_state stored, wall_time wall, instant now) {
  core_.start(std::move(stored), wall, now, out_);
  drain(wall, now);
}

void dht_host::set_addresses(std::vector<multiaddr> own) { core_.set_addresses(std::move(own)); }

void dht_host::set_server(bool server) { core_.set_server(server); }

// -- inward ---

void dht_host::on_event(const transport::event& e, wall_time wall, instant now) {
  if (const auto* up = std::get_if<transport::session_up_event>(&e)) {
    on_up(*up, now);
  } else if (const auto* down = std::get_if<transport::session_down_event>(&e)) {
    if (leases_.forget(down->peer)) listener_.on_dht_needs(down->peer, false);
    if (sessions_.erase(down->peer) > 0) core_.on_peer_gone(down->peer, now, out_);
  } else if (const auto* known = std::get_if<transport::identified_event>(&e)) {
    const auto& names = known->info.protocols;
    const bool server
        = std::find(names.begin(), names.end(), config_.core.protocol_name) != names.end();
    core_.on_peer_seen({known->peer, known->info.listen_addresses}, server, now, out_);
  } else if (const auto* request = std::get_if<transport::request_event>(&e)) {
    if (request->protocol == config_.protocol)
      core_.on_request(request->token, request->peer, request->body, wall, now, out_);
  } else if (const auto* response = std::get_if<transport::response_event>(&e)) {
    on_response(*response, wall, now);
  }
  drain(wall, now);
}

void dht_host::on_up(const transport::session_up_event& e, instant now) {
  sessions_.insert(e.peer);
  core_.on_peer_up(e.peer, e.remote, e.handshake, now, out_);
  const auto at = waiting_.find(e.peer);
  if (at == waiting_.end()) return;
  auto waiting = std::move(at->second);
  waiting_.erase(at);
  waiting_count_ -= waiting.queries.size();
  if (waiting.wished) asked_.erase({waiting.asked, e.peer});
  std::erase(wishes_, e.peer);
  for (auto& q : waiting.queries) send(std::move(q), now);
}

void dht_host::on_response(const transport::response_event& e, wall_time wall, instant now) {
  if (owns(e.id)) core_.on_response(e.id & ~request_bit, e.body, wall, now, out_);
}

void dht_host::on_unreachable(const peer_id& peer, wall_time wall, instant now) {
  fail_waiting(peer, ec::unreachable, wall, now);
  drain(wall, now);
}

void dht_host::on_deadline(wall_time wall, instant now) {
  while (!asked_.empty() && now - asked_.begin()->first >= config_.connect_timeout)
    fail_waiting(peer_id(asked_.begin()->second), ec::unreachable, wall, now);
  end_leases(now);
  core_.on_deadline(wall, now, out_);
  drain(wall, now);
}

void dht_host::persist(wall_time wall, instant now) {
  core_.persist(wall, now, out_);
  drain(wall, now);
}

void dht_host::end_leases(instant now) {
  while (const auto over = leases_.take_over(now)) listener_.on_dht_needs(*over, false);
}

std::optional<instant> dht_host::next_deadline() const {
  auto next = core_.next_deadline();
  if (const auto over = leases_.next()) next = next ? std::min(*next, *over) : *over;
  if (!asked_.empty()) {
    const auto due = asked_.begin()->first + config_.connect_timeout;
    next = next ? std::min(*next, due) : due;
  }
  return next;
}

// -- operations ---

void dht_host::find_peer(dht::ticket id, const peer_id& target,
                         const dht::find_peer_options& options, wall_time wall, instant now) {
  core_.find_peer(id, target, options, wall, now, out_);
  drain(wall, now);
}

void dht_host::closest_peers(dht::ticket id, bytes_view key, const dht::closest_options& options,
                             wall_time wall, instant now) {
  core_.closest_peers(id, key, options, wall, now, out_);
  drain(wall, now);
}

void dht_host::put_value(dht::ticket id, bytes_view key, chunk_view value,
                         const dht::put_options& options, wall_time wall, instant now) {
  core_.put_value(id, key, std::move(value), options, wall, now, out_);
  drain(wall, now);
}

void dht_host::get_value(dht::ticket id, bytes_view key, const dht::get_options& options,
                         wall_time wall, instant now) {
  core_.get_value(id, key, options, wall, now, out_);
  drain(wall, now);
}

void dht_host::provide(dht::ticket id, bytes_view key, const dht::put_options& options,
                       wall_time wall, instant now) {
  core_.provide(id, key, options, wall, now, out_);
  drain(wall, now);
}

void dht_host::find_providers(dht::ticket id, bytes_view key,
                              const dht::find_providers_options& options, wall_time wall,
                              instant now) {
  core_.find_providers(id, key, options, wall, now, out_);
  drain(wall, now);
}

void dht_host::cancel(dht::ticket id, wall_time wall, instant now) {
  core_.cancel(id, wall, now, out_);
  drain(wall, now);
}

result<void> dht_host::withdraw_value(bytes_view key) {
  auto done = core_.withdraw_value(key, out_);
  if (!out_.store.empty()) listener_.on_dht_store(std::exchange(out_.store, {}));
  return done;
}

result<void> dht_host::withdraw_provision(bytes_view key) {
  auto done = core_.withdraw_provision(key, out_);
  if (!out_.store.empty()) listener_.on_dht_store(std::exchange(out_.store, {}));
  return done;
}

// -- outward ---

void dht_host::send(dht::query&& q, instant now) {
  core_.on_query_sent(q.id, now);
  if (leases_.use(q.to.peer, now)) listener_.on_dht_needs(q.to.peer, true);
  batch_.controls.emplace_back(transport::request_command{.id = q.id | request_bit,
                                                          .peer = q.to.peer,
                                                          .protocol = config_.protocol,
                                                          .body = std::move(q.body),
                                                          .timeout = q.timeout,
                                                          .answered = q.answered});
}

void dht_host::route(dht::query&& q, instant now) {
  if (sessions_.contains(q.to.peer)) return send(std::move(q), now);
  const auto at = waiting_.find(q.to.peer);
  const bool full
      = waiting_count_ >= config_.waiting_max
        || (at != waiting_.end() && at->second.queries.size() >= config_.waiting_per_peer_max);
  if (full || (at == waiting_.end() && q.to.addresses.empty())) {
    failed_.emplace_back(q.id, full ? ec::queue_full : ec::unreachable);
    return;
  }
  auto& w = waiting_[q.to.peer];
  if (w.queries.empty() && !w.wished) wishes_.push_back(q.to.peer);
  for (const auto& a : q.to.addresses)
    if (std::find(w.addresses.begin(), w.addresses.end(), a) == w.addresses.end()
        && w.addresses.size() < config_.core.addresses_per_peer_max)
      w.addresses.push_back(a);
  w.queries.push_back(std::move(q));
  ++waiting_count_;
}

void dht_host::cancel_waiting(dht::query_id id) {
  for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
    auto& w = at->second;
    const auto q = std::find_if(w.queries.begin(), w.queries.end(),
                                [&](const dht::query& each) { return each.id == id; });
    if (q == w.queries.end()) continue;
    w.queries.erase(q);
    --waiting_count_;
    failed_.emplace_back(id, ec::cancelled);
    // A wish that was spoken keeps its place until it is answered; another query may join it.
    if (w.queries.empty() && !w.wished) {
      std::erase(wishes_, at->first);
      waiting_.erase(at);
    }
    return;
  }
}

void dht_host::speak_wishes(instant now) {
  std::size_t spoken = 0;
  while (spoken < wishes_.size() && asked_.size() < config_.connects_max) {
    const auto& peer = wishes_[spoken++];
    auto& w = waiting_.at(peer);
    w.wished = true;
    w.asked = now;
    asked_.emplace(now, peer);
    listener_.on_dht_connect({peer, w.addresses});
  }
  wishes_.erase(wishes_.begin(), wishes_.begin() + static_cast<std::ptrdiff_t>(spoken));
}

void dht_host::fail_waiting(const peer_id& peer, ec why, wall_time wall, instant now) {
  const auto at = waiting_.find(peer);
  if (at == waiting_.end()) return;
  auto w = std::move(at->second);
  waiting_.erase(at);
  waiting_count_ -= w.queries.size();
  if (w.wished) asked_.erase({w.asked, peer});
  std::erase(wishes_, peer);
  for (const auto& q : w.queries) core_.on_response(q.id, fail(why), wall, now, out_);
}

void dht_host::drain(wall_time wall, instant now) {
  // A query that fails here is the core's to replace at once, which makes further effects.
  while (!out_.empty() || !failed_.empty()) {
    auto queries = std::exchange(out_.queries, {});
    const auto cancels = std::exchange(out_.cancels, {});
    for (auto& q : queries) route(std::move(q), now);
    for (const auto id : cancels) cancel_waiting(id);
    for (auto& a : out_.answers)
      batch_.controls.emplace_back(transport::respond_command{a.token, std::move(a.body)});
    out_.answers.clear();
    if (!out_.store.empty()) listener_.on_dht_store(std::exchange(out_.store, {}));
    for (const auto& p : std::exchange(out_.discovered, {})) listener_.on_dht_discovered(p);
    for (auto& f : std::exchange(out_.finished, {})) listener_.on_dht_finished(std::move(f));
    for (const auto& [id, why] : std::exchange(failed_, {}))
      core_.on_response(id, fail(why), wall, now, out_);
  }
  speak_wishes(now);
  post();
}

void dht_host::post() {
  if (batch_.empty()) return;
  port_.post(std::exchange(batch_, {}));
}

}  // namespace weft::hosts
