// SPDX-License-Identifier: MIT
#include "gossip/gossip_core.hpp"

#include "base/assert.hpp"
#include "gossip/core_impl.hpp"

#include <utility>

namespace weft::gossip {

gossip_core::impl::impl(const peer_id& self, const gossip_crypto& crypto, gossip_config config,
                        rng random, gossip_metrics& counters, std::shared_ptr<call_memory> memory)
    : core_members{std::move(config), self, crypto, random, counters, std::move(memory)} {}

std::shared_ptr<call_memory> make_call_memory() { return std::make_shared<call_memory>(); }

core_members::core_members(gossip_config config, const peer_id& self, const gossip_crypto& crypto,
                           rng random, gossip_metrics& counters,
                           std::shared_ptr<call_memory> memory)
    : config_(std::move(config)),
      self_(self),
      crypto_(crypto),
      random_(random),
      counters_(counters),
      id_key_{random_.next(), random_.next()},
      retained_(config_.score),
      seen_max_(
          std::max<std::size_t>(1, config_.seen_bytes_max / fifo_table<seen_message>::entry_bytes)),
      memory_(memory ? std::move(memory) : make_call_memory()),
      rpc_(memory_->rpc),
      shared_(memory_->writer),
      scratch_(memory_->text),
      touched_(memory_->touched),
      outgoing_(memory_->made) {}

gossip_core::gossip_core(const peer_id& self, const gossip_crypto& crypto, gossip_config config,
                         rng random, gossip_metrics& counters,
                         std::shared_ptr<call_memory> memory) {
  WEFT_ASSERT(config.validate().has_value(), "the gossip configuration was validated before");
  impl_ = std::make_unique<impl>(self, crypto, std::move(config), random, counters,
                                 std::move(memory));
}

gossip_core::~gossip_core() = default;

void gossip_core::start(wall_time wall, instant now, outbox& out) {
  const impl::call call(*impl_, now, out);
  impl_->start(wall);
}

void gossip_core::on_peer_up(const neighbour& peer, instant now, outbox& out) {
  const impl::call call(*impl_, now, out);
  impl_->peer_up(peer);
}

void gossip_core::on_peer_changed(const neighbour& peer, instant now, outbox& out) {
  const impl::call call(*impl_, now, out);
  impl_->peer_changed(peer);
}

void gossip_core::on_peer_down(const peer_id& peer, instant now, outbox& out) {
  const impl::call call(*impl_, now, out);
  impl_->peer_down(peer);
}

void gossip_core::on_peer_rtt(const peer_id& peer, duration rtt) { impl_->peer_rtt(peer, rtt); }

void gossip_core::set_application_score(const peer_id& peer, std::int64_t points, instant now,
                                        outbox& out) {
  const impl::call call(*impl_, now, out);
  impl_->application_score(peer, points);
}

void gossip_core::on_frame(const peer_id& from, const chunk_view& rpc, instant now, outbox& out) {
  const impl::call call(*impl_, now, out);
  impl_->frame(from, rpc);
}

void gossip_core::on_push(const peer_id& from, const chunk_view& tagged, instant now, outbox& out) {
  const impl::call call(*impl_, now, out);
  impl_->push_frame(from, tagged);
}

void gossip_core::on_fate(const peer_id& peer, std::uint64_t tag, fate what, instant now,
                          outbox& out) {
  const impl::call call(*impl_, now, out);
  impl_->fate_of_send(peer, tag, what);
}

void gossip_core::on_push_fate(const peer_id& peer, std::uint64_t tag, fate what, instant now,
                               outbox& out) {
  const impl::call call(*impl_, now, out);
  impl_->fate_of_push(peer, tag, what);
}

void gossip_core::on_deadline(instant now, outbox& out) {
  const impl::call call(*impl_, now, out);
  impl_->deadline();
}

std::optional<instant> gossip_core::next_deadline() const { return impl_->next_deadline(); }

result<void> gossip_core::subscribe(std::string_view topic, instant now, outbox& out) {
  const impl::call call(*impl_, now, out);
  return impl_->subscribe(topic);
}

result<void> gossip_core::unsubscribe(std::string_view topic, instant now, outbox& out) {
  const impl::call call(*impl_, now, out);
  return impl_->unsubscribe(topic);
}

result<message_id> gossip_core::publish(std::uint64_t ticket, std::string_view topic,
                                        const chunk_view& data, instant now, outbox& out) {
  const impl::call call(*impl_, now, out);
  return impl_->publish(ticket, topic, data);
}

result<void> gossip_core::set_validator(std::string_view topic, validator check) {
  WEFT_TRY(topic_state * of, impl_->topic_for_rules(topic));
  of->check = std::move(check);
  impl_->settle_topic(topic);
  return {};
}

result<void> gossip_core::set_validated_outside(std::string_view topic, bool outside) {
  WEFT_TRY(topic_state * of, impl_->topic_for_rules(topic));
  of->outside = outside;
  impl_->settle_topic(topic);
  return {};
}

void gossip_core::on_verdict(std::uint64_t ticket, verdict what, instant now, outbox& out) {
  const impl::call call(*impl_, now, out);
  impl_->decide(ticket, what);
}

bool gossip_core::knows(const peer_id& peer) const { return impl_->slot_of(peer) != no_peer; }
std::vector<topic_status> gossip_core::topics() const { return impl_->topics(); }
std::optional<topic_status> gossip_core::topic(std::string_view name) const {
  return impl_->topic(name);
}
std::vector<peer_status> gossip_core::peers() const { return impl_->peers(); }
std::int64_t gossip_core::score(const peer_id& peer) const { return impl_->score(peer); }
bool gossip_core::subscribed(std::string_view topic) const { return impl_->subscribed(topic); }
table_sizes gossip_core::sizes() const { return impl_->sizes(); }
const gossip_config& gossip_core::config() const noexcept { return impl_->settings(); }

}  // namespace weft::gossip
