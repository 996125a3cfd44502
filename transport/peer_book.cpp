// SPDX-License-Identifier: MIT
#include "transport/peer_book.hpp"

#include <algorithm>
#include <string>
#include <tuple>

namespace weft::transport {

// -- back-off ---

duration backoff_policy::delay(std::uint32_t failures, rng& random) const noexcept {
  duration d = initial;
  for (std::uint32_t i = 1; i < failures && d < cap; ++i) d *= 2;
  d = std::min(d, cap);
  const std::uint64_t percent = 100 - jitter_percent + random.below(2 * jitter_percent + 1);
  return d / 100 * static_cast<duration::rep>(percent);
}

result<void> backoff_policy::validate() const {
  using namespace std::chrono_literals;
  if (initial < 1ms || initial > 1h)
    return fail(ec::bad_config, "back-off: initial must be from 1 ms to 1 h");
  if (cap < initial || cap > 24h)
    return fail(ec::bad_config, "back-off: cap must be from the initial delay to 24 h");
  if (jitter_percent > 100) return fail(ec::bad_config, "back-off: jitter above 100 percent");
  return {};
}

void backoff_state::fail(const backoff_policy& policy, rng& random, instant now) noexcept {
  if (failures < 0xffff'ffff) ++failures;
  not_before = now + policy.delay(failures, random);
}

std::string_view to_string(address_source source) noexcept {
  switch (source) {
    case address_source::discovered:
      return "discovered";
    case address_source::identify:
      return "identify";
    case address_source::session:
      return "session";
    default:
      return "operator";
  }
}

result<void> peer_book_limits::validate() const {
  if (peers_max < 1 || peers_max > 1'000'000)
    return fail(ec::bad_config, "peer book: peers_max is " + std::to_string(peers_max)
                                    + "; allowed are 1 to 1000000");
  if (addresses_per_peer_max < 1 || addresses_per_peer_max > 256)
    return fail(ec::bad_config, "peer book: addresses_per_peer_max is "
                                    + std::to_string(addresses_per_peer_max)
                                    + "; allowed are 1 to 256");
  return {};
}

namespace {

/// Smaller is better. A success counts while no failure came after it.
auto rank(const known_address& a) {
  const bool works = a.last_success && (!a.last_failure || *a.last_success > *a.last_failure);
  const duration success = works ? -a.last_success->time_since_epoch() : duration{};
  const duration failure = a.last_failure ? a.last_failure->time_since_epoch() : duration::min();
  return std::tuple(!works, success, -static_cast<int>(a.source), failure,
                    a.added.time_since_epoch());
}

bool better(const known_address& a, const known_address& b) {
  if (rank(a) != rank(b)) return rank(a) < rank(b);
  return a.address < b.address;
}

bool can_be_dialled(const multiaddr& address) {
  const auto endpoint = address.quic_v1_endpoint();
  return endpoint && endpoint->port != 0 && !endpoint->unspecified();
}

}  // namespace

// -- book ---

const peer_book::entry* peer_book::find(const peer_id& peer) const {
  const slot s = entries_.find(peer);
  return s == none ? nullptr : &entries_[s];
}

bool peer_book::evict_one() {
  if (by_use_.empty()) return false;
  erase(by_use_.first());
  ++evicted_peers_;
  return true;
}

void peer_book::erase(slot s) {
  if (!entries_[s].pinned) by_use_.remove(s);
  entries_.erase(s);
}

peer_book::entry* peer_book::touch(const peer_id& peer) {
  slot s = entries_.find(peer);
  if (s != none) {
    if (!entries_[s].pinned) by_use_.remove(s);
  } else {
    if (entries_.size() >= limits_.peers_max && !evict_one()) return nullptr;
    s = entries_.add(peer);
  }
  if (!entries_[s].pinned) by_use_.append(s);
  return &entries_[s];
}

known_address* peer_book::find(entry& e, const multiaddr& address) noexcept {
  for (auto& k : e.addresses)
    if (k.address == address) return &k;
  return nullptr;
}

void peer_book::insert(entry& e, known_address&& value) {
  if (e.addresses.size() >= limits_.addresses_per_peer_max) {
    const auto worst = std::max_element(e.addresses.begin(), e.addresses.end(), better);
    ++evicted_addresses_;
    if (better(*worst, value)) return;
    *worst = std::move(value);
    return;
  }
  e.addresses.push_back(std::move(value));
}

result<void> peer_book::add(const peer_id& peer, const multiaddr& address, address_source source,
                            instant now) {
  if (const auto named = address.peer(); named && *named != peer) return fail(ec::wrong_peer);
  if (!can_be_dialled(address)) return fail(ec::unsupported);
  entry* e = touch(peer);
  if (!e) return fail(ec::limit);
  multiaddr bare = address.without_peer();
  if (known_address* k = find(*e, bare)) {
    k->source = std::max(k->source, source);
    return {};
  }
  insert(*e, {std::move(bare), source, std::nullopt, std::nullopt, now});
  return {};
}

std::size_t peer_book::replace_identified(const peer_id& peer, std::span<const multiaddr> addresses,
                                          const multiaddr& remote, instant now) {
  entry* e = touch(peer);
  if (!e) return 0;
  const auto seen = remote.quic_v1_endpoint();
  const bool local = seen && seen->loopback();
  std::vector<known_address> before;
  std::erase_if(e->addresses, [&](const known_address& k) {
    if (k.source != address_source::identify) return false;
    before.push_back(k);
    return true;
  });
  std::size_t taken = 0;
  for (const auto& address : addresses) {
    const auto endpoint = address.quic_v1_endpoint();
    const auto named = address.peer();
    if (!can_be_dialled(address) || (named && *named != peer)) continue;
    if (endpoint->loopback() && !local) continue;
    multiaddr bare = address.without_peer();
    ++taken;
    if (find(*e, bare)) continue;
    known_address value{bare, address_source::identify, std::nullopt, std::nullopt, now};
    for (const auto& old : before)
      if (old.address == bare) value = old;
    insert(*e, std::move(value));
  }
  return taken;
}

void peer_book::pin(const peer_id& peer, bool pinned) {
  entry* e = touch(peer);
  if (!e || e->pinned == pinned) return;
  if (pinned) by_use_.remove(entries_.find(peer));
  e->pinned = pinned;
  if (!pinned) by_use_.append(entries_.find(peer));
}

void peer_book::on_success(const peer_id& peer, const multiaddr& address, instant now) {
  entry* e = touch(peer);
  if (!e) return;
  e->backoff.succeed();
  if (known_address* k = find(*e, address.without_peer())) k->last_success = now;
}

void peer_book::on_failure(const peer_id& peer, std::span<const multiaddr> tried, instant now) {
  entry* e = touch(peer);
  if (!e) return;
  e->backoff.fail(policy_, random_, now);
  for (const auto& address : tried)
    if (known_address* k = find(*e, address.without_peer())) k->last_failure = now;
}

void peer_book::forget(const peer_id& peer) {
  if (const slot s = entries_.find(peer); s != none) erase(s);
}

std::vector<multiaddr> peer_book::addresses(const peer_id& peer, std::size_t count) const {
  const entry* e = find(peer);
  if (!e) return {};
  std::vector<known_address> sorted = e->addresses;
  std::sort(sorted.begin(), sorted.end(), better);
  std::vector<multiaddr> out;
  for (std::size_t i = 0; i < std::min(count, sorted.size()); ++i)
    out.push_back(std::move(sorted[i].address));
  return out;
}

std::span<const known_address> peer_book::known(const peer_id& peer) const {
  const entry* e = find(peer);
  if (!e) return {};
  return e->addresses;
}

instant peer_book::not_before(const peer_id& peer) const {
  const entry* e = find(peer);
  return e ? e->backoff.not_before : instant{};
}

std::uint32_t peer_book::failures(const peer_id& peer) const {
  const entry* e = find(peer);
  return e ? e->backoff.failures : 0;
}

}  // namespace weft::transport
