// SPDX-License-Identifier: MIT
#include "dht/record_table.hpp"

#include <algorithm>
#include <utility>

namespace weft::dht {

namespace {

/// Records looked at in one sweep.
constexpr std::size_t sweep_records = 4096;

std::size_t size_of(const stored_record& r) noexcept { return r.key.size() + r.value.size(); }

bool same_value(const stored_record& a, const stored_record& b) {
  return std::equal(a.value.bytes().begin(), a.value.bytes().end(), b.value.bytes().begin(),
                    b.value.bytes().end());
}

}  // namespace

ec record_table::put(stored_record record, const merit& worth,
                     std::vector<store_operation>& store) {
  const kad_id distance = kad_id::of(record.key) ^ self_;
  auto at = records_.find(distance);
  const bool replaces = at != records_.end();
  if (replaces) {
    const bool better = at->second.worth < worth;
    if (!better && !same_value(at->second.record, record)) {
      ++counters_.rejected[reject_reason::old_value];
      return ec::stale;
    }
    // Others must not be able to take an own record out of the node's hands.
    if (at->second.record.own && !record.own && !better) return ec::none;
  }
  const std::size_t replaced = replaces ? size_of(at->second.record) : 0;
  if (const ec refused = admit(distance, record, replaced, replaces, store); refused != ec::none)
    return refused;
  at = records_.find(distance);
  if (at != records_.end()) {
    record.own = record.own || at->second.record.own;
    account(at->second.record, false);
    records_.erase(at);
  }
  account(record, true);
  append_operation(store, put_record{record});
  records_.emplace(distance, held_record{std::move(record), worth});
  publish();
  return ec::none;
}

ec record_table::admit(const kad_id& distance, const stored_record& record,
                       std::size_t replaced_bytes, bool replaces,
                       std::vector<store_operation>& store) {
  if (record.own) {
    const bool owned = replaces && records_.at(distance).record.own;
    if (owned || own_ < config_.own_records_max) return ec::none;
    ++counters_.rejected[reject_reason::own_records_full];
    return ec::limit;
  }
  const auto sender = by_sender_.find(record.sender);
  if (!replaces && sender != by_sender_.end() && sender->second >= config_.records_per_sender_max) {
    ++counters_.rejected[reject_reason::sender_records_full];
    return ec::limit;
  }
  const std::size_t size = size_of(record);
  const auto full = [&] {
    return (!replaces && records_.size() >= config_.records_max)
           || bytes_ - replaced_bytes + size > config_.record_bytes_total_max;
  };
  while (full()) {
    auto victim = records_.end();
    while (victim != records_.begin()) {
      --victim;
      if (!victim->second.record.own) break;
    }
    if (victim == records_.end() || victim->second.record.own || victim->first <= distance) {
      ++counters_.rejected[reject_reason::records_full];
      return ec::limit;
    }
    ++counters_.rejected[reject_reason::records_full];
    erase(victim, store);
  }
  return ec::none;
}

const held_record* record_table::find(bytes_view key, wall_time wall) const {
  const auto at = records_.find(kad_id::of(key) ^ self_);
  if (at == records_.end() || at->second.record.expires <= wall) return nullptr;
  return &at->second;
}

void record_table::account(const stored_record& record, bool in) {
  const std::size_t size = size_of(record);
  bytes_ = in ? bytes_ + size : bytes_ - size;
  if (record.own) {
    own_ = in ? own_ + 1 : own_ - 1;
  } else if (in) {
    ++by_sender_[record.sender];
  } else if (const auto sender = by_sender_.find(record.sender); --sender->second == 0) {
    by_sender_.erase(sender);
  }
}

record_table::records::iterator record_table::erase(records::iterator at,
                                                    std::vector<store_operation>& store) {
  account(at->second.record, false);
  append_operation(store, remove_record{std::move(at->second.record.key)});
  at = records_.erase(at);
  publish();
  return at;
}

bool record_table::remove(bytes_view key, std::vector<store_operation>& store) {
  const auto at = records_.find(kad_id::of(key) ^ self_);
  if (at == records_.end()) return false;
  erase(at, store);
  return true;
}

bool record_table::disown(bytes_view key, std::vector<store_operation>& store) {
  const auto at = records_.find(kad_id::of(key) ^ self_);
  if (at == records_.end() || !at->second.record.own) return false;
  stored_record& record = at->second.record;
  account(record, false);
  record.own = false;
  record.expires = std::min(record.expires, record.received + config_.record_age_max);
  account(record, true);
  if (records_.size() - own_ > config_.records_max || bytes_ > config_.record_bytes_total_max) {
    ++counters_.rejected[reject_reason::records_full];
    erase(at, store);
  } else {
    append_operation(store, put_record{record});
  }
  return true;
}

void record_table::sweep(wall_time wall, std::vector<store_operation>& store) {
  auto at = records_.lower_bound(cursor_);
  for (std::size_t i = 0; i < sweep_records && at != records_.end(); ++i) {
    if (at->second.record.expires > wall) {
      ++at;
      continue;
    }
    at = erase(at, store);
    ++counters_.records_expired;
  }
  cursor_ = at == records_.end() ? kad_id{} : at->first;
}

void record_table::publish() {
  counters_.records.set(static_cast<std::int64_t>(records_.size()));
  counters_.record_bytes.set(static_cast<std::int64_t>(bytes_));
}

}  // namespace weft::dht
