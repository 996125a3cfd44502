// SPDX-License-Identifier: MIT
#include "dht/core_impl.hpp"

#include <algorithm>

// Who is known, who is asked whether it lives, and who gets into the routing table.
namespace weft::dht {

namespace {

/// So many failures and no answer at all: the node itself is cut off.
constexpr std::uint32_t cut_off_failures = 16;

}  // namespace

void dht_core::impl::peer_up(const peer_id& peer, const multiaddr& remote, duration round_trip) {
  const peer_slot s = peers_.add(peer);
  if (s == no_peer) return;
  known_peer& p = peers_[s];
  peers_.set_connected(s, true);
  p.met = true;
  p.group = group_of(remote, config_);
  if (round_trip > duration::zero()) p.rtt.observe(round_trip);
}

void dht_core::impl::peer_seen(const peer_info& who, bool is_server) {
  const peer_slot s = peers_.find(who.peer);
  if (s == no_peer || !peers_[s].connected) return;
  known_peer& p = peers_[s];
  p.server = is_server;
  p.last_heard = now_;
  peers_.learn_first_hand(s, who.addresses);
  if (!is_server) {
    if (table.remove(s)) table_changed_ = true;
    return;
  }
  offer(s, true);
  check_some();
}

void dht_core::impl::peer_gone(const peer_id& peer) {
  const peer_slot s = peers_.find(peer);
  if (s == no_peer) return;
  peers_.set_connected(s, false);
  // It came, and never said where it can be found.
  if (peers_[s].in_table && peers_[s].addresses.empty()) leave_table(s);
}

/// Takes in the peers of an answer, as far as they are of use: `named_`, pinned. Of somebody who
/// makes peers up only those that others know, too.
void dht_core::impl::learn_named(peer_slot by) {
  const bool believed = !peers_[by].misleading();
  for (const wire_peer& p : incoming_.closer) {
    if (p.id == self_) continue;
    const peer_slot s = believed ? peers_.add(p.id) : peers_.find(p.id);
    if (!believed && (s == no_peer || !peers_[s].last_answer)) {
      count(reject_reason::misleading);
      continue;
    }
    if (s == no_peer) continue;
    known_peer& known = peers_[s];
    if (known.dead(now_)) {
      count(reject_reason::dead_peer);
      continue;
    }
    if (!known.first_hand && !peers_.has_addresses(s, incoming_.addresses_of(p)))
      peers_.learn_hearsay(s, incoming_.read_addresses(p, config_.addresses_kept_max));
    if (known.addresses.empty() && !known.connected) continue;
    peers_.note_named(s, by);
    peers_.pin(s);
    named_.push_back(s);
    offer(s);
  }
}

// -- checks: a peer enters the table once it has answered ---

void dht_core::impl::offer(peer_slot s, bool urgent) {
  known_peer& p = peers_[s];
  if (p.in_table || p.checking || p.dead(now_) || !table.has_room(s)) return;
  if (p.addresses.empty() && !p.connected) return;
  if (checks_.size() >= config_.checks_waiting_max) {
    count(reject_reason::checks_full);
    return;
  }
  p.checking = true;
  peers_.pin(s);
  if (urgent)
    checks_.push_front(s);
  else
    checks_.push_back(s);
  if (refresh_wanted_) refresh_soon();
}

void dht_core::impl::check_some() {
  const double burst = static_cast<double>(config_.checks_burst);
  const double gained = to_seconds(now_ - check_tokens_at_) / to_seconds(config_.check_interval);
  check_tokens_ = std::min(burst, check_tokens_ + gained);
  check_tokens_at_ = now_;
  while (!checks_.empty() && checks_open_ < config_.checks_in_flight && check_tokens_ >= 1
         && queries_.size() < config_.queries_max) {
    const peer_slot s = checks_.front();
    checks_.pop_front();
    known_peer& p = peers_[s];
    // It may have been heard of, or have died, since it was offered.
    const bool stale = p.in_table && p.last_heard && now_ - *p.last_heard < patience_ && !p.suspect;
    if (stale || (!p.in_table && !table.has_room(s)) || p.dead(now_)) {
      p.checking = false;
      peers_.unpin(s);
      continue;
    }
    check_tokens_ -= 1;
    send_check(s);
    peers_.unpin(s);
  }
}

/// Asks for peers of the region the peer is in: while every server is kept in the table that
/// explores the network, otherwise it is as good a question as any.
void dht_core::impl::send_check(peer_slot s) {
  const bytes_view key
      = table.holds_all() ? regions_.near(peers_[s].place, random_) : self_.bytes();
  const chunk_view body = message_writer(message_type::find_node, key).finish();
  send(s, body, message_type::find_node, query_purpose::check, nullptr);
  ++checks_open_;
  ++counters_.checks;
}

/// The more of the table is found dead, the sooner the rest is asked: in balance, a quarter of
/// those asked.
void dht_core::impl::check_ended(peer_slot s, bool alive) {
  known_peer& p = peers_[s];
  --checks_open_;
  p.checking = false;
  if (!p.in_table) return;
  patience_ = std::clamp(alive ? patience_ + patience_ / 48 : patience_ - patience_ / 16,
                         config_.liveness_interval_min, config_.liveness_interval);
}

/// The peer has answered a query.
void dht_core::impl::verified(peer_slot s) {
  peers_.note_answer(s, now_);
  failures_in_a_row_ = 0;
  known_peer& p = peers_[s];
  p.server = true;
  if (p.in_table || (p.addresses.empty() && !p.connected)) return;
  if (table.add(s) != routing_table::verdict::added) return;
  table_changed_ = true;
  if (refresh_wanted_) refresh_soon();
  out_->discovered.push_back(describe(s));
}

/// A query to the peer failed in a way that is the peer's.
void dht_core::impl::lost(peer_slot s, ec why) {
  known_peer& p = peers_[s];
  if (++failures_in_a_row_ > cut_off_failures && why != ec::unsupported) {
    p.suspect = true;
    return;
  }
  peers_.note_failure(s, now_);
  if (p.in_table) leave_table(s);
}

/// Makes room for the next best.
void dht_core::impl::leave_table(peer_slot s) {
  const unsigned bucket = table.bucket_of(peers_[s].place);
  table.remove(s);
  table_changed_ = true;
  if (const peer_slot next = table.take_replacement(bucket); next != no_peer) offer(next, true);
}

/// Where a search begins. While hardly anybody has answered yet, also those that might.
std::vector<peer_slot> dht_core::impl::seeds(const kad_id& target) const {
  std::vector<peer_slot> out;
  const std::size_t wanted = config_.k * 2;
  table.closest(target, wanted, no_peer, false, out);
  if (out.size() < config_.k) table.closest(target, config_.k - out.size(), no_peer, true, out);
  if (out.size() < config_.alpha) {
    const auto take = [&](peer_slot s) {
      if (out.size() < wanted && !peers_[s].in_table) out.push_back(s);
    };
    for (const auto& [id, q] : queries_)
      if (q.why == query_purpose::check) take(q.slot);
    for (const peer_slot s : checks_) take(s);
  }
  return out;
}

peer_info dht_core::impl::describe(peer_slot s) const {
  return {peers_[s].id, peers_[s].addresses};
}

}  // namespace weft::dht
