// SPDX-License-Identifier: MIT
#include "actors/dht_actor.hpp"

#include "base/log.hpp"
#include "dht/signed_record.hpp"

#include <type_traits>
#include <utility>

namespace weft::actors {

namespace {

constexpr std::string_view record_prefix = "/weft/";

std::uint64_t sequence_at(wall_time wall) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch()).count());
}

find_trace trace_of(const dht::outcome& o) { return {o.elapsed, o.hops, o.requests}; }

found_peers peers_of(const dht::outcome& o) {
  found_peers out{{}, trace_of(o)};
  for (const auto& p : o.peers) out.peers.push_back({p.peer, p.addresses});
  return out;
}

}  // namespace

dht_actor_impl::dht_actor_impl(dht_actor::pointer self, dht_parts parts)
    : self_(self),
      parts_(std::move(parts)),
      host_(parts_.identity->id(), parts_.config, parts_.validators, parts_.random, *parts_.metrics,
            *parts_.port, *this),
      timer_(self) {
  host_.start(std::exchange(parts_.stored, {}), parts_.wall(), now());
  finish();
}

dht_actor::behavior_type dht_actor_impl::make_behavior() {
  return {
      [this](const event_batch& b) { on_events(b); },
      [this](const own_addresses& a) { host_.set_addresses(a.addresses); },
      [this](const answered<connection>& a) { on_connected(a); },
      [this](atom::tick) { on_tick(); },
      [this](const put_value_question& q) { on_put(q); },
      [this](const get_value_question& q) { on_get(q); },
      [this](const closest_question& q) { on_closest(q); },
      [this](const provide_question& q) { on_provide(q); },
      [this](const find_providers_question& q) { on_find_providers(q); },
      [this](const find_peer_question& q) { on_find_peer(q); },
      [this](const dht_status_question& q) { q.answer(host_.core().status()); },
      [this](atom::flush, const reply<void>& answer) { on_flush(answer); },
      [](atom::status) { return actor_status{}; },
  };
}

// -- events ---

void dht_actor_impl::on_events(const event_batch& batch) {
  const auto wall = parts_.wall();
  for (const auto& e : batch.events) host_.on_event(e, wall, now());
  finish();
}

void dht_actor_impl::on_connected(const answered<connection>& a) {
  const auto at = connects_.find(a.ticket);
  if (at == connects_.end()) return;
  const auto peer = at->second;
  connects_.erase(at);
  // A session that came up is among the events.
  if (!a.value) host_.on_unreachable(peer, parts_.wall(), now());
  finish();
}

void dht_actor_impl::on_tick() {
  timer_.on_tick(now());
  host_.on_deadline(parts_.wall(), now());
  finish();
}

// -- questions ---

dht::ticket dht_actor_impl::add(asker who) {
  askers_.emplace(next_, std::move(who));
  return next_++;
}

result<byte_buffer> dht_actor_impl::key_of(const std::string& text) const {
  if (text.find('/') == std::string::npos)
    return dht::signed_record_key(parts_.identity->id(), text);
  if (!text.starts_with(record_prefix)) return to_buffer(as_bytes(text));
  const auto rest = std::string_view(text).substr(record_prefix.size());
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos)
    return fail(ec::bad_argument, "'" + text + "' has no name; expected /weft/PEER/NAME");
  WEFT_TRY(const auto publisher, peer_id::parse(rest.substr(0, slash)));
  return dht::signed_record_key(publisher, rest.substr(slash + 1));
}

void dht_actor_impl::on_put(const put_value_question& q) {
  const auto wall = parts_.wall();
  const auto key = dht::signed_record_key(parts_.identity->id(), q.name);
  if (!key) return q.answer(fail(key.error()));
  const auto record = dht::seal_record(*parts_.identity, q.name, q.value, sequence_at(wall),
                                       wall + record_lifetime);
  if (!record) return q.answer(fail(record.error()));
  host_.put_value(add(q.answer), *key, chunk_view::copy(*record), {}, wall, now());
  finish();
}

void dht_actor_impl::on_get(const get_value_question& q) {
  auto key = key_of(q.key);
  if (!key) return q.answer(fail(key.error()));
  const auto ticket = add(q.answer);
  keys_.emplace(ticket, *key);
  host_.get_value(ticket, *key, {}, parts_.wall(), now());
  finish();
}

void dht_actor_impl::on_closest(const closest_question& q) {
  host_.closest_peers(add(q.answer), q.key, {.quick = true}, parts_.wall(), now());
  finish();
}

void dht_actor_impl::on_provide(const provide_question& q) {
  host_.provide(add(q.answer), q.key, {}, parts_.wall(), now());
  finish();
}

void dht_actor_impl::on_find_providers(const find_providers_question& q) {
  host_.find_providers(add(q.answer), q.key, {.count = static_cast<std::uint32_t>(q.count)},
                       parts_.wall(), now());
  finish();
}

void dht_actor_impl::on_find_peer(const find_peer_question& q) {
  host_.find_peer(add(q.answer), q.peer, {}, parts_.wall(), now());
  finish();
}

void dht_actor_impl::on_flush(const reply<void>& answer) {
  host_.persist(parts_.wall(), now());
  answer({});
  finish();
}

// -- the host's listener ---

void dht_actor_impl::on_dht_connect(const dht::peer_info& wish) {
  const auto session = parts_.links->session();
  if (!session) return;
  const auto ticket = next_++;
  connects_.emplace(ticket, wish.peer);
  // The host may not be answered within its own call.
  if (!parts_.dial)
    return tell(self_, dht_actor{self_},
                answered<connection>{ticket, fail(ec::unreachable, "the DHT may not dial")});
  auto back = [me = dht_actor{self_}, ticket](result<connection> r) {
    tell(me, answered<connection>{ticket, std::move(r)});
  };
  tell(self_, *session,
       connect_question{target{wish.peer, wish.addresses}, parts_.config.connect_timeout,
                        reply<connection>(std::move(back)), false});
}

void dht_actor_impl::on_dht_needs(const peer_id& peer, bool needed) {
  if (const auto session = parts_.links->session())
    tell(self_, *session, session_needs{transport::session_user::dht, {{peer, needed}}});
}

void dht_actor_impl::on_dht_finished(dht::ended_operation&& what) {
  const auto at = askers_.find(what.id);
  if (at == askers_.end()) return;
  const auto who = std::move(at->second);
  askers_.erase(at);
  const auto key = keys_.extract(what.id);
  const auto& o = what.result;
  std::visit(
      [&](const auto& answer) {
        using type = std::decay_t<decltype(answer)>;
        if (!o.ok()) return answer(fail(o.failure));
        if constexpr (std::is_same_v<type, reply<stored_value>>) {
          answer(stored_value{o.confirmations, trace_of(o)});
        } else if constexpr (std::is_same_v<type, reply<found_peers>>) {
          answer(peers_of(o));
        } else {
          const auto opened = dht::open_record(key.mapped(), o.value);
          // Other namespaces hold bare values.
          const auto value = opened ? opened->value : o.value.bytes();
          answer(found_value{to_buffer(value), o.confirmations, trace_of(o)});
        }
      },
      who);
}

void dht_actor_impl::on_dht_store(std::vector<dht::store_operation>&& operations) {
  parts_.store(std::move(operations));
}

void dht_actor_impl::on_dht_discovered(const dht::peer_info& peer) {
  if (const auto session = parts_.links->session())
    tell(self_, *session, peer_discovered{peer.peer, peer.addresses});
}

void dht_actor_impl::finish() { timer_.arm(host_.next_deadline(), now()); }

}  // namespace weft::actors
