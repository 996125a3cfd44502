// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/chunk.hpp"
#include "base/error.hpp"
#include "base/wire.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

/// Frames on a stream: a uvarint length, then that many bytes.
namespace weft::transport {

/// Copies received bytes into large shared chunks, so that many small frames cost one allocation.
/// One per reactor. A view keeps its whole chunk alive: who keeps a small body beyond a round
/// copies it.
class receive_slab {
 public:
  static constexpr std::size_t slab_bytes = 64 * 1024;

  /// The bytes as a view into the current slab; more than a slab get a chunk of their own.
  chunk_view copy(bytes_view bytes);

 private:
  chunk slab_;
  std::size_t used_ = 0;
};

/// Cuts the bytes of one inbound stream into frames. Frames that lie whole in the input are copied
/// once, together, into the slab; one that spans inputs is collected in a chunk of its own, so each
/// byte is copied once.
class frame_splitter {
 public:
  /// A frame of which this much is announced gets its chunk at once; a longer one grows as bytes
  /// arrive, so that an announcement alone costs the peer's reader nothing.
  static constexpr std::size_t eager_bytes = 64 * 1024;

  explicit frame_splitter(std::size_t frame_bytes_max) noexcept
      : frame_bytes_max_(frame_bytes_max) {}

  /// Appends the bodies of the frames that `input` completes. ec::none, or the reason why the
  /// stream must be reset: ec::oversized, ec::bad_varint. Frames before the faulty one are
  /// delivered; after a failure input is ignored.
  ec on_bytes(bytes_view input, receive_slab& slab, std::vector<chunk_view>& out);
  /// The stream ended: ec::truncated inside a frame, else ec::none or the earlier failure.
  ec on_end() const noexcept;

  /// Bytes kept for an unfinished frame: at most twice what has arrived of it plus `eager_bytes`.
  std::size_t held_bytes() const noexcept { return partial_.capacity(); }
  /// The length of the unfinished frame, once its prefix is there, and its bytes so far.
  std::optional<std::size_t> announced() const noexcept {
    return in_body_ ? std::optional(partial_size_) : std::nullopt;
  }
  bytes_view arrived() const noexcept {
    return in_body_ ? bytes_view(partial_.data(), partial_filled_) : bytes_view();
  }

 private:
  bytes_view finish_partial(bytes_view input, std::vector<chunk_view>& out);
  bytes_view finish_prefix(bytes_view input, std::vector<chunk_view>& out);
  /// Starts to collect a frame of `size` bytes of which `head` is there.
  void begin_partial(std::size_t size, bytes_view head);
  void reserve_partial(std::size_t bytes);

  std::size_t frame_bytes_max_;
  chunk partial_;
  std::size_t partial_size_ = 0;
  std::size_t partial_filled_ = 0;
  bool in_body_ = false;
  std::array<std::uint8_t, uvarint_bytes_max> prefix_{};
  std::size_t prefix_size_ = 0;
  ec failure_ = ec::none;
};

/// Turns bodies into the pieces to write: small ones are copied behind their prefix into a shared
/// chunk, so that a run of them is one piece; a large body is referred to, never copied. Pieces
/// keep their chunks alive until acknowledged.
class frame_writer {
 public:
  /// A body up to this size is copied: cheaper than one more piece.
  static constexpr std::size_t copy_bytes_max = 512;
  static constexpr std::size_t slab_bytes = 16 * 1024;

  /// Appends prefix and body; extends the last piece of `out` when it lies right before. Returns
  /// the bytes appended.
  std::size_t write(const chunk_view& body, std::vector<chunk_view>& out);

 private:
  /// `size` bytes at the slab's end.
  std::uint8_t* take(std::size_t size);
  void emit(std::size_t size, std::vector<chunk_view>& out);

  chunk slab_;
  std::size_t used_ = 0;
};

}  // namespace weft::transport
