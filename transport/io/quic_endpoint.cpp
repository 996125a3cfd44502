// SPDX-License-Identifier: MIT
#include "transport/io/quic_endpoint.hpp"

#include "base/envelope.hpp"
#include "base/log.hpp"
#include "transport/builtin.hpp"
#include "transport/io/clock.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace weft::transport::io {
namespace {

constexpr duration tick_interval = std::chrono::seconds(1);

std::uint64_t random_u64() {
  std::uint64_t out = 0;
  crypto::random_bytes(bytes_span(reinterpret_cast<std::uint8_t*>(&out), sizeof out));
  return out;
}

/// Bound to the identity, so that a restarted node can end the sessions of its former life.
std::array<std::uint8_t, 32> reset_secret_of(const crypto::ed25519_private_key& key) {
  std::array<std::uint8_t, 32> out{};
  const auto extracted = crypto::hkdf_extract(as_bytes("weft stateless reset"), key.seed());
  crypto::hkdf_expand(extracted, as_bytes("key"), out);
  return out;
}

}  // namespace

quic_endpoint::quic_endpoint(const reactor_options& options, limits& bounds,
                             const std::vector<protocol>& protocols, const tls_context& tls,
                             std::function<void()> wake,
                             std::function<void(udp_socket&)> add_socket)
    : options_(options),
      live_bounds_(bounds),
      context_{.bounds = bounds,
               .metrics = options.metrics,
               .protocols = protocols,
               .names = {},
               .inbound
               = inbound_frames(options.concerns, options.marks, options.metrics, std::move(wake)),
               .self = options.host_key.id(),
               .host = this,
               .slab = {},
               .writer = {},
               .events = {}},
      profile_{tls,
               bounds,
               options.metrics,
               options.congestion,
               options.datagram_bytes_max,
               reset_secret_of(options.host_key)},
      host_key_(options.host_key),
      add_socket_(std::move(add_socket)),
      hash_key_(random_u64()),
      ids_(64, connection_id_hash{hash_key_}),
      tombstones_(64, connection_id_hash{hash_key_}),
      admission_(bounds, random_u64()),
      receive_room_(udp_socket::receive_bytes),
      send_room_(udp_socket::run_bytes_max + options.datagram_bytes_max),
      bandwidth_(bounds, now()) {
  crypto::random_bytes(token_secret_);
  identity_.public_key = crypto::ed25519_public_key_protobuf(host_key_.public_key());
  identity_.agent_version = options.agent_version;
  identity_.protocol_version = "weft/1";
  context_.now = now();
  ticked_at_ = context_.now;
  set_limits(bounds);
  set_access(options.access);
  stateless_tokens_
      = token_bucket(static_cast<double>(bounds.stateless_answers_per_second), context_.now);
  call_at(context_.now + tick_interval, [this] { on_tick(); });
}

quic_endpoint::~quic_endpoint() {
  for (auto& [id, s] : sessions_) s->drop();
}

result<void> quic_endpoint::announce_protocols() {
  const auto add = [this](const std::string& name, std::uint32_t number) -> result<void> {
    WEFT_TRY_VOID(context_.names.add(name, number));
    identity_.protocols.push_back(name);
    return {};
  };
  const auto builtin_name = [&](const auto& names, builtin_number n) {
    return add(names.front(), static_cast<std::uint32_t>(n));
  };
  WEFT_TRY_VOID(builtin_name(builtin::identify_names, builtin_number::identify));
  WEFT_TRY_VOID(builtin_name(builtin::identify_push_names, builtin_number::identify_push));
  WEFT_TRY_VOID(builtin_name(builtin::ping_names, builtin_number::ping));
  WEFT_TRY_VOID(builtin_name(builtin::perf_names, builtin_number::perf));
  for (std::size_t i = 0; i < context_.protocols.size(); ++i)
    for (const auto& name : context_.protocols[i].names)
      WEFT_TRY_VOID(add(name, static_cast<std::uint32_t>(i)));
  return {};
}

identify quic_endpoint::describe(const multiaddr& observed) const {
  identify out = identity_;
  out.observed_address = observed;
  return out;
}

void quic_endpoint::certify_addresses() {
  identity_.listen_addresses = listening_;
  peer_record record;
  record.id = context_.self;
  record.sequence = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count());
  record.addresses = listening_;
  identity_.signed_peer_record
      = seal_envelope(host_key_, peer_record_domain, peer_record_type, encode_peer_record(record));
}

// -- connection ids and timers ---

void quic_endpoint::on_id_issued(session& s, const connection_id& id) {
  if (ids_.emplace(id, &s).second) s.ids.push_back(id);
}

void quic_endpoint::on_id_retired(session& s, const connection_id& id) {
  std::erase(s.ids, id);
  if (const auto it = ids_.find(id); it != ids_.end() && it->second == &s) ids_.erase(it);
}

void quic_endpoint::touch(session& s) {
  if (s.touched) return;
  s.touched = true;
  touched_.push_back(&s);
}

