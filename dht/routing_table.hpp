// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"
#include "dht/dht_config.hpp"
#include "dht/dht_metrics.hpp"
#include "dht/kad_id.hpp"
#include "dht/known_peers.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace weft::dht {

/// Servers that have answered, in buckets by the number of leading bits their place shares with
/// this node's (Maymounkov, Mazières 2002, section 2.4). While few servers are known all are kept,
/// so that a lookup takes one hop.
class routing_table {
 public:
  enum class verdict : std::uint8_t { added, held, bucket_full, group_full };

  struct entry {
    peer_slot slot = no_peer;
    kad_id place;
    std::optional<ip_group> group;
  };

  routing_table(const kad_id& self, const dht_config& config, known_peers& peers,
                dht_metrics& counters);

  /// Takes a peer that has just answered. In a full bucket it takes the place of one that has
  /// missed its time, or of a much slower one of the younger half: the older half is never moved
  /// for a newcomer, who may be many. What finds no place becomes a replacement.
  verdict add(peer_slot s);
  /// Whether a check of the peer could end in `add` taking it.
  bool has_room(peer_slot s) const;
  /// False when it was not there.
  bool remove(peer_slot s);
  /// The newest replacement of a bucket, taken out; `no_peer` when there is none. It was unpinned:
  /// use it before other peers are added.
  peer_slot take_replacement(unsigned bucket);

  /// Appends up to `n` slots, closest to `target` first, without `except`: those that are in time,
  /// or those that missed it.
  void closest(const kad_id& target, std::size_t n, peer_slot except, bool suspects,
               std::vector<peer_slot>& out) const;

  unsigned bucket_of(const kad_id& place) const noexcept;
  /// One past the deepest bucket that has an entry.
  unsigned depth() const noexcept;
  const std::vector<entry>& bucket(unsigned index) const noexcept { return state(index).entries; }
  std::size_t replacements(unsigned index) const noexcept {
    return state(index).replacements.size();
  }
  std::size_t size() const noexcept { return size_; }
  /// Every known server is kept: from the start until there are too many; again once hardly any are
  /// left.
  bool holds_all() const noexcept { return whole_ && config_.full_table_below > 0; }

 private:
  struct bucket_state {
    /// In order of arrival.
    std::vector<entry> entries;
    /// Oldest first; pinned.
    std::vector<peer_slot> replacements;
  };
  struct near {
    kad_id distance;
    peer_slot slot;
  };

  const bucket_state& state(unsigned index) const noexcept {
    return index < buckets_.size() ? buckets_[index] : none_;
  }
  bucket_state& make(unsigned index);
  bool group_has_room(const bucket_state& in, const std::optional<ip_group>& group) const;
  std::optional<std::size_t> weakest(const bucket_state& in, peer_slot newcomer) const;
  void insert(bucket_state& in, peer_slot s);
  /// The network has outgrown a whole table: every bucket gets its size.
  void shrink();
  void erase(bucket_state& in, std::size_t index);
  void keep_replacement(bucket_state& in, peer_slot s);
  void drop_replacement(bucket_state& in, peer_slot s);
  void collect(const bucket_state& in, const kad_id& target, peer_slot except, bool suspects) const;
  void publish();

  const kad_id self_;
  const dht_config& config_;
  known_peers& peers_;
  dht_metrics& counters_;
  /// Up to the deepest one that ever had an entry or a replacement.
  std::vector<bucket_state> buckets_;
  const bucket_state none_{};
  std::unordered_map<ip_group, std::size_t, ip_group_hash> groups_;
  std::size_t size_ = 0;
  std::size_t replacement_count_ = 0;
  bool whole_ = true;
  mutable std::vector<near> found_;
};

}  // namespace weft::dht
