// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/time.hpp"
#include "dht/dht_config.hpp"
#include "dht/dht_metrics.hpp"
#include "dht/kad_id.hpp"
#include "dht/store_operations.hpp"

#include <cstddef>
#include <map>
#include <vector>

namespace weft::dht {

/// Who provides which key, as the providers said themselves. Entries live `provider_expiry`, their
/// addresses `provider_address_expiry`.
class provider_table {
 public:
  struct entry {
    peer_id provider;
    std::vector<multiaddr> addresses;
    wall_time received{};
  };

  provider_table(const kad_id& self, const dht_config& config, dht_metrics& counters)
      : self_(self), config_(config), counters_(counters) {}

  /// Adds a provider or refreshes it. ec::limit. A full table lets go of its farthest key for a
  /// nearer one; a full key of its oldest provider.
  ec put(stored_provider given, std::vector<store_operation>& store);
  /// Those of a key that have not expired, newest first, at most `most`. Addresses past their time
  /// are left out.
  std::vector<entry> find(bytes_view key, std::size_t most, wall_time wall) const;
  bool remove(bytes_view key, const peer_id& provider, std::vector<store_operation>& store);
  /// Looks at some keys, where it left off, and forgets what has expired.
  void sweep(wall_time wall, std::vector<store_operation>& store);

  std::size_t size() const noexcept { return size_; }

 private:
  struct key_entry {
    byte_buffer key;
    /// Oldest first.
    std::vector<entry> providers;
  };
  using keys = std::map<kad_id, key_entry>;

  ec admit(const kad_id& distance, const peer_id& provider, std::vector<store_operation>& store);
  void drop_key(keys::iterator at, std::vector<store_operation>& store);
  void drop(key_entry& from, std::size_t index, std::vector<store_operation>& store);
  void publish();

  const kad_id self_;
  const dht_config& config_;
  dht_metrics& counters_;
  keys keys_;
  std::map<peer_id, std::size_t> by_provider_;
  kad_id cursor_;
  std::size_t size_ = 0;
};

}  // namespace weft::dht
