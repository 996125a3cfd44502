// SPDX-License-Identifier: MIT
#include "dht/routing_table.hpp"

#include <algorithm>

namespace weft::dht {

routing_table::routing_table(const kad_id& self, const dht_config& config, known_peers& peers,
                             dht_metrics& counters)
    : self_(self), config_(config), peers_(peers), counters_(counters) {}

routing_table::bucket_state& routing_table::make(unsigned index) {
  if (index >= buckets_.size()) buckets_.resize(index + 1);
  return buckets_[index];
}

unsigned routing_table::bucket_of(const kad_id& place) const noexcept {
  return std::min((place ^ self_).leading_zeros(), kad_id::bits - 1);
}

unsigned routing_table::depth() const noexcept {
  auto out = static_cast<unsigned>(buckets_.size());
  while (out > 0 && buckets_[out - 1].entries.empty()) --out;
  return out;
}

bool routing_table::group_has_room(const bucket_state& in,
                                   const std::optional<ip_group>& group) const {
  if (!group) return true;
  const auto at = groups_.find(*group);
  if (at == groups_.end()) return true;
  if (at->second >= config_.group_entries_table) return false;
  const auto here = std::count_if(in.entries.begin(), in.entries.end(),
                                  [&](const entry& e) { return e.group == group; });
  return static_cast<std::size_t>(here) < config_.group_entries_bucket;
}

bool routing_table::has_room(peer_slot s) const {
  const known_peer& p = peers_[s];
  if (p.in_table) return false;
  const bucket_state& in = state(bucket_of(p.place));
  if (p.met && !group_has_room(in, p.group)) return false;
  if (in.entries.size() < config_.bucket_entries || holds_all()) return true;
  return weakest(in, s).has_value();
}

std::optional<std::size_t> routing_table::weakest(const bucket_state& in,
                                                  peer_slot newcomer) const {
  for (std::size_t i = 0; i < in.entries.size(); ++i)
    if (peers_[in.entries[i].slot].suspect) return i;
  const rtt_estimate& fresh = peers_[newcomer].rtt;
  if (!fresh.known()) return std::nullopt;
  std::optional<std::size_t> slowest;
  duration most = fresh.mean() * 2;
  for (std::size_t i = in.entries.size() / 2; i < in.entries.size(); ++i) {
    const rtt_estimate& rtt = peers_[in.entries[i].slot].rtt;
    if (!rtt.known() || rtt.mean() <= most) continue;
    most = rtt.mean();
    slowest = i;
  }
  return slowest;
}

routing_table::verdict routing_table::add(peer_slot s) {
  const known_peer& p = peers_[s];
  if (p.in_table) return verdict::held;
  bucket_state& in = make(bucket_of(p.place));
  if (!group_has_room(in, p.group)) {
    ++counters_.rejected[reject_reason::group_full];
    return verdict::group_full;
  }
  if (in.entries.size() >= config_.bucket_entries && !holds_all()) {
    const auto place = weakest(in, s);
    if (!place) {
      ++counters_.rejected[reject_reason::bucket_full];
      keep_replacement(in, s);
      publish();
      return verdict::bucket_full;
    }
    const peer_slot moved = in.entries[*place].slot;
    erase(in, *place);
    if (!peers_[moved].suspect) keep_replacement(in, moved);
  }
  insert(in, s);
  if (whole_ && size_ >= config_.full_table_below) shrink();
  publish();
  return peers_[s].in_table ? verdict::added : verdict::bucket_full;
}

void routing_table::insert(bucket_state& in, peer_slot s) {
  drop_replacement(in, s);
  in.entries.push_back({s, peers_[s].place, peers_[s].group});
  if (peers_[s].group) ++groups_[*peers_[s].group];
  ++size_;
  peers_.set_in_table(s, true);
  ++counters_.table_added;
}

void routing_table::shrink() {
  for (auto& b : buckets_) {
    const auto drop = [&](auto unwanted) {
      for (std::size_t i = b.entries.size();
           i-- > 0 && b.entries.size() > config_.bucket_entries;) {
        const peer_slot s = b.entries[i].slot;
        if (!unwanted(peers_[s])) continue;
        erase(b, i);
        if (!peers_[s].suspect) keep_replacement(b, s);
      }
    };
    drop([](const known_peer& p) { return p.suspect; });
    // The oldest stay.
    drop([](const known_peer&) { return true; });
  }
  whole_ = false;
}

void routing_table::erase(bucket_state& in, std::size_t index) {
  const entry gone = in.entries[index];
  in.entries.erase(in.entries.begin() + static_cast<std::ptrdiff_t>(index));
  if (gone.group) {
    const auto at = groups_.find(*gone.group);
    if (--at->second == 0) groups_.erase(at);
  }
  --size_;
  if (size_ < std::min(2 * config_.bucket_entries, config_.full_table_below / 4)) whole_ = true;
  peers_.set_in_table(gone.slot, false);
  ++counters_.table_removed;
}

bool routing_table::remove(peer_slot s) {
  bucket_state& in = make(bucket_of(peers_[s].place));
  drop_replacement(in, s);
  const auto at = std::find_if(in.entries.begin(), in.entries.end(),
                               [s](const entry& e) { return e.slot == s; });
  const bool found = at != in.entries.end();
  if (found) erase(in, static_cast<std::size_t>(at - in.entries.begin()));
  publish();
  return found;
}

void routing_table::keep_replacement(bucket_state& in, peer_slot s) {
  drop_replacement(in, s);
  if (config_.replacements == 0) return;
  if (in.replacements.size() >= config_.replacements) {
    peers_.unpin(in.replacements.front());
    in.replacements.erase(in.replacements.begin());
    --replacement_count_;
  }
  peers_.pin(s);
  in.replacements.push_back(s);
  ++replacement_count_;
}

void routing_table::drop_replacement(bucket_state& in, peer_slot s) {
  const auto at = std::find(in.replacements.begin(), in.replacements.end(), s);
  if (at == in.replacements.end()) return;
  in.replacements.erase(at);
  peers_.unpin(s);
  --replacement_count_;
}

peer_slot routing_table::take_replacement(unsigned bucket) {
  if (state(bucket).replacements.empty()) return no_peer;
  bucket_state& in = buckets_[bucket];
  const peer_slot s = in.replacements.back();
  drop_replacement(in, s);
  publish();
  return s;
}

void routing_table::collect(const bucket_state& in, const kad_id& target, peer_slot except,
                            bool suspects) const {
  for (const entry& e : in.entries)
    if (e.slot != except && peers_[e.slot].suspect == suspects)
      found_.push_back({e.place ^ target, e.slot});
}

// Buckets in the order of their distance to the target: the one it would be in itself, then all
// deeper ones together, then the shallower ones one by one.
void routing_table::closest(const kad_id& target, std::size_t n, peer_slot except, bool suspects,
                            std::vector<peer_slot>& out) const {
  const std::size_t goal = out.size() + n;
  const unsigned deepest = depth();
  const unsigned own = bucket_of(target);
  const auto take = [&] {
    const auto nearer = [](const near& a, const near& b) { return a.distance < b.distance; };
    const std::size_t missing = std::min(goal - out.size(), found_.size());
    const auto end = found_.begin() + static_cast<std::ptrdiff_t>(missing);
    if (missing < found_.size()) std::nth_element(found_.begin(), end, found_.end(), nearer);
    std::sort(found_.begin(), end, nearer);
    for (auto at = found_.begin(); at != end; ++at) out.push_back(at->slot);
    found_.clear();
  };
  found_.clear();
  if (own < deepest) collect(buckets_[own], target, except, suspects);
  take();
  if (out.size() < goal) {
    for (unsigned i = own + 1; i < deepest; ++i) collect(buckets_[i], target, except, suspects);
    take();
  }
  for (unsigned i = std::min(own, deepest); i-- > 0 && out.size() < goal;) {
    collect(buckets_[i], target, except, suspects);
    take();
  }
}

void routing_table::publish() {
  counters_.table_entries.set(static_cast<std::int64_t>(size_));
  counters_.table_replacements.set(static_cast<std::int64_t>(replacement_count_));
}

}  // namespace weft::dht
