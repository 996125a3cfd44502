// SPDX-License-Identifier: MIT
#include "dht/lookup.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace weft::dht {

namespace {

/// A bucket of 20 entries brings a lookup this many bits nearer with each hop.
constexpr unsigned bits_per_hop = 4;

/// A source none of whose peers answers is not believed any more after so many.
constexpr std::uint32_t doubts_max = 4;

}  // namespace

lookup::lookup(const kad_id& target, const settings& how, const dht_config& config,
               known_peers& peers, const latency_models& latency)
    : target_(target), how_(how), config_(config), peers_(peers), latency_(latency) {}

lookup::~lookup() {
  for (const index i : order_) peers_.unpin(candidates_[i].slot);
}

lookup::index lookup::find(peer_slot s) const noexcept {
  for (const index i : order_)
    if (candidates_[i].slot == s) return i;
  return no_candidate;
}

/// Whom the source has named hardly ever answers: it makes them up, or is badly out of date.
bool lookup::doubtful(index source) const noexcept {
  if (source == no_candidate) return false;
  const candidate& s = candidates_[source];
  return s.named_bad >= doubts_max + s.named_good * 3u;
}

/// Whether the search still counts on the candidate.
bool lookup::stands(const candidate& c) const noexcept {
  if (c.now == state::failed || c.now == state::late) return false;
  return c.now != state::fresh || !doubtful(c.source);
}

bool lookup::make_room(const kad_id& distance) {
  if (order_.size() < config_.candidates_max) return true;
  const index last = order_.back();
  if (candidates_[last].now != state::fresh || candidates_[last].distance < distance) return false;
  peers_.unpin(candidates_[last].slot);
  order_.pop_back();
  free_.push_back(last);
  return true;
}

bool lookup::add(peer_slot s, index source) {
  const kad_id distance = peers_[s].place ^ target_;
  const auto where
      = std::lower_bound(order_.begin(), order_.end(), distance,
                         [this](index i, const kad_id& d) { return candidates_[i].distance < d; });
  if (where != order_.end() && candidates_[*where].distance == distance) {
    candidate& known = candidates_[*where];
    if (known.now == state::fresh && doubtful(known.source) && !doubtful(source))
      known.source = source;
    return false;
  }
  const auto offset = where - order_.begin();
  if (!make_room(distance)) return false;

  candidate c;
  c.slot = s;
  c.distance = distance;
  c.source = source;
  if (source == no_candidate) {
    c.path = static_cast<std::uint8_t>(seeds_++ % how_.paths);
  } else {
    c.path = candidates_[source].path;
    c.hop = candidates_[source].hop + 1;
  }
  index i = static_cast<index>(candidates_.size());
  if (free_.empty()) {
    candidates_.push_back(c);
  } else {
    i = free_.back();
    free_.pop_back();
    candidates_[i] = c;
  }
  order_.insert(order_.begin() + offset, i);
  peers_.pin(s);
  return true;
}

unsigned lookup::hops_left(const candidate& c) const noexcept {
  if (c.distance.word[0] <= how_.near_radius) return 0;
  const int missing
      = std::countl_zero(how_.near_radius) - static_cast<int>(c.distance.leading_zeros());
  return (static_cast<unsigned>(std::max(missing, 1)) + bits_per_hop - 1) / bits_per_hop;
}

// What it costs on average that a near one may not be one of the `k` closest after all: half of
// those at the edge are not, hardly any of those in the middle.
duration lookup::risk(const candidate& c) const {
  if (how_.near_radius == everywhere) return {};
  constexpr std::uint64_t edge = 16;
  const auto from_middle
      = static_cast<std::int64_t>(c.distance.word[0] / (how_.near_radius / edge + 1));
  return latency_.dialled.median() * (from_middle * from_middle * from_middle)
         / static_cast<std::int64_t>(2 * edge * edge * edge);
}

duration lookup::usual(const known_peer& p, const latency_models& latency) {
  if (!p.rtt.known()) return p.connected ? latency.connected.median() : latency.dialled.median();
  return p.connected ? p.rtt.mean() : p.rtt.mean() * 2;
}

duration lookup::patience(const known_peer& p, const dht_config& config,
                          const latency_models& latency) {
  duration out = p.connected ? latency.connected.late() : latency.dialled.late();
  if (p.rtt.known()) out = p.connected ? p.rtt.late() : p.rtt.late() * 2 + config.hedge_min;
  return std::clamp(out, config.hedge_min, config.hedge_max);
}

// An estimate of when asking this candidate leads to the end: its own answer, and one usual answer
// per hop that is then still missing. Near the target a search for the closest must ask all of
// them anyway, the nearest first; a search for holders takes whoever is quickest.
duration lookup::cost(const candidate& c) const {
  const known_peer& p = peers_[c.slot];
  const duration hop = latency_.connected.median();
  const unsigned left = hops_left(c);
  duration out = hop * left;
  if (left > 0 || how_.goal == lookup_goal::holders) out += usual(p, latency_);
  if (left == 0 && how_.goal == lookup_goal::holders) out += risk(c);
  if (c.source != no_candidate) {
    // Who names peers that do not answer is believed less.
    const candidate& s = candidates_[c.source];
    if (s.named_bad > s.named_good) out += hop * 2 * std::min(s.named_bad - s.named_good, 8);
  }
  return out;
}

