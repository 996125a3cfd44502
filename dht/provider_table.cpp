// SPDX-License-Identifier: MIT
#include "dht/provider_table.hpp"

#include <algorithm>
#include <utility>

namespace weft::dht {

namespace {

/// Keys looked at in one sweep.
constexpr std::size_t sweep_keys = 2048;

}  // namespace

ec provider_table::put(stored_provider given, std::vector<store_operation>& store) {
  const kad_id distance = kad_id::of(given.key) ^ self_;
  auto at = keys_.find(distance);
  if (at != keys_.end()) {
    auto& list = at->second.providers;
    const auto known = std::find_if(list.begin(), list.end(),
                                    [&](const entry& e) { return e.provider == given.provider; });
    if (known != list.end()) {
      entry fresh{given.provider, given.addresses, given.received};
      list.erase(known);
      list.push_back(std::move(fresh));
      append_operation(store, put_provider{std::move(given)});
      return ec::none;
    }
  }
  if (const ec refused = admit(distance, given.provider, store); refused != ec::none)
    return refused;
  at = keys_.try_emplace(distance).first;
  key_entry& into = at->second;
  into.key = given.key;
  if (into.providers.size() >= config_.providers_per_key_max) {
    ++counters_.rejected[reject_reason::key_providers_full];
    drop(into, 0, store);
  }
  into.providers.push_back({given.provider, given.addresses, given.received});
  ++by_provider_[given.provider];
  ++size_;
  append_operation(store, put_provider{std::move(given)});
  publish();
  return ec::none;
}

ec provider_table::admit(const kad_id& distance, const peer_id& provider,
                         std::vector<store_operation>& store) {
  const auto own = by_provider_.find(provider);
  if (own != by_provider_.end() && own->second >= config_.providers_per_sender_max) {
    ++counters_.rejected[reject_reason::sender_providers_full];
    return ec::limit;
  }
  if (size_ < config_.providers_max) return ec::none;
  ++counters_.rejected[reject_reason::providers_full];
  const auto farthest = std::prev(keys_.end());
  if (farthest->first <= distance) return ec::limit;
  drop_key(farthest, store);
  return ec::none;
}

std::vector<provider_table::entry> provider_table::find(bytes_view key, std::size_t most,
                                                        wall_time wall) const {
  std::vector<entry> out;
  const auto at = keys_.find(kad_id::of(key) ^ self_);
  if (at == keys_.end()) return out;
  const auto& list = at->second.providers;
  for (auto e = list.rbegin(); e != list.rend() && out.size() < most; ++e) {
    const duration age = wall - e->received;
    if (age >= config_.provider_expiry) continue;
    out.push_back(*e);
    if (age >= config_.provider_address_expiry) out.back().addresses.clear();
  }
  return out;
}

void provider_table::drop(key_entry& from, std::size_t index, std::vector<store_operation>& store) {
  const auto at = from.providers.begin() + static_cast<std::ptrdiff_t>(index);
  const peer_id gone = at->provider;
  from.providers.erase(at);
  const auto own = by_provider_.find(gone);
  if (--own->second == 0) by_provider_.erase(own);
  --size_;
  append_operation(store, remove_provider{from.key, gone});
}

void provider_table::drop_key(keys::iterator at, std::vector<store_operation>& store) {
  while (!at->second.providers.empty()) drop(at->second, at->second.providers.size() - 1, store);
  keys_.erase(at);
  publish();
}

bool provider_table::remove(bytes_view key, const peer_id& provider,
                            std::vector<store_operation>& store) {
  const auto at = keys_.find(kad_id::of(key) ^ self_);
  if (at == keys_.end()) return false;
  auto& list = at->second.providers;
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const entry& e) { return e.provider == provider; });
  if (found == list.end()) return false;
  drop(at->second, static_cast<std::size_t>(found - list.begin()), store);
  if (list.empty()) keys_.erase(at);
  publish();
  return true;
}

void provider_table::sweep(wall_time wall, std::vector<store_operation>& store) {
  auto at = keys_.lower_bound(cursor_);
  for (std::size_t i = 0; i < sweep_keys && at != keys_.end(); ++i) {
    auto& list = at->second.providers;
    for (std::size_t p = list.size(); p-- > 0;) {
      if (wall - list[p].received < config_.provider_expiry) continue;
      drop(at->second, p, store);
      ++counters_.providers_expired;
    }
    at = list.empty() ? keys_.erase(at) : std::next(at);
  }
  cursor_ = at == keys_.end() ? kad_id{} : at->first;
  publish();
}

void provider_table::publish() { counters_.providers.set(static_cast<std::int64_t>(size_)); }

}  // namespace weft::dht
