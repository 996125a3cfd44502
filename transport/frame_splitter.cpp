// SPDX-License-Identifier: MIT
#include "transport/frame_splitter.hpp"

#include <algorithm>
#include <cstring>

namespace weft::transport {

chunk_view receive_slab::copy(bytes_view bytes) {
  if (bytes.empty()) return {};
  if (bytes.size() > slab_bytes) return chunk_view::copy(bytes);
  if (slab_bytes - used_ < bytes.size() || !slab_) {
    // nobody refers to the old slab any more: its memory is still warm
    if (!slab_.unique()) slab_ = chunk::allocate(slab_bytes);
    used_ = 0;
  }
  std::memcpy(slab_.mutable_data() + used_, bytes.data(), bytes.size());
  const chunk_view view(slab_, used_, bytes.size());
  used_ += bytes.size();
  return view;
}

void frame_splitter::reserve_partial(std::size_t bytes) {
  chunk bigger = chunk::allocate(bytes);
  if (partial_filled_ > 0) std::memcpy(bigger.mutable_data(), partial_.data(), partial_filled_);
  partial_ = std::move(bigger);
}

void frame_splitter::begin_partial(std::size_t size, bytes_view head) {
  partial_size_ = size;
  partial_filled_ = 0;
  in_body_ = true;
  reserve_partial(std::min(size, std::max(eager_bytes, 2 * head.size())));
  if (!head.empty()) std::memcpy(partial_.mutable_data(), head.data(), head.size());
  partial_filled_ = head.size();
}

bytes_view frame_splitter::finish_partial(bytes_view input, std::vector<chunk_view>& out) {
  const std::size_t take = std::min(partial_size_ - partial_filled_, input.size());
  if (partial_filled_ + take > partial_.capacity())
    reserve_partial(
        std::min(partial_size_, std::max(2 * partial_.capacity(), partial_filled_ + take)));
  if (take > 0) std::memcpy(partial_.mutable_data() + partial_filled_, input.data(), take);
  partial_filled_ += take;
  if (partial_filled_ == partial_size_) {
    out.emplace_back(std::move(partial_), 0, partial_size_);
    partial_ = chunk();
    in_body_ = false;
  }
  return input.subspan(take);
}

bytes_view frame_splitter::finish_prefix(bytes_view input, std::vector<chunk_view>& out) {
  while (!input.empty()) {
    prefix_[prefix_size_++] = input.front();
    input = input.subspan(1);
    const auto length = peek_uvarint({prefix_.data(), prefix_size_});
    if (length.status == uvarint_prefix::state::incomplete) continue;
    prefix_size_ = 0;
    if (length.status == uvarint_prefix::state::invalid) {
      failure_ = ec::bad_varint;
    } else if (length.value > frame_bytes_max_) {
      failure_ = ec::oversized;
    } else if (length.value == 0) {
      out.emplace_back();
    } else {
      begin_partial(static_cast<std::size_t>(length.value), {});
    }
    break;
  }
  return input;
}

ec frame_splitter::on_bytes(bytes_view input, receive_slab& slab, std::vector<chunk_view>& out) {
  while (failure_ == ec::none && !input.empty() && (in_body_ || prefix_size_ > 0))
    input = in_body_ ? finish_partial(input, out) : finish_prefix(input, out);
  if (failure_ != ec::none || input.empty()) return failure_;

  // Find how far whole frames reach, copy that run once, then hand out its parts.
  std::size_t whole = 0;
  std::size_t rest_body = 0;
  std::size_t rest_prefix = 0;
  while (whole < input.size()) {
    const auto length = peek_uvarint(input.subspan(whole));
    if (length.status == uvarint_prefix::state::incomplete) break;
    if (length.status == uvarint_prefix::state::invalid) {
      failure_ = ec::bad_varint;
      break;
    }
    if (length.value > frame_bytes_max_) {
      failure_ = ec::oversized;
      break;
    }
    const auto size = static_cast<std::size_t>(length.value);
    if (input.size() - whole - length.size < size) {
      rest_body = size;
      rest_prefix = length.size;
      break;
    }
    whole += length.size + size;
  }
  if (whole > 0) {
    const chunk_view run = slab.copy(input.first(whole));
    for (std::size_t at = 0; at < whole;) {
      const auto length = peek_uvarint(run.bytes().subspan(at));
      out.push_back(run.part(at + length.size, static_cast<std::size_t>(length.value)));
      at += length.size + static_cast<std::size_t>(length.value);
    }
  }
  if (failure_ != ec::none) return failure_;
  const bytes_view rest = input.subspan(whole);
  if (rest_prefix > 0) {
    begin_partial(rest_body, rest.subspan(rest_prefix));
  } else {
    std::copy(rest.begin(), rest.end(), prefix_.begin());
    prefix_size_ = rest.size();
  }
  return ec::none;
}

ec frame_splitter::on_end() const noexcept {
  if (failure_ != ec::none) return failure_;
  return in_body_ || prefix_size_ > 0 ? ec::truncated : ec::none;
}

// -- writing ---

std::uint8_t* frame_writer::take(std::size_t size) {
  if (!slab_ || slab_bytes - used_ < size) {
    if (!slab_.unique()) slab_ = chunk::allocate(slab_bytes);
    used_ = 0;
  }
  return slab_.mutable_data() + used_;
}

void frame_writer::emit(std::size_t size, std::vector<chunk_view>& out) {
  const std::uint8_t* end = slab_.data() + used_;
  if (!out.empty() && out.back().data() && out.back().data() + out.back().size() == end
      && used_ >= out.back().size() && used_ > 0) {
    const std::size_t before = out.back().size();
    out.back() = chunk_view(slab_, used_ - before, before + size);
  } else {
    out.emplace_back(slab_, used_, size);
  }
  used_ += size;
}

std::size_t frame_writer::write(const chunk_view& body, std::vector<chunk_view>& out) {
  const std::size_t prefix = uvarint_size(body.size());
  const bool copied = body.size() <= copy_bytes_max;
  const std::size_t size = prefix + (copied ? body.size() : 0);
  std::uint8_t* at = take(size);
  write_uvarint(at, body.size());
  if (copied && !body.empty()) std::memcpy(at + prefix, body.data(), body.size());
  emit(size, out);
  if (!copied) out.push_back(body);
  return prefix + body.size();
}

}  // namespace weft::transport
