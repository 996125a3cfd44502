// SPDX-License-Identifier: MIT
#pragma once

#include "dht/dht_core.hpp"
#include "dht/job.hpp"
#include "dht/known_peers.hpp"
#include "dht/message.hpp"
#include "dht/provider_table.hpp"
#include "dht/record_table.hpp"
#include "dht/region_keys.hpp"
#include "dht/routing_table.hpp"
#include "dht/size_estimator.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace weft::dht {

class dht_core::impl {
 public:
  impl(const peer_id& self, const dht_config& config,
       std::shared_ptr<const validator_set> validators, rng random, dht_metrics& counters);
  ~impl();

  /// The time of the present call and where its effects go; everything below uses them.
  void at(instant now, outbox* out) noexcept;
  void at(wall_time wall, instant now, outbox* out) noexcept;
  /// Ends a call: jobs that are done go, the gauges follow.
  void settle();

  // -- core_upkeep.cpp ---
  void start(stored_state stored);
  void deadline();
  std::optional<instant> next_deadline() const;
  void persist_peers();
  dht_status status() const;
  std::vector<table_entry_view> table_view(instant now) const;

  // -- core_peers.cpp ---
  void peer_up(const peer_id& peer, const multiaddr& remote, duration round_trip);
  void peer_seen(const peer_info& who, bool server);
  void peer_gone(const peer_id& peer);

  // -- core_requests.cpp ---
  void request(std::uint64_t token, const peer_id& from, const chunk_view& body);

  // -- core_queries.cpp ---
  void query_sent(query_id id, instant now);
  void response(query_id id, const result<chunk_view>& body);

  // -- core_operations.cpp ---
  void find_peer(ticket id, const peer_id& target, const find_peer_options& options);
  void closest_peers(ticket id, bytes_view key, const closest_options& options);
  void get_value(ticket id, bytes_view key, const get_options& options);
  void find_providers(ticket id, bytes_view key, const find_providers_options& options);
  void cancel(ticket id);

  // -- core_stores.cpp ---
  void put_value(ticket id, bytes_view key, chunk_view value, const put_options& options);
  void provide(ticket id, bytes_view key, const put_options& options);
  result<void> withdraw_value(bytes_view key, outbox& out);
  result<void> withdraw_provision(bytes_view key, outbox& out);

  std::vector<multiaddr> addresses;
  bool server;
  routing_table table;

 private:
  /// Whether it is a record (or a provision), and its key.
  using publication = std::pair<bool, std::string>;

  // -- core_upkeep.cpp ---
  void restore_records(std::vector<stored_record> records);
  void restore_providers(std::vector<stored_provider> providers);
  void refresh_soon();
  void begin_refresh();
  void continue_refresh();
  void watch_table();
  bool may_republish() const;
  void republish();

  // -- core_peers.cpp ---
  void learn_named(peer_slot by);
  void offer(peer_slot s, bool urgent = false);
  void check_some();
  void send_check(peer_slot s);
  void check_ended(peer_slot s, bool alive);
  void verified(peer_slot s);
  void lost(peer_slot s, ec why);
  void leave_table(peer_slot s);
  std::vector<peer_slot> seeds(const kad_id& target) const;

  // -- core_requests.cpp ---
  std::optional<chunk_view> answer(const peer_id& from, peer_slot slot, const chunk_view& body);
  std::optional<chunk_view> answer_put(const peer_id& from, const chunk_view& body);
  void take_provider(const peer_id& from, peer_slot slot);
  void add_closer(message_writer& out, const kad_id& target, peer_slot except) const;
  bool add_self(message_writer& out) const;
  void add_providers(message_writer& out) const;

  // -- core_queries.cpp ---
  query_id send(peer_slot s, chunk_view body, message_type type, query_purpose why, job* owner);
  void measure(const open_query& q);
  query_end read_response(const open_query& q, const result<chunk_view>& body, ec& why);
  void route_end(const open_query& q, query_id id, query_end how);
  void trace_end(job& j, const open_query& q, trace_step::fate end);
  void expire_queries();
  void count(reject_reason why, std::uint64_t n = 1) { counters_.rejected[why] += n; }

