// SPDX-License-Identifier: MIT
#include "dht/core_impl.hpp"

#include <algorithm>

// Searches for peers, values and providers: what is taken from the answers, and when it is enough.
namespace weft::dht {

namespace {

constexpr std::uint8_t target_chances = 3;
constexpr std::size_t providers_found_max = 1024;
constexpr std::size_t claims_max = 256;

}  // namespace

// -- beginnings ---

void dht_core::impl::find_peer(ticket id, const peer_id& target, const find_peer_options& options) {
  job* j = open_job(id, operation::find_peer, target.bytes(), options.timeout);
  if (!j) return;
  j->wanted = target;
  j->verify = options.verify;
  j->quorum = options.quorum;
  const peer_slot s = peers_.find(target);
  const bool known = s != no_peer
                     && (peers_[s].connected
                         || (peers_[s].in_table && !peers_[s].suspect && peers_[s].last_heard
                             && now_ - *peers_[s].last_heard < config_.liveness_interval));
  if (target == self_ || (known && !peers_[s].addresses.empty())) {
    j->result.peers.push_back(target == self_ ? peer_info{self_, addresses} : describe(s));
    j->result.verified = true;
    report(*j, {});
    close(*j);
    return;
  }
  begin_search(*j, lookup_goal::thorough, false, message_type::find_node);
  if (s != no_peer && !peers_[s].addresses.empty() && !peers_[s].dead(now_))
    j->search->add(s, lookup::no_candidate);
  advance(*j);
}

void dht_core::impl::closest_peers(ticket id, bytes_view key, const closest_options& options) {
  job* j = open_job(id, operation::closest_peers, key, options.timeout);
  if (!j) return;
  begin_search(*j, options.quick ? lookup_goal::quick : lookup_goal::thorough, false,
               message_type::find_node);
  advance(*j);
}

void dht_core::impl::get_value(ticket id, bytes_view key, const get_options& options) {
  if (!validators_->knows(key)) {
    count(reject_reason::unknown_namespace);
    refuse(id, operation::get_value,
           error{ec::unsupported, "no validator for the namespace of the key"});
    return;
  }
  job* j = open_job(id, operation::get_value, key, options.timeout);
  if (!j) return;
  j->quorum = options.quorum;
  if (const held_record* held = records_.find(key, wall_)) {
    j->best = held->record.value;
    j->best_worth = held->worth;
    j->best_is_local = true;
    j->values = 1;
  }
  begin_search(*j, lookup_goal::holders, options.secure, message_type::get_value);
  if (j->quorum > 0 && j->values >= j->quorum) {
    report_value(*j);
    close(*j);
    return;
  }
  advance(*j);
}

void dht_core::impl::find_providers(ticket id, bytes_view key,
                                    const find_providers_options& options) {
  job* j = open_job(id, operation::find_providers, key, options.timeout);
  if (!j) return;
  j->quorum = options.count;
  if (provided_.contains(as_text(key))) {
    j->seen_providers.insert(self_);
    j->result.peers.push_back({self_, addresses});
  }
  for (const auto& e : providers_.find(key, config_.providers_per_message_max, wall_)) {
    j->seen_providers.insert(e.provider);
    j->result.peers.push_back({e.provider, e.addresses});
  }
  if (j->quorum > 0 && j->result.peers.size() >= j->quorum) {
    report(*j, {});
    close(*j);
    return;
  }
  begin_search(*j, lookup_goal::holders, options.secure, message_type::get_providers);
  advance(*j);
}

void dht_core::impl::cancel(ticket id) {
  const auto at = callers_.find(id);
  if (at == callers_.end()) return;
  job& j = *jobs_.at(at->second);
  report(j, ec::cancelled);
  close(j);
}

// -- answers ---

/// `incoming_` is the candidate's answer.
void dht_core::impl::take_answer(job& j, lookup::index i) {
  if (crowded(j, i)) {
    count(reject_reason::group_full);
    j.search->failed(i);
    return;
  }
  if (j.what == operation::get_value)
    take_value(j, i);
  else if (j.what == operation::find_providers)
    take_providers(j, i);
  if (j.done || j.search->at(i).now != lookup::state::answered) return;
  take_closer(j, i);
  if (j.what != operation::find_peer) return;
  take_claims(j);
  const bool reached = peers_[j.search->at(i).slot].id == j.wanted;
  if (!reached && (j.verify || !claims_agree(j))) return;
  j.result.hops = j.search->at(i).hop;
  report_claims(j);
  close(j);
}

/// Many identities of one place must not make up the whole neighbourhood of a target.
bool dht_core::impl::crowded(const job& j, lookup::index i) const {
  const auto& group = peers_[j.search->at(i).slot].group;
  if (!group) return false;
  std::size_t same = 0;
  for (const lookup::index o : j.search->order()) {
    const lookup::candidate& c = j.search->at(o);
    if (o != i && c.now == lookup::state::answered && peers_[c.slot].group == group) ++same;
  }
  return same >= config_.group_entries_table;
}

void dht_core::impl::take_closer(job& j, lookup::index i) {
  for (const peer_slot s : named_) j.search->add(s, i);
}

// -- find_peer ---

void dht_core::impl::take_claims(job& j) {
  for (const wire_peer& p : incoming_.closer) {
    if (p.id != j.wanted) continue;
    const auto claimed = incoming_.read_addresses(p, config_.addresses_kept_max);
    if (!claimed.empty()) ++j.named;
    for (const auto& address : claimed) {
      const auto at = std::find_if(j.claims.begin(), j.claims.end(),
                                   [&](const job::claim& c) { return c.address == address; });
      if (at != j.claims.end())
        ++at->votes;
      else if (j.claims.size() < claims_max)
        j.claims.push_back({address, 1});
    }
    return;
  }
}

/// The target is asked once two peers have said where it is, or nobody is left to say it: a single
/// wrong address would cost a whole failed dial.
void dht_core::impl::hold_target(job& j) {
  const peer_slot s = peers_.find(j.wanted);
  const lookup::index i = s == no_peer ? lookup::no_candidate : j.search->find(s);
  const bool ask = i == lookup::no_candidate || j.named >= 2 || j.search->in_time() == 0
                   || peers_[s].first_hand;
  j.search->hold(ask ? lookup::no_candidate : i);
}

/// The target did not answer in time: other addresses of it may have become known meanwhile.
void dht_core::impl::try_target_again(job& j) {
  const peer_slot s = peers_.find(j.wanted);
  if (s == no_peer || !j.search) return;
  const lookup::index i = j.search->find(s);
  if (i == lookup::no_candidate) return;
  const lookup::candidate& c = j.search->at(i);
  const bool missed = c.now == lookup::state::failed || c.now == lookup::state::slow
                      || c.now == lookup::state::late;
  if (!missed || c.renewed >= target_chances || c.addresses_version == peers_[s].addresses_version)
    return;
  let_go(j, i);
  j.search->renew(i);
}

bool dht_core::impl::claims_agree(const job& j) const {
  return std::any_of(j.claims.begin(), j.claims.end(),
                     [&](const job::claim& c) { return c.votes >= std::max(j.quorum, 1u); });
}

void dht_core::impl::report_claims(job& j) {
  const peer_slot s = peers_.find(j.wanted);
  const lookup::index i = s == no_peer ? lookup::no_candidate : j.search->find(s);
  peer_info found{j.wanted, {}};
  if (i != lookup::no_candidate && j.search->at(i).now == lookup::state::answered) {
    j.result.verified = true;
    found.addresses = peers_[s].addresses;
  } else {
    // What most say, and what nearly as many say: a peer has several addresses.
    std::stable_sort(j.claims.begin(), j.claims.end(),
                     [](const auto& a, const auto& b) { return a.votes > b.votes; });
    for (const auto& c : j.claims)
      if (c.votes * 2 > j.claims.front().votes
          && found.addresses.size() < config_.addresses_kept_max)
        found.addresses.push_back(c.address);
  }
  if (!j.claims.empty())
    j.result.confirmations
        = std::max_element(j.claims.begin(), j.claims.end(), [](const auto& a, const auto& b) {
            return a.votes < b.votes;
          })->votes;
  const auto answered = j.search->closest_answered(config_.k);
  if (j.result.hops == 0) j.result.hops = hops_of(j, answered);
  if (!found.addresses.empty()) {
    j.result.peers.push_back(std::move(found));
    report(j, {});
  } else {
    report(j, answered.empty() ? error{ec::unreachable, "no peer of the DHT answered"}
                               : error{ec::not_found, "nobody near it knows the peer"});
  }
}

// -- get_value ---

void dht_core::impl::take_value(job& j, lookup::index i) {
  if (!incoming_.record) {
    j.without.push_back(i);
    return;
  }
  const record_view& record = *incoming_.record;
  const bool matches = std::ranges::equal(record.key, j.key);
  // A signature is verified once, not once per holder.
  if (matches && !j.best.empty() && std::ranges::equal(record.value, j.best.bytes())) {
    prefer(j, record, j.best_worth, i);
  } else if (const auto worth = matches ? validators_->validate(j.key, record.value, wall_)
                                        : result<merit>(fail(ec::wrong_destination));
             worth) {
    prefer(j, record, *worth, i);
  } else {
    count(reject_reason::invalid_value);
    j.search->failed(i);
    return;
  }
  if (j.quorum == 0 || ++j.values < j.quorum) return;
  report_value(j);
  close(j);
}

/// Sorts a valid value in.
void dht_core::impl::prefer(job& j, const record_view& record, const merit& worth,
                            lookup::index i) {
  const bool same = !j.best.empty() && std::ranges::equal(record.value, j.best.bytes());
  if (same) {
    j.holders.push_back(i);
  } else if (j.best.empty() || j.best_worth < worth) {
    j.stale.insert(j.stale.end(), j.holders.begin(), j.holders.end());
    j.holders.assign(1, i);
    j.best = chunk_view::copy(record.value);
    j.best_worth = worth;
    j.best_is_local = false;
  } else {
    j.stale.push_back(i);
  }
}

void dht_core::impl::report_value(job& j) {
  if (j.best.empty()) {
    const auto answered = j.search->closest_answered(config_.k);
    j.result.hops = hops_of(j, answered);
    report(j, answered.empty() ? error{ec::unreachable, "no peer of the DHT answered"}
                               : error{ec::not_found, "no peer near the key has a valid value"});
    return;
  }
  j.result.value = j.best;
  j.result.confirmations = static_cast<std::uint32_t>(j.holders.size()) + (j.best_is_local ? 1 : 0);
  j.result.hops = hops_of(j, j.holders);
  report(j, {});
  if (config_.correct_reads) correct(j);
}

/// Gives the best value to those that should have it: holders of an older one, and near peers
/// without one (https://github.com/libp2p/specs/blob/master/kad-dht/README.md#getting-values).
void dht_core::impl::correct(job& j) {
  std::vector<lookup::index> wrong = j.stale;
  for (const lookup::index i : j.without)
    if (j.search->near(i) && j.search->among_closest(i, config_.k)) wrong.push_back(i);
  if (config_.cache_on_path && wrong.empty() && !j.without.empty()) {
    const auto nearer = [&](lookup::index a, lookup::index b) {
      return j.search->at(a).distance < j.search->at(b).distance;
    };
    wrong.push_back(*std::min_element(j.without.begin(), j.without.end(), nearer));
  }
  if (wrong.size() > config_.corrections_max) wrong.resize(config_.corrections_max);
  if (wrong.empty()) return;
  const chunk_view body = put_request(j.key, j.best);
  for (const lookup::index i : wrong) {
    if (queries_.size() >= config_.queries_max) return;
    send(j.search->at(i).slot, body, message_type::put_value, query_purpose::correction, nullptr);
    ++counters_.corrections;
  }
}

// -- find_providers ---

void dht_core::impl::take_providers(job& j, lookup::index i) {
  for (const wire_peer& p : incoming_.providers) {
    if (j.result.peers.size() >= providers_found_max) break;
    if (!j.seen_providers.insert(p.id).second) continue;
    j.result.peers.push_back({p.id, incoming_.read_addresses(p, config_.addresses_kept_max)});
    if (p.id == self_) j.result.peers.back().addresses = addresses;
  }
  if (j.quorum == 0 || j.result.peers.size() < j.quorum) return;
  j.result.hops = j.search->at(i).hop;
  report(j, {});
  close(j);
}

}  // namespace weft::dht
