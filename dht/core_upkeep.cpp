// SPDX-License-Identifier: MIT
#include "dht/core_impl.hpp"

#include <algorithm>

// What the node does without being asked: start, refresh, ageing, and when it wants to be called.
namespace weft::dht {

namespace {

constexpr duration sweep_interval = std::chrono::seconds(10);
constexpr duration watch_interval = std::chrono::seconds(30);
/// While the table has less than k entries it is refreshed this often.
constexpr duration small_table_interval = std::chrono::seconds(30);
/// Buckets with fewer leading bits in common are refreshed one by one; deeper ones are all in the
/// node's neighbourhood.
constexpr unsigned refreshed_buckets = region_keys::bucket_bits_max;
/// A node that dies young is to find its peers again, too: they are first written this soon, then
/// after twice the time, up to the configured one.
constexpr duration first_persist = std::chrono::seconds(5);
/// Provisions published again right after a start are spread over this time.
constexpr duration restart_spread = std::chrono::minutes(10);

}  // namespace

void dht_core::impl::start(stored_state stored) {
  started_ = true;
  check_tokens_ = static_cast<double>(config_.checks_burst);
  check_tokens_at_ = now_;
  watch_at_ = now_ + watch_interval;
  sweep_at_ = now_ + sweep_interval;
  persist_after_ = std::min(first_persist, config_.persist_interval);
  persist_at_ = now_ + persist_after_;
  refresh_wanted_ = true;
  restore_records(std::move(stored.records));
  restore_providers(std::move(stored.providers));
  for (auto& p : stored.peers) {
    const peer_slot s = peers_.add(p.peer);
    if (s == no_peer || p.addresses.empty()) continue;
    peers_.learn_first_hand(s, std::move(p.addresses));
    offer(s);
  }
  check_some();
}

void dht_core::impl::restore_records(std::vector<stored_record> records) {
  std::vector<store_operation> written;
  for (auto& r : records) {
    const duration age = std::max(wall_ - r.received, duration::zero());
    const bool own = r.own;
    byte_buffer key = r.key;
    const auto worth = validators_->validate(key, r.value, wall_);
    written.clear();
    const bool kept
        = worth && r.expires > wall_ && records_.put(std::move(r), *worth, written) == ec::none;
    if (!kept) {
      append_operation(out_->store, remove_record{std::move(key)});
      continue;
    }
    if (!own) continue;
    const duration left = std::max(config_.record_republish - age, duration::zero());
    const auto spread = static_cast<duration::rep>(
        random_.below(static_cast<std::uint64_t>(restart_spread.count())));
    schedule(true, key, left + duration(spread));
  }
}

void dht_core::impl::restore_providers(std::vector<stored_provider> providers) {
  std::vector<store_operation> written;
  for (auto& p : providers) {
    const duration age = std::max(wall_ - p.received, duration::zero());
    if (p.provider == self_) {
      if (provided_.size() >= config_.provided_max) continue;
      const duration left = std::max(config_.provider_republish - age, duration::zero());
      const auto spread = static_cast<duration::rep>(
          random_.below(static_cast<std::uint64_t>(restart_spread.count())));
      schedule(false, p.key, left + duration(spread));
      provided_.emplace(as_text(p.key));
      continue;
    }
    byte_buffer key = p.key;
    const peer_id provider = p.provider;
    written.clear();
    if (age >= config_.provider_expiry || providers_.put(std::move(p), written) != ec::none)
      append_operation(out_->store, remove_provider{std::move(key), provider});
  }
  counters_.provided.set(static_cast<std::int64_t>(provided_.size()));
}

// -- refresh: the own neighbourhood first, then the other buckets ---

void dht_core::impl::refresh_soon() {
  refresh_wanted_ = false;
  refresh_at_ = now_;
}

void dht_core::impl::begin_refresh() {
  refresh_at_.reset();
  if (refreshing_ != 0) return;
  if (seeds(place_).empty()) {
    refresh_wanted_ = true;
    return;
  }
  refresh_keys_.clear();
  const unsigned buckets = std::min(table.depth() + 1, refreshed_buckets);
  for (unsigned i = 0; i < buckets; ++i)
    if (auto key = region_keys::in_bucket(place_, i, random_))
      refresh_keys_.push_back(std::move(*key));
  refresh_keys_.push_back(to_buffer(self_.bytes()));
  continue_refresh();
}

void dht_core::impl::continue_refresh() {
  if (refresh_keys_.empty()) {
    refresh_at_
        = now_
          + (table.size() < config_.k ? std::min(small_table_interval, config_.refresh_interval)
                                      : config_.refresh_interval);
    return;
  }
  const byte_buffer key = std::move(refresh_keys_.back());
  refresh_keys_.pop_back();
  job* j = open_job(std::nullopt, operation::refresh, key, {});
  if (!j) {
    refresh_at_ = now_ + small_table_interval;
    return;
  }
  refreshing_ = j->number;
  const bool self = std::ranges::equal(key, self_.bytes());
  begin_search(*j, self ? lookup_goal::thorough : lookup_goal::quick, false,
               message_type::find_node);
  advance(*j);
}

/// Asks entries that were not heard of for long, and those that missed their time, whether they
/// live.
void dht_core::impl::watch_table() {
  for (unsigned b = 0; b < table.depth(); ++b) {
    for (const auto& e : table.bucket(b)) {
      known_peer& p = peers_[e.slot];
      const bool silent = !p.last_heard || now_ - *p.last_heard >= patience_;
      if ((!silent && !p.suspect) || p.checking || checks_.size() >= config_.checks_waiting_max)
        continue;
      p.checking = true;
      peers_.pin(e.slot);
      checks_.push_back(e.slot);
    }
  }
  check_some();
  if (table.holds_all() || sizes_.servers()) return;
  // Too few lookups of its own yet: the neighbourhood of the node itself says something, too.
  std::vector<peer_slot> closest;
  table.closest(place_, config_.k, no_peer, false, closest);
  std::vector<kad_id> distances;
  for (const peer_slot s : closest) distances.push_back(peers_[s].place ^ place_);
  sizes_.observe(distances);
}

void dht_core::impl::persist_peers() {
  if (!table_changed_) return;
  table_changed_ = false;
  replace_peers effect;
  for (unsigned b = table.depth(); b-- > 0;) {
    for (const auto& e : table.bucket(b)) {
      if (effect.peers.size() >= config_.stored_peers_max) break;
      const known_peer& p = peers_[e.slot];
      const duration ago = p.last_answer ? now_ - *p.last_answer : duration::zero();
      effect.peers.push_back({p.id, p.addresses, wall_ - ago});
    }
  }
  append_operation(out_->store, std::move(effect));
}

// -- time ---

void dht_core::impl::deadline() {
  const auto due = [this](std::optional<instant>& at, duration again) {
    if (!at || *at > now_) return false;
    at = now_ + again;
    return true;
  };
  expire_queries();
  wake_due();
  if (refresh_at_ && *refresh_at_ <= now_) begin_refresh();
  if (due(watch_at_, watch_interval)) watch_table();
  if (due(sweep_at_, sweep_interval)) {
    records_.sweep(wall_, out_->store);
    providers_.sweep(wall_, out_->store);
  }
  if (due(persist_at_, std::min(persist_after_ * 2, config_.persist_interval))) {
    persist_after_ = std::min(persist_after_ * 2, config_.persist_interval);
    persist_peers();
  }
  republish();
  check_some();
  counters_.network_size.set(static_cast<std::int64_t>(network_size()));
}

std::optional<instant> dht_core::impl::next_deadline() const {
  if (!started_) return std::nullopt;
  std::optional<instant> out;
  const auto take = [&out](const std::optional<instant>& at) {
    if (at && (!out || *at < *out)) out = at;
  };
  take(refresh_at_);
  take(watch_at_);
  take(sweep_at_);
  take(persist_at_);
  if (!wakes_.empty()) take(wakes_.begin()->first);
  if (!queries_.empty()) take(queries_.begin()->second.created + config_.query_timeout * 2);
  if (!republish_.empty() && republishing_ == 0 && may_republish()) take(republish_.begin()->first);
  if (!checks_.empty() && checks_open_ < config_.checks_in_flight
      && queries_.size() < config_.queries_max) {
    const double missing = std::max(0.0, 1.0 - check_tokens_) * to_seconds(config_.check_interval);
    take(check_tokens_at_ + duration(static_cast<duration::rep>(missing * 1e9) + 1));
  }
  return out;
}

dht_status dht_core::impl::status() const {
  dht_status out;
  out.server = server;
  out.full_table = table.holds_all();
  for (unsigned b = 0; b < table.depth(); ++b)
    if (!table.bucket(b).empty())
      out.buckets.push_back({b, table.bucket(b).size(), table.replacements(b)});
  out.entries = table.size();
  out.known_peers = peers_.size();
  out.dead_peers = peers_.dead();
  out.records = records_.size();
  out.own_records = records_.own();
  out.providers = providers_.size();
  out.provided = provided_.size();
  out.operations = jobs_.size();
  out.queries = queries_.size();
  if (table.size() > 0) out.network_size = network_size();
  return out;
}

std::vector<table_entry_view> dht_core::impl::table_view(instant now) const {
  std::vector<table_entry_view> out;
  for (unsigned b = table.depth(); b-- > 0;) {
    for (const auto& e : table.bucket(b)) {
      const known_peer& p = peers_[e.slot];
      table_entry_view view;
      view.info = describe(e.slot);
      view.bucket = b;
      if (p.rtt.known()) view.rtt = p.rtt.mean();
      view.connected = p.connected;
      view.suspect = p.suspect;
      if (p.last_answer) view.since_answer = now - *p.last_answer;
      out.push_back(std::move(view));
    }
  }
  return out;
}

}  // namespace weft::dht
