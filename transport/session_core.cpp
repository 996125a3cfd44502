// SPDX-License-Identifier: MIT
#include "transport/session_core.hpp"

#include <algorithm>
#include <utility>

namespace weft::transport {

namespace {

/// Shortest time between two rounds of ending idle sessions.
constexpr duration shed_interval = std::chrono::seconds(1);

// Timer keys: an own number with the kind in the lowest bit.
constexpr std::uint64_t connect_timer(std::uint64_t key) { return key * 2 + 1; }

result<void> in_range(const char* name, std::size_t value, std::size_t min, std::size_t max) {
  if (value >= min && value <= max) return {};
  return fail(ec::bad_config, std::string("sessions: ") + name + " is " + std::to_string(value)
                                  + "; allowed are " + std::to_string(min) + " to "
                                  + std::to_string(max));
}

}  // namespace

result<void> session_config::validate() const {
  using namespace std::chrono_literals;
  WEFT_TRY_VOID(in_range("peers_max", peers_max, 1, 1'000'000));
  WEFT_TRY_VOID(in_range("peers_target", peers_target, 0, 1'000'000));
  WEFT_TRY_VOID(in_range("bootstrap_max", bootstrap_max, 1, 65'536));
  WEFT_TRY_VOID(in_range("bootstrap peers", bootstrap.size(), 0, bootstrap_max));
  WEFT_TRY_VOID(in_range("wanted_max", wanted_max, 0, 65'536));
  WEFT_TRY_VOID(in_range("dials_max", dials_max, 1, 65'536));
  WEFT_TRY_VOID(in_range("connects_max", connects_max, 1, 1'000'000));
  WEFT_TRY_VOID(in_range("dial_addresses_max", dial_addresses_max, 1, 64));
  if (connect_timeout < 10ms || connect_timeout > 1h)
    return fail(ec::bad_config, "sessions: connect_timeout must be from 10 ms to 1 h");
  if (idle_close < 1s || idle_close > 1h)
    return fail(ec::bad_config, "sessions: idle_close must be from 1 s to 1 h");
  if (stable_after < 0s || stable_after > 1h)
    return fail(ec::bad_config, "sessions: stable_after must be from 0 s to 1 h");
  for (const auto& address : bootstrap)
    if (!address.quic_v1_endpoint())
      return fail(ec::bad_config, "bootstrap address " + address.to_string()
                                      + " is not /ip4|ip6/…/udp/PORT/quic-v1[/p2p/ID]");
  WEFT_TRY_VOID(book.validate());
  return backoff.validate();
}

session_core::session_core(const peer_id& self, session_config config, rng random,
                           session_metrics& metrics)
    : self_(self),
      config_(std::move(config)),
      metrics_(metrics),
      random_(random),
      book_(config_.book, config_.backoff, random_.fork(1)) {}

// -- events ---

void session_core::on_event(const event& e, instant now, session_outbox& out) {
  if (const auto* up = std::get_if<session_up_event>(&e))
    on_up(*up, now, out);
  else if (const auto* down = std::get_if<session_down_event>(&e))
    on_down(*down, now, out);
  else if (const auto* failed = std::get_if<dial_failed_event>(&e))
    on_dial_failed(*failed, now, out);
  else if (const auto* identified = std::get_if<identified_event>(&e))
    on_identified(*identified, now);
  else if (const auto* path = std::get_if<path_changed_event>(&e))
    on_path_changed(*path);
  else
    return;
  update_gauges();
}

bool session_core::surplus(const session_up_event& e) {
  if (sessions_.size() < config_.peers_max || e.side == direction::outbound) return false;
  if (find_target(e.peer)) return false;
  return std::none_of(connects_.begin(), connects_.end(),
                      [&](const auto& c) { return c.second.peer == e.peer; });
}

/// A dialled address turned out to be this node's own.
void session_core::on_own_address(const session_up_event& e, session_outbox& out) {
  out.commands.emplace_back(disconnect_command{e.peer, "this is the node itself"});
  for (auto& [key, t] : targets_)
    if (e.dial != 0 && t.dial == e.dial) {
      t.dial = 0;
      hold(t);
    }
  dials_.erase(e.dial);
  for (auto at = connects_.begin(); at != connects_.end();)
    at = e.dial != 0 && at->second.dial == e.dial
             ? answer(at, fail(ec::bad_argument, "the address is this node's own"), out)
             : std::next(at);
}

void session_core::on_up(const session_up_event& e, instant now, session_outbox& out) {
  if (e.peer == self_) return on_own_address(e, out);
  const bool first = !sessions_.contains(e.peer);
  if (first && surplus(e)) {
    ++metrics_.surplus_closed;
    out.commands.emplace_back(disconnect_command{e.peer, "enough peers are connected"});
    return;
  }
  auto& live = sessions_[e.peer];
  if (live.session != e.session) live.closing = false;
  live.session = e.session;
  live.side = e.side;
  live.remote = e.remote;
  if (first) {
    live.since = now;
    out.changes.push_back({e.peer, true, e.side, e.remote, e.session, close_reason::local});
  }
  if (e.side == direction::outbound)
    static_cast<void>(book_.add(e.peer, e.remote, address_source::session, now));
  book_.on_success(e.peer, e.remote, now);
  target_reached(e);
  dials_.erase(e.dial);
  bool asked = false;
  for (auto at = connects_.begin(); at != connects_.end();) {
    const bool mine = at->second.peer == e.peer || (e.dial != 0 && at->second.dial == e.dial);
    if (!mine) {
      ++at;
      continue;
    }
    asked = asked || at->second.keep;
    connected outcome = describe(e.peer, !first);
    outcome.handshake = e.handshake;
    at = answer(at, std::move(outcome), out);
  }
  if (asked) want(e.peer);
  if (first && e.side == direction::outbound && !find_target(e.peer)) passing_.add(e.peer, now);
  shed(now, out);
}

void session_core::on_down(const session_down_event& e, instant now, session_outbox& out) {
  const auto at = sessions_.find(e.peer);
  if (at == sessions_.end()) return;
  const live_session last = std::move(at->second);
  sessions_.erase(at);
  passing_.remove(e.peer);
  out.changes.push_back({e.peer, false, last.side, last.remote, e.session, e.reason});
  target_lost(e, now - last.since, now, out);
}

void session_core::on_dial_failed(const dial_failed_event& e, instant now, session_outbox& out) {
  const auto at = dials_.find(e.id);
  if (at == dials_.end()) return;
  const dial failed = std::move(at->second);
  dials_.erase(at);
  if (failed.expected) book_.on_failure(*failed.expected, failed.addresses, now);
  for (auto c = connects_.begin(); c != connects_.end();)
    c = c->second.dial == e.id ? answer(c, fail(e.why), out) : std::next(c);
  target_failed(e.id, now, out);
}

void session_core::on_identified(const identified_event& e, instant now) {
  ++metrics_.identified;
  const auto at = sessions_.find(e.peer);
  if (at == sessions_.end()) return;
  book_.replace_identified(e.peer, e.info.listen_addresses, at->second.remote, now);
}

void session_core::on_path_changed(const path_changed_event& e) {
  const auto at = sessions_.find(e.peer);
  if (at != sessions_.end()) at->second.remote = e.remote;
}

void session_core::update_gauges() {
  metrics_.peers.set(static_cast<std::int64_t>(sessions_.size()));
  metrics_.passing.set(static_cast<std::int64_t>(passing_.size()));
  metrics_.bootstrap_configured.set(static_cast<std::int64_t>(bootstrap_count_));
  metrics_.bootstrap_up.set(static_cast<std::int64_t>(bootstrap_up()));
  metrics_.book_peers.set(static_cast<std::int64_t>(book_.size()));
  metrics_.book_evicted_peers
      += book_.evicted_peers() - std::exchange(evictions_seen_, book_.evicted_peers());
  metrics_.dials_in_flight.set(static_cast<std::int64_t>(dials_.size()));
}

// -- connect requests ---

connected session_core::describe(const peer_id& peer, bool existed) const {
  const auto& live = sessions_.at(peer);
  return {peer, live.session, live.remote, duration{}, existed};
}

void session_core::refuse(connect_ticket ticket, error why, session_outbox& out) {
  ++metrics_.connects_failed;
  if (why == ec::limit) ++metrics_.connects_refused;
  out.answers.push_back({ticket, fail(std::move(why))});
}

session_core::connect_map::iterator session_core::answer(connect_map::iterator at,
                                                         result<connected> outcome,
                                                         session_outbox& out) {
  timers_.cancel(at->second.timer);
  if (!outcome) ++metrics_.connects_failed;
  out.answers.push_back({at->second.ticket, std::move(outcome)});
  return connects_.erase(at);
}

std::vector<multiaddr> session_core::candidates(const std::optional<peer_id>& peer,
                                                const std::vector<multiaddr>& given) const {
  std::vector<multiaddr> out;
  const auto add = [&](multiaddr address) {
    if (out.size() < config_.dial_addresses_max
        && std::find(out.begin(), out.end(), address) == out.end())
      out.push_back(std::move(address));
  };
  for (const auto& address : given) add(address.without_peer());
  if (peer)
    for (auto& address : book_.addresses(*peer, config_.dial_addresses_max))
      add(std::move(address));
  return out;
}

request_id session_core::dial_for(const std::optional<peer_id>& peer,
                                  const std::vector<multiaddr>& addresses, session_outbox& out) {
  const auto tries_all = [&](const dial& d) {
    return std::all_of(addresses.begin(), addresses.end(), [&](const multiaddr& a) {
      return std::find(d.addresses.begin(), d.addresses.end(), a) != d.addresses.end();
    });
  };
  for (const auto& [id, d] : dials_) {
    const bool same = d.expected == peer && (peer ? tries_all(d) : d.addresses == addresses);
    if (!same) continue;
    ++metrics_.dials_joined;
    return id;
  }
  const request_id id = next_dial_++;
  ++metrics_.dials_started;
  dials_.emplace(id, dial{peer, addresses});
  out.commands.emplace_back(dial_command{id, peer, addresses});
  return id;
}

void session_core::connect(connect_ticket ticket, const std::optional<peer_id>& peer,
                           const std::vector<multiaddr>& addresses, std::optional<duration> timeout,
                           instant now, session_outbox& out, bool keep) {
  ++metrics_.connects_asked;
  if (stopping_) return refuse(ticket, ec::stopping, out);
  std::optional<peer_id> wanted = peer;
  for (const auto& address : addresses) {
    const auto named = address.peer();
    if (!named) continue;
    if (wanted && *wanted != *named)
      return refuse(ticket, {ec::wrong_peer, address.to_string() + " names another peer"}, out);
    wanted = named;
  }
  if (wanted == self_) return refuse(ticket, {ec::bad_argument, "this is the node itself"}, out);
  if (wanted)
    for (const auto& address : addresses)
      static_cast<void>(
          book_.add(*wanted, address,
                    keep ? address_source::operator_given : address_source::discovered, now));
  if (wanted && is_up(*wanted) && !sessions_.at(*wanted).closing) {
    out.answers.push_back({ticket, describe(*wanted, true)});
    if (keep) want(*wanted);
    return update_gauges();
  }
  const target* t = wanted ? find_target(*wanted) : nullptr;
  std::vector<multiaddr> given = addresses;
  if (t) given.insert(given.end(), t->addresses.begin(), t->addresses.end());
  const auto tried = candidates(wanted, given);
  if (tried.empty()) return refuse(ticket, {ec::not_found, "no address of the peer is known"}, out);
  // Dials outlive connect requests that timed out, so they have a bound of their own.
  if (connects_.size() >= config_.connects_max || sessions_.size() >= config_.peers_max
      || dials_.size() >= config_.dials_max + config_.connects_max)
    return refuse(ticket, {ec::limit, "too many peers or connect requests"}, out);
  const std::uint64_t key = next_key_++;
  const auto timer
      = timers_.arm(now + timeout.value_or(config_.connect_timeout), connect_timer(key));
  const request_id id = dial_for(wanted, tried, out);
  connects_.emplace(key, pending_connect{ticket, wanted, id, timer, keep});
  update_gauges();
}

void session_core::need(const peer_id& peer, session_user user, bool needed, instant now,
                        session_outbox& out) {
  passing_.need(peer, user, needed, now);
  shed(now, out);
}

void session_core::shed(instant now, session_outbox& out) {
  const auto due = [&] {
    const auto idlest = passing_.idlest();
    return idlest && idlest->first + config_.idle_close <= now;
  };
  if (stopping_ || now < shed_not_before_ || sessions_.size() <= config_.peers_target || !due())
    return;
  shed_not_before_ = now + shed_interval;
  auto staying = static_cast<std::size_t>(std::count_if(
      sessions_.begin(), sessions_.end(), [](const auto& s) { return !s.second.closing; }));
  while (staying > config_.peers_target && due()) {
    const peer_id peer = passing_.idlest()->second;
    passing_.remove(peer);
    sessions_.at(peer).closing = true;
    --staying;
    ++metrics_.idle_closed;
    out.commands.emplace_back(disconnect_command{peer, "no longer needed"});
  }
}

void session_core::discovered(const peer_id& peer, const std::vector<multiaddr>& addresses,
                              instant now) {
  if (peer == self_) return;
  for (const auto& address : addresses)
    static_cast<void>(book_.add(peer, address, address_source::discovered, now));
}

void session_core::discovered_nearby(const peer_id& peer, const std::vector<multiaddr>& addresses,
                                     instant now, session_outbox& out) {
  discovered(peer, addresses, now);
  if (peer == self_ || stopping_ || is_up(peer) || now < book_.not_before(peer)
      || dials_.size() >= config_.dials_max || sessions_.size() >= config_.peers_max)
    return;
  const auto tried = candidates(peer, {});
  if (!tried.empty()) dial_for(peer, tried, out);
  update_gauges();
}

result<void> session_core::disconnect(const peer_id& peer, std::string reason,
                                      session_outbox& out) {
  const auto at = std::find_if(targets_.begin(), targets_.end(),
                               [&](const auto& t) { return t.second.peer == peer; });
  const bool up = is_up(peer);
  if (!up && at == targets_.end())
    return fail(ec::not_found, "no session with " + peer.to_string());
  if (at != targets_.end()) {
    if (at->second.bootstrap)
      hold(at->second);
    else
      drop_target(at);
  }
  for (auto c = connects_.begin(); c != connects_.end();)
    c = c->second.peer == peer ? answer(c, fail(ec::cancelled), out) : std::next(c);
  if (up) {
    sessions_.at(peer).closing = true;
    passing_.remove(peer);
    out.commands.emplace_back(disconnect_command{peer, std::move(reason)});
  }
  return {};
}

void session_core::on_deadline(instant now, session_outbox& out) {
  while (const auto expired = timers_.expire(now)) {
    const std::uint64_t key = *expired / 2;
    if (*expired % 2 == 0) {
      target* t = find_target(key);
      if (!t) continue;
      t->timer.reset();
      pursue(key, now, out);
    } else if (const auto at = connects_.find(key); at != connects_.end()) {
      answer(at, fail(ec::timeout), out);
    }
  }
  shed(now, out);
  update_gauges();
}

std::optional<instant> session_core::next_deadline() const {
  auto next = timers_.next();
  const auto idlest = passing_.idlest();
  if (!idlest || stopping_ || sessions_.size() <= config_.peers_target) return next;
  const auto over = std::max(idlest->first + config_.idle_close, shed_not_before_);
  return next ? std::min(*next, over) : over;
}

void session_core::stop(instant now, session_outbox& out) {
  static_cast<void>(now);
  stopping_ = true;
  for (auto& [key, t] : targets_)
    if (t.timer) timers_.cancel(*std::exchange(t.timer, std::nullopt));
  for (auto at = connects_.begin(); at != connects_.end();)
    at = answer(at, fail(ec::stopping), out);
  update_gauges();
}

}  // namespace weft::transport
