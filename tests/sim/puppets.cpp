// SPDX-License-Identifier: MIT
#include "tests/sim/puppets.hpp"

#include <cstring>

namespace weft::sim::test {

void puppet::on_events(std::vector<transport::event>& what) {
  for (auto& e : what) {
    if (const auto* r = std::get_if<transport::request_event>(&e); r != nullptr && answer)
      answer(*r);
    events.push_back({time_.now(), std::move(e)});
  }
}

void puppet::on_frames(std::uint8_t, const transport::frame_batch& batch) {
  for (const auto& f : batch.frames) frames.push_back({time_.now(), f.peer, f.body});
  for (const auto& f : batch.fates) fates.emplace_back(time_.now(), f);
}

chunk_view bytes_of(std::size_t size, std::uint8_t fill) {
  chunk whole = chunk::allocate(size);
  std::memset(whole.mutable_data(), fill, size);
  return {std::move(whole), 0, size};
}

network_config calm(terrain where) {
  network_config c;
  c.where = where;
  c.jitter_per_million = 0;
  c.loss_per_million = 0;
  return c;
}

puppet_show::puppet_show(std::size_t count, network_config config, std::uint64_t seed)
    : net(time, config,
          {{{"/talk/1"}, transport::stream_kind::frames, 1 << 20, 0},
           {{"/ask/1"}, transport::stream_kind::exchange, 1 << 20, 0},
           {{"/large/1"}, transport::stream_kind::push, 1 << 22, 0},
           {{"/ask/2", "/ask/1"}, transport::stream_kind::exchange, 1 << 20, 0}},
          rng(seed)) {
  rng places(seed + 1);
  for (std::size_t i = 0; i < count; ++i) {
    membership who;
    ed25519_public_key key{};
    for (auto& b : key) b = static_cast<std::uint8_t>(places.next());
    who.id = peer_id::from_ed25519(key);
    who.where = draw_site(config.where, places);
    who.address.address = {10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    who.address.port = 4001;
    puppets.push_back(std::make_unique<puppet>(time));
    net.start(net.add(std::move(who), *puppets.back()));
  }
}

void puppet_show::run_until(instant when) {
  event e;
  while (time.next(when, e)) net.handle(e);
}

void puppet_show::run(duration span) { run_until(time.now() + span); }

void puppet_show::post(node_index from, transport::control_command c) {
  transport::command_batch batch;
  batch.controls.push_back(std::move(c));
  net.port_of(from).post(std::move(batch));
}

void puppet_show::dial(node_index from, node_index to, transport::request_id id_of_dial) {
  post(from, transport::dial_command{id_of_dial, id(to), {net.address_of(to)}});
}

void puppet_show::connect(node_index a, node_index b) {
  dial(a, b);
  run(4 * one_way(a, b) + 20ms);
}

void puppet_show::say(node_index from, node_index to, chunk_view body, std::uint64_t tag,
                      transport::priority klass) {
  transport::command_batch batch;
  batch.sends.push_back({id(to), talk, klass, std::move(body), tag});
  net.port_of(from).post(std::move(batch));
}

void puppet_show::request(node_index from, node_index to, transport::request_id number,
                          duration timeout, bool answered) {
  post(from, transport::request_command{number, id(to), ask, bytes_of(100), timeout, answered});
}

void puppet_show::make_answer(node_index who, chunk_view body) {
  puppets[who]->answer = [this, who, body](const transport::request_event& r) {
    post(who, transport::respond_command{r.token, body});
  };
}

}  // namespace weft::sim::test
