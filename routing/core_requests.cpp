// SPDX-License-Identifier: MIT
#include "routing/core_impl.hpp"

#include <algorithm>

namespace weft::routing {

bool take_token(double& tokens, instant& since, instant now, double per_second, double burst) {
  tokens = std::min(burst, tokens + to_seconds(now - since) * per_second);
  since = now;
  if (tokens < 1) return false;
  tokens -= 1;
  return true;
}

// -- of neighbours ---

void routing_core::impl::take_requests(std::uint16_t slot, outbox& out) {
  neighbour_state& from = neighbours_[slot];
  for (const request_entry& each : scratch_.requests) {
    ++counters_.requests_received;
    if (!take_token(from.request_tokens, from.request_tokens_at, now_, config_.requests_per_second,
                    config_.request_burst)) {
      ++counters_.rejected[reject_reason::request_rate];
      continue;
    }
    take_request(slot, each, out);
  }
}

/// RFC 8966 section 3.8.1.2.
void routing_core::impl::take_request(std::uint16_t slot, const request_entry& request,
                                      outbox& out) {
  if (request.destination == self_) {
    if (own.sequence < request.sequence) {
      // One step is enough for any honest asker; a number out of the air moves us no further than
      // that.
      request_renewal();
    } else if (!own_dirty_) {
      single_.clear();
      append_route(single_, own, 0, 0);
      answer(slot, single_, out);
    }
    return;
  }
  const auto where = table_.find(request.destination);
  if (!where) return;
  if (table_.stamp(*where).sequence < request.sequence) {
    forward(slot, request, *where, out);
    return;
  }
  const route_state state = table_.state(*where);
  const route_row row = table_.row(*where);
  const bool tellable = row.feasible() > 0 && !state.dirty && state.advertised_sequence
                        && row.first().neighbour() != slot;
  if (!tellable) return;  // a change on its way will tell, or there is nothing to tell
  single_.clear();
  append_route(single_, table_.origin(*where), state.advertised,
               static_cast<std::uint8_t>(row.first().hops() + 1));
  answer(slot, single_, out);
}

void routing_core::impl::forward(std::uint16_t slot, const request_entry& request, place where,
                                 outbox& out) {
  if (request.hops <= 1) return;
  const auto known = forwarded_.find(request.destination);
  if (known != forwarded_.end() && known->second.sequence >= request.sequence
      && known->second.next > now_) {
    ++counters_.requests_suppressed;
    return;
  }
  if (known == forwarded_.end() && forwarded_.size() >= config_.requests_max) {
    ++counters_.requests_suppressed;
    return;
  }
  const route_list list = table_.routes(where);
  const auto routes = list.all();
  const auto next = std::find_if(routes.begin(), routes.end(), [&](const packed_route& r) {
    return r.neighbour() != slot && neighbours_[r.neighbour()].up
           && !neighbours_[r.neighbour()].muted;
  });
  if (next == routes.end()) return;
  forwarded_[request.destination] = {request.sequence, now_ + config_.request_interval, 1};
  request_entry passed = request;
  passed.hops
      = static_cast<std::uint8_t>(std::min<unsigned>(request.hops - 1u, config_.request_hops_max));
  post(neighbours_[next->neighbour()], encode_requests(incarnation_, {&passed, 1}), out);
  ++counters_.requests_forwarded;
}

// -- our own ---

/// Only infeasible routes are left: without a newer sequence number the destination stays
/// unreachable (RFC 8966 section 3.8.2.1).
void routing_core::impl::starve(place where) {
  const ed25519_public_key key = table_.destination(where);
  if (starving_.contains(key)) return;
  ++counters_.starvations;
  if (starving_.size() >= config_.requests_max) {
    ++counters_.requests_suppressed;
    return;
  }
  starving_[key] = {table_.stamp(where).sequence + 1, now_, 0};
  if (!ask_at_ || now_ < *ask_at_) ask_at_ = now_;
}

void routing_core::impl::ask_again(outbox& out) {
  ask_at_.reset();
  std::map<std::uint16_t, std::vector<request_entry>> asked;
  std::optional<instant> soonest;
  for (auto each = starving_.begin(); each != starving_.end();) {
    auto& [key, pending] = *each;
    const auto where = table_.find(key);
    if (!where || table_.row(*where).feasible() > 0 || table_.row(*where).count() == 0
        || (pending.tries >= config_.request_tries && pending.next <= now_)) {
      each = starving_.erase(each);
      continue;
    }
    // Half of what a neighbour takes from us: the other half is for requests passed on.
    if (pending.next <= now_
        && take_token(ask_tokens_, ask_tokens_at_, now_, config_.requests_per_second / 2.0,
                      std::max(config_.request_burst / 2.0, 1.0))) {
      const request_entry request{key, pending.sequence, config_.request_hops_max};
      const route_list list = table_.routes(*where);
      for (const packed_route& route : list.all()) asked[route.neighbour()].push_back(request);
      pending.next = now_ + config_.request_interval * (1u << std::min(pending.tries, 6u));
      ++pending.tries;
    }
    const instant due = std::max(pending.next, now_ + config_.flush_interval);
    if (!soonest || due < *soonest) soonest = due;
    ++each;
  }
  ask_at_ = soonest;
  for (const auto& [slot, requests] : asked) {
    if (!neighbours_[slot].up || neighbours_[slot].muted) continue;
    for (std::size_t i = 0; i < requests.size(); i += requests_per_frame_max) {
      const std::size_t count = std::min(requests_per_frame_max, requests.size() - i);
      post(neighbours_[slot], encode_requests(incarnation_, {requests.data() + i, count}), out);
      counters_.requests_sent += count;
    }
  }
}

}  // namespace weft::routing
