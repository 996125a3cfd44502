// SPDX-License-Identifier: MIT
#include "dht/core_impl.hpp"

#include <algorithm>

// Queries on their way, and what their ends mean for the peers.
namespace weft::dht {

query_id dht_core::impl::send(peer_slot s, chunk_view body, message_type type, query_purpose why,
                              job* owner) {
  const known_peer& p = peers_[s];
  const query_id id = next_query_++;
  open_query q;
  q.slot = s;
  q.why = why;
  q.type = type;
  q.owner = owner ? owner->number : 0;
  q.created = now_;
  q.was_connected = p.connected;
  query effect;
  effect.id = id;
  effect.to.peer = p.id;
  if (!p.connected) effect.to.addresses = p.addresses;
  effect.body = std::move(body);
  effect.timeout = config_.query_timeout;
  effect.answered = type != message_type::add_provider;
  if (owner) {
    ++owner->result.requests;
    auto& trace = owner->result.trace;
    if (trace.size() < config_.trace_steps_max) {
      q.trace = trace.size();
      trace.push_back({p.id, 0, 0, now_ - owner->started, {}, trace_step::fate::open});
    }
  }
  peers_.pin(s);
  queries_.emplace(id, q);
  out_->queries.push_back(std::move(effect));
  ++counters_.queries_sent[type];
  return id;
}

void dht_core::impl::query_sent(query_id id, instant now) {
  const auto at = queries_.find(id);
  if (at != queries_.end() && !at->second.sent) at->second.sent = now;
}

/// Learns how long the peer takes, with and without the opening of a session.
void dht_core::impl::measure(const open_query& q) {
  counters_.query_seconds.observe(to_seconds(now_ - q.created));
  if (!q.was_connected) latency_.dialled.observe(now_ - q.created);
  if (!q.was_connected && !q.sent) return;
  const duration took = now_ - q.sent.value_or(q.created);
  latency_.connected.observe(took);
  peers_[q.slot].rtt.observe(took);
}

/// Decodes an answer into `incoming_`. `why` is what to hold against the peer.
query_end dht_core::impl::read_response(const open_query& q, const result<chunk_view>& body,
                                        ec& why) {
  why = body ? ec::none : body.error().code;
  switch (why) {
    case ec::none:
      break;
    case ec::cancelled:
    case ec::queue_full:
    case ec::stopping:
    case ec::limit:
      why = ec::none;
      return query_end::cancelled;
    case ec::timeout:
      return query_end::timeout;
    case ec::closed:
      // Its table is full, or the value not to its taste: no reason to think it is gone.
      if (q.type == message_type::put_value) why = ec::none;
      return query_end::unreachable;
    default:
      return query_end::unreachable;
  }
  if (q.type == message_type::add_provider) return query_end::answered;
  const auto read = decode(*body, config_, incoming_);
  const message& m = incoming_;
  if (!read || m.type != q.type) {
    count(!read && read.error() == ec::oversized ? reject_reason::oversized
                                                 : reject_reason::malformed);
    why = ec::malformed;
    return query_end::malformed;
  }
  count(reject_reason::surplus_peers, m.surplus_peers);
  count(reject_reason::surplus_providers, m.surplus_providers);
  count(reject_reason::surplus_addresses, m.surplus_addresses);
  count(reject_reason::malformed, m.bad_peers);
  return query_end::answered;
}

void dht_core::impl::response(query_id id, const result<chunk_view>& body) {
  const auto at = queries_.find(id);
  if (at == queries_.end()) return;
  const open_query q = at->second;
  queries_.erase(at);
  ec why = ec::none;
  const query_end how = read_response(q, body, why);
  ++counters_.queries_ended[how];
  if (q.why == query_purpose::check) check_ended(q.slot, how == query_end::answered);
  // Without an answer to it, a written message says nothing about the peer.
  if (how == query_end::answered && q.type != message_type::add_provider) {
    measure(q);
    verified(q.slot);
    learn_named(q.slot);
  } else if (why != ec::none) {
    lost(q.slot, why);
  }
  route_end(q, id, how);
  peers_.unpin(q.slot);
  for (const peer_slot s : named_) peers_.unpin(s);
  named_.clear();
  while (!starved_.empty() && queries_.size() < config_.queries_max) {
    const job_number n = *starved_.begin();
    starved_.erase(starved_.begin());
    if (job* j = find_job(n)) advance(*j);
  }
  check_some();
}

void dht_core::impl::route_end(const open_query& q, query_id id, query_end how) {
  job* j = find_job(q.owner);
  if (!j) return;
  const bool answered = how == query_end::answered;
  if (q.why == query_purpose::store) {
    trace_end(*j, q, answered ? trace_step::fate::answered : trace_step::fate::failed);
    stored(*j, q.slot, answered);
    advance(*j);
    return;
  }
  if (q.why != query_purpose::search || !j->search) return;
  // The candidate may have been given a second chance meanwhile: then this is the end of the first.
  lookup::candidate& c = j->search->at(q.candidate);
  if (c.slot != q.slot || c.query != id) return;
  const bool slow = c.now != lookup::state::asked;
  trace_end(*j, q,
            !answered ? trace_step::fate::failed
            : slow    ? trace_step::fate::slow
                      : trace_step::fate::answered);
  if (answered) {
    j->search->answered(q.candidate);
    take_answer(*j, q.candidate);
  } else {
    j->search->failed(q.candidate);
    if (j->what == operation::find_peer) try_target_again(*j);
  }
  advance(*j);
}

void dht_core::impl::trace_end(job& j, const open_query& q, trace_step::fate end) {
  if (!q.trace || *q.trace >= j.result.trace.size()) return;
  trace_step& step = j.result.trace[*q.trace];
  step.took = now_ - q.created;
  step.end = end;
}

/// The runtime answers every query; should one be forgotten, nothing waits for it for ever.
void dht_core::impl::expire_queries() {
  while (!queries_.empty()) {
    const auto& [id, q] = *queries_.begin();
    if (now_ - q.created < config_.query_timeout * 2) break;
    response(id, fail(ec::timeout));
  }
}

}  // namespace weft::dht