  // -- core_jobs.cpp ---
  job* open_job(std::optional<ticket> caller, operation what, bytes_view key, duration timeout);
  void refuse(ticket id, operation what, error why);
  void begin_search(job& j, lookup_goal goal, bool secure, message_type type);
  void advance(job& j);
  void pump(job& j);
  void ask(job& j, lookup::index i);
  void converge(job& j);
  void observe_size(const job& j);
  void report(job& j, error why);
  void close(job& j);
  void expire(job& j);
  void wake_at(job& j);
  void wake_due();
  void let_go(job& j, lookup::index i);
  std::uint32_t hops_of(const job& j, const std::vector<lookup::index>& of) const;
  job* find_job(job_number n);
  std::uint64_t near_radius() const;
  std::uint64_t network_size() const;

  // -- core_operations.cpp ---
  void take_answer(job& j, lookup::index i);
  void take_closer(job& j, lookup::index i);
  void take_claims(job& j);
  void take_value(job& j, lookup::index i);
  void take_providers(job& j, lookup::index i);
  void prefer(job& j, const record_view& record, const merit& worth, lookup::index i);
  bool crowded(const job& j, lookup::index i) const;
  void hold_target(job& j);
  void try_target_again(job& j);
  bool claims_agree(const job& j) const;
  void report_claims(job& j);
  void report_value(job& j);
  void correct(job& j);
  peer_info describe(peer_slot s) const;

  // -- core_stores.cpp ---
  void advance_stores(job& j);
  void store_early(job& j);
  void begin_stores(job& j);
  void pump_stores(job& j);
  void hedge_stores(job& j);
  void stored(job& j, peer_slot s, bool held);
  void report_stores(job& j);
  chunk_view put_request(bytes_view key, bytes_view value) const;
  void start_put(job& j, bool secure);
  void start_provide(job& j, bool secure);
  void schedule(bool record, bytes_view key, duration in);

  const peer_id self_;
  const kad_id place_;
  const dht_config config_;
  const std::shared_ptr<const validator_set> validators_;
  rng random_;
  dht_metrics& counters_;
  known_peers peers_;
  record_table records_;
  provider_table providers_;
  /// Keys this node provides.
  std::set<std::string, std::less<>> provided_;
  latency_models latency_;
  size_estimator sizes_;
  region_keys regions_;

  instant now_{};
  wall_time wall_{};
  outbox* out_ = nullptr;
  message incoming_;
  /// The usable peers an answer names, for the length of one call; pinned.
  std::vector<peer_slot> named_;

  std::map<job_number, std::unique_ptr<job>> jobs_;
  std::map<ticket, job_number> callers_;
  std::set<std::pair<instant, job_number>> wakes_;
  /// Jobs that wait for one of the `queries_max` places.
  std::set<job_number> starved_;
  std::vector<job_number> closed_;
  job_number next_job_ = 1;

  std::map<query_id, open_query> queries_;
  query_id next_query_ = 1;
  /// Failures since anybody answered: many mean that this node is cut off, not the others.
  std::uint32_t failures_in_a_row_ = 0;

  /// Peers to be asked whether they live; pinned.
  std::deque<peer_slot> checks_;
  std::size_t checks_open_ = 0;
  /// How long an entry may be silent, as the present churn has it.
  duration patience_;
  double check_tokens_ = 0;
  instant check_tokens_at_{};

  std::map<publication, instant> republish_at_;
  /// The same by time; the pointers are keys of `republish_at_`.
  std::set<std::pair<instant, const publication*>> republish_;
  std::size_t republishing_ = 0;
  std::vector<byte_buffer> refresh_keys_;
  job_number refreshing_ = 0;
  bool refresh_wanted_ = false;
  bool table_changed_ = false;
  bool started_ = false;
  std::optional<instant> refresh_at_;
  std::optional<instant> watch_at_;
  std::optional<instant> sweep_at_;
  std::optional<instant> persist_at_;
  duration persist_after_{};
};

}  // namespace weft::dht
