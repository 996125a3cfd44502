// SPDX-License-Identifier: MIT
#include "dht/core_impl.hpp"

#include <algorithm>

// Storing at the peers closest to a key, and doing so again before it is forgotten.
namespace weft::dht {

namespace {

/// In hundredths of the expected distance of the k-th closest. Whoever is nearer to the key than
/// the first is among the k closest with a probability of 0.9 (Trautwein et al., INFOCOM 2024,
/// section IV, for k = 20). The table knows a neighbourhood better than a search that has just
/// begun.
constexpr std::uint64_t early_part = 73;
constexpr std::uint64_t early_part_table = 125;

constexpr std::size_t republishing_max = 4;
constexpr duration retry_interval = std::chrono::minutes(1);

}  // namespace

chunk_view dht_core::impl::put_request(bytes_view key, bytes_view value) const {
  return message_writer(message_type::put_value, key).record(key, value, wall_).finish();
}

void dht_core::impl::put_value(ticket id, bytes_view key, chunk_view value,
                               const put_options& options) {
  const auto refused = [&](error why) { refuse(id, operation::put_value, std::move(why)); };
  if (key.size() > config_.key_bytes_max || value.size() > config_.record_bytes_max)
    return refused(error{ec::oversized, "the key or the value is above its limit"});
  const auto worth = validators_->validate(key, value, wall_);
  if (!worth) return refused(worth.error());
  stored_record record;
  record.key = to_buffer(key);
  record.value = value;
  record.sender = self_;
  record.received = wall_;
  record.expires = worth->expires;
  record.own = true;
  switch (records_.put(std::move(record), *worth, out_->store)) {
    case ec::none:
      break;
    case ec::stale:
      return refused(error{ec::stale, "this node holds a newer value of the key"});
    default:
      return refused(error{ec::limit, "this node publishes as many records as it may"});
  }
  job* j = open_job(id, operation::put_value, key, options.timeout);
  schedule(true, key, j ? config_.record_republish : retry_interval);
  if (!j) return;
  j->enough = options.enough;
  start_put(*j, options.secure);
}

/// The value is the one this node holds.
void dht_core::impl::start_put(job& j, bool secure) {
  const held_record* held = records_.find(j.key, wall_);
  if (!held) {
    report(j, ec::stale);
    close(j);
    return;
  }
  j.store_request = put_request(j.key, held->record.value);
  begin_search(j, lookup_goal::quick, secure, message_type::find_node);
  advance(j);
}

void dht_core::impl::provide(ticket id, bytes_view key, const put_options& options) {
  const auto refused = [&](error why) { refuse(id, operation::provide, std::move(why)); };
  if (key.empty() || key.size() > config_.key_bytes_max)
    return refused(error{ec::oversized, "the key is empty or above its limit"});
  const bool fresh = provided_.size() < config_.provided_max || provided_.contains(as_text(key));
  if (!fresh) return refused(error{ec::limit, "this node provides as many keys as it may"});
  provided_.emplace(as_text(key));
  counters_.provided.set(static_cast<std::int64_t>(provided_.size()));
  append_operation(out_->store, put_provider{{to_buffer(key), self_, {}, wall_}});
  job* j = open_job(id, operation::provide, key, options.timeout);
  schedule(false, key, j ? config_.provider_republish : retry_interval);
  if (!j) return;
  j->enough = options.enough;
  start_provide(*j, options.secure);
}

void dht_core::impl::start_provide(job& j, bool secure) {
  message_writer request(message_type::add_provider, j.key);
  request.provider(self_, addresses, connection_kind::none, config_.message_bytes_max);
  j.store_request = request.finish();
  begin_search(j, lookup_goal::quick, secure, message_type::find_node);
  advance(j);
}

// -- whom to store at ---

/// Stores at peers that are surely among the closest before the search is over ("optimistic
/// provide"): those that answer, and those known to be alive.
void dht_core::impl::store_early(job& j) {
  const bool counted = table.holds_all() && table.size() >= config_.k;
  if (!counted && !sizes_.servers()) return;
  __extension__ using wide = unsigned __int128;
  const wide unit = (wide{1} << 64) / (network_size() + 1) * config_.k / 100;
  for (const lookup::index i : j.search->order()) {
    const lookup::candidate& c = j.search->at(i);
    const wide distance = c.distance.word[0];
    if (distance >= unit * early_part_table || j.stores.size() >= config_.k) return;
    const known_peer& p = peers_[c.slot];
    const bool sure = c.now == lookup::state::answered && distance < unit * early_part;
    if (!sure && (!p.in_table || p.suspect)) continue;
    const auto same = [&](const job::store& s) { return s.slot == c.slot; };
    if (std::any_of(j.stores.begin(), j.stores.end(), same)) continue;
    peers_.pin(c.slot);
    j.stores.push_back({c.slot});
  }
}

/// The search is over: the closest that are not known to be gone, with some more for those that
/// fail, then those that were asked too early.
void dht_core::impl::begin_stores(job& j) {
  const auto answered = j.search->closest_answered(config_.k);
  if (answered.empty()) {
    report_stores(j);
    close(j);
    return;
  }
  j.result.hops = std::max(j.result.hops, hops_of(j, answered));
  std::vector<job::store> before = std::move(j.stores);
  j.stores.clear();
  for (const lookup::index i : j.search->order()) {
    if (j.stores.size() >= config_.k * 2) break;
    const lookup::candidate& c = j.search->at(i);
    const auto early = std::find_if(before.begin(), before.end(),
                                    [&](const job::store& s) { return s.slot == c.slot; });
    if (early != before.end()) {
      j.stores.push_back(*early);
      before.erase(early);
    } else if (c.now != lookup::state::failed && c.now != lookup::state::late) {
      peers_.pin(c.slot);
      j.stores.push_back({c.slot});
    }
  }
  for (auto& s : before) {
    s.surplus = true;
    j.stores.push_back(s);
  }
  for (const lookup::index i : j.search->order()) let_go(j, i);
  j.search.reset();
  j.storing = true;
}

void dht_core::impl::advance_stores(job& j) {
  if (j.search) store_early(j);
  pump_stores(j);
  if (!j.storing || starved_.contains(j.number)) return;
  bool asked = false;
  bool slow = false;
  bool held = false;
  for (const auto& s : j.stores) {
    asked = asked || s.now == job::store_state::asked;
    slow = slow || s.now == job::store_state::slow;
    held = held || s.now == job::store_state::held;
  }
  if (asked || (slow && !held)) return;
  report_stores(j);
  if (!slow) close(j);
}

void dht_core::impl::pump_stores(job& j) {
  const message_type type
      = j.what == operation::provide ? message_type::add_provider : message_type::put_value;
  std::size_t good = 0;
  std::size_t open = 0;
  for (const auto& s : j.stores) {
    if (s.now == job::store_state::asked) ++open;
    if (!s.surplus && (s.now == job::store_state::asked || s.now == job::store_state::held)) ++good;
  }
  for (auto& s : j.stores) {
    if (good >= config_.k || open >= config_.stores_in_flight) return;
    if (s.now != job::store_state::waiting || s.surplus) continue;
    if (queries_.size() >= config_.queries_max) {
      starved_.insert(j.number);
      return;
    }
    s.patience = lookup::patience(peers_[s.slot], config_, latency_);
    s.asked_at = now_;
    s.now = job::store_state::asked;
    send(s.slot, j.store_request, type, query_purpose::store, &j);
    ++good;
    ++open;
  }
}

void dht_core::impl::hedge_stores(job& j) {
  for (auto& s : j.stores) {
    if (s.now != job::store_state::asked || now_ - s.asked_at < s.patience) continue;
    s.now = job::store_state::slow;
    ++counters_.queries_hedged;
  }
}

void dht_core::impl::stored(job& j, peer_slot slot, bool held) {
  std::size_t holders = 0;
  for (auto& s : j.stores) {
    if (s.slot == slot) s.now = held ? job::store_state::held : job::store_state::failed;
    if (s.now == job::store_state::held) ++holders;
  }
  if (!held || j.reported) return;
  j.result.peers.push_back(describe(slot));
  if (holders >= (j.enough > 0 ? j.enough : config_.stores_enough)) report_stores(j);
}

void dht_core::impl::report_stores(job& j) {
  j.result.confirmations = static_cast<std::uint32_t>(j.result.peers.size());
  if (j.search && j.result.hops == 0)
    j.result.hops = hops_of(j, j.search->closest_answered(config_.k));
  const bool held = !j.result.peers.empty();
  report(j, held ? error{} : error{ec::unreachable, "no peer of the DHT took it"});
  // Nobody has it yet: an own record is not left alone until its usual time.
  if (!held) schedule(j.what == operation::put_value, j.key, retry_interval);
}

// -- again, before others forget ---

void dht_core::impl::schedule(bool record, bytes_view key, duration in) {
  const auto [at, fresh]
      = republish_at_.try_emplace({record, std::string{as_text(key)}}, now_ + in);
  if (!fresh) {
    republish_.erase({at->second, &at->first});
    at->second = now_ + in;
  }
  republish_.emplace(at->second, &at->first);
}

/// Callers' operations go first.
bool dht_core::impl::may_republish() const {
  return republishing_ < republishing_max && jobs_.size() < config_.operations_max / 2;
}

void dht_core::impl::republish() {
  while (!republish_.empty() && republish_.begin()->first <= now_) {
    if (!may_republish()) return;
    const auto at = republish_at_.find(*republish_.begin()->second);
    const bool record = at->first.first;
    const byte_buffer key = to_buffer(as_bytes(at->first.second));
    republish_.erase(republish_.begin());
    republish_at_.erase(at);
    const held_record* held = record ? records_.find(key, wall_) : nullptr;
    if (record ? !held || !held->record.own : !provided_.contains(as_text(key))) continue;
    const bool alone = table.size() == 0;
    schedule(record, key,
             alone    ? retry_interval
             : record ? config_.record_republish
                      : config_.provider_republish);
    if (alone) continue;
    job* j = open_job(std::nullopt, record ? operation::put_value : operation::provide, key, {});
    if (!j) return;
    ++republishing_;
    ++counters_.republished;
    if (record) {
      start_put(*j, false);
    } else {
      append_operation(out_->store, put_provider{{key, self_, {}, wall_}});
      start_provide(*j, false);
    }
  }
}

result<void> dht_core::impl::withdraw_value(bytes_view key, outbox& out) {
  if (!records_.disown(key, out.store)) return fail(ec::not_found, "no own record of this key");
  return {};
}

result<void> dht_core::impl::withdraw_provision(bytes_view key, outbox& out) {
  const auto at = provided_.find(as_text(key));
  if (at == provided_.end()) return fail(ec::not_found, "this node does not provide the key");
  provided_.erase(at);
  counters_.provided.set(static_cast<std::int64_t>(provided_.size()));
  append_operation(out.store, remove_provider{to_buffer(key), self_});
  return {};
}

}  // namespace weft::dht
