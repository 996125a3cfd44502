// SPDX-License-Identifier: MIT
#include "dht/core_impl.hpp"

#include <algorithm>

// Jobs: how an operation begins, goes on and ends.
namespace weft::dht {

namespace {

ending ending_of(ec code) noexcept {
  switch (code) {
    case ec::none:
      return ending::succeeded;
    case ec::not_found:
      return ending::not_found;
    case ec::timeout:
      return ending::timeout;
    case ec::unreachable:
      return ending::unreachable;
    case ec::cancelled:
      return ending::cancelled;
    default:
      return ending::refused;
  }
}

}  // namespace

job* dht_core::impl::find_job(job_number n) {
  const auto at = jobs_.find(n);
  return at == jobs_.end() || at->second->done ? nullptr : at->second.get();
}

void dht_core::impl::refuse(ticket id, operation what, error why) {
  ++counters_.operations[static_cast<std::size_t>(what)][ending_of(why.code)];
  ended_operation end;
  end.id = id;
  end.result.what = what;
  end.result.failure = std::move(why);
  out_->finished.push_back(std::move(end));
}

job* dht_core::impl::open_job(std::optional<ticket> caller, operation what, bytes_view key,
                              duration timeout) {
  if (caller && key.size() > config_.key_bytes_max) {
    count(reject_reason::oversized);
    refuse(*caller, what, error{ec::oversized, "the key is above its limit, key_bytes_max"});
    return nullptr;
  }
  if (jobs_.size() >= config_.operations_max) {
    count(reject_reason::operations_full);
    if (caller) refuse(*caller, what, ec::limit);
    return nullptr;
  }
  if (caller && !callers_.emplace(*caller, next_job_).second) {
    refuse(*caller, what, error{ec::exists, "an operation with this ticket is under way"});
    return nullptr;
  }
  auto made = std::make_unique<job>();
  job& j = *made;
  j.number = next_job_++;
  j.caller = caller;
  j.what = what;
  j.key = to_buffer(key);
  j.started = now_;
  j.expires = now_ + (timeout > duration::zero() ? timeout : config_.operation_timeout);
  j.result.what = what;
  jobs_.emplace(j.number, std::move(made));
  return &j;
}

std::uint64_t dht_core::impl::network_size() const {
  const std::uint64_t known = table.size() + 1;
  return std::max(known, sizes_.servers().value_or(known));
}

std::uint64_t dht_core::impl::near_radius() const {
  const std::uint64_t size = network_size();
  return size <= config_.k ? lookup::everywhere : lookup::everywhere / size * config_.k;
}

void dht_core::impl::begin_search(job& j, lookup_goal goal, bool secure, message_type type) {
  lookup::settings how;
  how.goal = goal;
  how.paths = secure ? config_.paths_secure : config_.paths;
  how.near_radius = near_radius();
  j.type = type;
  j.request = message_writer(type, j.key).finish();
  const kad_id target = kad_id::of(j.key);
  j.search = std::make_unique<lookup>(target, how, config_, peers_, latency_);
  for (const peer_slot s : seeds(target)) j.search->add(s, lookup::no_candidate);
}

/// Does what can be done now; call after every change of the job.
void dht_core::impl::advance(job& j) {
  if (j.done) return;
  if (j.search) pump(j);
  if (!j.done && j.search && j.search->converged()) converge(j);
  const bool stores = j.what == operation::put_value || j.what == operation::provide;
  if (!j.done && stores) advance_stores(j);
  wake_at(j);
}

void dht_core::impl::pump(job& j) {
  if (j.what == operation::find_peer) hold_target(j);
  while (const auto i = j.search->next()) {
    if (queries_.size() >= config_.queries_max) {
      starved_.insert(j.number);
      return;
    }
    ask(j, *i);
  }
}

void dht_core::impl::ask(job& j, lookup::index i) {
  const lookup::candidate& c = j.search->at(i);
  const query_id id = send(c.slot, j.request, j.type, query_purpose::search, &j);
  open_query& q = queries_.at(id);
  q.candidate = i;
  if (q.trace) {
    j.result.trace[*q.trace].hop = c.hop;
    j.result.trace[*q.trace].path = c.path;
  }
  j.search->asked(i, id, now_);
}

/// Only an unbroken row of living peers says how densely they lie.
void dht_core::impl::observe_size(const job& j) {
  std::vector<kad_id> distances;
  for (const lookup::index i : j.search->order()) {
    const lookup::candidate& c = j.search->at(i);
    if (c.now == lookup::state::failed || c.now == lookup::state::late) continue;
    if (distances.size() >= config_.k
        || (c.now != lookup::state::answered && !peers_[c.slot].in_table))
      break;
    distances.push_back(c.distance);
  }
  sizes_.observe(distances);
}

/// The search is complete.
void dht_core::impl::converge(job& j) {
  observe_size(j);
  const auto answered = j.search->closest_answered(config_.k);
  switch (j.what) {
    case operation::find_peer:
      report_claims(j);
      break;
    case operation::get_value:
      report_value(j);
      break;
    case operation::find_providers:
      j.result.hops = hops_of(j, answered);
      report(j, j.result.peers.empty() ? error{answered.empty() ? ec::unreachable : ec::not_found}
                                       : error{});
      break;
    case operation::put_value:
    case operation::provide:
      begin_stores(j);
      return;
    default:
      for (const lookup::index i : answered)
        j.result.peers.push_back(describe(j.search->at(i).slot));
      j.result.hops = hops_of(j, answered);
      report(j, answered.empty() ? error{ec::unreachable, "no peer of the DHT answered"} : error{});
  }
  close(j);
}

std::uint32_t dht_core::impl::hops_of(const job& j, const std::vector<lookup::index>& of) const {
  std::uint32_t most = 0;
  for (const lookup::index i : of) most = std::max(most, j.search->at(i).hop);
  return most;
}

/// Answers the caller, once.
void dht_core::impl::report(job& j, error why) {
  if (j.reported) return;
  j.reported = true;
  j.result.failure = std::move(why);
  j.result.elapsed = now_ - j.started;
  ++counters_.operations[static_cast<std::size_t>(j.what)][ending_of(j.result.failure.code)];
  if (!j.caller) return;
  if (j.result.ok()) {
    counters_.operation_seconds.observe(to_seconds(j.result.elapsed));
    counters_.operation_hops.observe(j.result.hops);
    counters_.operation_requests.observe(j.result.requests);
  }
  out_->finished.push_back({*j.caller, j.result});
  callers_.erase(*j.caller);
}

/// Ends the job: what it still waits for is nobody's from now on.
void dht_core::impl::close(job& j) {
  if (j.done) return;
  j.done = true;
  if (j.search && j.search->outstanding() > 0)
    for (const lookup::index i : j.search->order()) let_go(j, i);
  j.search.reset();
  for (const auto& s : j.stores) peers_.unpin(s.slot);
  j.stores.clear();
  if (j.caller && !j.reported) callers_.erase(*j.caller);
  if (j.wake) wakes_.erase({*j.wake, j.number});
  starved_.erase(j.number);
  closed_.push_back(j.number);
  if (refreshing_ == j.number) {
    refreshing_ = 0;
    continue_refresh();
  }
  if (!j.caller && (j.what == operation::put_value || j.what == operation::provide))
    --republishing_;
}

void dht_core::impl::let_go(job& j, lookup::index i) {
  const lookup::candidate& c = j.search->at(i);
  const bool open = c.now == lookup::state::asked || c.now == lookup::state::slow
                    || c.now == lookup::state::late;
  if (!open) return;
  const auto at = queries_.find(c.query);
  if (at == queries_.end() || at->second.owner != j.number) return;
  at->second.owner = 0;
  out_->cancels.push_back(c.query);
}

/// The time of the operation is up: what is there must do.
void dht_core::impl::expire(job& j) {
  const error late{ec::timeout, "the operation took longer than its timeout"};
  if (!j.stores.empty()) {
    report_stores(j);
  } else if (j.what == operation::get_value && !j.best.empty()) {
    report_value(j);
  } else if (j.what == operation::find_peer && !j.claims.empty()) {
    report_claims(j);
  } else {
    report(j, j.result.peers.empty() ? late : error{});
  }
  close(j);
}

void dht_core::impl::wake_at(job& j) {
  if (j.done) return;
  instant at = j.expires;
  if (j.search)
    if (const auto next = j.search->next_time()) at = std::min(at, *next);
  for (const auto& s : j.stores)
    if (s.now == job::store_state::asked) at = std::min(at, s.asked_at + s.patience);
  if (j.wake == at) return;
  if (j.wake) wakes_.erase({*j.wake, j.number});
  j.wake = at;
  wakes_.emplace(at, j.number);
}

void dht_core::impl::wake_due() {
  while (!wakes_.empty() && wakes_.begin()->first <= now_) {
    const job_number n = wakes_.begin()->second;
    wakes_.erase(wakes_.begin());
    job* j = find_job(n);
    if (!j) continue;
    j->wake.reset();
    if (j->expires <= now_) {
      expire(*j);
      continue;
    }
    hedge_stores(*j);
    if (j->search) {
      std::vector<peer_slot> late;
      counters_.queries_hedged += j->search->on_time(now_, late);
      for (const peer_slot s : late) peers_[s].suspect = true;
      if (j->what == operation::find_peer) try_target_again(*j);
    }
    advance(*j);
  }
}

}  // namespace weft::dht
