// SPDX-License-Identifier: MIT
#include "messaging/messaging_core.hpp"

#include "base/assert.hpp"
#include "messaging/core_state.hpp"

namespace weft::messaging {

messaging_core::messaging_core(const crypto::ed25519_private_key& identity,
                               const messaging_config& config, rng random, byte_source secrets,
                               messaging_metrics& metrics, const next_hop_source& hops)
    : state_(
        std::make_unique<core_state>(identity, config, random, std::move(secrets), metrics, hops)) {
  WEFT_ASSERT(config.validate().has_value(), "the messaging configuration must be valid");
}

messaging_core::~messaging_core() = default;

void messaging_core::restore(stored_state&& state, instant now, wall_time wall, outbox& out) {
  state_->restore(std::move(state), {now, wall, out});
}

result<message_id> messaging_core::send(const peer_id& to, chunk_view body,
                                        const send_options& options, instant now, wall_time wall,
                                        outbox& out) {
  return state_->send(to, std::move(body), options, {now, wall, out});
}

result<message_id> messaging_core::send_file(const peer_id& to, const payload_file& file,
                                             const send_options& options, instant now,
                                             wall_time wall, outbox& out) {
  return state_->send_file(to, file, options, {now, wall, out});
}

ec messaging_core::on_frame(const peer_id& from, const chunk_view& frame, instant now,
                            wall_time wall, outbox& out) {
  return state_->on_frame(from, frame, {now, wall, out});
}

void messaging_core::on_stored(store_batch&& batch, instant now, wall_time wall, outbox& out) {
  state_->on_stored(std::move(batch), {now, wall, out});
}

void messaging_core::on_peer_up(const peer_id& peer, instant now, wall_time wall, outbox& out) {
  state_->on_peer_up(peer, {now, wall, out});
}

void messaging_core::on_peer_down(const peer_id& peer, instant now, wall_time wall, outbox& out) {
  state_->on_peer_down(peer, {now, wall, out});
}

void messaging_core::on_route_change(instant now, wall_time wall, outbox& out) {
  state_->on_route_change({now, wall, out});
}

void messaging_core::on_batch_end(instant now, wall_time wall, outbox& out) {
  state_->on_batch_end({now, wall, out});
}

void messaging_core::on_deadline(instant now, wall_time wall, outbox& out) {
  state_->on_deadline({now, wall, out});
}

std::optional<instant> messaging_core::next_deadline() const { return state_->next_deadline(); }

const peer_id& messaging_core::self() const noexcept { return state_->identity().id; }

std::size_t messaging_core::outstanding() const noexcept { return state_->outstanding(); }

std::size_t messaging_core::outstanding(const peer_id& to) const {
  const peer_state* p = state_->find_peer(to);
  return p ? p->held_messages() : 0;
}

std::size_t messaging_core::in_flight() const noexcept { return state_->in_flight(); }

std::size_t messaging_core::channel_count() const noexcept { return state_->channel_count(); }

std::optional<duration> messaging_core::round_trip(const peer_id& to) const {
  const peer_state* p = state_->find_peer(to);
  if (!p) return std::nullopt;
  // A durable message's acknowledgement waits for the receiver's disk.
  const auto network = p->lanes[message_class::volatile_].rtt.smoothed();
  return network ? network : p->lanes[message_class::durable].rtt.smoothed();
}

}  // namespace weft::messaging
