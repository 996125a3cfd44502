// SPDX-License-Identifier: MIT
#include "actors/session_actor.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <utility>

namespace weft::actors {

session_actor_impl::session_actor_impl(session_actor::pointer self, session_parts parts)
    : self_(self),
      parts_(std::move(parts)),
      core_(parts_.self, parts_.config, parts_.random, *parts_.metrics),
      timer_(self) {
  next_inspect_ = now() + inspect_interval;
  listen_open_ = parts_.listen.size();
  for (const auto& address : parts_.listen)
    commands_.controls.emplace_back(transport::listen_command{address});
  if (listen_open_ == 0 && parts_.on_listening) std::exchange(parts_.on_listening, nullptr)({});
  core_.start(now(), out_);
  finish();
}

session_actor::behavior_type session_actor_impl::make_behavior() {
  return {
      [this](const event_batch& b) { on_events(b); },
      [this](atom::tick) { on_tick(); },
      [this](const connect_question& q) { on_connect(q); },
      [this](const peer_discovered& p) { on_discovered(p); },
      [this](const session_needs& n) { on_needs(n); },
      [this](const disconnect_question& q) { on_disconnect(q); },
      [this](const ping_question& q) { on_ping(q); },
      [this](const perf_question& q) { on_perf(q); },
      [this](const peers_question& q) { on_peers(q); },
      [this](const session_change& q) { on_change(q); },
      [this](const session_status_question& q) { on_status(q); },
      [this](atom::halt) { on_halt(); },
      [this](const drain_question& q) { on_drain(q); },
      [](atom::status) { return actor_status{}; },
  };
}

// -- events ---

void session_actor_impl::on_events(const event_batch& batch) {
  for (const auto& e : batch.events) on_event(e);
  finish();
}

void session_actor_impl::on_event(const transport::event& e) {
  using namespace transport;
  core_.on_event(e, now(), out_);
  if (const auto* listening = std::get_if<listening_event>(&e)) {
    on_listening(listening->address);
  } else if (const auto* failed = std::get_if<listen_failed_event>(&e)) {
    on_listen_failed(*failed);
  } else if (std::holds_alternative<session_up_event>(e)) {
    next_inspect_ = std::min(next_inspect_, now() + inspect_after_change);
  } else if (const auto* down = std::get_if<session_down_event>(&e)) {
    on_session_gone(down->peer);
  } else if (const auto* ping = std::get_if<ping_event>(&e)) {
    on_ping_answer(*ping);
  } else if (const auto* perf = std::get_if<perf_event>(&e)) {
    on_perf_answer(*perf);
  } else if (const auto* inspected = std::get_if<inspect_event>(&e)) {
    on_inspection(*inspected);
  } else if (std::holds_alternative<drained_event>(e)) {
    for (const auto& answer : std::exchange(drains_, {})) answer(std::vector<std::string>{});
  }
}

void session_actor_impl::on_listening(const multiaddr& address) {
  log::info("session", "listening", {{"address", address.to_string()}});
  listening_.push_back(address);
  if (listen_open_ > 0 && --listen_open_ == 0 && parts_.on_listening)
    std::exchange(parts_.on_listening, nullptr)({});
}

void session_actor_impl::on_listen_failed(const transport::listen_failed_event& e) {
  log::error("session", "listen_failed", {{"address", e.address.to_string()}, {"error", e.why}});
  listen_failures_.push_back(e.address.to_string() + ": " + to_string(e.why));
  if (listen_open_ > 0) --listen_open_;
  if (parts_.on_listening) std::exchange(parts_.on_listening, nullptr)(fail(e.why));
}

void session_actor_impl::on_session_gone(const peer_id& peer) {
  std::erase_if(disconnects_, [&](const waiting_disconnect& w) {
    if (w.peer != peer) return false;
    w.answer({});
    return true;
  });
}

void session_actor_impl::on_ping_answer(const transport::ping_event& e) {
  const auto answer = take_question<reply<round_trip>>(e.id);
  if (!answer) return;
  if (!e.round_trip) return (*answer)(fail(e.round_trip.error()));
  const auto at = core_.sessions().find(e.peer);
  (*answer)(round_trip{.peer = e.peer,
                       .time = *e.round_trip,
                       .remote = at == core_.sessions().end() ? multiaddr{} : at->second.remote});
}

void session_actor_impl::on_perf_answer(const transport::perf_event& e) {
  const auto answer = take_question<reply<perf_report>>(e.id);
  if (!answer) return;
  if (!e.times) return (*answer)(fail(e.times.error()));
  (*answer)(perf_report{.upload = e.times->upload, .download = e.times->download});
}

void session_actor_impl::on_inspection(const transport::inspect_event& e) {
  silent_rounds_ = 0;
  const auto asked = take_question<inspection>(e.id);
  if (asked && asked->answer) (*asked->answer)(peer_list{e.sessions, e.listening});
  cost_batch costs;
  for (const auto& s : e.sessions)
    if (s.smoothed_rtt > duration::zero()) costs.costs.push_back({s.peer, s.smoothed_rtt});
  if (parts_.on_addresses) parts_.on_addresses(e.listening);
  if (e.listening != told_addresses_) {
    if (const auto dht = parts_.links->dht.handle()) {
      tell(self_, *dht, own_addresses{e.listening});
      told_addresses_ = e.listening;
    }
  }
  if (costs.costs.empty()) return;
  if (const auto gossip = parts_.links->gossip.handle()) tell(self_, *gossip, costs);
  if (const auto routing = parts_.links->routing.handle()) tell(self_, *routing, std::move(costs));
}

// -- questions ---

void session_actor_impl::on_connect(const connect_question& q) {
  const auto ticket = next_number_++;
  connects_.emplace(ticket, q.answer);
  const auto timeout
      = q.timeout > duration::zero() ? std::optional<duration>(q.timeout) : std::nullopt;
  core_.connect(ticket, q.to.peer, q.to.addresses, timeout, now(), out_, q.keep);
  finish();
}

void session_actor_impl::on_discovered(const peer_discovered& p) {
  if (p.nearby)
    core_.discovered_nearby(p.peer, p.addresses, now(), out_);
  else
    core_.discovered(p.peer, p.addresses, now());
  finish();
}

void session_actor_impl::on_needs(const session_needs& n) {
  for (const auto& i : n.items) core_.need(i.peer, n.user, i.needed, now(), out_);
  finish();
}

void session_actor_impl::on_disconnect(const disconnect_question& q) {
  auto done = core_.disconnect(q.peer, "asked by the operator", out_);
  if (!done)
    q.answer(fail(std::move(done.error())));
  else if (disconnects_.size() >= questions_max)
    q.answer(fail(ec::limit, "too many disconnects are under way"));
  else
    disconnects_.push_back({q.peer, now() + disconnect_timeout, q.answer});
  finish();
}

void session_actor_impl::on_ping(const ping_question& q) {
  if (!core_.is_up(q.peer)) return q.answer(fail(ec::not_found, "no session with the peer"));
  if (const auto id = add_question(q.peer, q.timeout, q.answer))
    commands_.controls.emplace_back(transport::ping_command{*id, q.peer, q.timeout});
  else
    q.answer(fail(ec::limit, "too many questions to the reactor are under way"));
  finish();
}

void session_actor_impl::on_perf(const perf_question& q) {
  if (!core_.is_up(q.peer)) return q.answer(fail(ec::not_found, "no session with the peer"));
  if (const auto id = add_question(q.peer, perf_timeout, q.answer))
    commands_.controls.emplace_back(
        transport::perf_command{*id, q.peer, q.upload_bytes, q.download_bytes});
  else
    q.answer(fail(ec::limit, "too many questions to the reactor are under way"));
  finish();
}

void session_actor_impl::on_peers(const peers_question& q) {
  if (const auto id = add_question({}, inspect_interval, inspection{q.answer}))
    commands_.controls.emplace_back(transport::inspect_command{*id});
  else
    q.answer(fail(ec::limit, "too many questions to the reactor are under way"));
  finish();
}

void session_actor_impl::on_change(const session_change& q) {
  result<void> done;
  if (q.bootstrap) done = core_.set_bootstrap(*q.bootstrap, now(), out_);
  // All or nothing: what follows cannot fail.
  if (done && q.limits) {
    core_.set_peers_max(q.limits->sessions_max);
    commands_.controls.emplace_back(transport::limits_command{*q.limits});
  }
  if (done && q.access) commands_.controls.emplace_back(transport::access_command{q.access});
  q.answer(std::move(done));
  finish();
}

void session_actor_impl::on_status(const session_status_question& q) {
  q.answer(session_status{.listening = listening_,
                          .listen_failures = listen_failures_,
                          .sessions = core_.sessions().size(),
                          .bootstrap_configured = core_.bootstrap_configured(),
                          .bootstrap_up = core_.bootstrap_up()});
  finish();
}

void session_actor_impl::on_halt() {
  halted_ = true;
  core_.stop(now(), out_);
  finish();
}

void session_actor_impl::on_drain(const drain_question& q) {
  commands_.controls.emplace_back(transport::drain_command{q.deadline});
  drains_.push_back(q.answer);
  finish();
}

// -- the reactor's answers ---

std::optional<transport::request_id> session_actor_impl::add_question(const peer_id& peer,
                                                                      duration timeout,
                                                                      answer_slot slot) {
  if (questions_.size() >= questions_max) return std::nullopt;
  const transport::request_id id = next_number_++;
  questions_.emplace(id, question{peer, now() + timeout + answer_slack, std::move(slot)});
  return id;
}

template <class Slot>
std::optional<Slot> session_actor_impl::take_question(transport::request_id id) {
  const auto at = questions_.find(id);
  if (at == questions_.end() || !std::holds_alternative<Slot>(at->second.slot)) return std::nullopt;
  auto taken = questions_.extract(at);
  return std::get<Slot>(std::move(taken.mapped().slot));
}

void session_actor_impl::expire_questions() {
  const auto fail_slot = [](const auto& slot) {
    auto late = fail(ec::timeout, "the reactor did not answer in time");
    if constexpr (std::is_same_v<std::decay_t<decltype(slot)>, inspection>) {
      if (slot.answer) (*slot.answer)(std::move(late));
    } else {
      slot(std::move(late));
    }
  };
  std::erase_if(questions_, [&](const auto& entry) {
    if (entry.second.deadline > now()) return false;
    std::visit(fail_slot, entry.second.slot);
    return true;
  });
  std::erase_if(disconnects_, [&](const waiting_disconnect& w) {
    if (w.deadline > now()) return false;
    w.answer(fail(ec::timeout, "the session is still closing"));
    return true;
  });
}

void session_actor_impl::ask_round_trips() {
  next_inspect_ = now() + inspect_interval;
  ++silent_rounds_;
  if (const auto id = add_question({}, inspect_interval, inspection{}))
    commands_.controls.emplace_back(transport::inspect_command{*id});
}

void session_actor_impl::on_tick() {
  timer_.on_tick(now());
  core_.on_deadline(now(), out_);
  expire_questions();
  if (now() >= next_inspect_) ask_round_trips();
  finish();
  if (const duration silence = inspect_interval * silent_rounds_;
      !halted_ && silence > reactor_silence_max) {
    log::error("session", "reactor_silent", {{"seconds", to_seconds(silence)}});
    self_->quit(caf::make_error(caf::sec::runtime_error, "the reactor does not answer"));
  }
}

void session_actor_impl::finish() {
  for (auto& command : out_.commands) commands_.controls.emplace_back(std::move(command));
  for (auto& change : out_.changes)
    log::info("session", change.up ? "peer_up" : "peer_down",
              {{"peer", change.peer}, {"remote", change.remote.to_string()}});
  auto answers = std::exchange(out_.answers, {});
  out_.clear();
  if (!commands_.empty()) parts_.port->post(std::exchange(commands_, {}));
  for (auto& a : answers) {
    const auto at = connects_.find(a.ticket);
    if (at == connects_.end()) continue;
    const auto answer = std::move(at->second);
    connects_.erase(at);
    if (a.outcome)
      answer(
          connection{a.outcome->peer, a.outcome->remote, a.outcome->handshake, a.outcome->existed});
    else
      answer(fail(std::move(a.outcome.error())));
  }
  auto next = next_inspect_;
  if (const auto core_next = core_.next_deadline()) next = std::min(next, *core_next);
  timer_.arm(next, now());
}

}  // namespace weft::actors
