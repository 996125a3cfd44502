// SPDX-License-Identifier: MIT
#include "routing/routing_core.hpp"

#include "base/assert.hpp"
#include "routing/core_impl.hpp"

namespace weft::routing {

routing_core::impl::impl(const ed25519_public_key& self, const announcement_crypto& crypto,
                         const routing_config& config, rng random, routing_metrics& counters)
    : self_(self),
      crypto_(crypto),
      config_(config),
      random_(random),
      counters_(counters),
      table_(siphash_key{random_.next(), random_.next()}) {
  published_neighbours_ = std::make_shared<const std::vector<neighbour_info>>();
  published = table_.publish(published_neighbours_);
}

void routing_core::impl::at(wall_time wall, instant now) noexcept {
  now_ = now;
  wall_ = wall;
  wall_s_ = wall_seconds(wall);
}

routing_core::routing_core(const ed25519_public_key& self, const announcement_crypto& crypto,
                           const routing_config& config, rng random, routing_metrics& counters)
    : impl_(std::make_unique<impl>(self, crypto, config, random, counters)) {
  WEFT_ASSERT(config.validate().has_value(), "the routing configuration was validated before");
}

routing_core::~routing_core() = default;

void routing_core::start(wall_time wall, instant now, outbox&) {
  impl_->at(wall, now);
  impl_->start();
}

void routing_core::on_neighbour_up(const peer_id& peer, duration rtt, wall_time wall, instant now,
                                   outbox&) {
  impl_->at(wall, now);
  impl_->neighbour_up(peer, rtt);
}

void routing_core::on_neighbour_down(const peer_id& peer, wall_time wall, instant now, outbox&) {
  impl_->at(wall, now);
  impl_->neighbour_down(peer);
}

void routing_core::on_neighbour_rtt(const peer_id& peer, duration rtt, instant now) {
  impl_->at(now);
  impl_->neighbour_rtt(peer, rtt);
}

void routing_core::on_frame(const peer_id& from, bytes_view body, wall_time wall, instant now,
                            outbox& out) {
  impl_->at(wall, now);
  impl_->frame(from, body, out);
}

void routing_core::on_deadline(wall_time wall, instant now, outbox& out) {
  impl_->at(wall, now);
  impl_->deadline(out);
}

std::optional<instant> routing_core::next_deadline() const { return impl_->next_deadline(); }

std::shared_ptr<const routing_snapshot> routing_core::snapshot() const noexcept {
  return impl_->published;
}

const announcement& routing_core::own_announcement() const noexcept { return impl_->own; }

std::optional<route_info> routing_core::lookup(const ed25519_public_key& destination) const {
  return impl_->lookup(destination);
}

}  // namespace weft::routing
