// SPDX-License-Identifier: MIT
#include "transport/io/quic_stream.hpp"

#include "transport/io/quic_conn.hpp"

#include <algorithm>
#include <utility>

namespace weft::transport::io {

void send_buffer::push(chunk_view piece) {
  if (piece.empty()) return;
  unsent_ += piece.size();
  pieces_.push_back(std::move(piece));
}

std::size_t send_buffer::gather(std::span<slice> out, std::size_t& total) const noexcept {
  std::size_t count = 0;
  std::size_t at = next_at_;
  total = 0;
  for (std::size_t i = next_; i < pieces_.size() && count < out.size(); ++i, at = 0) {
    const std::size_t size = pieces_[i].size() - at;
    if (size == 0) continue;
    out[count++] = {pieces_[i].data() + at, size};
    total += size;
  }
  return count;
}

void send_buffer::advance(std::size_t bytes) noexcept {
  unsent_ -= bytes;
  in_flight_ += bytes;
  while (bytes != 0) {
    const std::size_t here = std::min(bytes, pieces_[next_].size() - next_at_);
    next_at_ += here;
    bytes -= here;
    // The last piece may still grow in place, so the position stays in it.
    if (next_at_ == pieces_[next_].size() && next_ + 1 < pieces_.size()) {
      ++next_;
      next_at_ = 0;
    }
  }
}

void send_buffer::acknowledge(std::uint64_t end) noexcept {
  while (head_ < pieces_.size()) {
    const bool last_to_send = head_ == next_;
    const std::size_t size = last_to_send ? next_at_ : pieces_[head_].size();
    if (size == 0 || head_offset_ + size > end) break;
    if (last_to_send && size != pieces_[head_].size()) break;
    head_offset_ += size;
    in_flight_ -= size;
    pieces_[head_] = {};
    ++head_;
    if (last_to_send) {
      ++next_;
      next_at_ = 0;
    }
  }
  if (head_ == pieces_.size()) {
    pieces_.clear();
    head_ = next_ = 0;
  } else if (head_ >= 64 && head_ * 2 >= pieces_.size()) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(head_));
    next_ -= head_;
    head_ = 0;
  }
}

void send_buffer::clear() noexcept {
  pieces_ = {};
  head_ = next_ = next_at_ = 0;
  unsent_ = in_flight_ = 0;
}

std::unique_ptr<stream_handler> quic_stream::exchange_handler(
    std::unique_ptr<stream_handler> next) noexcept {
  std::swap(handler_, next);
  return next;
}

void quic_stream::write(chunk_view piece) {
  if (!writable()) return;
  out.push(std::move(piece));
  wake();
}

void quic_stream::write(std::span<const chunk_view> pieces) {
  if (!writable()) return;
  for (const auto& piece : pieces) out.push(piece);
  wake();
}

void quic_stream::write(bytes_view bytes) { write(chunk_view::copy(bytes)); }

void quic_stream::finish() {
  if (!writable()) return;
  fin_ = true;
  wake();
}

void quic_stream::reset(stream_error code) {
  if (reset_) return;
  reset_ = true;
  write_closed_ = true;
  conn_.shut_stream(*this, static_cast<std::uint64_t>(code));
}

void quic_stream::consume(std::size_t bytes) { conn_.extend_stream(*this, bytes); }

void quic_stream::wake() { conn_.mark_ready(*this); }

void quic_stream::set_late() {
  // The two queues of ready streams are told apart by this flag, so it changes outside of them.
  const bool queued = ready_;
  conn_.unready(*this);
  late_ = true;
  if (queued) wake();
}

bool quic_stream::has_room() const noexcept {
  return out.unsent() < low_bytes && out.held() < conn_.unacked_bytes_max();
}

}  // namespace weft::transport::io