std::uint64_t quic_endpoint::call_at(instant at, std::function<void()> task) {
  const std::uint64_t number = next_number_++;
  calls_.emplace(number, std::move(task));
  call_tokens_.emplace(number, wheel_.arm(at, number << 1 | 1));
  return number;
}

void quic_endpoint::cancel_call(std::uint64_t number) {
  const auto it = call_tokens_.find(number);
  if (it == call_tokens_.end()) return;
  wheel_.cancel(it->second);
  call_tokens_.erase(it);
  calls_.erase(number);
}

void quic_endpoint::on_timers() {
  while (const auto key = wheel_.expire(context_.now)) {
    if ((*key & 1) != 0) {
      const auto it = calls_.find(*key >> 1);
      if (it == calls_.end()) continue;
      const auto task = std::move(it->second);
      calls_.erase(it);
      call_tokens_.erase(*key >> 1);
      task();
      continue;
    }
    const auto it = sessions_.find(*key >> 1);
    if (it == sessions_.end()) continue;
    session& s = *it->second;
    s.timer_at = instant::max();
    if (s.conn->expiry() <= context_.now) s.conn->on_expiry(context_.now);
    touch(s);
  }
}

void quic_endpoint::measure_bandwidth() {
  auto& m = context_.metrics;
  const double span = to_seconds(context_.now - std::exchange(ticked_at_, context_.now));
  const auto rate = [&](const metrics::counter& bytes, std::uint64_t& before) {
    const std::uint64_t total = bytes.value();
    const auto moved = static_cast<double>(total - std::exchange(before, total));
    return static_cast<std::int64_t>(span > 0 ? moved / span : 0);
  };
  m.bandwidth_used.in.set(rate(m.bytes.in, bytes_before_.in));
  m.bandwidth_used.out.set(rate(m.bytes.out, bytes_before_.out));
}

void quic_endpoint::on_tick() {
  call_at(context_.now + tick_interval, [this] { on_tick(); });
  measure_bandwidth();
  context_.metrics.busiest_address.set(static_cast<std::int64_t>(admission_.busiest_address()));
  context_.metrics.busiest_subnet.set(static_cast<std::int64_t>(admission_.busiest_subnet()));
  std::int64_t queued = 0;
  for (auto& [id, slot] : peers_) {
    slot->queue.expire(context_.now);
    queued += static_cast<std::int64_t>(slot->queue.bytes());
  }
  context_.metrics.queued_bytes.set(queued);
  for (auto& [id, s] : sessions_) s->housekeeping();
  while (!tombstone_order_.empty() && tombstone_order_.front().first <= context_.now) {
    tombstones_.erase(tombstone_order_.front().second);
    tombstone_order_.pop_front();
  }
  std::erase_if(requests_, [&](auto& entry) {
    const open_request& r = entry.second;
    if (r.expires > context_.now) return false;
    ++context_.metrics.request_failures;
    if (const auto it = sessions_.find(r.session); it != sessions_.end()) {
      --it->second->open_requests;
      if (quic_stream* stream = it->second->conn->find_stream(r.stream))
        stream->reset(stream_error::resource_limit);
      touch(*it->second);
    }
    return true;
  });
  reduce();
}

// -- life of a session ---

session& quic_endpoint::add_session(direction side) {
  const session_id id = next_session_++;
  auto& slot = sessions_[id];
  slot = std::make_unique<session>(context_, id, side);
  slot->started = context_.now;
  return *slot;
}

send_queue* quic_endpoint::queue_for(session& s) {
  return s.slot != nullptr && s.slot->chosen == &s ? &s.slot->queue : nullptr;
}

void quic_endpoint::on_confirmed(session& s) {
  auto& m = context_.metrics;
  const ip_endpoint remote = s.conn->path().remote.endpoint();
  if (std::exchange(s.half_open, false)) {
    admission_.handshake_confirmed(s.admitted_from);
    m.handshakes_in_progress.set(static_cast<std::int64_t>(admission_.half_open()));
  }
  if (!admits(s)) return turn_away(s);
  if (confirmed_ >= context_.bounds.sessions_max) {
    ++m.limit_rejections[limit_kind::sessions];
    return s.wish_close(close_reason::limit, session_error::resource_limit, "too many sessions");
  }
  auto& slot = peers_[s.peer()];
  if (!slot) slot = std::make_unique<peer_slot>(context_, s.peer());
  if (slot->sessions.size() >= context_.bounds.sessions_per_peer_max) {
    // The oldest makes room: a peer that was killed comes back before its sessions have timed out.
    ++m.limit_rejections[limit_kind::sessions_per_peer];
    const auto oldest = std::ranges::find_if(slot->sessions, [](session* o) { return !o->wish(); });
    if (oldest != slot->sessions.end())
      (*oldest)->wish_close(close_reason::superseded, session_error::supplanted, "older session");
  }
  ++confirmed_;
  s.slot = slot.get();
  slot->sessions.push_back(&s);
  choose(*slot);
  m.sessions[s.side()].add(1);
  ++m.opened[s.side()];
  m.handshake_duration.observe(to_seconds(s.handshake));
  if (s.side() == direction::outbound) dial_done(s);
  context_.events.push_back(session_up_event{s.peer(), s.id(), s.side(),
                                             multiaddr::quic_v1(remote).with_peer(s.peer()),
                                             s.handshake, s.dial});
  touch(s);
}

