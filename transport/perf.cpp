// SPDX-License-Identifier: MIT
#include "transport/perf.hpp"

#include <algorithm>
#include <cstring>

namespace weft::transport {

const chunk_view& perf_zeros() {
  static const chunk_view zeros = [] {
    chunk block = chunk::allocate(perf_piece_bytes);
    std::memset(block.mutable_data(), 0, perf_piece_bytes);
    return chunk_view(std::move(block), 0, perf_piece_bytes);
  }();
  return zeros;
}

namespace {

chunk_view zeros_of(std::uint64_t wanted, std::size_t budget) {
  const auto size = std::min<std::uint64_t>({wanted, budget, perf_piece_bytes});
  if (size == 0) return {};
  return perf_zeros().part(0, static_cast<std::size_t>(size));
}

}  // namespace

perf_client::perf_client(std::uint64_t upload_bytes, std::uint64_t download_bytes)
    : to_write_(upload_bytes), download_(download_bytes) {
  for (std::size_t i = 0; i < header_.size(); ++i)
    header_[i] = static_cast<std::uint8_t>(download_bytes >> (8 * (7 - i)));
}

chunk_view perf_client::next_write(std::size_t budget) {
  if (header_left_ > 0) {
    const std::size_t size = std::min<std::size_t>(header_left_, budget);
    if (size == 0) return {};
    const bytes_view left = bytes_view(header_).last(header_left_);
    header_left_ = static_cast<std::uint8_t>(header_left_ - size);
    return chunk_view::copy(left.first(size));
  }
  chunk_view piece = zeros_of(to_write_, budget);
  to_write_ -= piece.size();
  return piece;
}

ec perf_client::on_bytes(std::size_t count) noexcept {
  if (count > download_ - received_) return ec::protocol_violation;
  received_ += count;
  return ec::none;
}

ec perf_client::on_end() noexcept {
  if (received_ != download_ || left_to_write() != 0) return ec::truncated;
  done_ = true;
  return ec::none;
}

ec perf_server::on_bytes(bytes_view input) noexcept {
  while (header_bytes_ < 8 && !input.empty()) {
    to_write_ = to_write_ << 8 | input.front();
    ++header_bytes_;
    input = input.subspan(1);
  }
  if (header_bytes_ == 8 && to_write_ > limit_ && !sending_) return ec::limit;
  uploaded_ += input.size();
  return ec::none;
}

ec perf_server::on_end() noexcept {
  if (header_bytes_ < 8) return ec::truncated;
  sending_ = true;
  return ec::none;
}

chunk_view perf_server::next_write(std::size_t budget) {
  if (!sending_) return {};
  chunk_view piece = zeros_of(to_write_, budget);
  to_write_ -= piece.size();
  return piece;
}

}  // namespace weft::transport
