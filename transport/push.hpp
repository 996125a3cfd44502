// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "transport/frame_splitter.hpp"
#include "transport/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

/// One large frame on a stream of its own (`stream_kind::push`): a uvarint length, an eight-byte
/// tag (big-endian), the body; then the stream ends.
namespace weft::transport {

inline constexpr std::size_t push_tag_bytes = 8;

/// Appends the pieces of a push; the body is referred to, not copied.
void write_push(std::uint64_t tag, const chunk_view& body, std::vector<chunk_view>& out);

/// Collects one push. Memory follows the bytes that arrive, not the length that is announced.
class push_reader {
 public:
  /// `frame_bytes_max` counts the tag.
  explicit push_reader(std::size_t frame_bytes_max) noexcept : splitter_(frame_bytes_max) {}

  /// ec::none, or why the stream must be reset: ec::oversized, ec::bad_varint, ec::malformed for a
  /// frame without room for its tag, ec::protocol_violation for bytes behind it.
  ec on_bytes(bytes_view input, receive_slab& slab);
  /// The peer finished: ec::truncated when the frame is not whole.
  ec on_end() const noexcept { return whole_ ? ec::none : ec::truncated; }
  /// Once its bytes have arrived.
  std::optional<std::uint64_t> tag() const noexcept { return tag_; }
  /// The frame, tag first; once, when it is whole.
  std::optional<chunk_view> take() noexcept;
  /// All of the frame has arrived.
  bool whole() const noexcept { return whole_; }
  /// Memory kept for an unfinished frame.
  std::size_t held_bytes() const noexcept { return splitter_.held_bytes(); }

 private:
  frame_splitter splitter_;
  std::vector<chunk_view> bodies_;
  std::optional<std::uint64_t> tag_;
  bool whole_ = false;
};

/// Pushes that were called off before their first byte came. A peer that never sends them must not
/// fill memory, so the oldest are forgotten, by number and by age.
class unwanted_pushes {
 public:
  unwanted_pushes(std::size_t count_max, duration age_max) noexcept
      : count_max_(count_max), age_max_(age_max) {}

  /// True when an older one had to be forgotten for it.
  bool add(protocol_index protocol, std::uint64_t tag, instant now);
  /// Whether this one was called off; forgets it.
  bool take(protocol_index protocol, std::uint64_t tag, instant now);
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct entry {
    protocol_index protocol = 0;
    std::uint64_t tag = 0;
    instant since{};
  };
  void forget(instant now);

  std::size_t count_max_;
  duration age_max_;
  std::deque<entry> entries_;
};

}  // namespace weft::transport
