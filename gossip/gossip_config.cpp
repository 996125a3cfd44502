// SPDX-License-Identifier: MIT
#include "gossip/gossip_config.hpp"

#include <string>

namespace weft::gossip {

namespace {

result<void> check(bool holds, const char* text) {
  if (holds) return {};
  return fail(ec::bad_config, std::string("gossip ") + text);
}

result<void> check_agreement(const gossip_config& c) {
  const bool is_signed = c.signatures == signature_policy::strict_sign;
  WEFT_TRY_VOID(check(is_signed || c.ids != message_id_kind::author_and_sequence,
                      "ids author_and_sequence need signatures strict_sign"));
  return check(c.ids != message_id_kind::custom || c.custom_message_id,
               "ids custom need custom_message_id");
}

result<void> check_mesh(const gossip_config& c) {
  WEFT_TRY_VOID(check(c.degree >= 1 && c.degree <= 50, "degree must be 1 to 50"));
  WEFT_TRY_VOID(check(c.degree_low >= 1 && c.degree_low <= c.degree && c.degree <= c.degree_high
                          && c.degree_high <= 100,
                      "degree_low, degree and degree_high must rise, up to 100"));
  WEFT_TRY_VOID(check(c.degree_score <= c.degree, "degree_score must not exceed degree"));
  WEFT_TRY_VOID(check(c.degree_out < c.degree_low || c.degree_out == 0,
                      "degree_out must be below degree_low"));
  WEFT_TRY_VOID(check(c.degree_out <= c.degree / 2, "degree_out must not exceed half of degree"));
  WEFT_TRY_VOID(check(c.degree_lazy <= 100 && c.gossip_percent <= 100,
                      "degree_lazy and gossip_percent must not exceed 100"));
  WEFT_TRY_VOID(check(c.exchange_peers <= 64, "exchange_peers must not exceed 64"));
  WEFT_TRY_VOID(check(c.heartbeat >= std::chrono::milliseconds(10)
                          && c.heartbeat_first > duration::zero()
                          && c.fanout_ttl > duration::zero(),
                      "heartbeat must be at least 10 ms, heartbeat_first and fanout_ttl positive"));
  WEFT_TRY_VOID(check(
      c.prune_backoff >= std::chrono::seconds(1) && c.unsubscribe_backoff >= std::chrono::seconds(1)
          && c.backoff_max >= c.prune_backoff && c.backoff_max >= c.unsubscribe_backoff
          && c.backoff_max <= std::chrono::hours(24),
      "back-offs must be 1 s to backoff_max, which must not exceed a day"));
  return check(c.opportunistic_graft_ticks >= 1, "opportunistic_graft_ticks must be at least 1");
}

result<void> check_messages(const gossip_config& c) {
  WEFT_TRY_VOID(check(c.frame_bytes_max >= 4096 && c.frame_bytes_max <= 64 * 1024 * 1024,
                      "frame_bytes_max must be 4 KiB to 64 MiB"));
  WEFT_TRY_VOID(check(c.control_bytes_max >= 2048 && c.control_bytes_max <= c.frame_bytes_max,
                      "control_bytes_max must be 2048 to frame_bytes_max"));
  WEFT_TRY_VOID(check(c.topic_bytes_max >= 1 && c.topic_bytes_max <= 1024,
                      "topic_bytes_max must be 1 to 1024"));
  WEFT_TRY_VOID(check(c.seen_ttl > duration::zero() && c.seen_bytes_max >= 4096
                          && c.seen_bytes_max <= std::size_t{1} << 34,
                      "seen_ttl must be positive, seen_bytes_max 4 KiB to 16 GiB"));
  WEFT_TRY_VOID(check(
      c.history >= 1 && c.history <= 60 && c.history_gossip >= 1 && c.history_gossip <= c.history,
      "history must be 1 to 60, history_gossip 1 to history"));
  WEFT_TRY_VOID(check(c.cache_bytes_max >= c.frame_bytes_max,
                      "cache_bytes_max must be at least frame_bytes_max"));
  WEFT_TRY_VOID(check(c.idontwant_heartbeats >= 1 && c.idontwant_heartbeats <= 60,
                      "idontwant_heartbeats must be 1 to 60"));
  return check(c.outcome_timeout > duration::zero() && c.validation_timeout > duration::zero()
                   && c.iwant_followup > duration::zero(),
               "outcome_timeout, validation_timeout and iwant_followup must be positive");
}

result<void> check_limits(const gossip_config& c) {
  WEFT_TRY_VOID(check(c.peers_max >= 1 && c.peers_max <= 65'000, "peers_max must be 1 to 65000"));
  WEFT_TRY_VOID(check(c.topics_max >= 1 && c.topics_max <= 1'000'000 && c.topics_per_peer_max >= 1
                          && c.subscriptions_max >= 1 && c.backoffs_per_topic_max >= 1,
                      "limits of topics must be at least 1, topics_max at most 1000000"));
  WEFT_TRY_VOID(check(c.iwant_retransmissions_max >= 1 && c.iwant_retransmissions_max <= 255,
                      "iwant_retransmissions_max must be 1 to 255"));
  return check(c.unwanted_per_peer_max >= 1 && c.wanted_max >= 1 && c.promises_max >= 1
                   && c.publications_max >= 1 && c.validations_max >= 1 && c.mesh_entries_max >= 1,
               "limits of tables must be at least 1");
}

result<void> check_score(const score_config& c) {
  constexpr std::int64_t most = 1'000'000;
  const auto weight = [](std::int64_t w) { return w <= 0 && w >= -most; };
  WEFT_TRY_VOID(check(weight(c.invalid_weight) && weight(c.colocation_weight)
                          && weight(c.behaviour_weight) && c.application_weight >= 0
                          && c.application_weight <= most,
                      "score weights must be -1000000 to 0, application_weight 0 to 1000000"));
  WEFT_TRY_VOID(check(c.gossip_threshold <= 0 && c.publish_threshold <= c.gossip_threshold
                          && c.graylist_threshold <= c.publish_threshold
                          && c.graylist_threshold >= -most * most,
                      "score thresholds must fall: 0, gossip, publish, graylist"));
  WEFT_TRY_VOID(check(c.accept_exchange_threshold >= 0 && c.accept_exchange_threshold <= most
                          && c.opportunistic_graft_threshold >= 0
                          && c.opportunistic_graft_threshold <= most,
                      "score accept_exchange_threshold and opportunistic_graft_threshold must be 0 "
                      "to 1000000"));
  return check(c.decay_permille < 1000 && c.decay_interval > duration::zero()
                   && c.retention >= duration::zero(),
               "score decay_permille must be below 1000, decay_interval positive");
}

result<void> check_lazy(const lazy_config& c) {
  WEFT_TRY_VOID(check(
      c.heal_after >= 1 && c.wave_burst >= 1 && c.root_delay > duration::zero()
          && c.wave_interval >= std::chrono::milliseconds(100) && c.tree_idle > duration::zero(),
      "lazy heal_after and wave_burst must be at least 1, wave_interval 100 ms, root_delay "
      "and tree_idle positive"));
  WEFT_TRY_VOID(check(
      c.announce_delay >= duration::zero() && c.announce_delay <= std::chrono::milliseconds(100),
      "lazy announce_delay must be 0 to 100 ms"));
  WEFT_TRY_VOID(check(c.grace_min > duration::zero() && c.grace_min <= c.grace_initial
                          && c.grace_initial <= c.grace_max,
                      "lazy grace_min, grace_initial and grace_max must rise from above 0"));
  return check(c.push_bytes_min >= 1024 && c.pushes_per_peer_max >= 1
                   && c.pushes_waiting_max <= 65'536 && c.push_timeout > duration::zero()
                   && c.push_byte_time_initial_ns >= 1,
               "lazy push_bytes_min must be at least 1024, the other push limits positive, "
               "pushes_waiting_max at most 65536");
}

}  // namespace

result<void> gossip_config::validate() const {
  WEFT_TRY_VOID(check_agreement(*this));
  WEFT_TRY_VOID(check_mesh(*this));
  WEFT_TRY_VOID(check_messages(*this));
  WEFT_TRY_VOID(check_limits(*this));
  WEFT_TRY_VOID(check_score(score));
  return check_lazy(lazy);
}

}  // namespace weft::gossip
