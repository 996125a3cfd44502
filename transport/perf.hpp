// SPDX-License-Identifier: MIT
#pragma once

#include "base/bytes.hpp"
#include "base/chunk.hpp"
#include "base/error.hpp"
#include "base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

/// /perf/1.0.0: the client sends eight bytes (big-endian: how many it wants back) and any number of
/// bytes, and finishes; the server reads to the end, writes that many bytes and finishes
/// (https://github.com/libp2p/specs/blob/master/perf/perf.md).
namespace weft::transport {

/// Zeros to send, made once and shared by every stream.
const chunk_view& perf_zeros();
/// Size of `perf_zeros()`: the longest piece `next_write` returns.
inline constexpr std::size_t perf_piece_bytes = 256 * 1024;

/// The measuring side.
class perf_client {
 public:
  perf_client(std::uint64_t upload_bytes, std::uint64_t download_bytes);

  /// The next piece to write, at most `budget` bytes; empty when all is written or budget is zero.
  chunk_view next_write(std::size_t budget);
  /// All is written: finish the sending side (once `finish_due`, call `finished`).
  bool finish_due() const noexcept { return left_to_write() == 0 && !finished_; }
  void finished() noexcept { finished_ = true; }

  /// `count` bytes arrived. ec::protocol_violation beyond what was asked for.
  ec on_bytes(std::size_t count) noexcept;
  /// The server finished: ec::none when every byte came and ours were all written, else
  /// ec::truncated.
  ec on_end() noexcept;
  bool done() const noexcept { return done_; }
  std::uint64_t received() const noexcept { return received_; }
  /// The header's bytes included.
  std::uint64_t left_to_write() const noexcept { return header_left_ + to_write_; }

 private:
  std::array<std::uint8_t, 8> header_{};
  std::uint64_t to_write_;
  std::uint64_t download_;
  std::uint64_t received_ = 0;
  std::uint8_t header_left_ = 8;
  bool finished_ = false;
  bool done_ = false;
};

/// The answering side.
class perf_server {
 public:
  /// A client that asks for more than `download_bytes_max` is refused.
  explicit perf_server(std::uint64_t download_bytes_max) noexcept : limit_(download_bytes_max) {}

  /// ec::limit when the client asks for too much: reset the stream.
  ec on_bytes(bytes_view input) noexcept;
  /// The client finished: writing begins. ec::truncated inside the header.
  ec on_end() noexcept;
  /// As the client's; empty before `on_end`.
  chunk_view next_write(std::size_t budget);
  bool finish_due() const noexcept { return sending_ && to_write_ == 0 && !finished_; }
  void finished() noexcept { finished_ = true; }
  std::uint64_t uploaded() const noexcept { return uploaded_; }
  std::uint64_t left_to_write() const noexcept { return sending_ ? to_write_ : 0; }

 private:
  std::uint64_t limit_;
  std::uint64_t to_write_ = 0;
  std::uint64_t uploaded_ = 0;
  std::uint8_t header_bytes_ = 0;
  bool sending_ = false;
  bool finished_ = false;
};

}  // namespace weft::transport
