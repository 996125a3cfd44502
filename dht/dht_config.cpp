// SPDX-License-Identifier: MIT
#include "dht/dht_config.hpp"

namespace weft::dht {

namespace {

result<void> check(bool ok, const char* text) {
  if (!ok) return fail(ec::bad_config, text);
  return {};
}

result<void> check_lookups(const dht_config& c) {
  WEFT_TRY_VOID(check(c.protocol_name.size() > 1 && c.protocol_name.front() == '/',
                      "dht protocol_name must begin with '/'"));
  WEFT_TRY_VOID(check(c.k >= 1 && c.k <= 20, "dht k must be 1 to 20"));
  WEFT_TRY_VOID(check(c.alpha >= 1 && c.alpha <= 64, "dht alpha must be 1 to 64"));
  WEFT_TRY_VOID(check(c.alpha_holders >= 1, "dht alpha_holders must be at least 1"));
  WEFT_TRY_VOID(check(c.beta >= 1 && c.beta <= c.k, "dht beta must be 1 to k"));
  WEFT_TRY_VOID(check(c.paths >= 1 && c.paths <= 8 && c.paths_secure >= 1 && c.paths_secure <= 8,
                      "dht paths and paths_secure must be 1 to 8"));
  WEFT_TRY_VOID(check(c.lookup_queries_max >= c.alpha, "dht lookup_queries_max is below alpha"));
  WEFT_TRY_VOID(check(c.candidates_max >= 3 * c.k && c.candidates_max <= 4096,
                      "dht candidates_max must be 3 k to 4096"));
  return check(
      c.operations_max >= 4 && c.queries_max >= c.alpha && c.stores_in_flight >= 1
          && c.stores_enough >= 1,
      "dht operations_max must be at least 4, queries_max at least alpha, stores_in_flight "
      "and stores_enough at least 1");
}

result<void> check_times(const dht_config& c) {
  constexpr auto zero = duration::zero();
  WEFT_TRY_VOID(check(c.operation_timeout > zero && c.query_timeout > zero
                          && c.refresh_interval > zero && c.liveness_interval_min > zero
                          && c.liveness_interval >= c.liveness_interval_min
                          && c.check_interval > zero && c.persist_interval > zero,
                      "dht intervals and timeouts must be positive"));
  WEFT_TRY_VOID(check(c.hedge_min > zero && c.hedge_min <= c.hedge_initial
                          && c.hedge_initial <= c.hedge_max && c.hedge_max <= c.query_timeout,
                      "dht hedge_min, hedge_initial, hedge_max and query_timeout must ascend"));
  WEFT_TRY_VOID(check(c.backoff_min > zero && c.backoff_min <= c.backoff_max,
                      "dht backoff_min must be positive and not above backoff_max"));
  return check(c.record_age_max > zero && c.record_republish > zero && c.provider_expiry > zero
                   && c.provider_republish > zero && c.provider_address_expiry > zero,
               "dht ages of records and providers must be positive");
}

result<void> check_tables(const dht_config& c) {
  WEFT_TRY_VOID(check(c.bucket_entries >= 1 && c.bucket_entries <= 256,
                      "dht bucket_entries must be 1 to 256"));
  WEFT_TRY_VOID(check(c.group_entries_table >= 1 && c.group_entries_bucket >= 1,
                      "dht limits of an IP group must be at least 1"));
  WEFT_TRY_VOID(check(c.group_bits_v4 >= 1 && c.group_bits_v4 <= 32 && c.group_bits_v6 >= 1
                          && c.group_bits_v6 <= 128,
                      "dht group_bits_v4 must be 1 to 32, group_bits_v6 1 to 128"));
  WEFT_TRY_VOID(check(c.checks_waiting_max >= 1 && c.checks_in_flight >= 1 && c.checks_burst >= 1,
                      "dht limits of checks must be at least 1"));
  WEFT_TRY_VOID(check(c.sessions_kept <= 65'536 && c.session_idle >= c.query_timeout,
                      "dht sessions_kept must be at most 65536, session_idle at least "
                      "query_timeout"));
  WEFT_TRY_VOID(check(c.peers_max >= 1024 && c.peers_max <= 1u << 20,
                      "dht peers_max must be 1024 to 1048576"));
  return check(c.idle_peers_max >= 64 && c.idle_peers_max <= c.peers_max,
               "dht idle_peers_max must be 64 to peers_max");
}

result<void> check_stores(const dht_config& c) {
  WEFT_TRY_VOID(check(c.records_max >= 1 && c.records_per_sender_max >= 1 && c.own_records_max >= 1
                          && c.record_bytes_max >= 1
                          && c.record_bytes_total_max >= c.record_bytes_max,
                      "dht limits of records must be at least 1, record_bytes_total_max at least "
                      "record_bytes_max"));
  WEFT_TRY_VOID(check(c.providers_max >= 1 && c.providers_per_key_max >= 1
                          && c.providers_per_sender_max >= 1 && c.provided_max >= 1,
                      "dht limits of providers must be at least 1"));
  WEFT_TRY_VOID(check(c.key_bytes_max >= 64 && c.message_bytes_max >= 4096
                          && c.message_bytes_max >= c.record_bytes_max + 2 * c.key_bytes_max + 256,
                      "dht message_bytes_max must hold a record with its key, key_bytes_max be at "
                      "least 64"));
  return check(c.providers_per_message_max >= 1 && c.addresses_per_peer_max >= 1
                   && c.addresses_kept_max >= 1 && c.requests_per_second >= 1
                   && c.request_burst >= 1,
               "dht limits of peer input must be at least 1");
}

}  // namespace

result<void> dht_config::validate() const {
  WEFT_TRY_VOID(check_lookups(*this));
  WEFT_TRY_VOID(check_times(*this));
  WEFT_TRY_VOID(check_tables(*this));
  return check_stores(*this);
}

}  // namespace weft::dht
