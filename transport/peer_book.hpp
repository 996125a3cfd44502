// SPDX-License-Identifier: MIT
#pragma once

#include "base/multiaddr.hpp"
#include "base/peer_id.hpp"
#include "base/peer_slots.hpp"
#include "base/place_list.hpp"
#include "base/result.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace weft::transport {

/// Exponential back-off with jitter, for dials.
struct backoff_policy {
  duration initial = std::chrono::milliseconds(500);
  duration cap = std::chrono::seconds(60);
  /// The delay is multiplied by a factor drawn from [1 - jitter, 1 + jitter], in percent.
  std::uint32_t jitter_percent = 25;

  /// The delay after `failures` (≥ 1) failures in a row.
  duration delay(std::uint32_t failures, rng& random) const noexcept;
  /// ec::bad_config.
  result<void> validate() const;
};

/// Failures in a row and when the next attempt is due.
struct backoff_state {
  std::uint32_t failures = 0;
  instant not_before{};

  void fail(const backoff_policy& policy, rng& random, instant now) noexcept;
  void succeed() noexcept { *this = {}; }
};

/// Where an address was learned; later ones are trusted more.
enum class address_source : std::uint8_t { discovered, identify, session, operator_given, count_ };
std::string_view to_string(address_source source) noexcept;

struct known_address {
  /// Without a trailing /p2p.
  multiaddr address;
  address_source source = address_source::identify;
  std::optional<instant> last_success;
  std::optional<instant> last_failure;
  instant added{};
};

struct peer_book_limits {
  std::size_t peers_max = 4096;
  std::size_t addresses_per_peer_max = 16;
  result<void> validate() const;
};

/// Addresses per peer and the back-off of dialling it. Bounded: a new peer evicts the one that was
/// used longest ago and is not pinned; a new address evicts the worst of its peer. Finding a peer
/// and making room for one are O(1).
class peer_book {
 public:
  peer_book(peer_book_limits limits, backoff_policy policy, rng random) noexcept
      : limits_(limits), policy_(policy), random_(random) {}

  /// Adds an address or refreshes a known one. ec::limit when every peer is pinned, ec::wrong_peer
  /// when the address names another peer, ec::unsupported when it cannot be dialled.
  result<void> add(const peer_id& peer, const multiaddr& address, address_source source,
                   instant now);
  /// The identify addresses of a peer become exactly these (as far as they can be dialled from
  /// `remote`: loopback ones only when the session itself is on loopback). Returns how many were
  /// taken.
  std::size_t replace_identified(const peer_id& peer, std::span<const multiaddr> addresses,
                                 const multiaddr& remote, instant now);
  /// Pinned peers are not evicted.
  void pin(const peer_id& peer, bool pinned);

  /// A session was made through `address` (if any): the back-off is over.
  void on_success(const peer_id& peer, const multiaddr& address, instant now);
  /// A dial of all the peer's addresses failed.
  void on_failure(const peer_id& peer, std::span<const multiaddr> tried, instant now);
  void forget(const peer_id& peer);

  /// Addresses best first: last success latest, then trust in the source, then failure longest ago.
  /// At most `count`.
  std::vector<multiaddr> addresses(const peer_id& peer, std::size_t count) const;
  /// As the book holds them, for display.
  std::span<const known_address> known(const peer_id& peer) const;
  /// When the peer may be dialled again; the zero instant when at once.
  instant not_before(const peer_id& peer) const;
  std::uint32_t failures(const peer_id& peer) const;

  bool contains(const peer_id& peer) const { return find(peer) != nullptr; }
  std::size_t size() const noexcept { return entries_.size(); }
  std::uint64_t evicted_peers() const noexcept { return evicted_peers_; }
  std::uint64_t evicted_addresses() const noexcept { return evicted_addresses_; }

 private:
  struct entry {
    std::vector<known_address> addresses;
    backoff_state backoff;
    peer_id peer;
    bool pinned = false;
  };

  using slot = peer_slots<entry>::slot;
  static constexpr slot none = peer_slots<entry>::none;

  const entry* find(const peer_id& peer) const;
  /// The peer's entry, made when there is room: the one used last.
  entry* touch(const peer_id& peer);
  bool evict_one();
  void erase(slot s);
  known_address* find(entry& e, const multiaddr& address) noexcept;
  void insert(entry& e, known_address&& value);

  peer_book_limits limits_;
  backoff_policy policy_;
  rng random_;
  peer_slots<entry> entries_;
  /// Peers that may be evicted, by last use.
  place_list by_use_;
  std::uint64_t evicted_peers_ = 0;
  std::uint64_t evicted_addresses_ = 0;
};

}  // namespace weft::transport
