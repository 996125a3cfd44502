// SPDX-License-Identifier: MIT
#include "actors/crew.hpp"

#include "actors/bench_actor.hpp"
#include "actors/dht_actor.hpp"
#include "actors/gossip_actor.hpp"
#include "actors/messaging_actor.hpp"
#include "actors/protocols.hpp"
#include "actors/routing_actor.hpp"
#include "actors/session_actor.hpp"

#include <utility>

namespace weft::actors {

std::vector<child_spec> crew::children(caf::actor_system& system) {
  std::vector<child_spec> out;
  out.push_back(session_child(system));
  out.push_back(routing_child(system));
  out.push_back(messaging_child(system));
  out.push_back(gossip_child(system));
  out.push_back(dht_child(system));
  out.push_back(bench_child(system));
  return out;
}

child_spec crew::session_child(caf::actor_system& system) {
  child_spec c;
  c.name = "session";
  c.health = &actor_counters.of(c.name);
  c.start = [this, &system, health = c.health]() -> result<any_actor> {
    session_parts parts;
    parts.self = self;
    parts.config = options_.session;
    parts.random = options_.fresh_rng();
    parts.listen = options_.listen;
    parts.port = options_.port;
    parts.metrics = &session_counters;
    parts.links = &links;
    parts.on_listening = options_.on_listening;
    parts.on_addresses = options_.on_addresses;
    auto handle = spawn_counted<session_actor, session_actor_impl>(system, health->new_mailbox(),
                                                                   std::move(parts));
    links.connect_session(handle);
    return erase_type(handle);
  };
  c.retire = [this] { links.disconnect_session(); };
  c.halt = [this] {
    if (const auto to = links.session()) tell_urgent(*to, atom::halt_v);
  };
  c.flush = [this](duration deadline, reply<void> done) {
    const auto to = links.session();
    if (!to) return;
    tell(*to,
         drain_question{deadline, reply<std::vector<std::string>>(
                                      [done](result<std::vector<std::string>>) { done({}); })});
  };
  return c;
}

child_spec crew::routing_child(caf::actor_system& system) {
  child_spec c;
  c.name = "routing";
  c.restartable = true;
  c.health = &actor_counters.of(c.name);
  c.start = [this, &system, health = c.health]() -> result<any_actor> {
    routing_parts parts;
    parts.self = options_.identity->public_key();
    parts.crypto = &announcement_crypto_;
    parts.config = options_.routing;
    parts.random = options_.fresh_rng();
    parts.port = options_.port;
    parts.metrics = &routing_counters;
    parts.board = &board;
    parts.links = &links;
    parts.wall = options_.wall;
    auto handle = spawn_counted<routing_actor, routing_actor_impl>(system, health->new_mailbox(),
                                                                   std::move(parts));
    links.routing.connect(handle);
    return erase_type(handle);
  };
  c.retire = [this] { links.routing.disconnect(); };
  return c;
}

child_spec crew::messaging_child(caf::actor_system& system) {
  child_spec c;
  c.name = "messaging";
  c.restartable = true;
  c.health = &actor_counters.of(c.name);
  c.start = [this, &system, health = c.health]() -> result<any_actor> {
    messaging_parts parts;
    WEFT_TRY(parts.stored, options_.load());
    parts.identity = options_.identity;
    parts.config = options_.messaging;
    parts.random = options_.fresh_rng();
    parts.secrets = options_.secrets;
    parts.port = options_.port;
    parts.store = options_.store;
    parts.metrics = &messaging_counters;
    parts.board = &board;
    parts.inbox = &inbox;
    parts.links = &links;
    parts.wall = options_.wall;
    auto handle = spawn_counted<messaging_actor, messaging_actor_impl>(
        system, health->new_mailbox(), std::move(parts));
    links.messaging.connect(handle);
    return erase_type(handle);
  };
  c.retire = [this] { links.messaging.disconnect(); };
  c.halt = [this] {
    if (const auto to = links.messaging.handle()) tell_urgent(*to, atom::halt_v);
  };
  c.flush = [this](duration, reply<void> done) {
    if (const auto to = links.messaging.handle()) tell(*to, atom::flush_v, std::move(done));
  };
  return c;
}

child_spec crew::gossip_child(caf::actor_system& system) {
  child_spec c;
  c.name = "gossip";
  c.restartable = true;
  c.health = &actor_counters.of(c.name);
  c.start = [this, &system, health = c.health]() -> result<any_actor> {
    gossip_parts parts;
    parts.self = self;
    parts.crypto = &gossip_crypto_;
    parts.config = {.core = options_.gossip,
                    .protocol = gossip_protocol,
                    .push_protocol = gossip_push_protocol};
    parts.random = options_.fresh_rng();
    parts.port = options_.port;
    parts.metrics = &gossip_counters;
    parts.topics = &topics;
    parts.links = &links;
    parts.wall = options_.wall;
    auto handle = spawn_counted<gossip_actor, gossip_actor_impl>(system, health->new_mailbox(),
                                                                 std::move(parts));
    links.gossip.connect(handle);
    return erase_type(handle);
  };
  c.retire = [this] { links.gossip.disconnect(); };
  return c;
}

child_spec crew::dht_child(caf::actor_system& system) {
  child_spec c;
  c.name = "dht";
  c.restartable = true;
  c.health = &actor_counters.of(c.name);
  c.start = [this, &system, health = c.health]() -> result<any_actor> {
    dht_parts parts;
    WEFT_TRY(parts.stored, options_.load_records());
    parts.identity = options_.identity;
    parts.config.core = options_.dht;
    parts.config.protocol = dht_protocol;
    parts.dial = options_.dht_dials;
    parts.validators = dht::validator_set::standard();
    parts.random = options_.fresh_rng();
    parts.store = options_.store_records;
    parts.port = options_.port;
    parts.metrics = &dht_counters;
    parts.links = &links;
    parts.wall = options_.wall;
    auto handle
        = spawn_counted<dht_actor, dht_actor_impl>(system, health->new_mailbox(), std::move(parts));
    links.dht.connect(handle);
    return erase_type(handle);
  };
  c.retire = [this] { links.dht.disconnect(); };
  c.flush = [this](duration, reply<void> done) {
    if (const auto to = links.dht.handle()) tell(*to, atom::flush_v, std::move(done));
  };
  return c;
}

child_spec crew::bench_child(caf::actor_system& system) {
  child_spec c;
  c.name = "bench";
  c.restartable = true;
  c.health = &actor_counters.of(c.name);
  c.start = [this, &system, health = c.health]() -> result<any_actor> {
    bench_parts parts;
    parts.answers = options_.answer_benches;
    parts.clock = options_.clock;
    parts.topics = &topics;
    parts.links = &links;
    parts.wall = options_.wall;
    parts.processor = options_.processor;
    parts.plan = options_.benches;
    parts.random = options_.fresh_rng();
    parts.run_bench = options_.run_bench;
    parts.results = &bench_counters;
    auto handle = spawn_counted<bench_actor, bench_actor_impl>(system, health->new_mailbox(),
                                                               std::move(parts));
    links.bench.connect(handle);
    return erase_type(handle);
  };
  c.retire = [this] { links.bench.disconnect(); };
  return c;
}

void crew::collect(metrics::visitor& v) const {
  session_counters.collect(v);
  routing_counters.collect(v);
  messaging_counters.collect(v);
  gossip_counters.collect(v);
  dht_counters.collect(v);
  actor_counters.collect(v);
  bench_counters.collect(v);
  v.on_counter("weft_inbox_volatile_dropped_total",
               "Volatile messages dropped before anyone read them.", {},
               static_cast<double>(inbox.dropped()));
  const auto unclaimed = [&](std::string_view concern, std::uint64_t n) {
    v.on_counter("weft_frames_unclaimed_total",
                 "Frames that came while their actor was restarting.", {{"concern", concern}},
                 static_cast<double>(n));
  };
  unclaimed("messaging", links.messaging.dropped());
  unclaimed("routing", links.routing.dropped());
  unclaimed("gossip", links.gossip.dropped());
}

}  // namespace weft::actors