session* quic_endpoint::better(session* a, session* b, bool self_is_lower) noexcept {
  const duration apart = a->confirmed_at > b->confirmed_at ? a->confirmed_at - b->confirmed_at
                                                           : b->confirmed_at - a->confirmed_at;
  // Dials that crossed: both sides keep the one that the peer with the lower id opened.
  if (a->side() != b->side() && apart < crossing_span)
    return (a->side() == direction::outbound) == self_is_lower ? a : b;
  return a->confirmed_at >= b->confirmed_at ? a : b;
}

void quic_endpoint::choose(peer_slot& slot) {
  slot.chosen = nullptr;
  const bool lower = context_.self < slot.id;
  for (session* s : slot.sessions)
    slot.chosen = slot.chosen == nullptr ? s : better(slot.chosen, s, lower);
  for (session* s : slot.sessions) {
    if (s == slot.chosen)
      s->superseded_at.reset();
    else if (!s->superseded_at)
      s->superseded_at = context_.now;
  }
  if (slot.chosen != nullptr) touch(*slot.chosen);
}

void quic_endpoint::reduce() {
  for (auto& [id, slot] : peers_) {
    if (slot->sessions.size() < 2) continue;
    // The peer with the lower id closes, so that the two sides cannot close one session each.
    const bool decides = context_.self < slot->id;
    for (session* s : slot->sessions) {
      if (!s->superseded_at || s->wish()) continue;
      const duration age = context_.now - *s->superseded_at;
      if ((decides && age >= supersede_grace && s->quiet()) || age >= supersede_max)
        s->wish_close(close_reason::superseded, session_error::supplanted, "doubled session");
    }
  }
}

/// The session that carried a peer's frames is gone and another one takes over. What was under way
/// on the first is lost: those who speak over it are told of a session as of a new one.
void quic_endpoint::announce_chosen(const peer_slot& slot) {
  const session& s = *slot.chosen;
  context_.events.push_back(session_up_event{
      s.peer(), s.id(), s.side(),
      multiaddr::quic_v1(s.conn->path().remote.endpoint()).with_peer(s.peer()), s.handshake, 0});
}

void quic_endpoint::end_session(session& s) {
  auto& m = context_.metrics;
  const conn_end end = *s.conn->end();
  s.drop();
  const ip_endpoint remote = end.path.remote.endpoint();
  if (!end.farewell.empty()) send_single(end.path, end.farewell);
  auto stone = std::make_shared<tombstone>(tombstone{end.farewell, end.path, 0});
  const instant forget = context_.now + std::chrono::seconds(3);
  for (const auto& id : s.ids) {
    ids_.erase(id);
    if (tombstones_.size() >= tombstones_max) continue;
    if (tombstones_.emplace(id, stone).second) tombstone_order_.emplace_back(forget, id);
  }
  if (s.timer_at != instant::max()) wheel_.cancel(s.timer);
  if (s.side() == direction::inbound) {
    if (std::exchange(s.half_open, false))
      admission_.handshake_failed(s.admitted_from);
    else
      admission_.session_ended(s.admitted_from);
    m.handshakes_in_progress.set(static_cast<std::int64_t>(admission_.half_open()));
  }
  if (peer_slot* slot = std::exchange(s.slot, nullptr)) {
    --confirmed_;
    m.sessions[s.side()].add(-1);
    std::erase(slot->sessions, &s);
    if (slot->sessions.empty()) {
      context_.events.push_back(session_down_event{s.peer(), s.id(), end.reason, end.detail});
      peers_.erase(s.peer());
    } else if (slot->chosen == &s) {
      choose(*slot);
      announce_chosen(*slot);
    }
  } else {
    if (const auto it = peers_.find(s.peer()); it != peers_.end() && it->second->sessions.empty())
      peers_.erase(it);
    if (s.side() == direction::outbound) dial_failed(s, error(end.code, end.detail));
    log::debug("transport", "handshake_failed",
               {{"remote", remote.to_string()}, {"why", end.code}, {"detail", end.detail}});
  }
  ++m.closed[end.reason];
  std::erase(touched_, &s);
  sessions_.erase(s.id());
}

void quic_endpoint::shut_down() {
  for (auto& [id, s] : sessions_)
    s->conn->close(close_reason::shutdown, session_error::shutdown, "the node stops", context_.now);
  while (!sessions_.empty()) end_session(*sessions_.begin()->second);
}

void quic_endpoint::check_drained() {
  if (!drain_until_ || drained_told_) return;
  const bool late = context_.now >= *drain_until_;
  std::vector<session*> done;
  for (auto& [id, s] : sessions_)
    if (late || s->quiet()) done.push_back(s.get());
  for (session* s : done) {
    s->conn->close(close_reason::shutdown, session_error::shutdown, "the node stops", context_.now);
    end_session(*s);
  }
  if (!sessions_.empty()) return;
  drained_told_ = true;
  context_.events.push_back(drained_event{});
}

}  // namespace weft::transport::io
