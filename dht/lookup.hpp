// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"
#include "dht/dht_config.hpp"
#include "dht/kad_id.hpp"
#include "dht/known_peers.hpp"
#include "dht/latency.hpp"
#include "dht/outbox.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace weft::dht {

/// How many answers make a lookup complete.
enum class lookup_goal : std::uint8_t {
  /// The `beta` closest: enough to know where the target is.
  quick,
  /// The `k` closest.
  thorough,
  /// Something that any of the `k` closest may have; the quickest of them are asked first.
  holders,
};

/// Round-trip times of peers of which nothing is known.
struct latency_models {
  /// From a request to its answer over a session that was there.
  latency_model connected;
  /// The same with the session to be opened first.
  latency_model dialled;
};

/// The search for the peers closest to a target: who has been named, who is to be asked next, and
/// whether the search is over. Kademlia's iteration (Maymounkov, Mazières 2002, section 2.3) with
/// disjoint paths (S/Kademlia: Baumgart, Mies 2007, section 4.4) and with hedging: who is slower
/// than expected no longer holds up the search, but may still answer.
class lookup {
 public:
  using index = std::uint16_t;
  static constexpr index no_candidate = 0xffff;
  static constexpr std::size_t paths_max = 8;
  static constexpr std::uint64_t everywhere = ~std::uint64_t{0};

  enum class state : std::uint8_t {
    fresh,
    asked,
    /// Past its expected time: another one may be asked beside.
    slow,
    /// Past one and a half times that: the search is over without it, unless nobody answered.
    late,
    answered,
    failed,
  };

  struct candidate {
    peer_slot slot = no_peer;
    kad_id distance;
    state now = state::fresh;
    std::uint8_t path = 0;
    /// Times it was given a second chance.
    std::uint8_t renewed = 0;
    /// Who named it; `no_candidate` for those known from the beginning, whose hop is 1.
    index source = no_candidate;
    std::uint32_t hop = 1;
    /// Peers it named that answered, and that did not.
    std::uint16_t named_good = 0;
    std::uint16_t named_bad = 0;
    query_id query = 0;
    instant asked_at{};
    duration patience{};
    std::uint32_t addresses_version = 0;
  };

  struct settings {
    lookup_goal goal = lookup_goal::quick;
    std::size_t paths = 1;
    /// Upper 64 bits of the distance within which the `k` closest are expected.
    std::uint64_t near_radius = everywhere;
  };

  lookup(const kad_id& target, const settings& how, const dht_config& config, known_peers& peers,
         const latency_models& latency);
  ~lookup();
  lookup(const lookup&) = delete;
  lookup& operator=(const lookup&) = delete;

  /// Takes a peer named by `source`. False when it is known already or too far; named again by
  /// somebody more believable, it is believed more.
  bool add(peer_slot s, index source);
  /// Whom to ask now; none while enough are under way.
  std::optional<index> next() const;
  void asked(index i, query_id id, instant now);
  void answered(index i);
  /// It cannot, will not or must not take part.
  void failed(index i);
  /// Lets a candidate that failed or is not in time be asked again.
  void renew(index i);
  /// A candidate that is not to be asked yet; `no_candidate` for none.
  void hold(index i) noexcept { held_ = i; }
  /// Notices who has become slow or late: returns how many became slow, appends the late ones.
  std::size_t on_time(instant now, std::vector<peer_slot>& late);
  std::optional<instant> next_time() const;
  bool converged() const;

  candidate& at(index i) noexcept { return candidates_[i]; }
  const candidate& at(index i) const noexcept { return candidates_[i]; }
  index find(peer_slot s) const noexcept;
  /// Closest first.
  const std::vector<index>& order() const noexcept { return order_; }
  /// Queries under way, late ones included.
  std::size_t outstanding() const noexcept { return outstanding_; }
  /// Of the outstanding queries, those that are in time.
  std::size_t in_time() const noexcept;
  /// As near as the holders of the target are expected to be.
  bool near(index i) const noexcept { return hops_left(candidates_[i]) == 0; }
  /// One of the `n` closest that may be there.
  bool among_closest(index i, std::size_t n) const noexcept;
  const kad_id& target() const noexcept { return target_; }
  /// The closest that answered, at most `n`.
  std::vector<index> closest_answered(std::size_t n) const;
  /// How long an answer of the peer may take until it is hedged, and how long one usually takes.
  static duration patience(const known_peer& p, const dht_config& config,
                           const latency_models& latency);
  static duration usual(const known_peer& p, const latency_models& latency);

 private:
  using counts = std::array<std::size_t, paths_max>;

  bool make_room(const kad_id& distance);
  unsigned hops_left(const candidate& c) const noexcept;
  duration cost(const candidate& c) const;
  duration risk(const candidate& c) const;
  std::size_t answers_needed() const noexcept;
  void leave(candidate& c);
  void blame(const candidate& c);
  bool doubtful(index source) const noexcept;
  bool stands(const candidate& c) const noexcept;

  const kad_id target_;
  const settings how_;
  const dht_config& config_;
  known_peers& peers_;
  const latency_models& latency_;
  std::vector<candidate> candidates_;
  std::vector<index> order_;
  std::vector<index> free_;
  counts fast_{};
  /// Of these, how many are near enough to hold the target.
  std::size_t fast_near_ = 0;
  std::size_t outstanding_ = 0;
  std::size_t late_ = 0;
  std::size_t seeds_ = 0;
  index held_ = no_candidate;
};

}  // namespace weft::dht
