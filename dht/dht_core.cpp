// SPDX-License-Identifier: MIT
#include "dht/dht_core.hpp"

#include "base/assert.hpp"
#include "dht/core_impl.hpp"

#include <utility>

namespace weft::dht {

dht_core::impl::impl(const peer_id& self, const dht_config& config,
                     std::shared_ptr<const validator_set> validators, rng random,
                     dht_metrics& counters)
    : server(config.server),
      table(kad_id::of(self), config_, peers_, counters),
      self_(self),
      place_(kad_id::of(self)),
      config_(config),
      validators_(std::move(validators)),
      random_(random),
      counters_(counters),
      peers_(self_, config_, counters),
      records_(place_, config_, counters),
      providers_(place_, config_, counters),
      latency_{latency_model(config.hedge_initial), latency_model(config.hedge_initial)},
      patience_(config.liveness_interval) {
  WEFT_ASSERT(config.validate().has_value(), "the DHT configuration was validated before");
  WEFT_ASSERT(validators_ != nullptr, "a DHT has validators");
}

dht_core::impl::~impl() = default;

void dht_core::impl::at(instant now, outbox* out) noexcept {
  wall_ += now - now_;
  now_ = now;
  out_ = out;
}

void dht_core::impl::at(wall_time wall, instant now, outbox* out) noexcept {
  wall_ = wall;
  now_ = now;
  out_ = out;
}

void dht_core::impl::settle() {
  while (!closed_.empty()) {
    const job_number n = closed_.back();
    closed_.pop_back();
    jobs_.erase(n);
  }
  counters_.operations_open.set(static_cast<std::int64_t>(jobs_.size()));
  counters_.queries_open.set(static_cast<std::int64_t>(queries_.size()));
  counters_.known_peers.set(static_cast<std::int64_t>(peers_.size()));
  counters_.dead_peers.set(static_cast<std::int64_t>(peers_.dead()));
  out_ = nullptr;
}

dht_core::dht_core(const peer_id& self, const dht_config& config,
                   std::shared_ptr<const validator_set> validators, rng random,
                   dht_metrics& counters)
    : impl_(std::make_unique<impl>(self, config, std::move(validators), random, counters)) {}

dht_core::~dht_core() = default;

void dht_core::start(stored_state stored, wall_time wall, instant now, outbox& out) {
  impl_->at(wall, now, &out);
  impl_->start(std::move(stored));
  impl_->settle();
}

void dht_core::set_addresses(std::vector<multiaddr> own) { impl_->addresses = std::move(own); }

void dht_core::set_server(bool server) { impl_->server = server; }

void dht_core::on_peer_up(const peer_id& peer, const multiaddr& remote, duration round_trip,
                          instant now, outbox& out) {
  impl_->at(now, &out);
  impl_->peer_up(peer, remote, round_trip);
  impl_->settle();
}

void dht_core::on_peer_seen(const peer_info& who, bool server, instant now, outbox& out) {
  impl_->at(now, &out);
  impl_->peer_seen(who, server);
  impl_->settle();
}

void dht_core::on_peer_gone(const peer_id& peer, instant now, outbox& out) {
  impl_->at(now, &out);
  impl_->peer_gone(peer);
  impl_->settle();
}

void dht_core::on_request(std::uint64_t token, const peer_id& from, chunk_view body, wall_time wall,
                          instant now, outbox& out) {
  impl_->at(wall, now, &out);
  impl_->request(token, from, body);
  impl_->settle();
}

void dht_core::on_query_sent(query_id id, instant now) { impl_->query_sent(id, now); }

void dht_core::on_response(query_id id, result<chunk_view> body, wall_time wall, instant now,
                           outbox& out) {
  impl_->at(wall, now, &out);
  impl_->response(id, body);
  impl_->settle();
}

void dht_core::find_peer(ticket id, const peer_id& target, const find_peer_options& options,
                         wall_time wall, instant now, outbox& out) {
  impl_->at(wall, now, &out);
  impl_->find_peer(id, target, options);
  impl_->settle();
}

void dht_core::closest_peers(ticket id, bytes_view key, const closest_options& options,
                             wall_time wall, instant now, outbox& out) {
  impl_->at(wall, now, &out);
  impl_->closest_peers(id, key, options);
  impl_->settle();
}

void dht_core::put_value(ticket id, bytes_view key, chunk_view value, const put_options& options,
                         wall_time wall, instant now, outbox& out) {
  impl_->at(wall, now, &out);
  impl_->put_value(id, key, std::move(value), options);
  impl_->settle();
}

void dht_core::get_value(ticket id, bytes_view key, const get_options& options, wall_time wall,
                         instant now, outbox& out) {
  impl_->at(wall, now, &out);
  impl_->get_value(id, key, options);
  impl_->settle();
}

void dht_core::provide(ticket id, bytes_view key, const put_options& options, wall_time wall,
                       instant now, outbox& out) {
  impl_->at(wall, now, &out);
  impl_->provide(id, key, options);
  impl_->settle();
}

void dht_core::find_providers(ticket id, bytes_view key, const find_providers_options& options,
                              wall_time wall, instant now, outbox& out) {
  impl_->at(wall, now, &out);
  impl_->find_providers(id, key, options);
  impl_->settle();
}

void dht_core::cancel(ticket id, wall_time wall, instant now, outbox& out) {
  impl_->at(wall, now, &out);
  impl_->cancel(id);
  impl_->settle();
}

result<void> dht_core::withdraw_value(bytes_view key, outbox& out) {
  return impl_->withdraw_value(key, out);
}

result<void> dht_core::withdraw_provision(bytes_view key, outbox& out) {
  return impl_->withdraw_provision(key, out);
}

void dht_core::on_deadline(wall_time wall, instant now, outbox& out) {
  impl_->at(wall, now, &out);
  impl_->deadline();
  impl_->settle();
}

void dht_core::persist(wall_time wall, instant now, outbox& out) {
  impl_->at(wall, now, &out);
  impl_->persist_peers();
  impl_->settle();
}

std::optional<instant> dht_core::next_deadline() const { return impl_->next_deadline(); }

dht_status dht_core::status() const { return impl_->status(); }

std::vector<table_entry_view> dht_core::table(instant now) const { return impl_->table_view(now); }

std::size_t dht_core::table_size() const noexcept { return impl_->table.size(); }

}  // namespace weft::dht
