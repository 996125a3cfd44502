// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "sim/event_queue.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace weft::sim {

/// A fast 64-bit hash of bytes, the same in every run and on every machine; no defence against
/// anybody. Of more than 1 KiB it takes the length, the first and the last 512 bytes.
std::uint64_t content_hash(bytes_view data) noexcept;
/// Mixes one more word into a hash.
std::uint64_t mix(std::uint64_t hash, std::uint64_t word) noexcept;

/// The run in one number: every event's time, node, kind and content, in order. Two runs of one
/// seed have the same; an event more, less or elsewhere gives another.
class trace {
 public:
  /// Called with each event from `from` on: its number, its time and what it is.
  using listener = std::function<void(std::uint64_t number, instant at, const event& e)>;

  void record(instant at, const event& e) {
    const std::uint64_t where = static_cast<std::uint64_t>(e.kind) << 56
                                | static_cast<std::uint64_t>(e.protocol) << 48
                                | static_cast<std::uint64_t>(e.end) << 40 | e.node;
    hash_ = mix(hash_, static_cast<std::uint64_t>(at.time_since_epoch().count()));
    hash_ = mix(hash_, where);
    hash_ = mix(hash_, static_cast<std::uint64_t>(e.link) << 32 ^ e.number);
    if (!e.body.empty()) hash_ = mix(hash_, content_hash(e.body));
    if (events_++ >= listen_from_ && listener_) listener_(events_ - 1, at, e);
  }
  void listen(std::uint64_t from, listener to) {
    listen_from_ = from;
    listener_ = std::move(to);
  }

  std::uint64_t hash() const noexcept { return hash_; }
  /// Events recorded; the number of the next one.
  std::uint64_t events() const noexcept { return events_; }

 private:
  std::uint64_t hash_ = 0x57656674'73696d31;
  std::uint64_t events_ = 0;
  std::uint64_t listen_from_ = ~std::uint64_t{0};
  listener listener_;
};

/// "#1204 12.345678 s node 17: frame 3 bytes 212 over link 4.1", for --trace-from.
std::string describe(std::uint64_t number, duration since_start, const event& e);

}  // namespace weft::sim
