// SPDX-License-Identifier: MIT
#pragma once

#include "base/chunk.hpp"
#include "base/error.hpp"
#include "transport/frame_splitter.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

/// A stream of length-prefixed requests, each answered in order (`stream_kind::exchange`).
namespace weft::transport {

/// The opener's side of one request: writes it, finishes, waits for one answer.
class exchange_client {
 public:
  explicit exchange_client(std::size_t frame_bytes_max) noexcept
      : splitter_(frame_bytes_max), frame_bytes_max_(frame_bytes_max) {}

  /// Appends the pieces of the request. ec::oversized. The sending side may be finished once the
  /// protocol is negotiated.
  ec start(const chunk_view& request, frame_writer& writer, std::vector<chunk_view>& out);
  /// Feeds what the peer wrote. ec::oversized, ec::bad_varint, ec::protocol_violation for bytes
  /// beyond the answer.
  ec on_bytes(bytes_view input, receive_slab& slab);
  /// ec::none when the answer is there, ec::closed when the peer finished without one,
  /// ec::truncated inside it.
  ec on_end() const noexcept;
  bool done() const noexcept { return response_.has_value(); }
  /// The answer; call once.
  std::optional<chunk_view> take_response() noexcept;

 private:
  frame_splitter splitter_;
  std::size_t frame_bytes_max_;
  std::optional<chunk_view> response_;
  bool answered_ = false;
};

/// The accepting side.
class exchange_server {
 public:
  /// Numbers a request within its stream, from 0.
  using slot = std::uint64_t;
  struct request {
    slot id = 0;
    chunk_view body;
  };

  exchange_server(std::size_t frame_bytes_max, std::size_t unanswered_max) noexcept
      : splitter_(frame_bytes_max),
        frame_bytes_max_(frame_bytes_max),
        unanswered_max_(unanswered_max) {}

  /// Appends the requests that `input` completes. ec::oversized, ec::bad_varint; ec::limit when
  /// more than `unanswered_max` would wait for an answer. After a failure the stream must be reset.
  ec on_bytes(bytes_view input, receive_slab& slab, std::vector<request>& out);
  /// The peer finished: no more requests. ec::truncated inside one.
  ec on_end() noexcept;
  /// Takes the answer to `id`, none when the request has no answer; appends to `out` what can be
  /// written now, in the order of the requests. ec::not_found for a slot that is not open,
  /// ec::oversized (the request stays open).
  ec answer(slot id, std::optional<chunk_view> body, frame_writer& writer,
            std::vector<chunk_view>& out);

  std::size_t unanswered() const noexcept { return waiting_.size(); }
  /// All requests are answered and no more will come: finish the sending side.
  bool finish_due() const noexcept { return ended_ && waiting_.empty(); }

 private:
  frame_splitter splitter_;
  std::size_t frame_bytes_max_;
  std::size_t unanswered_max_;
  struct place {
    bool settled = false;
    std::optional<chunk_view> body;
  };
  /// Answers not yet written, from the oldest open request on.
  std::vector<place> waiting_;
  slot first_ = 0;
  bool ended_ = false;
  std::vector<chunk_view> bodies_;
};

}  // namespace weft::transport
