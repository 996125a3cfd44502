// SPDX-License-Identifier: MIT
#include "routing/route_records.hpp"

#include <cstring>

namespace weft::routing {

namespace {

constexpr std::size_t issued_at = 64;
constexpr std::size_t class_at = 67;
constexpr std::size_t mixed_at = 68;
constexpr std::size_t metrics_at = 70;
constexpr std::size_t via_at = 76;

/// `mixed`: ten bits of the sequence, then these.
constexpr std::uint16_t sequence_mask = 0x3ff;
constexpr std::uint16_t dirty_bit = 1 << 10;
constexpr std::uint16_t advertised_sequence_bit = 1 << 11;
constexpr std::uint16_t evicted_bit = 1 << 12;
constexpr std::uint16_t rested_bit = 1 << 13;

template <class T>
T load(const std::uint8_t* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

template <class T>
void store(std::uint8_t* to, T value) noexcept {
  std::memcpy(to, &value, sizeof(value));
}

std::uint32_t load_24(const std::uint8_t* from) noexcept {
  return from[0] | std::uint32_t{from[1]} << 8 | std::uint32_t{from[2]} << 16;
}

void store_24(std::uint8_t* to, std::uint32_t value) noexcept {
  to[0] = static_cast<std::uint8_t>(value);
  to[1] = static_cast<std::uint8_t>(value >> 8);
  to[2] = static_cast<std::uint8_t>(value >> 16);
}

}  // namespace

void route_records::init(std::uint8_t* record) noexcept {
  std::memset(record, 0, bytes);
  record[class_at] = no_class;
  set_state(record, {});
}

void route_records::drop(const std::uint8_t* record) noexcept {
  const std::uint8_t number = record[class_at];
  if (number < classes_max) {
    --classes_[number].uses;
  } else if (number == wide_class) {
    const std::uint32_t at = load_24(record + issued_at);
    wide_[at].issued_s = free_wide_;
    free_wide_ = at;
  }
}

route_state route_records::state(const std::uint8_t* record) noexcept {
  const auto mixed = load<std::uint16_t>(record + mixed_at);
  route_state value;
  value.feasible_below = load_24(record + metrics_at);
  value.advertised = load_24(record + metrics_at + 3);
  value.via_or_since = load<std::uint16_t>(record + via_at);
  value.dirty = (mixed & dirty_bit) != 0;
  value.advertised_sequence = (mixed & advertised_sequence_bit) != 0;
  value.evicted = (mixed & evicted_bit) != 0;
  value.rested = (mixed & rested_bit) != 0;
  return value;
}

void route_records::set_state(std::uint8_t* record, const route_state& value) noexcept {
  const unsigned mixed = (load<std::uint16_t>(record + mixed_at) & sequence_mask)
                         | (value.dirty ? dirty_bit : 0u)
                         | (value.advertised_sequence ? advertised_sequence_bit : 0u)
                         | (value.evicted ? evicted_bit : 0u) | (value.rested ? rested_bit : 0u);
  store(record + mixed_at, static_cast<std::uint16_t>(mixed));
  store_24(record + metrics_at, value.feasible_below);
  store_24(record + metrics_at + 3, value.advertised);
  store(record + via_at, value.via_or_since);
}

origin_stamp route_records::stamp(const std::uint8_t* record) const noexcept {
  const std::uint8_t number = record[class_at];
  const std::uint32_t low = load_24(record + issued_at);
  if (number == wide_class) return wide_[low];
  if (number == no_class) return {};
  const origin_class& of = classes_[number];
  origin_stamp value;
  value.issued_s = std::uint32_t{of.issued_upper} << 24 | low;
  value.sequence = std::uint64_t{value.issued_s} * 1000
                   + (load<std::uint16_t>(record + mixed_at) & sequence_mask);
  value.lifetime_s = of.lifetime_s;
  value.flags = of.flags;
  return value;
}

announcement route_records::origin(const std::uint8_t* record,
                                   const ed25519_public_key& destination) const noexcept {
  const origin_stamp from = stamp(record);
  announcement value;
  value.destination = destination;
  value.sequence = from.sequence;
  value.issued_s = from.issued_s;
  value.lifetime_s = from.lifetime_s;
  value.flags = from.flags;
  std::memcpy(value.signature.data(), record, value.signature.size());
  return value;
}

/// The number of the announcement's class, new or not; `wide_class` when it can have none.
std::uint8_t route_records::class_of(const announcement& from) noexcept {
  const std::uint64_t least = std::uint64_t{from.issued_s} * 1000;
  if (from.sequence < least || from.sequence - least > sequence_mask) return wide_class;
  const auto upper = static_cast<std::uint8_t>(from.issued_s >> 24);
  const auto is = [&](const origin_class& each) {
    return each.lifetime_s == from.lifetime_s && each.flags == from.flags
           && each.issued_upper == upper;
  };
  if (is(classes_[recent_])) return recent_;
  std::uint8_t unused = wide_class;
  for (std::uint8_t i = 0; i < classes_max; ++i) {
    if (is(classes_[i])) return recent_ = i;
    if (classes_[i].uses == 0 && unused == wide_class) unused = i;
  }
  if (unused == wide_class) return wide_class;
  classes_[unused] = {from.lifetime_s, from.flags, upper, 0};
  return recent_ = unused;
}

std::uint32_t route_records::take_wide(const origin_stamp& stamp) {
  if (free_wide_ == none) {
    wide_.push_back(stamp);
    return static_cast<std::uint32_t>(wide_.size() - 1);
  }
  const std::uint32_t at = free_wide_;
  free_wide_ = wide_[at].issued_s;
  wide_[at] = stamp;
  return at;
}

void route_records::set_origin(std::uint8_t* record, const announcement& from) {
  drop(record);
  const std::uint8_t number = class_of(from);
  std::uint32_t low = from.issued_s & 0xffffff;
  unsigned mixed = load<std::uint16_t>(record + mixed_at) & ~unsigned{sequence_mask};
  if (number == wide_class) {
    low = take_wide({from.sequence, from.issued_s, from.lifetime_s, from.flags});
  } else {
    ++classes_[number].uses;
    mixed |= static_cast<unsigned>(from.sequence - std::uint64_t{from.issued_s} * 1000);
  }
  std::memcpy(record, from.signature.data(), from.signature.size());
  store_24(record + issued_at, low);
  record[class_at] = number;
  store(record + mixed_at, static_cast<std::uint16_t>(mixed));
}

}  // namespace weft::routing
