// SPDX-License-Identifier: MIT
#include "transport/multistream.hpp"

#include "base/assert.hpp"
#include "base/wire.hpp"

#include <algorithm>
#include <utility>

namespace weft::transport {

namespace {

constexpr std::string_view refusal = "na";

void append_message(byte_buffer& out, std::string_view text) {
  std::uint8_t prefix[10];
  const std::size_t size = write_uvarint(prefix, text.size() + 1);
  append(out, {prefix, size});
  append(out, as_bytes(text));
  out.push_back('\n');
}

}  // namespace

multistream_reader::outcome multistream_reader::fail_with(ec code) noexcept {
  failure_ = code;
  return outcome::failed;
}

multistream_reader::outcome multistream_reader::read(bytes_view& input) {
  if (failure_ != ec::none) return outcome::failed;
  if (delivered_) {
    text_.clear();
    prefix_size_ = 0;
    prefix_done_ = skipped_ = delivered_ = false;
  }
  while (!prefix_done_) {
    if (input.empty()) return outcome::need_more;
    prefix_[prefix_size_++] = input.front();
    input = input.subspan(1);
    const auto length = peek_uvarint({prefix_, prefix_size_});
    if (length.status == uvarint_prefix::state::invalid) return fail_with(ec::bad_varint);
    if (length.status == uvarint_prefix::state::incomplete) {
      // frame_bytes_max is the largest two-byte varint
      if (prefix_size_ == sizeof prefix_) return fail_with(ec::oversized);
      continue;
    }
    if (length.value == 0) return fail_with(ec::malformed);
    prefix_done_ = true;
    left_ = static_cast<std::size_t>(length.value);
    skipped_ = left_ > name_bytes_max + 1;
  }
  const std::size_t take = std::min(left_, input.size());
  if (take > 0) {
    if (!skipped_) text_.append(as_text(input.first(take)));
    last_ = input[take - 1];
    left_ -= take;
    input = input.subspan(take);
  }
  if (left_ > 0) return outcome::need_more;
  if (last_ != '\n') return fail_with(ec::malformed);
  if (!skipped_) text_.pop_back();
  delivered_ = true;
  return outcome::message;
}

// -- initiator ---

void multistream_initiator::start(byte_buffer& out) {
  WEFT_ASSERT(!names_.empty(), "an initiator needs a name to propose");
  append_message(out, multistream_header);
  append_message(out, names_[0]);
}

void multistream_initiator::fail_with(ec code) noexcept {
  state_ = negotiation::failed;
  failure_ = code;
}

void multistream_initiator::on_message(std::string_view text, bool skipped, byte_buffer& out) {
  if (skipped) return fail_with(ec::protocol_violation);
  if (!header_seen_) {
    if (text != multistream_header) return fail_with(ec::protocol_violation);
    header_seen_ = true;
    return;
  }
  if (text == names_[proposal_]) {
    state_ = negotiation::accepted;
    return;
  }
  if (text != refusal) return fail_with(ec::protocol_violation);
  // After early data the responder reads that data as proposals; nothing on this stream can be
  // trusted any more.
  const bool more = proposal_ + 1 < std::min(names_.size(), proposals_max);
  if (!more || early_) return fail_with(ec::unsupported);
  ++proposal_;
  append_message(out, names_[proposal_]);
}

negotiation_step multistream_initiator::on_bytes(bytes_view input, byte_buffer& out) {
  const std::size_t size = input.size();
  while (state_ == negotiation::pending) {
    const auto got = reader_.read(input);
    if (got == multistream_reader::outcome::need_more) break;
    if (got == multistream_reader::outcome::failed)
      fail_with(reader_.failure());
    else
      on_message(reader_.text(), reader_.skipped(), out);
  }
  return {state_, size - input.size()};
}

void multistream_initiator::on_end() noexcept {
  if (state_ == negotiation::pending) fail_with(ec::truncated);
}

// -- responder ---

result<void> protocol_list::add(std::string name, std::uint32_t handler) {
  if (name.empty() || name.front() != '/' || name.size() > multistream_reader::name_bytes_max
      || name.find('\n') != std::string::npos)
    return fail(ec::bad_argument,
                "protocol name '" + name + "' must start with '/', hold no newline and be at most "
                    + std::to_string(multistream_reader::name_bytes_max) + " bytes");
  if (names_.contains(name)) return fail(ec::exists, "protocol '" + name + "' is listed twice");
  if (names_.size() >= names_max)
    return fail(ec::limit, "more than " + std::to_string(names_max) + " protocol names");
  names_.emplace(std::move(name), handler);
  return {};
}

std::optional<std::uint32_t> protocol_list::find(std::string_view name) const {
  const auto at = names_.find(name);
  if (at == names_.end()) return std::nullopt;
  return at->second;
}

void multistream_responder::fail_with(ec code) noexcept {
  state_ = negotiation::failed;
  failure_ = code;
}

void multistream_responder::on_message(std::string_view text, bool skipped, byte_buffer& out) {
  if (!header_seen_) {
    if (skipped || text != multistream_header) return fail_with(ec::protocol_violation);
    header_seen_ = true;
    append_message(out, multistream_header);
    return;
  }
  const auto found = skipped ? std::nullopt : list_->find(text);
  if (found) {
    handler_ = *found;
    state_ = negotiation::accepted;
    append_message(out, text);
    return;
  }
  ++refusals_;
  append_message(out, refusal);
  if (refusals_ >= refusals_max) fail_with(ec::limit);
}

negotiation_step multistream_responder::on_bytes(bytes_view input, byte_buffer& out) {
  const std::size_t size = input.size();
  while (state_ == negotiation::pending) {
    const auto got = reader_.read(input);
    if (got == multistream_reader::outcome::need_more) break;
    if (got == multistream_reader::outcome::failed)
      fail_with(reader_.failure());
    else
      on_message(reader_.text(), reader_.skipped(), out);
  }
  return {state_, size - input.size()};
}

void multistream_responder::on_end() noexcept {
  if (state_ != negotiation::pending) return;
  const bool only_refused = refusals_ > 0 && reader_.at_boundary();
  fail_with(only_refused ? ec::unsupported : ec::truncated);
}

}  // namespace weft::transport
