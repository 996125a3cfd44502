// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/chunk.hpp"
#include "base/peer_id.hpp"
#include "base/time.hpp"
#include "dht/dht_config.hpp"
#include "dht/dht_metrics.hpp"
#include "dht/kad_id.hpp"
#include "dht/store_operations.hpp"
#include "dht/validator.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

namespace weft::dht {

/// A value this node holds, and how it compares.
struct held_record {
  stored_record record;
  merit worth;
};

/// The records of a node, by their distance to it: when there is no more room the farthest goes
/// first, as others are nearer to it.
class record_table {
 public:
  record_table(const kad_id& self, const dht_config& config, dht_metrics& counters)
      : self_(self), config_(config), counters_(counters) {}

  /// Takes a validated record unless the one held is better. ec::stale for an older value than the
  /// one held (or another one that is as good), ec::limit. Records pushed out are appended to
  /// `store` as removals, the one taken as written.
  ec put(stored_record record, const merit& worth, std::vector<store_operation>& store);
  /// Null when it is not held or has expired.
  const held_record* find(bytes_view key, wall_time wall) const;
  /// Whether it was held.
  bool remove(bytes_view key, std::vector<store_operation>& store);
  /// No longer an own one: it stays as others' do, until it expires, or goes now when there is no
  /// room for it among them. Whether it was an own one.
  bool disown(bytes_view key, std::vector<store_operation>& store);
  /// Looks at some records, where it left off, and forgets those that have expired.
  void sweep(wall_time wall, std::vector<store_operation>& store);

  std::size_t size() const noexcept { return records_.size(); }
  std::size_t own() const noexcept { return own_; }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  using records = std::map<kad_id, held_record>;

  ec admit(const kad_id& distance, const stored_record& record, std::size_t replaced_bytes,
           bool replaces, std::vector<store_operation>& store);
  records::iterator erase(records::iterator at, std::vector<store_operation>& store);
  void account(const stored_record& record, bool in);
  void publish();

  const kad_id self_;
  const dht_config& config_;
  dht_metrics& counters_;
  records records_;
  std::map<peer_id, std::size_t> by_sender_;
  kad_id cursor_;
  std::size_t bytes_ = 0;
  std::size_t own_ = 0;
};

}  // namespace weft::dht
