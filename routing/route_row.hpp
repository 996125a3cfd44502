// SPDX-License-Identifier: MIT
#pragma once

#include "base/hash.hpp"
#include "routing/metric.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace weft::routing {

/// Routes one destination can have.
inline constexpr std::size_t candidates_limit = 10;

/// One route as a neighbour advertised it, 6 bytes: the neighbour's slot, its metric (without our
/// link) and its hop count.
class packed_route {
 public:
  packed_route() noexcept = default;
  packed_route(std::uint16_t neighbour, metric advertised, std::uint8_t hops) noexcept
      : neighbour_(neighbour),
        low_(static_cast<std::uint16_t>(advertised)),
        high_(static_cast<std::uint16_t>((advertised >> 16 & 0xff) | unsigned{hops} << 8)) {}

  std::uint16_t neighbour() const noexcept { return neighbour_; }
  metric advertised() const noexcept {
    return static_cast<metric>(low_) | static_cast<metric>(high_ & 0xff) << 16;
  }
  std::uint8_t hops() const noexcept { return static_cast<std::uint8_t>(high_ >> 8); }
  friend bool operator==(const packed_route&, const packed_route&) = default;

 private:
  std::uint16_t neighbour_ = 0;
  std::uint16_t low_ = 0;
  std::uint16_t high_ = 0;
};
static_assert(sizeof(packed_route) == 6);

/// All routes of a row, copied out: feasible ones first, the selected one at the front.
struct route_list {
  std::array<packed_route, candidates_limit> routes{};
  std::uint8_t count = 0;
  std::uint8_t feasible = 0;
  std::span<const packed_route> all() const& noexcept { return {routes.data(), count}; }
  /// A view of a temporary would outlive it in a range-based for.
  std::span<const packed_route> all() const&& = delete;
};

/// A destination and its routes in 41 bytes of a shard, anywhere in memory:
///
/// | bytes | |
/// |---|---|
/// | 0-23 | `permuted_key::rest` |
/// | 24-29 | bits 16 to 63 of `permuted_key::hash`; the others are the row's tag |
/// | 30 | number of routes and of feasible ones, four bits each |
/// | 31-40 | the routes |
///
/// One or two routes of the usual kind lie in the row, 5 bytes each (24 bits of metric, 10 of
/// neighbour, 6 of hops). Of more, or bigger ones, the first is there in 6 bytes, so that most
/// readers need nothing else, and 4 bytes name a block with the others.
class route_row {
 public:
  static constexpr std::size_t bytes = 41;

  /// The row at `at`; it does not move while this is used.
  explicit route_row(const std::uint8_t* at) noexcept : at_(at) {}

  bool is(const permuted_key& key) const noexcept {
    return ((word(0) ^ key.rest[0]) | (word(8) ^ key.rest[1]) | (word(16) ^ key.rest[2])
            | ((word(hash_at) ^ key.hash >> 16) << 16))
           == 0;
  }
  permuted_key key(std::uint16_t tag) const noexcept {
    permuted_key made{word(hash_at) << 16 | tag, {}};
    std::memcpy(made.rest.data(), at_, sizeof(made.rest));
    return made;
  }

  std::size_t count() const noexcept {
    const unsigned kind = at_[counts_at] & 15u;
    return kind <= candidates_limit ? kind : kind - candidates_limit;
  }
  std::size_t feasible() const noexcept { return at_[counts_at] >> 4; }
  /// Whether the block that `more()` names belongs to the row.
  bool spilled() const noexcept { return wide() && count() > 1; }
  std::uint32_t more() const noexcept {
    std::uint32_t ref;
    std::memcpy(&ref, at_ + routes_at, sizeof(ref));
    return ref;
  }
  /// Of a row with routes.
  packed_route first() const noexcept {
    if (!wide()) return narrow(word(routes_at));
    packed_route route;
    std::memcpy(static_cast<void*>(&route), at_ + wide_at, sizeof(route));
    return route;
  }
  /// Its neighbour, without a branch: it would have to be guessed while the row is on its way.
  std::uint16_t first_neighbour() const noexcept {
    const unsigned is_wide = wide() ? 1 : 0;
    std::uint16_t value;
    std::memcpy(&value, at_ + routes_at + 3 + is_wide, sizeof(value));
    return static_cast<std::uint16_t>(value & (0x3ffu | (0u - is_wide)));
  }
  /// Of a row with two or more that did not spill.
  packed_route second() const noexcept { return narrow(word(bytes - 8) >> 24); }

  /// Size of the block for the routes after the first: room for four or for nine.
  static constexpr std::size_t more_bytes(std::size_t count) noexcept {
    return (count <= 5 ? 4 : candidates_limit - 1) * sizeof(packed_route);
  }
  static bool fits(const route_list& list) noexcept {
    const auto usual = [](const packed_route& r) { return r.neighbour() < 1024 && r.hops() < 64; };
    return list.count <= 2 && usual(list.routes[0]) && usual(list.routes[1]);
  }

  // -- writing ---

  static void put_key(std::uint8_t* at, const permuted_key& key) noexcept {
    std::memcpy(at, key.rest.data(), sizeof(key.rest));
    const std::uint64_t upper = key.hash >> 16;
    std::memcpy(at + hash_at, &upper, 6);
    std::memset(at + counts_at, 0, bytes - counts_at);
  }
  /// A list that `fits`.
  static void put_routes(std::uint8_t* at, const route_list& list) noexcept {
    put_counts(at, list.count, list);
    const std::uint64_t one = narrow(list.routes[0]);
    const std::uint64_t two = narrow(list.routes[1]);
    std::memcpy(at + routes_at, &one, 5);
    std::memcpy(at + routes_at + 5, &two, 5);
  }
  /// Any other; `more` has the routes after the first, if there are any.
  static void put_routes(std::uint8_t* at, const route_list& list, std::uint32_t more) noexcept {
    put_counts(at, list.count <= 2 ? list.count + candidates_limit : list.count, list);
    put_more(at, more);
    std::memcpy(at + wide_at, list.routes.data(), sizeof(packed_route));
  }
  static void put_more(std::uint8_t* at, std::uint32_t more) noexcept {
    std::memcpy(at + routes_at, &more, sizeof(more));
  }

 private:
  static constexpr std::size_t hash_at = 24;
  static constexpr std::size_t counts_at = 30;
  static constexpr std::size_t routes_at = 31;
  static constexpr std::size_t wide_at = 35;

  /// Kinds 0 to 2: that many routes, in the row. 3 to 10: that many, the first in the row. 11, 12:
  /// one or two, likewise.
  bool wide() const noexcept { return (at_[counts_at] & 15u) > 2; }
  std::uint64_t word(std::size_t offset) const noexcept {
    std::uint64_t value;
    std::memcpy(&value, at_ + offset, sizeof(value));
    return value;
  }
  static packed_route narrow(std::uint64_t bits) noexcept {
    return {static_cast<std::uint16_t>(bits >> 24 & 0x3ff), static_cast<metric>(bits & 0xffffff),
            static_cast<std::uint8_t>(bits >> 34 & 0x3f)};
  }
  static std::uint64_t narrow(const packed_route& r) noexcept {
    return r.advertised() | std::uint64_t{r.neighbour()} << 24 | std::uint64_t{r.hops()} << 34;
  }
  static void put_counts(std::uint8_t* at, std::size_t kind, const route_list& list) noexcept {
    at[counts_at] = static_cast<std::uint8_t>(kind | std::size_t{list.feasible} << 4);
  }

  const std::uint8_t* at_;
};

}  // namespace weft::routing
