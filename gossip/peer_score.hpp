// SPDX-License-Identifier: MIT
#pragma once

#include "base/peer_id.hpp"
#include "base/time.hpp"
#include "gossip/gossip_config.hpp"
#include "gossip/gossip_types.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace weft::gossip {

/// What a score is made of. Counts are in thousandths, so that they can decay without floating
/// point, which compilers may round differently.
struct score_counters {
  std::int64_t invalid = 0;
  std::int64_t behaviour = 0;
  /// Whole points.
  std::int64_t application = 0;

  void add_invalid() noexcept;
  void add_behaviour(std::uint32_t times = 1) noexcept;
  /// One interval's decay.
  void decay(const score_config& config) noexcept;
  bool blank() const noexcept { return invalid == 0 && behaviour == 0 && application == 0; }
};

/// The score in thousandths; `neighbours_at_address` counts the peer itself.
std::int64_t score_of(const score_counters& counters, std::size_t neighbours_at_address,
                      const score_config& config) noexcept;

/// Is it 127.0.0.0/8 or ::1?
bool is_loopback(const ip_address& address) noexcept;

/// Counters of peers that left, until `score_config::retention` is over.
class retained_scores {
 public:
  explicit retained_scores(const score_config& config) : config_(config) {}
  /// Counters without content are not kept; when full, the one that would go next goes.
  void keep(const peer_id& peer, const score_counters& counters, instant now);
  /// What is left of a peer's counters, decayed by the time it was away.
  std::optional<score_counters> take(const peer_id& peer, instant now);
  void expire(instant now);
  std::size_t size() const noexcept { return by_peer_.size(); }

 private:
  struct entry {
    score_counters counters;
    instant since{};
  };
  void forget(const peer_id& peer, instant since);

  score_config config_;
  std::map<peer_id, entry> by_peer_;
  std::multimap<instant, peer_id> by_age_;
};

}  // namespace weft::gossip