std::optional<lookup::index> lookup::next() const {
  // Late ones are not waited for, but may still cost something: as many again, no more.
  if (outstanding_ - late_ >= config_.lookup_queries_max
      || outstanding_ >= config_.lookup_queries_max * 2)
    return std::nullopt;
  const std::size_t alpha = (config_.alpha + how_.paths - 1) / how_.paths;
  // Whoever only wants to know where the target is need not ask all who are around it.
  const std::size_t reach = how_.goal == lookup_goal::quick
                                ? std::min(config_.k, std::max(config_.beta, alpha))
                                : config_.k;
  counts window{};
  std::optional<index> best;
  duration least{};
  for (const index i : order_) {
    const candidate& c = candidates_[i];
    // A slow one blocks the end for a while, but not the next one's turn.
    if (!stands(c) || c.now == state::slow || window[c.path] >= reach) continue;
    ++window[c.path];
    if (c.now != state::fresh || i == held_ || fast_[c.path] >= alpha) continue;
    if (how_.goal == lookup_goal::holders && fast_near_ >= config_.alpha_holders
        && hops_left(c) == 0)
      continue;
    const duration price = cost(c);
    if (best && price >= least) continue;
    best = i;
    least = price;
  }
  return best;
}

void lookup::asked(index i, query_id id, instant now) {
  candidate& c = candidates_[i];
  const known_peer& p = peers_[c.slot];
  c.now = state::asked;
  c.query = id;
  c.asked_at = now;
  c.patience = patience(p, config_, latency_);
  c.addresses_version = p.addresses_version;
  ++fast_[c.path];
  if (hops_left(c) == 0) ++fast_near_;
  ++outstanding_;
}

/// The candidate no longer takes up one of the places for those under way.
void lookup::leave(candidate& c) {
  if (c.now == state::asked) {
    --fast_[c.path];
    if (hops_left(c) == 0) --fast_near_;
  } else if (c.now == state::late) {
    --late_;
  }
}

void lookup::answered(index i) {
  candidate& c = candidates_[i];
  leave(c);
  if (c.source != no_candidate) {
    candidate& s = candidates_[c.source];
    ++s.named_good;
    if (c.now == state::slow || c.now == state::late) --s.named_bad;
  }
  c.now = state::answered;
  --outstanding_;
}

void lookup::blame(const candidate& c) {
  if (c.source != no_candidate) ++candidates_[c.source].named_bad;
}

void lookup::failed(index i) {
  candidate& c = candidates_[i];
  const bool open = c.now == state::asked || c.now == state::slow || c.now == state::late;
  if (c.now == state::asked) blame(c);
  leave(c);
  if (open) --outstanding_;
  c.now = state::failed;
}

void lookup::renew(index i) {
  candidate& c = candidates_[i];
  if (c.now == state::slow || c.now == state::late) --outstanding_;
  leave(c);
  c.now = state::fresh;
  ++c.renewed;
}

std::size_t lookup::on_time(instant now, std::vector<peer_slot>& late) {
  std::size_t hedged = 0;
  if (outstanding_ == 0) return hedged;
  for (const index i : order_) {
    candidate& c = candidates_[i];
    if (c.now == state::asked && now - c.asked_at >= c.patience) {
      leave(c);
      c.now = state::slow;
      blame(c);
      ++hedged;
    }
    if (c.now != state::slow || now - c.asked_at < c.patience * 3 / 2) continue;
    c.now = state::late;
    ++late_;
    late.push_back(c.slot);
  }
  return hedged;
}

std::optional<instant> lookup::next_time() const {
  std::optional<instant> out;
  if (outstanding_ == 0) return out;
  for (const index i : order_) {
    const candidate& c = candidates_[i];
    if (c.now != state::asked && c.now != state::slow) continue;
    const instant at = c.asked_at + (c.now == state::asked ? c.patience : c.patience * 3 / 2);
    if (!out || at < *out) out = at;
  }
  return out;
}

std::size_t lookup::in_time() const noexcept {
  return std::accumulate(fast_.begin(), fast_.end(), std::size_t{0});
}

std::size_t lookup::answers_needed() const noexcept {
  if (how_.goal == lookup_goal::quick) return config_.beta;
  return std::max(config_.beta, (config_.k + how_.paths - 1) / how_.paths);
}

bool lookup::converged() const {
  // Late answers are better than none: in a small network everybody may be busy at once.
  if (late_ > 0 && closest_answered(1).empty()) return false;
  const std::size_t needed = answers_needed();
  counts seen{};
  for (const index i : order_) {
    const candidate& c = candidates_[i];
    if (!stands(c) || seen[c.path] >= needed) continue;
    if (c.now != state::answered) return false;
    ++seen[c.path];
  }
  return true;
}

bool lookup::among_closest(index i, std::size_t n) const noexcept {
  for (const index o : order_) {
    if (o == i) return true;
    if (stands(candidates_[o]) && --n == 0) return false;
  }
  return false;
}

std::vector<lookup::index> lookup::closest_answered(std::size_t n) const {
  std::vector<index> out;
  for (const index i : order_) {
    if (out.size() >= n) break;
    if (candidates_[i].now == state::answered) out.push_back(i);
  }
  return out;
}

}  // namespace weft::dht
